"""Workers are killed or told to stop while a real server takes their mails: none is lost, none has two Message-IDs.

A trial is one process that changes orders or sends mails and is killed at one of the places between two steps, the
n-th time it passes; then a lease is let lapse and the next one goes on. The server's own list is what counts.
"""

import json
import os
import signal
from collections import Counter
from contextlib import nullcontext

import pytest

from backoffice.tests.installation import Installation, on_postgres_and_redis, wait_until
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


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request, tmp_path):
    """An installation of its own: SQLite and files, or PostgreSQL and Redis."""
    mailing = {"MAIL_INTERNAL_HOSTS": "127.0.0.1"}
    alone = nullcontext(Installation(tmp_path, CELERY_BROKER_URL="filesystem://", **mailing))
    with alone if request.param == "sqlite" else on_postgres_and_redis(tmp_path, **mailing) as made:
        made.manage("migrate", "-v0")
        made.manage("generate_orders", "--orders", "100")
        yield made


@pytest.mark.faults
@pytest.mark.timeout(1500)
def test_f4_f5_killed_a_hundred_times_no_mail_is_lost_or_gets_a_second_message_id(installation):
    sink = Sink()
    with smtp_server(sink) as port:
        installation.python(PREPARE.format(port=port))
        worked = json.loads(installation.python(TRIAL.format(kills=KILLS, places=PLACES)).stdout)
    seen = json.loads(installation.python(LOOK).stdout)

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


WORKER = ("celery", "--app", "backoffice", "worker", "--concurrency", "2")
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


@pytest.mark.faults
def test_f6_a_worker_told_to_stop_in_a_batch_leaves_the_rest_to_the_next_and_nothing_in_doubt(installation):
    sink = Sink(slow=1)  # seconds: a hundred mails are not through before the worker hears that it has to stop
    with smtp_server(sink) as port:
        installation.python(PREPARE.format(port=port))
        with installation.process(*WORKER) as worker:
            installation.python(SHIP_ALL)
            wait_until(lambda: len(sink.arrived) >= 3)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=120) == 0
        seen = json.loads(installation.python(STATES).stdout)
        arrived = len(sink.arrived)

        # It did not go on until everything was sent, and holds nothing that it did not send.
        assert seen["states"].keys() == {"sent", "queued"}
        assert (seen["states"]["sent"], seen["claimed"], seen["doubts"]) == (arrived, 0, 0)

        sink.slow = 0
        installation.python(SEND_THE_REST)
    after = json.loads(installation.python(STATES).stdout)
    number = sum(seen["states"].values())
    assert after == {"states": {"sent": number}, "claimed": 0, "doubts": 0}
    assert set(Counter(sink.message_ids).values()) == {1}
    assert len(sink.message_ids) == number > arrived
