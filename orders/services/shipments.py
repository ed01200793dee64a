"""What has left the building: shipments are added, corrected and taken back; lines and order follow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import display
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, Shipment, ShipmentLine
from orders.services.acceptance import ILLEGAL_CHARACTERS, LARGEST_WEIGHT_G, MOST_PARCELS
from orders.services.change import Change, changing, plain
from orders.services.errors import ChangeRefused, InputRefused, OrderIsDeleted
from orders.services.search import refresh_search_text
from orders.services.shipping import all_gone, any_gone, left_of, seen_of, weight_of
from orders.services.status import counts_of, move_line, set_fulfilment_status
from orders.tracking import Destination, carriers_named_in, normalised, recognise, tracking_url
from statuses.catalogue import catalogue_of
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind, LineStatus

NEVER_SENT = {F.ABORTED, F.CANCELLED, F.EXPIRED}
SENT = {F.SHIPPED, F.DELIVERED, F.COMPLETED}
LONGEST = {"carrier": 60, "tracking_code": 80}


class ShippedMeanwhile(ChangeRefused):
    """Somebody else shipped something since the caller looked."""

    def __init__(self, by: str):
        self.by = by
        super().__init__(_("%(by)s changed the shipments meanwhile. Look again at what is left.") % {"by": by})


class ShipmentStays(ChangeRefused):
    """Something followed: the shipment can no longer be taken back."""

    def __init__(self) -> None:
        super().__init__(_("This shipment can no longer be removed: the goods arrived or came back."))


@dataclass(frozen=True)
class Dispatch:
    """What leaves together. `quantities` is {line position: quantity}; without a weight that of the lines counts.

    `carrier` may stay empty where the tracking code says who it is.
    """

    quantities: Mapping[int, Decimal]
    way: str = Shipment.Way.CARRIER
    carrier: str = ""
    tracking_code: str = ""
    number_of_parcels: int = 1
    weight_g: int | None = None
    seen: str | None = None


def add_shipment(order: Order, dispatch: Dispatch, *, by: Actor, moves_status: bool = True) -> Shipment:
    """Send part of an order: the lines count what left, and with ``moves_status`` the order's status follows.

    All goods away make it Shipped (Delivered when they were handed over), some of them Partly shipped. ``seen`` of
    the dispatch is `seen_of` the shipments its maker saw. Raises OrderIsDeleted, ShippedMeanwhile, or InputRefused
    with every error at once (``quantity-3``, ``tracking_code`` …); then nothing is stored.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        _refuse_unsendable(locked, dispatch.seen)
        lines = list(locked.lines.all())
        return _send(change, locked, lines, dispatch, _checked(dispatch, lines), moves_status=moves_status)


def change_shipment(
    shipment: Shipment,
    *,
    by: Actor,
    carrier: str,
    tracking_code: str,
    number_of_parcels: int | None = None,
    weight_g: int | None = None,
    seen: tuple[str, str] | None = None,
) -> OrderLogEntry | None:
    """Correct a shipment's code, carrier, parcels or weight; what is None stays. None when nothing changes.

    ``seen`` is the (carrier, code) the user saw. Raises OrderIsDeleted, ShippedMeanwhile (also when the shipment is
    gone) or InputRefused.
    """
    with changing(shipment.order.shop, by=by) as change:
        locked = change.lock(shipment.order_id)
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        stored = locked.shipments.filter(pk=shipment.pk).first()
        if stored is None or (seen is not None and seen != (stored.carrier, stored.tracking_code)):
            raise ShippedMeanwhile(_who_shipped(locked))
        _refuse_wrong(carrier, tracking_code, number_of_parcels, weight_g)
        values = _labelled(locked, carrier, tracking_code)
        if values["carrier"] == stored.carrier and values["tracking_code"] == stored.tracking_code:
            # A link that came with the order is not replaced by ours.
            values["tracking_url"] = stored.tracking_url
        given = {"number_of_parcels": number_of_parcels, "weight_g": weight_g}
        diff = _set(stored, values | {name: value for name, value in given.items() if value is not None})
        if not diff:
            return None
        stored.save(update_fields=list(diff))
        refresh_search_text([locked], change.shop)
        return change.record(locked, LogAction.SHIPMENT_CHANGED, diff, subject=_subject(stored), subject_id=stored.pk)


