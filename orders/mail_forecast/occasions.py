"""What would happen to an order that got other values, of all that a mail may be tied to.

What follows by itself counts too: digital goods that leave with a payment or the end of a hold, and the status that
follows from back-ordered lines (`orders.services.rules`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

from orders.bulk import FieldAction
from orders.models import LogAction, Order, OrderLine
from orders.services.rules import (
    LAPSED,
    SENDS_NOTHING,
    UNDER_WAY,
    has_goods_to_send,
    leaves_by_itself,
    lets_go,
    status_by_back_orders,
)
from orders.services.status import counts_of
from statuses.kinds import FulfilmentStatus, Kind, LineStatus, PaymentStatus
from statuses.transitions import may_follow

# The fields of an order that carry each kind of status: the built-in word, and the shop's own.
FIELDS = {
    Kind.FULFILMENT: ("fulfilment_status", "fulfilment_own_status_id"),
    Kind.PAYMENT: ("payment_status", "payment_own_status_id"),
    Kind.INTERNAL: ("", "internal_status_id"),
}
STATUS_FIELDS = {name for names in FIELDS.values() for name in names}
KINDS = {"downloads": OrderLine.Kind.DIGITAL, "gift_cards": OrderLine.Kind.GIFT_CARD}


class Occasion(NamedTuple):
    """What would happen to an order or a line of it, with what else of the order decides who is mailed.

    `event` is the kind of status that it gets, or the log's word for being placed or for digital goods that leave.
    The keys of order and line are those of one order that is stored; an occasion of many has none.
    """

    event: str
    code: str
    own_id: int | None
    is_new_word: bool
    target_shop_id: int | None
    source: str
    has_address: bool
    order_id: int | None = None
    line_id: int | None = None


class Leaving(NamedTuple):
    """How many lines leave by themselves once the order is paid, and whether nothing else is left to do then."""

    downloads: int = 0
    gift_cards: int = 0
    is_all: bool = False


class Outcome(NamedTuple):
    occasions: list[Occasion]
    is_paid: bool = False


def told_by(action: FieldAction) -> Collection[str] | None:
    """The fields of which anybody is told: an order that is let go goes on where it was, which was told before."""
    return () if action.log == LogAction.ORDER_RELEASED else None


def outcome_of(
    before: Order,
    values: Mapping[str, Any],
    leaving: Leaving,
    moved: Sequence[Occasion],
    *,
    told: Collection[str] | None = None,
) -> Outcome:
    """What happens when an order gets these values, and lines of it what `moved` tells; with `told` only of these
    fields anybody is told."""
    after = with_values(before, values)
    told = _changed(before, values) if told is None else _changed(before, values).intersection(told)
    digital: list[Occasion] = []
    if may_let_go(before, values):
        digital = digital_of(after, leaving)
        if digital:
            moved = [*moved, *[_line_sent(after)] * (leaving.downloads + leaving.gift_cards)]
            told |= _complete(after) if leaving.is_all else set()
    if before.fulfilment_status == FulfilmentStatus.ABORTED and "fulfilment_status" in told:
        # A checkout that was given up became an order after all, or lapsed and nobody hears of it.
        if after.fulfilment_status in LAPSED:
            return Outcome([])
        return Outcome([placed(after), *digital], is_paid=after.payment_status == PaymentStatus.PAID)
    statuses = [
        Occasion(kind, getattr(after, word) if word else "", getattr(after, own), word in told, *_of(after))
        for kind, (word, own) in FIELDS.items()
        if not told.isdisjoint({word, own})
    ]
    statuses = [each for each in statuses if each.code or each.own_id]
    is_paid = any((each.event, each.code) == (Kind.PAYMENT, PaymentStatus.PAID) for each in statuses)
    return Outcome([*statuses, *moved, *digital], is_paid)


def _changed(before: Order, values: Mapping[str, Any]) -> set[str]:
    return {name for name, value in values.items() if getattr(before, name) != value}


def may_let_go(before: Order, values: Mapping[str, Any]) -> bool:
    """Whether digital goods may leave with this: it is paid, or no longer stopped (`rules.follow_payments`)."""
    changed = _changed(before, values)
    goes_on = "fulfilment_status" in changed and before.fulfilment_status in SENDS_NOTHING
    return ("payment_status" in changed or goes_on) and lets_go(with_values(before, values))


def _complete(order: Order) -> set[str]:
    """Complete an order of which nothing is left to send; returns the fields that changed."""
    if order.fulfilment_status in UNDER_WAY:
        return set()
    if not may_follow(Kind.FULFILMENT, order.fulfilment_status, FulfilmentStatus.COMPLETED):
        return set()
    values = {"fulfilment_status": FulfilmentStatus.COMPLETED.value, "fulfilment_own_status_id": None}
    changed = _changed(order, values)
    for name, value in values.items():
        setattr(order, name, value)
    return changed


def placed(order: Order) -> Occasion:
    return Occasion(LogAction.ORDER_PLACED, "", None, False, *_of(order))


def digital_of(order: Order, leaving: Leaving) -> list[Occasion]:
    return [
        Occasion(LogAction.DIGITAL_SENT, kind, None, True, *_of(order))
        for name, kind in KINDS.items()
        if getattr(leaving, name)
    ]


def _line_sent(order: Order) -> Occasion:
    return Occasion(Kind.LINE, LineStatus.SHIPPED, None, True, *_of(order))


def _of(order: Order) -> tuple[int | None, str, bool, int | None]:
    return order.target_shop_id, order.source, bool(order.customer_email), order.pk


def with_values(row: Any, values: Mapping[str, Any]) -> Any:
    """A copy of the order or line with other values, not stored."""
    other = copy(row)
    for name, value in values.items():
        setattr(other, name, value)
    return other


def leaving_of(lines: Iterable[OrderLine]) -> Leaving:
    lines = list(lines)
    leaving = [line for line in lines if leaves_by_itself(line)]
    numbers = (sum(line.kind == kind for line in leaving) for kind in KINDS.values())
    return Leaving(*numbers, is_all=not has_goods_to_send(line for line in lines if line not in leaving))


def values_by_back_orders(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    """The status that follows when the lines are like this; the order has its other new values already."""
    number = counts_of(lines)["number_of_lines_backordered"]
    if number == order.number_of_lines_backordered:
        return {}
    order.number_of_lines_backordered = number
    status = status_by_back_orders(order, has_goods_to_send=has_goods_to_send(lines))
    return {"fulfilment_status": status.value, "fulfilment_own_status_id": None} if status else {}


def line_occasions(order: Order, moved: Iterable[tuple[OrderLine, OrderLine]]) -> list[Occasion]:
    return [
        Occasion(Kind.LINE, after.status, after.own_status_id, after.status != before.status, *_of(order), after.pk)
        for before, after in moved
        if (after.status, after.own_status_id) != (before.status, before.own_status_id)
    ]
