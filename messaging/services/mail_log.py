"""What became of mails, told in the logs of their orders: many at once, after it happened, each exactly once."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.faults import fault
from backoffice.models import Shop
from messaging.models import MailState, OutboxMail
from orders.models import LogAction, Order
from orders.services import changing
from orders.services.change import Change

TOLD = {
    MailState.SENT: LogAction.MAIL_SENT,
    MailState.FAILED: LogAction.MAIL_FAILED,
    MailState.BOUNCED: LogAction.MAIL_BOUNCED,
}
AT_ONCE = 200
LONGEST_SUBJECT = 120


def untold() -> QuerySet[OutboxMail]:
    return OutboxMail.objects.filter(state__in=list(TOLD), logged_at=None)


def shops_to_tell() -> list[int]:
    return list(untold().order_by().values_list("shop_id", flat=True).distinct())


def log_outcomes(shop_id: int) -> None:
    """Tell the logs of a shop's orders which mails were sent, failed or came back. Nobody is mailed about it."""
    shop = Shop.objects.get(pk=shop_id)
    # Without an order there is no log to tell.
    untold().filter(shop=shop, order=None).update(logged_at=timezone.now())
    while keys := list(untold().filter(shop=shop).order_by("id").values_list("pk", flat=True)[:AT_ONCE]):
        _tell(shop, keys)


def _tell(shop: Shop, keys: Sequence[int]) -> None:
    mails = OutboxMail.objects.filter(pk__in=keys)
    with changing(shop, by=SYSTEM) as change:
        orders = change.lock_many(set(mails.values_list("order_id", flat=True)) - {None})
        # Read again behind the locks: another worker may have told some of them.
        waiting = list(untold().filter(pk__in=keys).order_by("id").defer("html", "text"))
        by_key = {order.pk: order for order in orders}
        for mail in waiting:
            if mail.order_id in by_key:
                _record(change, by_key[mail.order_id], mail)
        OutboxMail.objects.filter(pk__in=[mail.pk for mail in waiting]).update(logged_at=timezone.now())
        fault("mail.before-log")
    fault("mail.logged")


def _record(change: Change, order: Order, mail: OutboxMail) -> None:
    action = TOLD[MailState(mail.state)]
    if action == LogAction.MAIL_SENT and mail.number_of_doubts:
        action = LogAction.MAIL_REPEATED
    subject = f"{mail.subject or mail.template_name}, {mail.recipient}"[:LONGEST_SUBJECT]
    change.record(order, action, subject=subject, subject_id=mail.pk, moves_mark=False)
    if mail.state == MailState.SENT and order.mailed_at is None:
        change.set(order, mailed_at=mail.sent_at)
