"""Send is pressed in several windows at one moment: each press stays within the plan, and nobody is mailed twice."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from backoffice.tests.installation import Installation
from messaging.models import FollowUps, MailState, OutboxMail
from messaging.services.follow_ups import feedback_letter, send_what_is_due
from messaging.services.outbox import resend
from messaging.services.queue import queue_mail
from messaging.services.usual import template_for
from messaging.tests.factories import make_mail
from messaging.tests.windows import OWN, REMINDER, SELECTED, at_once, press
from orders.tests.factories import make_order

ON_SQLITE = """
import json
from messaging.tests.windows import press
print(json.dumps(press({selected}, {typed}, same_form={same_form})))
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    Installation(folder).manage("migrate", "-v0")
    return folder


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.django_db(transaction=True)]),
        # A process of its own: the database of the tests lives in memory, where SQLite locks by other rules.
        pytest.param("sqlite", marks=pytest.mark.faults),
    ]
)
def pressed(request, tmp_path):
    """`press` on that database."""

    def on_sqlite(selected, typed, *, same_form=False):
        folder = shutil.copytree(request.getfixturevalue("prepared"), tmp_path / "own")
        installation = Installation(folder, DJANGO_SETTINGS_MODULE="backoffice.tests.settings")
        code = ON_SQLITE.format(selected=selected, typed=typed, same_form=same_form)
        return json.loads(installation.python(code).stdout)

    return press if request.param == "postgres" else on_sqlite


def test_t30_one_form_pressed_over_and_over_at_once_mails_each_once(pressed):
    seen = pressed([SELECTED[0]] * 4, OWN, same_form=True)

    assert seen["answers"] == [302] * 4
    assert seen["mailed"] == [0, 1, 2, 3, 4]


def test_t30_each_window_sends_what_it_shows_and_never_more_than_the_plan_allows(pressed):
    seen = pressed(SELECTED, OWN)

    assert seen["answers"] == [302, 302, 302, 422]
    assert seen["mailed"] == sorted(SELECTED[0] + SELECTED[1] + SELECTED[2])
    assert seen["most_of_one_press"] == 5


def test_t30_whoever_is_reminded_in_several_windows_at_once_is_reminded_once(pressed):
    seen = pressed(SELECTED, REMINDER)

    assert seen["answers"] == [302, 302, 302, 422]
    assert seen["mailed"] == [0, 1, 2, 3, 4, 5, 6]
    assert seen["events"] == ["reminder:1"]
    assert seen["most_of_one_press"] <= 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_order", [True, False])
def test_send_again_pressed_over_and_over_at_once_sends_once(has_order):
    shop, token = make_shop(), uuid4()
    mail = make_mail(shop, make_order(shop) if has_order else None, state=MailState.SENT)

    again = at_once([lambda: resend(mail, by=SYSTEM, token=token)] * 4)

    assert len({each.pk for each in again}) == 1
    assert OutboxMail.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_the_clock_queues_in_the_same_moment_is_what_the_button_finds():
    shop, placed = make_shop(), timezone.now() - timedelta(days=20)
    row = FollowUps.objects.create(
        shop=shop,
        asks_feedback=True,
        feedback_from="placed",
        feedback_since=placed - timedelta(days=1),
        feedback_template=template_for(shop, "feedback"),
    )
    order = make_order(shop, placed_at=placed)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert send_what_is_due() == 1
            by_hand = pool.submit(at_once, [lambda: queue_mail(shop, feedback_letter(row, order), by=SYSTEM)])
            wait_until_somebody_waits_for_us(by_hand)
        (mail,) = by_hand.result(timeout=300)

    assert OutboxMail.objects.get() == mail


def wait_until_somebody_waits_for_us(act):
    # Not pg_stat_activity, which stays as it was when a transaction looked at it first.
    waiting = "SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    until = time.monotonic() + 300
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        while cursor.fetchone() == (0,):
            assert not act.done()
            assert time.monotonic() < until
            time.sleep(0.05)
            cursor.execute(waiting)
