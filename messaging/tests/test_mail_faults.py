"""Workers are killed or told to stop while a real server takes their mails: none is lost, none has two Message-IDs.

A trial is one process that changes orders or sends mails and is killed at one of the places between two steps, the
n-th time it passes; then a lease is let lapse and the next one goes on. The server's own list is what counts.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from backoffice.tests import servers
from messaging.tests.smtp_server import Sink, smtp_server

# On each of the two databases.
KILLS = int(os.environ.get("MAIL_KILLS", "100"))
PLACES = [
    "mail.claimed",
    "mail.handed",
    "mail.before-smtp",
    "mail.after-250",
    "mail.settled",
    "mail.before-log",
    "mail.logged",
    "mail.queued",
]

PREPARE = """
from backoffice.models import Shop
from messaging.models import MailSettings
from messaging.tests.factories import make_template, make_trigger
shop = Shop.objects.first()
MailSettings.objects.create(shop=shop, host="127.0.0.1", port={port}, security="none", hold_seconds=0)
make_trigger(shop, make_template(shop, name="Shipped"), code="in_progress", each_time=True)
"""
# Forks a child per trial: it opens its own connections, acts, and dies where it is told to.
TRIAL = """
import json, os, random, traceback
from datetime import timedelta
from django.db import connections
from django.utils import timezone
from backoffice.actor import SYSTEM
from backoffice.models import Shop
from messaging.models import OutboxMail
from messaging.services.delivery import send_due, sweep
from orders.models import Order
from orders.services import set_status_of_many

def act(chance):
    shop = Shop.objects.first()
    keys = list(Order.objects.for_shop(shop).values_list("pk", flat=True))
    chosen = chance.sample(keys, 4)
    for code in ("in_progress", "ready"):
        set_status_of_many(chosen, "fulfilment", code, shop=shop, by=SYSTEM)
    send_due(seconds=30)

killed = number = 0
while killed < {kills}:
    number += 1
    chance = random.Random(number)
    connections.close_all()
    child = os.fork()
    if child == 0:
        place = chance.choice({places})
        os.environ["FAULT"] = f"{{place}}#{{chance.randint(1, 4)}}:exit9"
        try:
            act(chance)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert os.waitstatus_to_exitcode(status) == 0
        continue
    killed += 1
    OutboxMail.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now() - timedelta(seconds=1))
    OutboxMail.objects.filter(state="queued").update(due_at=timezone.now())
    sweep()