def remove_shipment(shipment: Shipment, *, by: Actor) -> OrderLogEntry | None:
    """Take a shipment back: its goods have not left after all, lines and order are as they were before.

    None when somebody else removed it first. Raises OrderIsDeleted, or ShipmentStays when the order went on or goods
    of it came back.
    """
    with changing(shipment.order.shop, by=by) as change:
        locked = change.lock(shipment.order_id)
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        stored = locked.shipments.filter(pk=shipment.pk).first()
        if stored is None:
            return None
        lines = list(locked.lines.all())
        by_key = {line.pk: line for line in lines}
        quantities = {by_key[part.line_id]: part.quantity for part in stored.lines.all()}
        _refuse_if_something_followed(locked, stored, quantities)
        undoes = _act_that_added(locked, stored)
        entry = change.record(
            locked,
            LogAction.SHIPMENT_REMOVED,
            {"shipment": {"old": _logged(stored, quantities), "new": None}},
            subject=_subject(stored),
            subject_id=stored.pk,
            undoes=undoes,
        )
        stored.delete()
        _count_back(change, locked, lines, quantities, undoes=undoes)
        _go_back(change, locked, lines, undoes=undoes)
        refresh_search_text([locked], change.shop)
        return entry


def add_tracking(order: Order, tracking_code: str, *, by: Actor, carrier: str = "") -> OrderLogEntry | None:
    """Note the tracking code of what was sent; None when the order has it already.

    A shipment that still lacks its code gets it, else there is a new one with all goods not shipped before. The
    order's status stays as it is. Raises OrderIsDeleted, or InputRefused for a code that cannot be kept.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        shipments = list(locked.shipments.all())
        if any(shipment.tracking_code == normalised(tracking_code) for shipment in shipments):
            return None
        open_ones = [each for each in shipments if not each.tracking_code and each.way == Shipment.Way.CARRIER]
        if open_ones:
            last = open_ones[-1]
            return change_shipment(last, by=by, carrier=carrier or last.carrier, tracking_code=tracking_code)
        _refuse_unsendable(locked, None)
        _refuse_wrong(carrier, tracking_code, None, None)
        lines = list(locked.lines.all())
        # With nothing left it is the code of one more parcel.
        rest = {line: left_of(line) for line in lines if left_of(line) > 0}
        _send(change, locked, lines, Dispatch({}, carrier=carrier, tracking_code=tracking_code), rest)
        return next(entry for entry in reversed(change.entries) if entry.action == LogAction.SHIPMENT_ADDED)


# --- what is asked before


def _refuse_unsendable(order: Order, seen: str | None) -> None:
    if order.deleted_at is not None:
        raise OrderIsDeleted
    if order.fulfilment_status in NEVER_SENT:
        label = str(F(order.fulfilment_status).label)
        raise InputRefused({"": [_("An order that is %(status)s cannot be shipped.") % {"status": label}]})
    if seen is not None and seen != seen_of(order.shipments.all()):
        raise ShippedMeanwhile(_who_shipped(order))


def _checked(dispatch: Dispatch, lines: Iterable[OrderLine]) -> dict[OrderLine, Decimal]:
    """The lines that leave, each with how much of it."""
    by_position = {line.position: line for line in lines}
    errors = _errors_of(dispatch.carrier, dispatch.tracking_code, dispatch.number_of_parcels, dispatch.weight_g)
    if dispatch.way not in Shipment.Way.values:
        errors["way"] = [_("There is no such way.")]
    chosen: dict[OrderLine, Decimal] = {}
    for position, quantity in dispatch.quantities.items():
        line = by_position.get(position)
        if problem := problem_with(line, quantity):
            errors[f"quantity-{position}"] = [problem]
        elif line is not None and quantity:
            chosen[line] = quantity
    if not chosen and not errors:
        errors[""] = [_("Nothing was chosen that could leave.")]
    if errors:
        raise InputRefused(errors)
    return chosen


def problem_with(line: OrderLine | None, quantity: Decimal) -> str:
    """Why so much of a line cannot leave, as a sentence; empty when it can."""
    if line is None:
        return _("There is no such line.")
    if not quantity.is_finite() or quantity < 0:
        return _("A quantity from zero up.")
    if quantity > left_of(line):
        return _("Of this line only %(number)s can still leave.") % {"number": display.quantity(left_of(line))}
    if quantity != round(quantity, 3):
        return _("At most %(number)d decimals.") % {"number": 3}
    return ""


def _errors_of(
    carrier: str, tracking_code: str, number_of_parcels: int | None, weight_g: int | None
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name, value in (("carrier", carrier), ("tracking_code", tracking_code)):
        longest = LONGEST[name]
        if len(value) > longest:
            errors[name] = [_("At most %(number)d characters.") % {"number": longest}]
        elif ILLEGAL_CHARACTERS.search(value) or "\n" in value or "\r" in value:
            errors[name] = [_("Contains a character that no document can carry.")]
    if number_of_parcels is not None and not 1 <= number_of_parcels <= MOST_PARCELS:
        errors["number_of_parcels"] = [_("From 1 to %(number)d parcels.") % {"number": MOST_PARCELS}]
    if weight_g is not None and not 0 <= weight_g <= LARGEST_WEIGHT_G:
        errors["weight_g"] = [_("A number from zero up.")]
    return errors


def _refuse_wrong(carrier: str, tracking_code: str, number_of_parcels: int | None, weight_g: int | None) -> None:
    if errors := _errors_of(carrier, tracking_code, number_of_parcels, weight_g):
        raise InputRefused(errors)


def _refuse_if_something_followed(order: Order, shipment: Shipment, quantities: Mapping[OrderLine, Decimal]) -> None:
    # Goods that were handed over made the order Delivered themselves.
    handed_over = {F.DELIVERED} if shipment.way != Shipment.Way.CARRIER else set()
    if order.fulfilment_status in {F.DELIVERED, F.COMPLETED, F.RETURNED} - handed_over:
        raise ShipmentStays
    if any(line.quantity_shipped - quantity < line.quantity_returned for line, quantity in quantities.items()):
        raise ShipmentStays


def _who_shipped(order: Order) -> str:
    """Who touched the shipments last: not `changed_by`, who may only have written a note since."""
    actions = [LogAction.SHIPMENT_ADDED, LogAction.SHIPMENT_CHANGED, LogAction.SHIPMENT_REMOVED]
    made = order.log.filter(action__in=actions).values_list("actor", flat=True).first()
    return made or order.changed_by


# --- storing


def _send(
    change: Change,
    order: Order,
    lines: list[OrderLine],
    dispatch: Dispatch,
    quantities: Mapping[OrderLine, Decimal],
    *,
    moves_status: bool = False,
) -> Shipment:
    shipment = _insert(order, dispatch, quantities)
    diff = {"shipment": {"old": None, "new": _logged(shipment, quantities)}}
    change.record(order, LogAction.SHIPMENT_ADDED, diff, subject=_subject(shipment), subject_id=shipment.pk)
    _count_shipped(change, order, lines, quantities)
    if moves_status:
        _follow(order, lines, way=shipment.way, by=change.by)
    refresh_search_text([order], change.shop)
    return shipment


def _insert(order: Order, dispatch: Dispatch, quantities: Mapping[OrderLine, Decimal]) -> Shipment:
    by_carrier = dispatch.way == Shipment.Way.CARRIER
    label = _labelled(order, dispatch.carrier, dispatch.tracking_code) if by_carrier else {}
    shipment = Shipment.objects.create(
        order=order,
        way=dispatch.way,
        number_of_parcels=dispatch.number_of_parcels,
        weight_g=weight_of(quantities) if dispatch.weight_g is None else dispatch.weight_g,
        shipped_at=timezone.now(),
        **label,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line, quantity=quantity) for line, quantity in quantities.items()
    )
    return shipment


def _labelled(order: Order, carrier: str, tracking_code: str) -> dict[str, str]:
    """Code, carrier and link as they are kept: a code that tells its carrier needs no other word."""
    seen = recognise(tracking_code, expected=carriers_named_in(f"{order.shipping_method} {carrier}"))
    carrier = carrier.strip() or seen.carrier
    to = Destination.of(order.shipping_address, order.customer_language)
    return {
        "tracking_code": seen.code,
        "carrier": carrier,
        "tracking_url": tracking_url(carrier, seen.code, to),
    }


def _set(shipment: Shipment, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    diff = {}
    for name, new in values.items():
        old = getattr(shipment, name)
        if old != new:
            setattr(shipment, name, new)
            diff[name] = {"old": old, "new": new}
    return diff


def _logged(shipment: Shipment, quantities: Mapping[OrderLine, Decimal]) -> dict[str, Any]:
    """A shipment as the log keeps it: all there is to know, so that it can be made again."""
    names = ("way", "carrier", "tracking_code", "tracking_url", "number_of_parcels", "weight_g", "shipped_at")
    values = {name: plain(getattr(shipment, name)) for name in names}
    return values | {"quantities": {str(line.position): str(quantity) for line, quantity in quantities.items()}}


def _subject(shipment: Shipment) -> str:
    if shipment.way != Shipment.Way.CARRIER:
        return str(Shipment.Way(shipment.way).label)
    return f"{shipment.carrier} {shipment.tracking_code}".strip()


# --- what follows


def _count_shipped(
    change: Change, order: Order, lines: list[OrderLine], quantities: Mapping[OrderLine, Decimal]
) -> None:
    for line, quantity in quantities.items():
        line.quantity_shipped += quantity
        if line.quantity_shipped >= line.quantity and line.status != LineStatus.SHIPPED:
            values = {"status": LineStatus.SHIPPED.value, "own_status_id": None}
            move_line(change, order, line, LogAction.LINE_CHANGED, values)
    _save_lines(change, order, lines, quantities)


def _act_that_added(order: Order, shipment: Shipment) -> UUID | None:
    """The act that is taken back with the shipment; None where it came in with the order."""
    added = order.log.filter(action=LogAction.SHIPMENT_ADDED, subject_id=shipment.pk)
    return added.values_list("act", flat=True).first()


def _count_back(
    change: Change,
    order: Order,
    lines: list[OrderLine],
    quantities: Mapping[OrderLine, Decimal],
    *,
    undoes: UUID | None,
) -> None:
    before = _line_statuses_before(order, quantities)
    for line, quantity in quantities.items():
        line.quantity_shipped -= quantity
        if line.status == LineStatus.SHIPPED and line.quantity_shipped < line.quantity:
            values = before.get(line.pk) or _unshipped(line)
            move_line(change, order, line, LogAction.LINE_CHANGED, values, undoes=undoes)
    _save_lines(change, order, lines, quantities)


def _save_lines(change: Change, order: Order, lines: list[OrderLine], moved: Iterable[OrderLine]) -> None:
    OrderLine.objects.bulk_update(moved, ["quantity_shipped", "status", "own_status"], batch_size=500)
    change.set(order, **counts_of(lines))


def _line_statuses_before(order: Order, lines: Iterable[OrderLine]) -> dict[int, dict[str, Any]]:
    """{line key: the status fields it had before it was last set to Shipped}."""
    entries = order.log.filter(action=LogAction.LINE_CHANGED, line__in=list(lines)).order_by("id")
    before: dict[int, dict[str, Any]] = {}
    for entry in entries:
        status = entry.changes.get("status", {})
        if entry.line_id is not None and status.get("new") == LineStatus.SHIPPED:
            own = entry.changes.get("own_status_id", {})
            before[entry.line_id] = {"status": status["old"], "own_status_id": own.get("old")}
    return before


def _unshipped(line: OrderLine) -> dict[str, Any]:
    status = LineStatus.BACKORDERED if line.is_backordered else LineStatus.READY
    return {"status": status.value, "own_status_id": None}


def _follow(order: Order, lines: list[OrderLine], *, way: str, by: Actor) -> None:
    if status := status_by_shipments(order, lines, way=way):
        set_fulfilment_status(order, status, by=by)


def status_by_shipments(order: Order, lines: Iterable[OrderLine], *, way: str) -> F | None:
    """The order status by what has left; None where it is that already, or further on."""
    if order.fulfilment_status in SENT:
        return None
    target = F.SHIPPED if way == Shipment.Way.CARRIER else F.DELIVERED
    if not all_gone(lines):
        target = F.PARTLY_SHIPPED
    return target if order.fulfilment_status != target else None


def _go_back(change: Change, order: Order, lines: list[OrderLine], *, undoes: UUID | None) -> None:
    """The order status without the shipment: what it was before anything left, or Partly shipped.

    Not by the table of moves: this takes back what a shipment did, as undo does.
    """
    if order.fulfilment_status not in {F.PARTLY_SHIPPED, F.SHIPPED, F.DELIVERED} or all_gone(lines):
        return
    values: dict[str, Any] = {"fulfilment_status": F.PARTLY_SHIPPED.value, "fulfilment_own_status_id": None}
    if not any_gone(lines):
        values = _status_before(change, order, lines)
    elif order.fulfilment_status == F.PARTLY_SHIPPED:
        return
    change.record(order, LogAction.FULFILMENT_CHANGED, change.set(order, **values), undoes=undoes)


def _status_before(change: Change, order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    for entry in order.log.filter(action=LogAction.FULFILMENT_CHANGED):
        old = entry.changes.get("fulfilment_status", {}).get("old")
        if old and old not in SENT | {F.PARTLY_SHIPPED}:
            own_id = entry.changes.get("fulfilment_own_status_id", {}).get("old")
            still_there = any(own.pk == own_id for own in catalogue_of(change.shop).own(Kind.FULFILMENT))
            return {"fulfilment_status": old, "fulfilment_own_status_id": own_id if still_there else None}
    is_waiting = any(line.status == LineStatus.BACKORDERED for line in lines)
    return {"fulfilment_status": (F.BACKORDERED if is_waiting else F.READY).value, "fulfilment_own_status_id": None}
