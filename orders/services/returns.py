"""Goods that come back: announced, received, settled or refused."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import display
from orders.models import (
    LogAction,
    Order,
    OrderLine,
    Refund,
    Return,
    ReturnLine,
    ReturnReason,
    ReturnState,
)
from orders.services.acceptance import LARGEST_QUANTITY, check_text, collect, longest
from orders.services.change import Change, changing, plain
from orders.services.errors import ChangeRefused, InputRefused, OrderIsDeleted
from orders.services.status import counts_of, move_line
from statuses.kinds import LineStatus

NEXT_STATES = {
    ReturnState.ANNOUNCED: {ReturnState.RECEIVED, ReturnState.REFUSED},
    ReturnState.RECEIVED: {ReturnState.SETTLED, ReturnState.REFUSED},
}
_ACTIONS = {
    ReturnState.ANNOUNCED: LogAction.RETURN_ANNOUNCED,
    ReturnState.RECEIVED: LogAction.RETURN_RECEIVED,
    ReturnState.SETTLED: LogAction.RETURN_SETTLED,
    ReturnState.REFUSED: LogAction.RETURN_REFUSED,
}


class ReturnMoved(ChangeRefused):
    """The return is no longer in a state from which this can be done."""

    def __init__(self, state: str):
        self.state = state
        super().__init__(_("This return is %(state)s by now.") % {"state": str(ReturnState(state).label).lower()})


def returnable(order: Order) -> dict[int, Decimal]:
    """{position: how many of it can still be announced}, of goods; what is on its way back counts as gone."""
    waiting = ReturnLine.objects.filter(of_return__order=order, of_return__state=ReturnState.ANNOUNCED)
    announced = dict(waiting.order_by().values_list("line").annotate(Sum("quantity")))
    left = {
        line.position: line.quantity - line.quantity_returned - announced.get(line.pk, Decimal(0))
        for line in order.lines.all()
        if line.kind == OrderLine.Kind.PHYSICAL
    }
    return {position: quantity for position, quantity in left.items() if quantity > 0}


def announce_return(
    order: Order,
    quantities: Mapping[int, Decimal],
    *,
    reason: str,
    by: Actor,
    remark: str = "",
    key: UUID | None = None,
) -> Return:
    """Note that the customer sends back ``quantities``, {position: number of pieces}.

    Sent twice with the same ``key`` it is one return. Raises OrderIsDeleted, or InputRefused with errors under
    quantity.3 (line at position 3), reason and remark.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if key is not None and (known := locked.returns.filter(key=key).first()):
            return known
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        wanted = {position: quantity for position, quantity in quantities.items() if quantity}
        errors = _quantity_errors(wanted, returnable(locked)) | _text_errors(reason, remark)
        if errors:
            raise InputRefused(errors)
        announced = Return.objects.create(
            order=locked, reason=reason, remark=remark, created_by=by.name, created_at=timezone.now(), key=key
        )
        lines = {line.position: line for line in locked.lines.filter(position__in=wanted)}
        ReturnLine.objects.bulk_create(
            ReturnLine(of_return=announced, line=lines[position], quantity=quantity)
            for position, quantity in sorted(wanted.items())
        )
        named = [[position, plain(quantity)] for position, quantity in sorted(wanted.items())]
        _record(change, announced, old=None, lines={"old": None, "new": named}, remark={"old": None, "new": remark})
    return announced


def receive_return(announced: Return, *, by: Actor, quantities: Mapping[int, Decimal] | None = None) -> None:
    """Note that goods of a return are here; ``quantities`` says how many when they are not as announced.

    A line that came back whole becomes Returned. Raises ReturnMoved, OrderIsDeleted or InputRefused as
    `announce_return`.
    """
    with changing(announced.order.shop, by=by) as change:
        order, current = _lock(change, announced, ReturnState.RECEIVED)
        rows = list(current.lines.select_related("line"))
        expected = {row.line.position: row.quantity for row in rows}
        came = expected if quantities is None else {key: number for key, number in quantities.items() if number}
        if errors := _quantity_errors(came, expected):
            raise InputRefused(errors)
        for row in rows:
            row.quantity_received = came.get(row.line.position, Decimal(0))
        ReturnLine.objects.bulk_update(rows, ["quantity_received"])
        _come_back(change, order, {row.line_id: row.quantity_received for row in rows if row.quantity_received})
        current.received_at = timezone.now()
        _move(change, current, ReturnState.RECEIVED, "received_at")


