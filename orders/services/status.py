"""Moving orders and lines from status to status. One order or a thousand take the same path."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction, Order, OrderLine, OrderLogEntry
from orders.services.change import Change, changing, plain
from orders.services.errors import (
    ChangedMeanwhile,
    ChangeRefused,
    OrderIsDeleted,
    OrderNotFound,
    StatusChangeRefused,
    UnknownStatus,
)
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import WORDS, FulfilmentStatus, Kind, LineStatus
from statuses.models import ShopStatus
from statuses.transitions import may_follow

ALREADY_DONE = {LineStatus.SHIPPED, LineStatus.CANCELLED, LineStatus.CREDITED, LineStatus.RETURNED}


class Target(NamedTuple):
    """A status to move to: the built-in word and, when it is the shop's own, that row."""

    code: str
    own: ShopStatus | None

    @property
    def own_id(self) -> int | None:
        return self.own.pk if self.own else None


@dataclass
class BulkResult:
    """Orders by what happened to them; `refused` pairs each with its reason."""

    act: uuid.UUID
    changed: list[Order] = field(default_factory=list)
    unchanged: list[Order] = field(default_factory=list)
    refused: list[tuple[Order, ChangeRefused]] = field(default_factory=list)


def set_fulfilment_status(order: Order, code: str, *, by: Actor, seen: str | None = None) -> OrderLogEntry | None:
    """Move ``order`` to a built-in or own order status and record it.

    ``seen`` is the code the user saw when choosing. Returns the log entry, or None when nothing changed. Raises
    StatusChangeRefused, UnknownStatus, OrderIsDeleted, or ChangedMeanwhile when the status is no longer ``seen``.
    """
    return _set_of_one(order, Kind.FULFILMENT, code, by=by, seen=seen)


def set_payment_status(order: Order, code: str, *, by: Actor, seen: str | None = None) -> OrderLogEntry | None:
    """As `set_fulfilment_status`, for the payment status."""
    return _set_of_one(order, Kind.PAYMENT, code, by=by, seen=seen)


def set_internal_status(order: Order, code: str, *, by: Actor, seen: str | None = None) -> OrderLogEntry | None:
    """Set the staff's own status, or clear it with an empty ``code``."""
    return _set_of_one(order, Kind.INTERNAL, code, by=by, seen=seen)


def set_status_of_many(orders: Iterable[int], kind: str, code: str, *, shop: Shop, by: Actor) -> BulkResult:
    """Move orders (keys) to a status, those that may; the rest is named with its reason.

    Raises UnknownStatus before anything changes, OrderNotFound when a key is not of this shop.
    """
    with changing(shop, by=by) as change:
        catalogue = catalogue_of(shop)
        target = resolve(catalogue, kind, code)
        result = BulkResult(change.act)
        for order in change.lock_many(orders):
            try:
                entry = _move(change, catalogue, order, kind, target)
            except ChangeRefused as refusal:
                result.refused.append((order, refusal))
            else:
                (result.changed if entry else result.unchanged).append(order)
    return result


