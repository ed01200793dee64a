"""The demo's outbox: full at once, and nothing of it leaves."""

import pytest

from messaging.demo import fill_demo_shops
from messaging.models import MailState, OutboxMail, Trigger
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_the_demo_shows_mails_that_never_leave(shop):
    for _ in range(4):
        make_order(shop)

    fill_demo_shops({shop.number: shop})

    states = sorted(OutboxMail.objects.values_list("state", flat=True))
    assert states == [MailState.BOUNCED, MailState.FAILED, MailState.SENT, MailState.SENT]
    assert Trigger.objects.filter(is_on=True).exists()
    assert not OutboxMail.objects.filter(html="").exists()
