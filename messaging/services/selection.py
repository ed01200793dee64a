"""One message to the customers of selected orders: as many as the plan allows, never cut silently, never twice."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.actor import Actor
from backoffice.models import Shop
from backoffice.plans import PLANS, Limit
from messaging.models import DoNotMail, MailState, MailTemplate, Origin, OutboxMail, Purpose, validate_one_address
from messaging.services.queue import Letter, queue_mail
from messaging.services.usual import template_for
from orders.models import Order
from orders.money import still_open
from orders.services import changing
from statuses.kinds import FulfilmentStatus, PaymentStatus

REMINDERS = (Purpose.REMINDER_1, Purpose.REMINDER_2, Purpose.REMINDER_3)
# Who is asked to pay: the order stands, and what is open is open.
UNPAID = (PaymentStatus.OPEN, PaymentStatus.AWAITING, PaymentStatus.PARTLY_PAID)
NOT_STANDING = (FulfilmentStatus.ABORTED, FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED)

NO_ADDRESS = _("there is no e-mail address")
BAD_ADDRESS = _("this is not one valid e-mail address")
UNWANTED = _("the address is marked “do not mail”")
DELETED = _("the order is in Deleted")
PAID = _("nothing is open")
REMINDED = _("it had all three reminders")
TOO_SOON = _("it was reminded less than a day ago")
BETWEEN_REMINDERS = timedelta(days=1)


class TooManyOrders(Exception):
    """More orders than the plan allows at once; nothing was written."""

    def __init__(self, number: int, limit: int):
        self.number, self.limit = number, limit
        super().__init__(f"{number} orders, {limit} allowed")


@dataclass(frozen=True)
class Message:
    """What is sent: a template, a text typed by hand, or with neither the next payment reminder of each order."""

    template: MailTemplate | None = None
    subject: str = ""
    html: str = ""

    @property
    def is_reminder(self) -> bool:
        return self.template is None and not self.html


@dataclass
class Recipients:
    """The orders that get the message, and those that cannot, each with the reason; `level` of their next reminder."""

    orders: list[Order] = field(default_factory=list)
    left_out: list[tuple[Order, str]] = field(default_factory=list)
    level: dict[int, int] = field(default_factory=dict)


@dataclass
class Sent:
    act: uuid.UUID
    mails: list[OutboxMail]
    left_out: list[tuple[Order, str]]


def most_at_once(shop: Shop) -> int:
    """What the plan allows at this moment, read anew: it may have been lowered since the page was shown."""
    key = Shop.objects.filter(pk=shop.pk).values_list("plan_key", flat=True).get()
    return PLANS[key].limit(Limit.MESSAGES_AT_ONCE)


def chosen_orders(shop: Shop, keys: Iterable[int]) -> list[Order]:
    """The orders of this shop with these keys, each once. Raises TooManyOrders before anything else is read."""
    distinct = set(keys)
    orders = Order.objects.for_shop(shop).filter(pk__in=distinct)
    number, limit = orders.count(), most_at_once(shop)
    if number > limit:
        raise TooManyOrders(number, limit)
    return list(orders.order_by("number"))


def recipients_of(shop: Shop, orders: list[Order], *, is_reminder: bool) -> Recipients:
    """Who gets it and who cannot; two queries."""
    addresses = {order.customer_email.strip().lower() for order in orders}
    unwanted = set(DoNotMail.objects.for_shop(shop).filter(address__in=addresses).values_list("address", flat=True))
    reminders = reminders_of([order.pk for order in orders])
    found = Recipients(level={pk: number for pk, (number, _newest) in reminders.items()})
    for order in orders:
        reason = _reason_against(order, unwanted)
        if not reason and is_reminder:
            reason = _reason_against_reminding(order, *reminders.get(order.pk, (0, None)))
        if reason:
            found.left_out.append((order, str(reason)))
        else:
            found.orders.append(order)
    return found


def reminders_of(order_keys: list[int]) -> dict[int, tuple[int, datetime]]:
    """How many payment reminders each order had, and when the newest, {key: (number, time)}; cancelled ones do not
    count."""
    mails = OutboxMail.objects.filter(order__in=order_keys, event__startswith="reminder:")
    rows = mails.exclude(state=MailState.CANCELLED).order_by().values_list("order_id")
    numbers = rows.annotate(number=Count("event", distinct=True), newest=Max("created_at"))
    return {pk: (number, newest) for pk, number, newest in numbers}


def send_to(shop: Shop, keys: Iterable[int], message: Message, *, by: Actor, token: uuid.UUID) -> Sent:
    """Queue the message for each order, all or none, in one transaction; the same form sent twice sends once.

    Raises TooManyOrders with nothing written.
    """
    with changing(shop, by=by) as change:
        orders = chosen_orders(shop, keys)
        found = recipients_of(shop, orders, is_reminder=message.is_reminder)
        mails = [
            queue_mail(
                shop, _letter(shop, order, message, found.level.get(order.pk, 0)), by=by, token=_token(message, token)
            )
            for order in found.orders
        ]
    return Sent(change.act, mails, found.left_out)


def reminder_template(shop: Shop, level: int) -> MailTemplate:
    """The text of the payment reminder of that level, 1 to 3."""
    return template_for(shop, REMINDERS[level - 1])


def reminder_letter(order: Order, level: int, template: MailTemplate) -> Letter:
    """The payment reminder of that level; its key is the same by hand and by itself, so it goes out once."""
    return Letter(
        event=f"reminder:{level}",
        origin=Origin.REMINDER,
        recipient=order.customer_email.strip(),
        recipient_name=order.customer_name,
        who="customer",
        order=order,
        template=template,
    )


def owes(order: Order) -> bool:
    """Whether the customer still has to pay for an order that stands."""
    is_open = still_open(order.total, order.paid_total, order.refunded_total) > 0
    return is_open and order.payment_status in UNPAID and order.fulfilment_status not in NOT_STANDING


def _token(message: Message, token: uuid.UUID) -> uuid.UUID | None:
    # A reminder's own key keeps it from going out twice, whatever form it comes from.
    return None if message.is_reminder else token


def _letter(shop: Shop, order: Order, message: Message, had: int) -> Letter:
    if message.is_reminder:
        return reminder_letter(order, had + 1, reminder_template(shop, had + 1))
    return Letter(
        event="bulk",
        origin=Origin.BULK,
        recipient=order.customer_email.strip(),
        recipient_name=order.customer_name,
        who="customer",
        order=order,
        template=message.template,
        subject=message.subject,
        html=message.html,
    )


def _reason_against(order: Order, unwanted: set[str]) -> object:
    address = order.customer_email.strip().lower()
    if order.deleted_at is not None:
        return DELETED
    if not address:
        return NO_ADDRESS
    try:
        validate_one_address(address)
    except ValidationError:
        return BAD_ADDRESS
    return UNWANTED if address in unwanted else ""


def _reason_against_reminding(order: Order, had: int, newest: datetime | None) -> object:
    if not owes(order):
        return PAID
    if had >= len(REMINDERS):
        return REMINDED
    # Also what keeps a form that is sent twice from sending two reminders.
    return TOO_SOON if newest is not None and newest > timezone.now() - BETWEEN_REMINDERS else ""
