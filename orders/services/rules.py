"""What follows from a change by itself. The timeline names the rule beside whoever set it off.

A rule is asked once, when everything else of the change is done, so it works the same for one press, a thousand
orders, a payment that comes in and a business system that reports. Undoing a change takes back what followed with it.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import LogAction, Order, OrderLine, Source
from orders.services.change import Change, rule
from orders.services.status import ALREADY_DONE, counts_of, move_line
from statuses.kinds import FulfilmentStatus, Kind, LineStatus, PaymentStatus
from statuses.transitions import may_follow


class Rule(models.TextChoices):
    """The rules by name, as log entries carry them in `subject`."""

    BACK_ORDERS = "rule.back_orders", _("rule Ready or Backordered")
    DIGITAL = "rule.digital", _("rule for digital goods")


SENDS_ITSELF = {OrderLine.Kind.DIGITAL, OrderLine.Kind.GIFT_CARD}
NOT_SENT = {LineStatus.OPEN, LineStatus.READY}
# A pause stops what leaves by itself too, and what is stopped or deleted sends nothing.
SENDS_NOTHING = {
    FulfilmentStatus.ABORTED,
    FulfilmentStatus.ON_HOLD,
    FulfilmentStatus.CANCELLED,
    FulfilmentStatus.EXPIRED,
    FulfilmentStatus.RETURNED,
}
# Where a checkout that was given up ends when nothing comes of it.
LAPSED = {FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED}
UNDER_WAY = {FulfilmentStatus.PARTLY_SHIPPED, FulfilmentStatus.SHIPPED}
# With what an order begins that nobody has dealt with.
FIRST = {FulfilmentStatus.NEW, FulfilmentStatus.READY, FulfilmentStatus.BACKORDERED}


@rule
def follow_back_orders(change: Change) -> None:
    """Backordered becomes Ready with the last back-ordered line, Ready becomes Backordered with the first.

    Only where the shop wants it, and only when lines were changed: what somebody sets by hand stays.
    """
    if not change.shop.ready_rule:
        return
    moved = [
        order
        for order in change.orders_with("number_of_lines_backordered")
        if not change.is_new(order) and order.deleted_at is None
    ]
    having_goods = _having_goods_to_send(
        order for order in moved if status_by_back_orders(order, has_goods_to_send=True) == FulfilmentStatus.READY
    )
    for order in moved:
        if status := status_by_back_orders(order, has_goods_to_send=order.pk in having_goods):
            _set_status(change, order, status, Rule.BACK_ORDERS)


@rule
def follow_payments(change: Change) -> None:
    """Downloads and gift cards of an order leave by themselves once it is paid; with nothing else in it, it is done.

    Whatever stopped the order, a hold or that it was given up or cancelled, keeps them back until it goes on.
    """
    paid = [
        order
        for order in [*change.orders_with("payment_status"), *_going_on(change)]
        if lets_go(order) and not (change.is_new(order) and _has_its_past_behind_it(order))
    ]
    for order, lines in _lines_to_send(paid):
        _send(change, order, lines)


def status_by_back_orders(order: Order, *, has_goods_to_send: bool) -> FulfilmentStatus | None:
    """Where an order belongs whose number of back-ordered lines has changed; None where it is."""
    if order.number_of_lines_backordered:
        return FulfilmentStatus.BACKORDERED if order.fulfilment_status == FulfilmentStatus.READY else None
    is_waiting = order.fulfilment_status == FulfilmentStatus.BACKORDERED
    return FulfilmentStatus.READY if is_waiting and has_goods_to_send else None


def lets_go(order: Order) -> bool:
    """Whether what leaves by itself may leave: it is paid for, and nothing stops the order."""
    is_paid = order.payment_status == PaymentStatus.PAID
    return is_paid and order.fulfilment_status not in SENDS_NOTHING and order.deleted_at is None


def leaves_by_itself(line: OrderLine) -> bool:
    return line.kind in SENDS_ITSELF and line.status in NOT_SENT


def has_goods_to_send(lines: Iterable[OrderLine]) -> bool:
    """Whether one of the lines is neither sent nor called off."""
    return any(line.kind != OrderLine.Kind.FEE and line.status not in ALREADY_DONE for line in lines)


def _going_on(change: Change) -> list[Order]:
    """The orders that were stopped before this change."""
    return [
        entry.order
        for entry in change.entries
        if entry.changes.get("fulfilment_status", {}).get("old") in SENDS_NOTHING
    ]


def _has_its_past_behind_it(order: Order) -> bool:
    """Whether an order that comes in was dealt with elsewhere: nobody gets a second download for it."""
    return order.source == Source.IMPORT or order.fulfilment_status not in FIRST


def _having_goods_to_send(orders: Iterable[Order]) -> set[int]:
    """Keys of the orders of which a line is neither sent nor called off, with one query at most."""
    keys = [order.pk for order in orders]
    if not keys:
        return set()
    goods = OrderLine.objects.filter(order__in=keys).exclude(kind=OrderLine.Kind.FEE).exclude(status__in=ALREADY_DONE)
    return set(goods.order_by().values_list("order_id", flat=True))


def _lines_to_send(orders: Iterable[Order]) -> list[tuple[Order, list[OrderLine]]]:
    """The orders that hold something which leaves by itself, each with all its lines, with at most two queries."""
    by_key = {order.pk: order for order in orders}
    if not by_key:
        return []
    waiting = OrderLine.objects.filter(order__in=by_key, kind__in=SENDS_ITSELF, status__in=NOT_SENT)
    holding = set(waiting.order_by().values_list("order_id", flat=True))
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    if holding:
        for line in OrderLine.objects.filter(order__in=holding).order_by("order", "position"):
            lines[line.order_id].append(line)
    return [(by_key[pk], of_order) for pk, of_order in sorted(lines.items())]


def _send(change: Change, order: Order, lines: list[OrderLine]) -> None:
    leaving = [line for line in lines if leaves_by_itself(line)]
    for line in leaving:
        values = {
            "status": LineStatus.SHIPPED.value,
            "own_status_id": None,
            "quantity_shipped": line.quantity,
        }
        move_line(change, order, line, LogAction.LINE_CHANGED, values)
    OrderLine.objects.bulk_update(leaving, ["status", "own_status", "quantity_shipped"], batch_size=500)
    change.set(order, **counts_of(lines))
    named = ", ".join(line.sku or line.name for line in leaving)
    change.record(order, LogAction.DIGITAL_SENT, subject=named)
    # Goods that left complete the order when they arrive, or when somebody says so.
    if not has_goods_to_send(lines) and order.fulfilment_status not in UNDER_WAY:
        _set_status(change, order, FulfilmentStatus.COMPLETED, Rule.DIGITAL)


def _set_status(change: Change, order: Order, status: FulfilmentStatus, why: Rule) -> None:
    if may_follow(Kind.FULFILMENT, order.fulfilment_status, status):
        diff = change.set(order, fulfilment_status=status.value, fulfilment_own_status_id=None)
        change.record(order, LogAction.FULFILMENT_CHANGED, diff, subject=why.value)
