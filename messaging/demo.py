"""What the demo shops have of messages: the usual mails at their statuses, and an outbox to look at."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from messaging.models import MailState, Origin, OutboxMail, Purpose
from messaging.reasons import Reason
from messaging.services.queue import Letter, queue_letters
from messaging.services.settings import settings_in
from messaging.services.usual import begin_with_usual_mails, template_for
from messaging.services.writing import write_waiting
from orders.models import Order
from statuses.kinds import FulfilmentStatus as F

NEWEST = 12
GONE = (F.SHIPPED, F.DELIVERED, F.COMPLETED)


def fill_demo_shops(shops: Mapping[str, Shop]) -> None:
    """The usual mails for each shop, and the newest orders' mails as they would have gone out."""
    for shop in shops.values():
        begin_with_usual_mails(shop)
        _fill_outbox(shop)


@transaction.atomic
def _fill_outbox(shop: Shop) -> None:
    """Mails of the newest orders, written and told as sent in the transaction that makes them: none leaves."""
    orders = list(Order.objects.for_shop(shop).exclude(customer_email="").order_by("-placed_at", "-id")[:NEWEST])
    letters = []
    for order in reversed(orders):
        letters.append(_letter(shop, order, Purpose.CONFIRMATION, "order.placed"))
        if order.fulfilment_status in GONE:
            letters.append(_letter(shop, order, Purpose.SHIPPED, "fulfilment:shipped"))
    queue_letters(shop, letters, settings=settings_in(shop), by=SYSTEM)
    write_waiting()
    now = timezone.now()
    for mail in OutboxMail.objects.for_shop(shop).exclude(written_at=None).select_related("order"):
        at = mail.order.placed_at + timedelta(minutes=1) if mail.order else now
        values = {"state": MailState.SENT, "created_at": at, "sent_at": at, "last_tried_at": at}
        OutboxMail.objects.filter(pk=mail.pk).update(**values, attempts=1, logged_at=now)
    _let_some_fail(shop)


def _letter(shop: Shop, order: Order, purpose: Purpose, event: str) -> Letter:
    return Letter(
        event=event,
        origin=Origin.TRIGGER,
        recipient=order.customer_email,
        recipient_name=order.customer_name,
        who="customer",
        order=order,
        template=template_for(shop, purpose),
    )


def _let_some_fail(shop: Shop) -> None:
    newest = list(OutboxMail.objects.for_shop(shop).order_by("-pk").values_list("pk", flat=True)[:3])
    states = (
        (MailState.FAILED, Reason.REFUSED, "550 5.1.1 Mailbox unavailable"),
        (MailState.BOUNCED, Reason.BOUNCED, "554 5.7.1 Mailbox full"),
    )
    for pk, (state, reason, answer) in zip(newest, states, strict=False):
        OutboxMail.objects.filter(pk=pk).update(state=state, reason=reason, last_answer=answer, sent_at=None)
