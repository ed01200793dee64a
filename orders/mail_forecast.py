"""How many mails an action on orders would send, asked of whoever sends them: they register, the pages ask.

What follows by itself counts too: digital goods that leave with a payment or the end of a hold, and the status that
follows from back-ordered lines (`orders.services.rules`). Of many orders at most so many: a mail that went out before
is not sent again, which is asked for single orders only.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from django.db.models import BooleanField, Case, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backoffice.models import Shop
from orders.bulk import Action, FieldAction, LineAction
from orders.models import LogAction, Order, OrderLine, Source
from orders.services.errors import ChangeRefused
from orders.services.hold import released
from orders.services.payments import values_by_money
from orders.services.refunding import RefundSum
from orders.services.refunds import values_of_credited
from orders.services.returns import values_of_returned
from orders.services.rules import (
    FIRST,
    LAPSED,
    NOT_SENT,
    SENDS_NOTHING,
    UNDER_WAY,
    has_goods_to_send,
    leaves_by_itself,
    lets_go,
    status_by_back_orders,
)
from orders.services.shipments import status_by_shipments
from orders.services.status import ALREADY_DONE, counts_of, values_of_status
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


class Forecaster(Protocol):
    """Who sends mails, asked about one shop; made anew for each page."""

    def __init__(self, shop: Shop): ...

    def mails_for(self, occasion: Occasion) -> int: ...

    def mails_once_paid(self, lines: Sequence[OrderLine]) -> int:
        """What else goes out when an order with these lines is paid: copies to suppliers."""
        ...

    def number_once_paid(self) -> Combinable:
        """The same for stored orders, as an expression over their rows."""
        ...


FORECASTERS: list[Callable[[Shop], Forecaster]] = []


def register_mail_forecast(forecaster: Callable[[Shop], Forecaster]) -> None:
    FORECASTERS.append(forecaster)


class Leaving(NamedTuple):
    """How many lines leave by themselves once the order is paid, and whether nothing else is left to do then."""

    downloads: int = 0
    gift_cards: int = 0
    is_all: bool = False


class Outcome(NamedTuple):
    occasions: list[Occasion]
    is_paid: bool = False


# --- one order -------------------------------------------------------------------------------------


class OrderForecast:
    """What single actions on one order would send: what is asked of the database is asked once.

    `lines` are those of the order where they are at hand.
    """

    def __init__(self, order: Order, lines: Iterable[OrderLine] | None = None):
        self.order = order
        self.forecasters = [make(order.shop) for make in FORECASTERS]
        self._lines = None if lines is None else list(lines)
        self._known: dict[Occasion, int] = {}
        self._once_paid: int | None = None

    @property
    def lines(self) -> list[OrderLine]:
        if self._lines is None:
            self._lines = list(self.order.lines.all())
        return self._lines

    def mails_if(self, *outcomes: Mapping[str, Any]) -> int:
        """The most that one of these would send, each a set of new values of the order."""
        return max((self._mails(values) for values in outcomes), default=0)

    def mails_if_status(self, kind: str, code: str, own_id: int | None) -> int:
        """For the order that would get this status, or one of its lines."""
        if kind == Kind.LINE:
            return self.mails_if_a_line(code, own_id)
        return self._mails(values_of_status(kind, code, own_id))

    def mails_if_released(self) -> int:
        """When the order goes on where it was before its hold: nobody is told of that status a second time."""
        return self._mails(released(self.order), told=())

    def mails_if_lines(self, code: str, own_id: int | None = None, lines: Iterable[OrderLine] | None = None) -> int:
        """When these lines, else all, get this status."""
        values = {"status": code, "own_status_id": own_id}
        return self._mails({}, {line.position: values for line in (self.lines if lines is None else lines)})

    def mails_if_a_line(self, code: str, own_id: int | None = None) -> int:
        """The most that any one line would send that gets this status, as if no line had mailed before."""
        values = {"status": code, "own_status_id": own_id}
        alike = {(line.kind, line.status, line.own_status_id): line.position for line in self.lines}
        return max((self._mails({}, {each: values}, is_any_line=True) for each in alike.values()), default=0)

    def mails_if_shipped(self, quantities: Mapping[int, Decimal], way: str, *, moves_status: bool) -> int:
        """When so much of the lines, {position: quantity}, leaves together."""
        moved = {}
        after = []
        for line in map(copy, self.lines):
            line.quantity_shipped += quantities.get(line.position, Decimal(0))
            if quantities.get(line.position) and line.quantity_shipped >= line.quantity:
                line.status, line.own_status_id = LineStatus.SHIPPED.value, None
                moved[line.position] = {"status": line.status, "own_status_id": None}
            after.append(line)
        status = status_by_shipments(self.order, after, way=way) if moves_status else None
        return self._mails(values_of_status(Kind.FULFILMENT, status, None) if status else {}, moved)

    def mails_if_refunded(self, refund: RefundSum) -> int:
        refunded = _with(self.order, {"refunded_total": self.order.refunded_total + refund.total})
        credited = {
            part.line.position: values_of_credited(part.line, part.quantity) for part in refund.lines if part.quantity
        }
        return self._mails(values_by_money(refunded), credited)

    def mails_if_received(self, quantities: Mapping[int, Decimal]) -> int:
        """When so much of the lines, {position: quantity}, came back."""
        lines = {
            line.position: values_of_returned(line, quantities[line.position])
            for line in self.lines
            if quantities.get(line.position)
        }
        return self._mails({}, lines)

    def mails_if_edited(self, after: Order, lines: Sequence[OrderLine]) -> int:
        """When the order and its lines become like these: nobody is told of an edit, but of what follows from it."""
        order = self.order
        has_new_total = after.total != order.total and order.paid_total
        values = values_by_money(_with(order, {"total": after.total})) if has_new_total else {}
        follows = _values_by_back_orders(_with(order, {}), lines) if order.shop.ready_rule else {}
        leaving = _leaving_of(lines) if _may_let_go(order, values | follows) else Leaving()
        return self._count(_outcome(order, values | follows, leaving, [], told=follows.keys()))

    def mails_when_placed(self) -> int:
        """For an order that is new, with the statuses and lines that it begins with."""
        order, leaving = self.order, _leaving_of(self.lines)
        leaves = lets_go(order) and order.fulfilment_status in FIRST
        digital = _digital(order, leaving) if leaves else []
        if order.source == Source.IMPORT or not (order.fulfilment_status in FIRST or digital):
            return 0
        is_paid = order.payment_status == PaymentStatus.PAID
        return self._count(Outcome([_placed(order), *digital], is_paid))

    def _mails(
        self,
        values: Mapping[str, Any],
        lines: Mapping[int, Mapping[str, Any]] | None = None,
        *,
        told: Collection[str] | None = None,
        is_any_line: bool = False,
    ) -> int:
        if not self.forecasters:
            return 0
        order, values = self.order, dict(values)
        if lines:
            after = [_with(line, lines[line.position]) if line.position in lines else line for line in self.lines]
            values |= _values_by_back_orders(_with(order, values), after) if order.shop.ready_rule else {}
            moved = _line_occasions(order, zip(self.lines, after, strict=True))
            moved = [each._replace(line_id=None) for each in moved] if is_any_line else moved
        else:
            moved = []
        leaving = _leaving_of(self.lines) if _may_let_go(order, values) else Leaving()
        return self._count(_outcome(order, values, leaving, moved, told=told))

    def _count(self, outcome: Outcome) -> int:
        for occasion in outcome.occasions:
            if occasion not in self._known:
                self._known[occasion] = sum(each.mails_for(occasion) for each in self.forecasters)
        number = sum(self._known[occasion] for occasion in outcome.occasions)
        return number + (self._mails_once_paid() if outcome.is_paid else 0)

    def _mails_once_paid(self) -> int:
        if self._once_paid is None:
            self._once_paid = sum(each.mails_once_paid(self.lines) for each in self.forecasters)
        return self._once_paid


def _with(row: Any, values: Mapping[str, Any]) -> Any:
    """A copy of the order or line with other values, not stored."""
    other = copy(row)
    for name, value in values.items():
        setattr(other, name, value)
    return other


def _leaving_of(lines: Iterable[OrderLine]) -> Leaving:
    lines = list(lines)
    leaving = [line for line in lines if leaves_by_itself(line)]
    numbers = (sum(line.kind == kind for line in leaving) for kind in KINDS.values())
    return Leaving(*numbers, is_all=not has_goods_to_send(line for line in lines if line not in leaving))


def _values_by_back_orders(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    """The status that follows when the lines are like this; the order has its other new values already."""
    number = counts_of(lines)["number_of_lines_backordered"]
    if number == order.number_of_lines_backordered:
        return {}
    order.number_of_lines_backordered = number
    status = status_by_back_orders(order, has_goods_to_send=has_goods_to_send(lines))
    return {"fulfilment_status": status.value, "fulfilment_own_status_id": None} if status else {}


def _line_occasions(order: Order, moved: Iterable[tuple[OrderLine, OrderLine]]) -> list[Occasion]:
    return [
        Occasion(Kind.LINE, after.status, after.own_status_id, after.status != before.status, *_of(order), after.pk)
        for before, after in moved
        if (after.status, after.own_status_id) != (before.status, before.own_status_id)
    ]


# --- many orders -----------------------------------------------------------------------------------


def mails_of_action(shop: Shop, action: Action, orders: QuerySet[Order]) -> int:
    """How many mails an action of the list would send; some queries, however many orders are meant."""
    forecasters = [make(shop) for make in FORECASTERS]
    if isinstance(action, LineAction):
        found, others = _occasions_of_lines(shop, action, orders), 0
    elif isinstance(action, FieldAction) and STATUS_FIELDS.intersection(action.reads):
        found, others = _occasions_of_fields(action, orders, forecasters)
    else:
        return 0
    return others + sum(often * each.mails_for(occasion) for each in forecasters for occasion, often in found.items())


def _occasions_of_fields(
    action: FieldAction, orders: QuerySet[Order], forecasters: Sequence[Forecaster]
) -> tuple[Counter[Occasion], int]:
    """What the action would make of how many orders, and how many mails there are beside; one query."""
    found: Counter[Occasion] = Counter()
    others = 0
    # An order that is let go goes on where it was: nobody is told of that status a second time.
    told = () if action.log == LogAction.ORDER_RELEASED else None
    reads = list(dict.fromkeys([*action.reads, "fulfilment_status", "payment_status", "target_shop_id", "source"]))
    for *values, has_address, downloads, gift_cards, is_all, once_paid, number in _grouped(orders, reads, forecasters):
        order = Order(**dict(zip(reads, values, strict=True)), customer_email="@" if has_address else "")
        try:
            wanted = action.decide(order)
        except ChangeRefused:
            continue
        outcome = _outcome(order, wanted, Leaving(downloads, gift_cards, is_all), [], told=told)
        for occasion in outcome.occasions:
            found[occasion] += number
        others += number * once_paid if outcome.is_paid else 0
    return found, others


def _grouped(orders: QuerySet[Order], reads: list[str], forecasters: Sequence[Forecaster]) -> Iterable[tuple]:
    """Rows of `reads`, whether there is an address, the three of `Leaving`, what goes out once paid, how many."""
    once_paid = sum((each.number_once_paid() for each in forecasters), start=Value(0))
    groups = orders.order_by().annotate(
        has_address=_has_address("customer_email"),
        **{f"number_of_{name}": _number_leaving(kind) for name, kind in KINDS.items()},
        is_all=~Exists(_goods_that_stay()),
        once_paid=once_paid,
    )
    of_group = [*reads, "has_address", *(f"number_of_{name}" for name in KINDS), "is_all", "once_paid"]
    return groups.values_list(*of_group).annotate(number=Count("pk")).iterator()


def _number_leaving(kind: str) -> Combinable:
    lines = OrderLine.objects.filter(order=OuterRef("pk"), kind=kind, status__in=NOT_SENT).order_by()
    return Coalesce(lines.values("order").annotate(number=Count("pk")).values("number"), 0)


def _goods_that_stay() -> QuerySet[OrderLine]:
    goods = OrderLine.objects.filter(order=OuterRef("pk")).exclude(kind=OrderLine.Kind.FEE)
    return goods.exclude(status__in=ALREADY_DONE).exclude(kind__in=KINDS.values(), status__in=NOT_SENT)


def _occasions_of_lines(shop: Shop, action: LineAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    orders = orders.filter(deleted_at=None)
    lines = OrderLine.objects.filter(order__in=orders).exclude(status=action.code, own_status=action.own_id)
    is_new_word = Case(When(status=action.code, then=False), default=True, output_field=BooleanField())
    groups = lines.order_by().annotate(is_new_word=is_new_word, has_address=_has_address("order__customer_email"))
    rows = groups.values_list("is_new_word", "order__target_shop_id", "order__source", "has_address")
    found = Counter(
        {
            Occasion(Kind.LINE, action.code, action.own_id, *of_line): number
            for *of_line, number in rows.annotate(number=Count("pk"))
        }
    )
    return found + _orders_following_lines(action, orders) if shop.ready_rule else found


def _orders_following_lines(action: LineAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    """The orders whose status follows from all their lines getting this one (`rules.follow_back_orders`)."""
    if action.code == LineStatus.BACKORDERED:
        status = FulfilmentStatus.BACKORDERED
        moved = orders.filter(fulfilment_status=FulfilmentStatus.READY, number_of_lines__gt=0)
        moved = moved.exclude(number_of_lines_backordered=F("number_of_lines"))
    elif action.code not in ALREADY_DONE:
        status = FulfilmentStatus.READY
        moved = orders.filter(
            fulfilment_status=FulfilmentStatus.BACKORDERED, number_of_lines_backordered__gt=0, number_of_lines__gt=0
        )
    else:
        return Counter()
    groups = moved.order_by().annotate(has_address=_has_address("customer_email"))
    rows = groups.values_list("target_shop_id", "source", "has_address").annotate(number=Count("pk"))
    return Counter(
        {Occasion(Kind.FULFILMENT, status.value, None, True, *of_order): number for *of_order, number in rows}
    )


def _has_address(field: str) -> ExpressionWrapper:
    return ExpressionWrapper(~Q(**{field: ""}), output_field=BooleanField())


# --- what would happen -----------------------------------------------------------------------------


def _outcome(
    before: Order,
    values: Mapping[str, Any],
    leaving: Leaving,
    moved: Sequence[Occasion],
    *,
    told: Collection[str] | None = None,
) -> Outcome:
    """What happens when an order gets these values, and lines of it what `moved` tells; with `told` only of these
    fields anybody is told."""
    after = _with(before, values)
    told = _changed(before, values) if told is None else _changed(before, values).intersection(told)
    digital: list[Occasion] = []
    if _may_let_go(before, values):
        digital = _digital(after, leaving)
        if digital:
            moved = [*moved, *[_line_sent(after)] * (leaving.downloads + leaving.gift_cards)]
            told |= _complete(after) if leaving.is_all else set()
    if before.fulfilment_status == FulfilmentStatus.ABORTED and "fulfilment_status" in told:
        # A checkout that was given up became an order after all, or lapsed and nobody hears of it.
        if after.fulfilment_status in LAPSED:
            return Outcome([])
        return Outcome([_placed(after), *digital], is_paid=after.payment_status == PaymentStatus.PAID)
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


def _may_let_go(before: Order, values: Mapping[str, Any]) -> bool:
    """Whether digital goods may leave with this: it is paid, or no longer stopped (`rules.follow_payments`)."""
    changed = _changed(before, values)
    goes_on = "fulfilment_status" in changed and before.fulfilment_status in SENDS_NOTHING
    return ("payment_status" in changed or goes_on) and lets_go(_with(before, values))


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


def _placed(order: Order) -> Occasion:
    return Occasion(LogAction.ORDER_PLACED, "", None, False, *_of(order))


def _digital(order: Order, leaving: Leaving) -> list[Occasion]:
    return [
        Occasion(LogAction.DIGITAL_SENT, kind, None, True, *_of(order))
        for name, kind in KINDS.items()
        if getattr(leaving, name)
    ]


def _line_sent(order: Order) -> Occasion:
    return Occasion(Kind.LINE, LineStatus.SHIPPED, None, True, *_of(order))


def _of(order: Order) -> tuple[int | None, str, bool, int | None]:
    return order.target_shop_id, order.source, bool(order.customer_email), order.pk