send_due(seconds=60)
sweep()
print(json.dumps({{"killed": killed}}))
"""
LOOK = """
import json
from collections import Counter
from messaging.models import OutboxMail
from orders.models import OrderLogEntry
told = OrderLogEntry.objects.filter(action__in=["mail.sent", "mail.repeated"])
# A checkout that was given up and goes on is an order placed, which no trigger of these trials answers to.
changes = OrderLogEntry.objects.filter(
    action="fulfilment.changed", changes__fulfilment_status__new="in_progress"
).exclude(changes__fulfilment_status__old="aborted")
print(json.dumps({
    "states": dict(Counter(OutboxMail.objects.values_list("state", flat=True))),
    "message_ids": list(OutboxMail.objects.values_list("message_id", flat=True)),
    "doubted": list(OutboxMail.objects.filter(number_of_doubts__gt=0).values_list("message_id", flat=True)),
    "repeated": list(OutboxMail.objects.filter(
        pk__in=told.filter(action="mail.repeated").values("subject_id")).values_list("message_id", flat=True)),
    "events": changes.count(),
    "told": dict(Counter(Counter(told.values_list("subject_id", flat=True)).values())),
}))
"""


def own_database(url: str) -> str:
    """The URL of a new database on the server of `url`."""
    name = f"faults_{secrets.token_hex(4)}"
    with psycopg.connect(url.replace("/backoffice?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/backoffice?", f"/{name}?")


class Installation:
    """Calling it runs a command of `manage.py` there and returns what that printed."""

    def __init__(self, environment: dict[str, str], log: Path):
        self.environment, self.log = environment, log

    def __call__(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen]:
        """A worker as it runs in production; killed at the end if it still runs then."""
        command = [sys.executable, "-m", "celery", "--app", "backoffice", "worker", "--concurrency", "2"]
        with (
            self.log.open("wb") as log,
            subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log, start_new_session=True
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request, tmp_path):
    """An installation of its own: SQLite and files, or PostgreSQL and Redis."""
    with ExitStack() as stack:
        if request.param == "postgres":
            database = own_database(stack.enter_context(servers.postgres()))
            broker = stack.enter_context(servers.redis())
        else:
            database, broker = f"sqlite:///{tmp_path}/db.sqlite3", "filesystem://"
        environment = {
            **os.environ,
            "DJANGO_ENV": "development",
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": broker,
            "MAIL_INTERNAL_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
        }
        run = Installation(environment, tmp_path / "worker.log")
        run("migrate", "-v0")
        run("generate_orders", "--orders", "100")
        yield run


@pytest.mark.faults
@pytest.mark.timeout(1500)
def test_f4_f5_killed_a_hundred_times_no_mail_is_lost_or_gets_a_second_message_id(installation):
    sink = Sink()
    with smtp_server(sink) as port:
        installation("shell", "-v0", "-c", PREPARE.format(port=port))
        worked = json.loads(installation("shell", "-v0", "-c", TRIAL.format(kills=KILLS, places=PLACES)))
    seen = json.loads(installation("shell", "-v0", "-c", LOOK))

    assert worked == {"killed": KILLS}
    number = seen["events"]
    assert number > KILLS
    assert seen["states"] == {"sent": number}
    arrivals = Counter(sink.message_ids)
    assert set(arrivals) == set(seen["message_ids"])
    repeats = {message_id for message_id, times in arrivals.items() if times > 1}
    assert repeats
    assert repeats <= set(seen["doubted"])
    assert sorted(seen["repeated"]) == sorted(seen["doubted"])
    assert seen["told"] == {"1": number}


SHIP_ALL = """
from backoffice.actor import SYSTEM
from backoffice.models import Shop
from orders.models import Order
from orders.services import set_status_of_many
shop = Shop.objects.first()
set_status_of_many(Order.objects.for_shop(shop).values_list("pk", flat=True), "fulfilment", "in_progress",
                   shop=shop, by=SYSTEM)
"""
STATES = """
import json
from collections import Counter
from messaging.models import OutboxMail
print(json.dumps({
    "states": dict(Counter(OutboxMail.objects.values_list("state", flat=True))),
    "claimed": OutboxMail.objects.filter(leased_by__isnull=False).count(),
    "doubts": OutboxMail.objects.filter(number_of_doubts__gt=0).count(),
}))
"""
SEND_THE_REST = "from messaging.services.delivery import send_due; send_due(seconds=300)"


def wait_until(is_so: Callable[[], bool], *, seconds: float = 120) -> None:
    ends_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_at, "it never came to that"
        time.sleep(0.05)


@pytest.mark.faults
def test_f6_a_worker_told_to_stop_in_a_batch_leaves_the_rest_to_the_next_and_nothing_in_doubt(installation):
    sink = Sink(slow=1)  # seconds: a hundred mails are not through before the worker hears that it has to stop
    with smtp_server(sink) as port:
        installation("shell", "-v0", "-c", PREPARE.format(port=port))
        with installation.worker() as worker:
            installation("shell", "-v0", "-c", SHIP_ALL)
            wait_until(lambda: len(sink.arrived) >= 3)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=120) == 0
        seen = json.loads(installation("shell", "-v0", "-c", STATES))
        arrived = len(sink.arrived)

        # It did not go on until everything was sent, and holds nothing that it did not send.
        assert seen["states"].keys() == {"sent", "queued"}
        assert (seen["states"]["sent"], seen["claimed"], seen["doubts"]) == (arrived, 0, 0)

        sink.slow = 0
        installation("shell", "-v0", "-c", SEND_THE_REST)
    after = json.loads(installation("shell", "-v0", "-c", STATES))
    number = sum(seen["states"].values())
    assert after == {"states": {"sent": number}, "claimed": 0, "doubts": 0}
    assert set(Counter(sink.message_ids).values()) == {1}
    assert len(sink.message_ids) == number > arrived
