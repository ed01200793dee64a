"""Beat is killed or runs twice, Redis never answers or gives messages out twice: each mail leaves once all the same.

Real processes on PostgreSQL and Redis; their clock ticks each second. The SMTP server's own list is what counts.
"""

import json
import re
from collections import Counter
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from backoffice.tests.installation import on_postgres_and_redis, wait_until
from backoffice.tests.proxy import proxy
from messaging.tests.smtp_server import Sink, smtp_server

pytestmark = [pytest.mark.faults, pytest.mark.redis, pytest.mark.timeout(1500)]

WORKER = ("celery", "--app", "backoffice", "worker", "--concurrency", "2", "--loglevel", "INFO", "--hostname")
BEAT = ("celery", "--app", "backoffice", "beat", "--pidfile=", "--schedule")

# A shop that reminds a week after an order; nothing is due yet.
SET_UP = """
from datetime import timedelta
from django.utils import timezone
from backoffice.tests.factories import make_shop, make_staff
from messaging.models import FollowUps, MailSettings
shop = make_shop("{shop}")
make_staff(shop, email="clerk@{shop}.example")
MailSettings.objects.create(shop=shop, host="127.0.0.1", port={port}, security="none", hold_seconds=0)
FollowUps.objects.create(shop=shop, reminds=True, reminds_since=timezone.now() - timedelta(days=30))
"""
ORDERS = """
from datetime import timedelta
from django.utils import timezone
from backoffice.models import Shop
from orders.tests.factories import make_order
shop = Shop.objects.get(number="{shop}")
for _ in range({number}):
    make_order(shop, placed_at=timezone.now() - timedelta(days={days}))
"""
# Sends all of the shop's customers a message, as somebody who selected their orders does.
PRESS = """
import uuid
from django.contrib.auth import get_user_model
from django.test import Client
from orders.models import Order
browser = Client(SERVER_NAME="localhost")
browser.force_login(get_user_model().objects.get(email="clerk@{shop}.example"))
numbers = [order.display_number for order in Order.objects.filter(shop__number="{shop}")]
typed = {{"what": "own", "subject": "News", "html": "Hello", "token": str(uuid.uuid4()), "order": numbers}}
answer = browser.post("/s/{shop}/messages/selection/", typed)
print("{shop} answered", answer.status_code, flush=True)
"""
SEND = "from messaging.services.delivery import send_due; send_due(seconds=300)"
LOOK = """
import json
from collections import Counter
from messaging.models import OutboxMail
mails = OutboxMail.objects.filter(shop__number="{shop}")
print(json.dumps({{
    "events": dict(Counter(mails.values_list("event", flat=True))),
    "states": dict(Counter(mails.values_list("state", flat=True))),
    "orders": mails.values("order").distinct().count(),
    "doubts": mails.filter(number_of_doubts__gt=0).count(),
}}))
"""
READY = """
from django.test import Client
print(Client(SERVER_NAME="localhost").get("/readyz").content.decode())
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    hurried = {"DJANGO_SETTINGS_MODULE": "backoffice.tests.hurried", "MAIL_INTERNAL_HOSTS": "127.0.0.1"}
    with on_postgres_and_redis(tmp_path_factory.mktemp("installation"), **hurried) as made:
        made.manage("migrate", "-v0")
        yield made


@pytest.fixture
def sink():
    return Sink()


@contextmanager
def shop_with(installation, sink, number):
    """A function that runs code about a shop of its own, whose mails go to the sink."""
    with smtp_server(sink) as port:

        def run(code, **values):
            return installation.python(code.format(shop=number, **values)).stdout

        run(SET_UP, port=port)
        yield run


@contextmanager
def network_to_redis(installation):
    """A proxy before Redis, and what a process needs in its environment to talk through it."""
    with proxy(urlsplit(installation.environment["CELERY_BROKER_URL"]).port) as between:
        yield between, f"redis://127.0.0.1:{between.port}/0"


def assert_each_left_once(run, sink, number, *, event="reminder:1"):
    assert json.loads(run(LOOK)) == {
        "events": {event: number},
        "states": {"sent": number},
        "orders": number,
        "doubts": 0,
    }
    assert set(Counter(sink.message_ids).values()) == {1}
    assert len(sink.message_ids) == number


def test_f7_a_beat_killed_in_mid_tick_is_followed_by_one_that_misses_and_doubles_nothing(installation, sink, tmp_path):
    beat = (*BEAT, str(tmp_path / "schedule"))
    with ExitStack() as stack:
        run = stack.enter_context(shop_with(installation, sink, "7001"))
        stack.enter_context(installation.process(*WORKER, "f7"))
        network, broker = stack.enter_context(network_to_redis(installation))
        for number in (3, 6):
            run(ORDERS, number=3, days=8)
            with installation.process(*beat, CELERY_BROKER_URL=broker) as ticking:
                wait_until(lambda: len(sink.arrived) >= number)  # noqa: B023  (called at once)
                # It has rung a bell that Redis heard, and will never know.
                network.pause = None
                network.asked.clear()
                wait_until(network.asked.is_set)
                ticking.kill()
                ticking.wait()
            network.pause = 0
        # What became due while there was none.
        run(ORDERS, number=3, days=8)
        with installation.process(*beat, CELERY_BROKER_URL=broker):
            wait_until(lambda: len(sink.arrived) >= 9)

    assert_each_left_once(run, sink, 9)


def test_f8_two_beats_at_once_remind_each_customer_once(installation, sink, tmp_path):
    # Each run waits between reading what is due and writing it down, so that the run of the other beat reads the same.
    slowly = {"FAULT": "follow-ups.chosen:sleep:3"}
    with ExitStack() as stack:
        run = stack.enter_context(shop_with(installation, sink, "8001"))
        stack.enter_context(installation.process(*WORKER, "f8", **slowly))
        networks = []
        for name in ("one", "two"):
            network, broker = stack.enter_context(network_to_redis(installation))
            stack.enter_context(installation.process(*BEAT, str(tmp_path / name), CELERY_BROKER_URL=broker))
            networks.append(network)
        for network in networks:
            wait_until(network.asked.is_set)
        run(ORDERS, number=20, days=8)
        for network in networks:
            network.asked.clear()
            wait_until(network.asked.is_set)
        wait_until(lambda: len(sink.arrived) >= 20)
        # Both have rung again since.
        for network in networks:
            network.asked.clear()
            wait_until(network.asked.is_set)

    assert_each_left_once(run, sink, 20)


@pytest.mark.parametrize("pause", [None, 5], ids=["half-open", "5-seconds-a-byte"])
def test_f12_a_redis_that_does_not_answer_holds_no_request(installation, sink, pause):
    shop = f"12{pause or 0:03}"
    with ExitStack() as stack:
        run = stack.enter_context(shop_with(installation, sink, shop))
        run(ORDERS, number=25, days=1)
        network, broker = stack.enter_context(network_to_redis(installation))
        network.pause = pause
        # Whoever waited for Redis would wait until this test has failed.
        told = {"CELERY_BROKER_URL": broker, "SOCKET_SECONDS": "3000"}
        press = ("django", "shell", "-v0", "-c", PRESS.format(shop=shop))
        with installation.process(*press, **told):
            wait_until(lambda: f"{shop} answered" in installation.told)
            wait_until(network.asked.is_set)
        assert f"{shop} answered 302" in installation.told
        assert sink.arrived == []

        # Nobody heard the bell; the next beat rings its own.
        run(SEND)

    states = json.loads(run(LOOK))
    assert (states["states"], states["orders"]) == ({"sent": 25}, 25)
    assert set(Counter(sink.message_ids).values()) == {1}


def test_f12_a_cache_that_does_not_answer_is_told_and_holds_nobody(installation):
    with network_to_redis(installation) as (network, redis):
        network.pause = None
        with installation.process("django", "shell", "-v0", "-c", READY, REDIS_URL=redis) as asking:
            assert asking.wait(timeout=600) == 0

    assert '"cache": "away"' in installation.told


def test_f13_messages_that_redis_gives_to_a_second_worker_send_nothing_twice(installation, sink):
    sink.slow = 1  # second a mail: a task lasts longer than Redis waits for it
    impatient = {"VISIBILITY_SECONDS": "1"}
    with ExitStack() as stack:
        run = stack.enter_context(shop_with(installation, sink, "13001"))
        run(ORDERS, number=60, days=8)
        for name in ("f13-one", "f13-two"):
            stack.enter_context(installation.process(*WORKER, name, **impatient))
        installation.python("from messaging.services.follow_ups import send_what_is_due; send_what_is_due()")

        def has_given_twice():
            received = re.findall(r"Task messaging\.tasks\.\w+\[([-0-9a-f]+)\] received", installation.told)
            return max(Counter(received).values(), default=0) > 1

        wait_until(has_given_twice)
        sink.slow = 0
        wait_until(lambda: json.loads(run(LOOK))["states"] == {"sent": 60})

    assert_each_left_once(run, sink, 60)