def set_line_status(
    order: Order, code: str, *, by: Actor, line: OrderLine | None = None, seen: str | None = None
) -> list[OrderLogEntry]:
    """Set the status of one line, or of all lines, and record each that changes.

    Raises UnknownStatus, OrderIsDeleted, OrderNotFound when ``line`` is not of this order, or ChangedMeanwhile
    when the line is no longer as ``seen``.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        _refuse_deleted(locked)
        catalogue = catalogue_of(change.shop)
        target = resolve(catalogue, Kind.LINE, code)
        lines = list(locked.lines.all())
        chosen = [each for each in lines if line is None or each.pk == line.pk]
        if line is not None and not chosen:
            raise OrderNotFound
        if line is not None and seen is not None:
            _refuse_if_line_moved(catalogue, locked, chosen[0], seen=seen, wanted=code)
        moving = [each for each in chosen if (each.status, each.own_status_id) != (target.code, target.own_id)]
        values = _line_values(target)
        entries = [move_line(change, locked, each, LogAction.LINE_CHANGED, values) for each in moving]
        if entries:
            OrderLine.objects.filter(pk__in=[each.pk for each in moving]).update(**values)
            change.set(locked, **counts_of(lines))
    return entries


def resolve(catalogue: Catalogue, kind: str, code: str) -> Target:
    """The built-in word and own row that ``code`` names. Raises UnknownStatus."""
    if kind == Kind.INTERNAL and not code:
        return Target("", None)
    if own := catalogue.find(kind, code):
        return Target(own.stands_for, own)
    if kind in WORDS and code in WORDS[kind].values:
        return Target(code, None)
    raise UnknownStatus(code)


def counts_of(lines: Iterable[OrderLine]) -> dict[str, int]:
    """What the list shows of the lines: how many, how many need nothing more, how many are back-ordered."""
    lines = list(lines)
    goods = [line for line in lines if line.kind != OrderLine.Kind.FEE]
    return {
        "number_of_lines": len(goods),
        "number_of_lines_done": sum(line.status in ALREADY_DONE or line.status == LineStatus.READY for line in goods),
        "number_of_lines_backordered": sum(line.status == LineStatus.BACKORDERED for line in goods),
    }


class StatusFields(NamedTuple):
    """Where a kind lives on the order, and how its change is called in the log."""

    code: str | None
    own: str
    action: LogAction


FIELDS: dict[str, StatusFields] = {
    Kind.FULFILMENT: StatusFields("fulfilment_status", "fulfilment_own_status_id", LogAction.FULFILMENT_CHANGED),
    Kind.PAYMENT: StatusFields("payment_status", "payment_own_status_id", LogAction.PAYMENT_CHANGED),
    Kind.INTERNAL: StatusFields(None, "internal_status_id", LogAction.INTERNAL_CHANGED),
}


def current_code(order: Order, kind: str, catalogue: Catalogue) -> str:
    """The code a menu shows as chosen: the own status where there is one, else the built-in word."""
    fields = FIELDS[kind]
    own_id = getattr(order, fields.own)
    if own_id is not None:
        return catalogue.look(kind, "", own_id).code
    return getattr(order, fields.code) if fields.code else ""


def _set_of_one(order: Order, kind: str, code: str, *, by: Actor, seen: str | None) -> OrderLogEntry | None:
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        catalogue = catalogue_of(change.shop)
        target = resolve(catalogue, kind, code)
        if seen is not None and current_code(locked, kind, catalogue) not in (seen, code):
            raise ChangedMeanwhile(_who_set(locked, FIELDS[kind].action), _label(catalogue, kind, locked))
        return _move(change, catalogue, locked, kind, target)


class Decision(NamedTuple):
    """How a status is set: under which log action, which fields the decision reads, and the decision itself.

    `decide(order)` gives the values to set, or raises ChangeRefused; it reads nothing but `reads`.
    """

    log: LogAction
    reads: tuple[str, ...]
    decide: Callable[[Order], dict[str, Any]]


def decide_status(catalogue: Catalogue, kind: str, target: Target) -> Decision:
    """The decision behind every change of an order's status, for one order, many, and forecasts."""
    fields = FIELDS[kind]

    def decide(order: Order) -> dict[str, Any]:
        _refuse_deleted(order)
        if fields.code:
            _refuse_impossible(catalogue, order, kind, target)
        return values_of_status(kind, target.code, target.own_id)

    hold = ("hold_reason", "status_before_hold") if kind == Kind.FULFILMENT else ()
    return Decision(fields.action, (*filter(None, ("deleted_at", fields.code, fields.own)), *hold), decide)


def values_of_status(kind: str, code: str, own_id: int | None) -> dict[str, Any]:
    """The values of an order that has this status."""
    fields = FIELDS[kind]
    values: dict[str, Any] = {fields.own: own_id}
    if fields.code:
        values[fields.code] = code
    if kind == Kind.FULFILMENT and code != FulfilmentStatus.ON_HOLD:
        # Whoever moves an order on from its hold has dealt with the reason.
        values |= {"hold_reason": "", "status_before_hold": ""}
    return values


