"""How many mails an action on orders would send, asked of whoever sends them: they register, the pages ask.

At most so many: a mail that went out before is not sent again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet

from backoffice.models import Shop
from orders.bulk import Action, FieldAction, LineAction
from orders.models import LogAction, Order, OrderLine
from orders.services.errors import ChangeRefused
from statuses.kinds import Kind, PaymentStatus

# The fields of an order that carry each kind of status: the built-in word, and the shop's own.
FIELDS = {
    Kind.FULFILMENT: ("fulfilment_status", "fulfilment_own_status_id"),
    Kind.PAYMENT: ("payment_status", "payment_own_status_id"),
    Kind.INTERNAL: ("", "internal_status_id"),
}


class Occasion(NamedTuple):
    """A status that an order, or a line of it, would get; with what else of the order decides who is mailed."""

    kind: str
    code: str
    own_id: int | None
    is_new_word: bool
    target_shop_id: int | None
    source: str
    has_address: bool


class Forecaster(Protocol):
    """Who sends mails, asked about one shop; made anew for each page."""

    def __init__(self, shop: Shop): ...

    def mails_for(self, occasion: Occasion) -> int: ...

    def mails_when_placed(self, order: Order) -> int: ...

    def mails_once_paid(self, orders: QuerySet[Order]) -> int:
        """What follows by itself when these are paid: downloads, gift cards, copies to suppliers."""
        ...


FORECASTERS: list[Callable[[Shop], Forecaster]] = []


def register_mail_forecast(forecaster: Callable[[Shop], Forecaster]) -> None:
    FORECASTERS.append(forecaster)


def mails_of_action(shop: Shop, action: Action, orders: QuerySet[Order]) -> int:
    """How many mails an action of the list would send."""
    return _mails(shop, _occasions_of_action(action, orders), orders)


class OrderForecast:
    """The same for single orders of one page: what is asked of the database is asked once."""

    def __init__(self, order: Order):
        self.order = order
        self.forecasters = [make(order.shop) for make in FORECASTERS]
        self._once_paid: int | None = None

    def mails_if(self, *outcomes: Mapping[str, Any]) -> int:
        """The most that one of these would send, each a set of new values of the order."""
        return max((self._mails_if(values) for values in outcomes), default=0)

    def mails_if_lines(self, code: str, own_id: int | None = None, *, number: int = 1) -> int:
        """For so many lines that would get this status."""
        occasion = Occasion(Kind.LINE, code, own_id, True, *_of(self.order))
        return number * sum(each.mails_for(occasion) for each in self.forecasters)

    def mails_if_status(self, kind: str, code: str, own_id: int | None) -> int:
        """For the order, or one line of it, that would get this status."""
        if kind == Kind.LINE:
            return self.mails_if_lines(code, own_id)
        word, own = FIELDS[Kind(kind)]
        return self.mails_if({own: own_id} | ({word: code} if word else {}))

    def mails_when_placed(self) -> int:
        return sum(each.mails_when_placed(self.order) for each in self.forecasters)

    def _mails_if(self, values: Mapping[str, Any]) -> int:
        occasions = list(_occasions(self.order, values))
        number = sum(each.mails_for(occasion) for each in self.forecasters for occasion in occasions)
        return number + (self._mails_once_paid() if any(map(_is_paid, occasions)) else 0)

    def _mails_once_paid(self) -> int:
        if self._once_paid is None:
            one = Order.objects.filter(pk=self.order.pk)
            self._once_paid = sum(each.mails_once_paid(one) for each in self.forecasters)
        return self._once_paid


def _mails(shop: Shop, occasions: Counter[Occasion], orders: QuerySet[Order]) -> int:
    forecasters = [make(shop) for make in FORECASTERS] if occasions else []
    number = sum(often * each.mails_for(occasion) for each in forecasters for occasion, often in occasions.items())
    if any(map(_is_paid, occasions)):
        number += sum(each.mails_once_paid(orders) for each in forecasters)
    return number


def _is_paid(occasion: Occasion) -> bool:
    return occasion.kind == Kind.PAYMENT and occasion.code == PaymentStatus.PAID


def _occasions_of_action(action: Action, orders: QuerySet[Order]) -> Counter[Occasion]:
    if isinstance(action, LineAction):
        return _occasions_of_lines(action, orders)
    # An order that is let go goes on where it was: nobody is told of that status a second time.
    if isinstance(action, FieldAction) and action.log != LogAction.ORDER_RELEASED:
        return _occasions_of_fields(action, orders)
    return Counter()


def _occasions_of_fields(action: FieldAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    """What the action would make of how many orders; one query."""
    found: Counter[Occasion] = Counter()
    if not FORECASTERS or not set(action.reads).intersection(name for fields in FIELDS.values() for name in fields):
        return found
    reads = list(dict.fromkeys([*action.reads, "target_shop_id", "source"]))
    for *values, has_address, number in _grouped(orders, reads):
        order = Order(**dict(zip(reads, values, strict=True)), customer_email="@" if has_address else "")
        try:
            wanted = action.decide(order)
        except ChangeRefused:
            continue
        for occasion in _occasions(order, wanted):
            found[occasion] += number
    return found


def _occasions_of_lines(action: LineAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    lines = OrderLine.objects.filter(order__in=orders.filter(deleted_at=None))
    lines = lines.exclude(status=action.code, own_status=action.own_id)
    groups = lines.order_by().annotate(has_address=_has_address("order__customer_email"))
    groups = groups.values_list("order__target_shop_id", "order__source", "has_address")
    return Counter(
        {
            Occasion(Kind.LINE, action.code, action.own_id, True, *of_order): number
            for *of_order, number in groups.annotate(number=Count("pk"))
        }
    )


def _grouped(orders: QuerySet[Order], reads: list[str]) -> Iterable[tuple]:
    groups = orders.order_by().annotate(has_address=_has_address("customer_email"))
    return groups.values_list(*reads, "has_address").annotate(number=Count("pk")).iterator()


def _has_address(field: str) -> ExpressionWrapper:
    return ExpressionWrapper(~Q(**{field: ""}), output_field=BooleanField())


def _occasions(order: Order, wanted: Mapping[str, Any]) -> Iterable[Occasion]:
    """The statuses that are new when the order gets these values."""
    for kind, (word, own) in FIELDS.items():
        old = getattr(order, word) if word else ""
        code, own_id = wanted.get(word, old), wanted.get(own)
        if (word in wanted or own in wanted) and (code, own_id) != (old, getattr(order, own)) and (code or own_id):
            yield Occasion(kind, code, own_id, code != old, *_of(order))


def _of(order: Order) -> tuple[int | None, str, bool]:
    return order.target_shop_id, order.source, bool(order.customer_email)