def refuse_return(announced: Return, *, by: Actor) -> None:
    """Refuse what was announced or what came: then it goes back to the customer. Raises ReturnMoved, OrderIsDeleted."""
    with changing(announced.order.shop, by=by) as change:
        order, current = _lock(change, announced, ReturnState.REFUSED)
        here = dict(current.lines.exclude(quantity_received=0).values_list("line_id", "quantity_received"))
        _come_back(change, order, {line_id: -quantity for line_id, quantity in here.items()})
        _close(change, current, ReturnState.REFUSED)


def settle_return(announced: Return, *, by: Actor) -> None:
    """Close a return that is settled without money: exchanged or repaired. Raises ReturnMoved, OrderIsDeleted."""
    with changing(announced.order.shop, by=by) as change:
        _order, current = _lock(change, announced, ReturnState.SETTLED)
        _close(change, current, ReturnState.SETTLED)


def to_settle(order: Order, return_id: int | None) -> Return | None:
    """The return of a locked order that a refund settles; None without one. Raises ReturnMoved."""
    if return_id is None:
        return None
    found = order.returns.filter(pk=return_id).first()
    if found is None:
        raise InputRefused({"": [_("There is no such return at this order.")]})
    _refuse_if_moved(found, ReturnState.SETTLED)
    return found


def settle(change: Change, of_return: Return, *, refund: Refund) -> None:
    """Close a return with the refund that was made for it."""
    of_return.refund = refund
    _close(change, of_return, ReturnState.SETTLED)


def _lock(change: Change, announced: Return, state: ReturnState) -> tuple[Order, Return]:
    """The order, locked, and the return as it is now, if it may move to `state`."""
    order = change.lock(announced.order_id)
    if order.deleted_at is not None:
        raise OrderIsDeleted
    current = order.returns.get(pk=announced.pk)
    current.order = order
    _refuse_if_moved(current, state)
    return order, current


def _refuse_if_moved(found: Return, state: ReturnState) -> None:
    if state not in NEXT_STATES.get(ReturnState(found.state), set()):
        raise ReturnMoved(found.state)


def _close(change: Change, found: Return, state: ReturnState) -> None:
    found.closed_at = timezone.now()
    _move(change, found, state, "closed_at", "refund")


def _move(change: Change, found: Return, state: ReturnState, *fields: str) -> None:
    old, found.state = found.state, state
    found.save(update_fields=["state", *fields])
    _record(change, found, old=old)


def _record(change: Change, of_return: Return, *, old: str | None, **more: dict[str, Any]) -> None:
    moved = {"return": {"old": old, "new": str(of_return.state)}}
    change.record(of_return.order, _ACTIONS[ReturnState(of_return.state)], moved | more, subject=of_return.reason)


def _come_back(change: Change, order: Order, quantities: Mapping[int, Decimal]) -> None:
    """Count what came back, {line id: pieces}, negative for what goes to the customer again."""
    if not quantities:
        return
    lines = list(order.lines.all())
    moved = [line for line in lines if line.pk in quantities]
    for line in moved:
        move_line(change, order, line, LogAction.LINE_RETURNED, values_of_returned(line, quantities[line.pk]))
    OrderLine.objects.bulk_update(moved, ["quantity_returned", "status", "own_status"], batch_size=500)
    change.set(order, **counts_of(lines))


def values_of_returned(line: OrderLine, quantity: Decimal) -> dict[str, Any]:
    """The values of a line of which so much more came back; negative for what goes to the customer again."""
    returned = line.quantity_returned + quantity
    values: dict[str, Any] = {"quantity_returned": returned}
    if returned >= line.quantity and line.status != LineStatus.CREDITED:
        return values | {"status": LineStatus.RETURNED.value, "own_status_id": None}
    if quantity < 0 and line.status == LineStatus.RETURNED:
        return values | {"status": LineStatus.SHIPPED.value, "own_status_id": None}
    return values


def _quantity_errors(wanted: Mapping[int, Decimal], left: Mapping[int, Decimal]) -> dict[str, list[str]]:
    errors = {}
    for position, quantity in wanted.items():
        if not quantity.is_finite() or not 0 <= quantity <= LARGEST_QUANTITY or quantity != round(quantity, 3):
            errors[f"quantity.{position}"] = [_("A quantity from zero up, with at most three decimals.")]
        elif quantity > left.get(position, Decimal(0)):
            words = _("At most %(number)s can come back.")
            errors[f"quantity.{position}"] = [words % {"number": display.quantity(left.get(position, Decimal(0)))}]
    return errors if wanted else {"": [_("Say what comes back.")]}


def _text_errors(reason: str, remark: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if reason not in ReturnReason.values:
        errors["reason"] = [_("There is no such reason.")]
    check_text(remark, longest(Return, "remark"), "remark", collect(errors))
    return errors
