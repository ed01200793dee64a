"""One order: how many mails its buttons and forms would send, and one of them as it would read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from orders.bulk import FieldAction, LineAction
from orders.mail_forecast.forecasters import Forecaster, MailSample, forecasters_of
from orders.mail_forecast.occasions import (
    Leaving,
    Occasion,
    Outcome,
    digital_of,
    leaving_of,
    line_occasions,
    may_let_go,
    outcome_of,
    placed,
    told_by,
    values_by_back_orders,
    with_values,
)
from orders.models import Order, OrderLine, Source
from orders.services.errors import ChangeRefused
from orders.services.hold import released
from orders.services.payments import values_by_money
from orders.services.refunding import RefundSum
from orders.services.refunds import values_of_credited
from orders.services.returns import values_of_returned
from orders.services.rules import FIRST, lets_go
from orders.services.shipments import status_by_shipments
from orders.services.status import values_of_status
from statuses.kinds import Kind, LineStatus, PaymentStatus


class OrderForecast:
    """What single actions on one order would send: what is asked of the database is asked once.

    `lines` are those of the order where they are at hand, `forecasters` those that looked up more than this order.
    """

    def __init__(
        self,
        order: Order,
        lines: Iterable[OrderLine] | None = None,
        forecasters: Sequence[Forecaster] | None = None,
    ):
        self.order = order
        self.forecasters = forecasters_of(order.shop) if forecasters is None else forecasters
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
        return self._mails({}, status_of_lines(code, own_id, self.lines if lines is None else lines))

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
        refunded = with_values(self.order, {"refunded_total": self.order.refunded_total + refund.total})
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
        values = values_by_money(with_values(order, {"total": after.total})) if has_new_total else {}
        follows = values_by_back_orders(with_values(order, {}), lines) if order.shop.ready_rule else {}
        leaving = leaving_of(lines) if may_let_go(order, values | follows) else Leaving()
        return self._count(outcome_of(order, values | follows, leaving, [], told=follows.keys()))

    def mails_when_placed(self) -> int:
        """For an order that is new, with the statuses and lines that it begins with."""
        order, leaving = self.order, leaving_of(self.lines)
        leaves = lets_go(order) and order.fulfilment_status in FIRST
        digital = digital_of(order, leaving) if leaves else []
        if order.source == Source.IMPORT or not (order.fulfilment_status in FIRST or digital):
            return 0
        is_paid = order.payment_status == PaymentStatus.PAID
        return self._count(Outcome([placed(order), *digital], is_paid))

    def sample_of(self, action: FieldAction | LineAction) -> MailSample | None:
        """The first mail that an action of the list would send about this order. Copies to suppliers are not shown."""
        occasions = self._outcome_of(action).occasions
        samples = (each.sample_of(self.order, occasion) for occasion in occasions for each in self.forecasters)
        return next(filter(None, samples), None)

    def _outcome_of(self, action: FieldAction | LineAction) -> Outcome:
        if isinstance(action, LineAction):
            return self._outcome({}, status_of_lines(action.code, action.own_id, self.lines))
        try:
            wanted = action.decide(self.order)
        except ChangeRefused:
            return Outcome([])
        return self._outcome(wanted, told=told_by(action))

    def _mails(self, *values: Mapping[Any, Any], **how: Any) -> int:
        return self._count(self._outcome(*values, **how)) if self.forecasters else 0

    def _outcome(
        self,
        values: Mapping[str, Any],
        lines: Mapping[int, Mapping[str, Any]] | None = None,
        *,
        told: Collection[str] | None = None,
        is_any_line: bool = False,
    ) -> Outcome:
        """What happens when the order gets these values, and lines of it theirs, {position: values}."""
        order, values = self.order, dict(values)
        if lines:
            after = [with_values(line, lines[line.position]) if line.position in lines else line for line in self.lines]
            values |= values_by_back_orders(with_values(order, values), after) if order.shop.ready_rule else {}
            moved = line_occasions(order, zip(self.lines, after, strict=True))
            moved = [each._replace(line_id=None) for each in moved] if is_any_line else moved
        else:
            moved = []
        leaving = leaving_of(self.lines) if may_let_go(order, values) else Leaving()
        return outcome_of(order, values, leaving, moved, told=told)

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


def status_of_lines(code: str, own_id: int | None, lines: Iterable[OrderLine]) -> dict[int, dict[str, Any]]:
    """The values of lines that get this status, by their positions."""
    values = {"status": code, "own_status_id": own_id}
    return {line.position: values for line in lines}