def _move(change: Change, catalogue: Catalogue, order: Order, kind: str, target: Target) -> OrderLogEntry | None:
    decision = decide_status(catalogue, kind, target)
    diff = change.set(order, **decision.decide(order))
    return change.record(order, decision.log, diff) if diff else None


def move_lines(
    change: Change, orders: Iterable[Order], code: str, own_id: int | None, *, instead_of: int | None = None
) -> set[int]:
    """Set all lines of locked orders, deleted ones left out, to a status; returns the keys of those that changed.

    With ``instead_of``, an own status that is being removed, only the lines that carry it, of deleted orders too.
    """
    by_key = {order.pk: order for order in orders if order.deleted_at is None or instead_of is not None}
    lines: dict[int, list[OrderLine]] = {pk: [] for pk in by_key}
    for line in OrderLine.objects.filter(order__in=by_key).order_by("order", "position"):
        lines[line.order_id].append(line)
    values = _line_values(Target(code, None)) | {"own_status_id": own_id}
    moved: list[int] = []
    changed: set[int] = set()
    for pk, of_order in lines.items():
        moving = [
            line
            for line in of_order
            if (line.status, line.own_status_id) != (code, own_id) and instead_of in (None, line.own_status_id)
        ]
        for line in moving:
            move_line(change, by_key[pk], line, LogAction.LINE_CHANGED, values)
        moved += [line.pk for line in moving]
        if moving:
            changed.add(pk)
            change.set(by_key[pk], **counts_of(of_order))
    OrderLine.objects.filter(pk__in=moved).update(**values)
    return changed


def _line_values(target: Target) -> dict[str, str | int | bool | None]:
    values = {"status": target.code, "own_status_id": target.own_id}
    return values | {"is_backordered": True} if target.code == LineStatus.BACKORDERED else values


def move_line(
    change: Change,
    order: Order,
    line: OrderLine,
    action: LogAction,
    values: dict[str, Any],
    *,
    undoes: uuid.UUID | None = None,
) -> OrderLogEntry:
    """Set the fields of a line and record it as `action`; the caller saves all lines at once."""
    diff = {}
    for name, new in values.items():
        old = getattr(line, name)
        if old != new:
            setattr(line, name, new)
            diff[name] = {"old": plain(old), "new": plain(new)}
    return change.record(order, action, diff, line=line, subject=line.sku or line.name, undoes=undoes)


def _refuse_deleted(order: Order) -> None:
    if order.deleted_at is not None:
        raise OrderIsDeleted


def _refuse_impossible(catalogue: Catalogue, order: Order, kind: str, target: Target) -> None:
    old = getattr(order, FIELDS[kind].code or "")
    by_hand_never = kind == Kind.FULFILMENT and target.code == FulfilmentStatus.ABORTED and old != target.code
    if by_hand_never or not may_follow(kind, old, target.code):
        raise StatusChangeRefused(_label(catalogue, kind, order), str(catalogue.look(kind, target.code).label))


def _refuse_if_line_moved(catalogue: Catalogue, order: Order, line: OrderLine, *, seen: str, wanted: str) -> None:
    look = catalogue.look(Kind.LINE, line.status, line.own_status_id)
    if look.code not in (seen, wanted):
        raise ChangedMeanwhile(_who_set(order, LogAction.LINE_CHANGED, line), str(look.label))


def _who_set(order: Order, action: LogAction, line: OrderLine | None = None) -> str:
    """Who moved this status last: not `changed_by`, who may only have written a note since."""
    entries = order.log.filter(action=action)
    if line is not None:
        entries = entries.filter(line=line)
    return entries.values_list("actor", flat=True).first() or order.changed_by


def _label(catalogue: Catalogue, kind: str, order: Order) -> str:
    fields = FIELDS[kind]
    own_id = getattr(order, fields.own)
    if fields.code is None and own_id is None:
        return "-"
    return str(catalogue.look(kind, getattr(order, fields.code) if fields.code else "", own_id).label)
