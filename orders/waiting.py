"""Why is this order waiting? One reason for every open order, none for the others, and what to do about it.

Reasons are kept on the order (`waiting_for`, `waiting_day`, `waiting_review_at`) by `orders.services.change` and
`orders.services.waiting`, so that the list can show and sort by them without asking anything else. The number of a
reason says how urgent it is; the order of `_REASONS_WHY` says which reason stands for an order that has several.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from orders import display
from orders.models import Order, OrderLine, Refund, RefundState, Shipment, WaitingFor
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind, LineStatus
from statuses.kinds import PaymentStatus as P

# Statuses in which somebody has still to do something before the goods are all away.
WORK = {F.NEW, F.IN_PROGRESS, F.ON_HOLD, F.BACKORDERED, F.READY, F.PARTLY_SHIPPED}
SENT = {F.SHIPPED, F.DELIVERED}
_UNPAID = {P.OPEN, P.AWAITING, P.PARTLY_PAID, P.CANCELLED, P.EXPIRED}

START_WITHIN = timedelta(hours=24)
PAY_WITHIN = timedelta(days=3)
PAY_WITHIN_AFTER_SENDING = timedelta(days=30)
# A parcel that left longer ago than this has arrived: its code helps nobody any more.
CODE_IS_OF_USE = timedelta(days=14)


class Wait(NamedTuple):
    """What an order waits for; the day its sentence names, and when time alone may change the answer."""

    reason: WaitingFor
    day: date | None = None
    review_at: datetime | None = None


NO_WAIT = Wait(WaitingFor.NOTHING)


@dataclass(frozen=True)
class Facts:
    """What is asked of an order besides its own fields."""

    now: datetime
    zone: ZoneInfo
    has_refund_to_pay_out: bool = False
    # When the last of its back-ordered lines is expected; None when a line has no date.
    goods_expected_on: date | None = None
    # When its newest parcel without a code left.
    left_without_code_at: datetime | None = None


def waits_of(orders: Iterable[Order], *, shop: Shop, now: datetime) -> dict[int, Wait]:
    """Key → what each order of `shop` waits for; at most three queries, none for facts that no order asks for."""
    orders = list(orders)
    refunds = _with_refunds_to_pay_out([each.pk for each in orders if each.refunded_total])
    expected = _expected_days([each.pk for each in orders if each.fulfilment_status == F.BACKORDERED])
    left = _left_without_code([each.pk for each in orders if each.fulfilment_status == F.SHIPPED], now)
    return {
        each.pk: wait_of(each, Facts(now, shop.zone, each.pk in refunds, expected.get(each.pk), left.get(each.pk)))
        for each in orders
    }


def wait_of(order: Order, facts: Facts) -> Wait:
    """The first reason of the registry that applies."""
    if order.deleted_at is not None:
        return NO_WAIT
    return next(filter(None, (why(order, facts) for why in _REASONS_WHY)), NO_WAIT)


def values_of(wait: Wait) -> dict[str, object]:
    """The fields of an order that keep a wait."""
    return {"waiting_for": wait.reason.value, "waiting_day": wait.day, "waiting_review_at": wait.review_at}


# --- the registry: each says whether an order waits for this --------------------------------------


def _refund_payout(order: Order, facts: Facts) -> Wait | None:
    return Wait(WaitingFor.REFUND_PAYOUT) if facts.has_refund_to_pay_out else None


def _message_read(order: Order, facts: Facts) -> Wait | None:
    unread = order.customer_message and order.message_read_at is None
    return Wait(WaitingFor.MESSAGE_READ) if unread and order.fulfilment_status in WORK | {F.SHIPPED} else None


def _release(order: Order, facts: Facts) -> Wait | None:
    """Somebody stopped it on purpose, so whatever else is missing waits as well."""
    return Wait(WaitingFor.RELEASE) if order.fulfilment_status == F.ON_HOLD else None


def _cancellation(order: Order, facts: Facts) -> Wait | None:
    refunded = order.payment_status == P.REFUNDED and order.total > 0
    return Wait(WaitingFor.CANCELLATION) if refunded and order.fulfilment_status in WORK else None


def _new_payment(order: Order, facts: Facts) -> Wait | None:
    failed = order.payment_status == P.FAILED and order.total > 0
    return Wait(WaitingFor.NEW_PAYMENT) if failed and order.fulfilment_status in WORK else None


def _address(order: Order, facts: Facts) -> Wait | None:
    """An address that was begun; without any the order is a download or is collected."""
    parts = [order.shipping_street, order.shipping_postcode, order.shipping_city]
    incomplete = any(parts) and not (order.shipping_street and order.shipping_city)
    return Wait(WaitingFor.ADDRESS) if incomplete and order.fulfilment_status in WORK else None


def _rest(order: Order, facts: Facts) -> Wait | None:
    return Wait(WaitingFor.REST) if order.fulfilment_status == F.PARTLY_SHIPPED else None


def _payment(order: Order, facts: Facts) -> Wait | None:
    if order.payment_status not in _UNPAID or order.total <= 0 or order.fulfilment_status not in WORK:
        return None
    late_at = order.placed_at + PAY_WITHIN
    if facts.now >= late_at:
        return Wait(WaitingFor.OVERDUE_PAYMENT)
    return Wait(WaitingFor.PAYMENT, review_at=_full_hour(late_at))


def _goods(order: Order, facts: Facts) -> Wait | None:
    if order.fulfilment_status != F.BACKORDERED:
        return None
    day = facts.goods_expected_on
    if order.number_of_lines_backordered == 0 or (day and day <= facts.now.astimezone(facts.zone).date()):
        return Wait(WaitingFor.GOODS_DUE, day)
    return Wait(WaitingFor.GOODS, day, datetime.combine(day, time.min, tzinfo=facts.zone) if day else None)


def _shipping(order: Order, facts: Facts) -> Wait | None:
    return Wait(WaitingFor.SHIPPING) if order.fulfilment_status == F.READY else None


def _packing(order: Order, facts: Facts) -> Wait | None:
    return Wait(WaitingFor.PACKING) if order.fulfilment_status == F.IN_PROGRESS else None


def _start(order: Order, facts: Facts) -> Wait | None:
    if order.fulfilment_status != F.NEW:
        return None
    late_at = order.placed_at + START_WITHIN
    if facts.now >= late_at:
        return Wait(WaitingFor.LATE_START)
    return Wait(WaitingFor.START, review_at=_full_hour(late_at))


def _tracking_code(order: Order, facts: Facts) -> Wait | None:
    left_at = facts.left_without_code_at
    if order.fulfilment_status != F.SHIPPED or left_at is None or facts.now >= left_at + CODE_IS_OF_USE:
        return None
    return Wait(WaitingFor.TRACKING_CODE, review_at=_full_hour(left_at + CODE_IS_OF_USE))


def _late_payment(order: Order, facts: Facts) -> Wait | None:
    """Goods on invoice are sent before they are paid; after a month somebody should ask."""
    if order.payment_status not in _UNPAID | {P.FAILED} or order.total <= 0 or order.fulfilment_status not in SENT:
        return None
    late_at = order.placed_at + PAY_WITHIN_AFTER_SENDING
    if facts.now >= late_at:
        return Wait(WaitingFor.LATE_PAYMENT)
    return Wait(WaitingFor.NOTHING, review_at=_full_hour(late_at))


_REASONS_WHY: tuple[Callable[[Order, Facts], Wait | None], ...] = (
    _refund_payout,
    _message_read,
    _release,
    _cancellation,
    _new_payment,
    _address,
    _rest,
    _payment,
    _goods,
    _shipping,
    _packing,
    _start,
    _tracking_code,
    _late_payment,
)


def _full_hour(moment: datetime) -> datetime:
    """Up to the next full hour: few different moments, so that many orders are saved in one UPDATE."""
    return (moment + timedelta(hours=1) - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0)


def _with_refunds_to_pay_out(pks: list[int]) -> set[int]:
    if not pks:
        return set()
    return set(Refund.objects.filter(order__in=pks, state=RefundState.TO_PAY_OUT).values_list("order", flat=True))


def _expected_days(pks: list[int]) -> dict[int, date]:
    """The last expected day of the back-ordered lines, of orders where each of them has one."""
    if not pks:
        return {}
    lines = OrderLine.objects.filter(order__in=pks, status=LineStatus.BACKORDERED).order_by().values_list("order")
    summed = lines.annotate(last=Max("expected_on"), dated=Count("expected_on"), all=Count("pk"))
    return {pk: last for pk, last, number_dated, number in summed if number_dated == number}


def _left_without_code(pks: list[int], now: datetime) -> dict[int, datetime]:
    if not pks:
        return {}
    parcels = Shipment.objects.filter(
        order__in=pks, way=Shipment.Way.CARRIER, tracking_code="", shipped_at__gt=now - CODE_IS_OF_USE
    )
    return dict(parcels.order_by().values_list("order").annotate(last=Max("shipped_at")))


# --- in words -------------------------------------------------------------------------------------


def sentence(order, zone: ZoneInfo) -> str:
    """The reason as people read it. `order` needs `waiting_for`, `waiting_day`, `placed_at` and `hold_reason`."""
    since = display.day(order.placed_at.astimezone(zone).date())
    match order.waiting_for:
        case WaitingFor.RELEASE if order.hold_reason:
            return _("On hold: %(reason)s") % {"reason": order.hold_reason}
        case WaitingFor.OVERDUE_PAYMENT:
            return _("Unpaid since %(day)s") % {"day": since}
        case WaitingFor.LATE_PAYMENT:
            return _("Sent, but not paid since %(day)s") % {"day": since}
        case WaitingFor.LATE_START:
            return _("Not started since %(day)s") % {"day": since}
        case WaitingFor.GOODS_DUE if order.waiting_day:
            return _("Backordered goods were due on %(day)s") % {"day": display.day(order.waiting_day)}
        case WaitingFor.GOODS if order.waiting_day:
            return _("Backordered until %(day)s") % {"day": display.day(order.waiting_day)}
        case WaitingFor.NOTHING:
            return ""
    return str(WaitingFor(order.waiting_for).label)


@dataclass(frozen=True)
class NextAction:
    """What removes or changes the reason: a status to move to, a message to mark, or a page on which it is done.

    A page with a status too gives way to it where there is nothing to do on the page.
    """

    label: str | Promise
    icon: str
    kind: str = ""
    code: str = ""
    page: str = ""


READ = "message"
# Pages on which the reason is dealt with, by the names of their addresses.
SHIP, PAY_OUT, ADD_CODE, EDIT = "ship", "paid-out", "change-shipment", "edit"
_MARK_PAID = NextAction(gettext_lazy("Mark paid"), "card", Kind.PAYMENT, P.PAID)
_SHIP = NextAction(gettext_lazy("Mark shipped"), "truck", Kind.FULFILMENT, F.SHIPPED, SHIP)
_START = NextAction(gettext_lazy("Start"), "box", Kind.FULFILMENT, F.IN_PROGRESS)
_SET_READY = NextAction(gettext_lazy("Set ready"), "check", Kind.FULFILMENT, F.READY)
_NEXT = {
    WaitingFor.REFUND_PAYOUT: NextAction(gettext_lazy("Pay it out"), "card", page=PAY_OUT),
    WaitingFor.MESSAGE_READ: NextAction(gettext_lazy("Mark as read"), "check", READ),
    WaitingFor.NEW_PAYMENT: NextAction(gettext_lazy("Await another payment"), "clock", Kind.PAYMENT, P.AWAITING),
    WaitingFor.CANCELLATION: NextAction(gettext_lazy("Cancel order"), "x", Kind.FULFILMENT, F.CANCELLED),
    WaitingFor.ADDRESS: NextAction(gettext_lazy("Complete the address"), "edit", page=EDIT),
    WaitingFor.GOODS_DUE: _SET_READY,
    WaitingFor.REST: NextAction(gettext_lazy("Mark the rest shipped"), "truck", Kind.FULFILMENT, F.SHIPPED, SHIP),
    WaitingFor.LATE_START: _START,
    WaitingFor.SHIPPING: _SHIP,
    WaitingFor.START: _START,
    WaitingFor.PACKING: _SET_READY,
    WaitingFor.OVERDUE_PAYMENT: _MARK_PAID,
    WaitingFor.TRACKING_CODE: NextAction(gettext_lazy("Add the code"), "truck", page=ADD_CODE),
    WaitingFor.LATE_PAYMENT: _MARK_PAID,
    WaitingFor.RELEASE: NextAction(gettext_lazy("Release"), "check", Kind.FULFILMENT, F.IN_PROGRESS),
    WaitingFor.PAYMENT: _MARK_PAID,
    WaitingFor.GOODS: _SET_READY,
}


def next_action(order: Order) -> NextAction | None:
    """What to do about the reason; an order on hold goes back to where it was."""
    action = _NEXT.get(order.waiting_for)
    if order.waiting_for == WaitingFor.RELEASE and order.status_before_hold:
        return NextAction(action.label, action.icon, action.kind, order.status_before_hold)
    return action
