"""Send is pressed in several windows at one moment: each press stays within the plan, and nobody is mailed twice."""

import json
import shutil
from uuid import uuid4

import pytest

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from backoffice.tests.installation import Installation
from messaging.models import MailState, OutboxMail
from messaging.services.outbox import resend
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
