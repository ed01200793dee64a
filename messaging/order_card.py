"""The card of the order page that tells which mails an order caused."""

from dataclasses import dataclass

from backoffice.models import Shop
from messaging.mailbox import MailRow, row_of
from messaging.models import OutboxMail
from orders.models import Order
from orders.order_page.panels import OrderPanel
from orders.timeline import Log

SHOWN = 5


@dataclass(frozen=True)
class Mails:
    """The newest mails of an order; `has_more` when the outbox holds further ones."""

    rows: list[MailRow]
    has_more: bool


def mails_panel(order: Order, shop: Shop, log: Log) -> OrderPanel:
    """One query."""
    mails = OutboxMail.objects.filter(order=order).defer("html", "text").order_by("-pk")[: SHOWN + 1]
    rows = list(mails)
    for mail in rows:
        mail.order = order
    return OrderPanel(
        "messaging/_order_card.html", Mails([row_of(mail, shop) for mail in rows[:SHOWN]], len(rows) > SHOWN)
    )
