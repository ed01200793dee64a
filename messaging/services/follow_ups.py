"""What is sent later by itself: payment reminders and the request for feedback, asked by the clock, each once."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.faults import fault
from backoffice.models import Shop
from backoffice.plans import Feature
from messaging.models import DoNotMail, FollowUps, MailState, Origin, OutboxMail
from messaging.services.queue import Letter, queue_letters
from messaging.services.selection import (
    BETWEEN_REMINDERS,
    NOT_STANDING,
    UNPAID,
    owes,
    reminder_letter,
    reminder_template,
)
from messaging.services.settings import settings_in
from orders.models import Order, Shipment, Source

log = structlog.get_logger("messaging.follow_ups")

AT_ONCE = 500
FEEDBACK = "feedback"
# A reminder that was due so long ago is not sent any more: something else went wrong then.
NOT_AFTER = timedelta(days=14)
# Who waited longer between order and parcel is not asked: so only the newest orders are looked at.
LONGEST_WAY = timedelta(days=120)


def follow_ups_of(shop: Shop) -> FollowUps:
    """The shop's row, or what holds where it never opened that page; at most one query."""
    return FollowUps.objects.filter(shop=shop).first() or FollowUps(shop=shop)


def send_what_is_due(now: datetime | None = None) -> int:
    """Queue every reminder and request that is due at `now` and was not sent; returns how many.

    Safe to run at any time, any number of times: the mails' own keys keep them from going out twice.
    """
    now = now or timezone.now()
    number = 0
    for row in FollowUps.objects.select_related("shop__mail_settings", "feedback_template"):
        if row.reminds and row.reminds_since:
            number += _remind(row, now)
        if may_ask_feedback(row) and row.feedback_since:
            number += _ask_feedback(row, now)
    return number


def may_ask_feedback(row: FollowUps) -> bool:
    """Whether the shop turned it on, chose a template, and its plan includes it."""
    template = row.feedback_template
    has_template = template is not None and template.is_active and template.deleted_at is None
    return row.asks_feedback and has_template and row.shop.plan.allows(Feature.FEEDBACK_MAIL)


def feedback_letter(row: FollowUps, order: Order) -> Letter:
    """The request for feedback; by hand and by itself it has one key, so it goes out once."""
    return Letter(
        event=FEEDBACK,
        origin=Origin.FEEDBACK,
        recipient=order.customer_email.strip(),
        recipient_name=order.customer_name,
        who="customer",
        order=order,
        template=row.feedback_template,
    )


def _remind(row: FollowUps, now: datetime) -> int:
    letters: list[Letter] = []
    for level, days in enumerate(row.reminder_days, start=1):
        due = _unreminded(row.shop, level, now).filter(placed_at__range=_window(row.reminds_since, days, now))
        if orders := [order for order in _standing(due) if owes(order)]:
            template = reminder_template(row.shop, level)
            letters += [reminder_letter(order, level, template) for order in orders]
    return _queue(row, letters)


def _unreminded(shop: Shop, level: int, now: datetime) -> QuerySet[Order]:
    """Unpaid orders that had every reminder before this one, not this one, and none just now.

    One may have been sent just now by hand, or late, after nothing was sent for days.
    """
    reminders = OutboxMail.objects.filter(order=OuterRef("pk"), event__startswith="reminder:")
    just_now = reminders.filter(created_at__range=(now - BETWEEN_REMINDERS, now)).exclude(state=MailState.CANCELLED)
    orders = _mailable(shop).filter(~Exists(just_now), payment_status__in=UNPAID)
    for before in range(1, level):
        orders = orders.filter(Exists(_mails(f"reminder:{before}")))
    return orders.filter(~Exists(_mails(f"reminder:{level}")))


def _ask_feedback(row: FollowUps, now: datetime) -> int:
    since, until = _window(row.feedback_since, row.feedback_after_days, now)
    orders = _mailable(row.shop).filter(~Exists(_mails(FEEDBACK)))
    if row.feedback_from == FollowUps.From.SHIPPED:
        shipped = Shipment.objects.filter(order=OuterRef("pk"), shipped_at__range=(since, until))
        later = Shipment.objects.filter(order=OuterRef("pk"), shipped_at__gt=until)
        orders = orders.filter(Exists(shipped), ~Exists(later), placed_at__gte=since - LONGEST_WAY)
    else:
        orders = orders.filter(placed_at__range=(since, until))
    return _queue(row, [feedback_letter(row, order) for order in _standing(orders)])


def _window(since: datetime | None, days: int, now: datetime) -> tuple[datetime, datetime]:
    """Between which times something lies whose due moment, `days` later, came after it was turned on and not long
    ago."""
    until = now - timedelta(days=days)
    begun = (since or now) - timedelta(days=days)
    return max(begun, until - NOT_AFTER), until


def _mailable(shop: Shop) -> QuerySet[Order]:
    unwanted = DoNotMail.objects.filter(shop=shop, address=OuterRef("customer_email"))
    orders = Order.objects.for_shop(shop).filter(deleted_at=None).exclude(customer_email="")
    return orders.exclude(source=Source.MARKETPLACE).filter(~Exists(unwanted)).order_by("pk")


def _standing(orders: QuerySet[Order]) -> Iterator[Order]:
    return iter(orders.exclude(fulfilment_status__in=NOT_STANDING).order_by("pk")[:AT_ONCE])


def _mails(event: str) -> QuerySet[OutboxMail]:
    """Mails of that event about the order of the outer query; one that was cancelled counts: it was not wanted."""
    return OutboxMail.objects.filter(order=OuterRef("pk"), event=event)


def _queue(row: FollowUps, letters: Iterable[Letter]) -> int:
    letters = list(letters)
    if letters:
        fault("follow-ups.chosen")
        with transaction.atomic():
            _lock_orders_of(letters)
            queue_letters(row.shop, letters, settings=settings_in(row.shop), by=SYSTEM)
        log.info("follow-ups queued", shop=row.shop.number, number=len(letters))
    return len(letters)


def _lock_orders_of(letters: Iterable[Letter]) -> None:
    """As everybody does who changes an order, and first: who writes the same mail by hand at this moment waits here
    and finds it, or it is found here."""
    keys = [letter.order.pk for letter in letters if letter.order]
    list(Order.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
