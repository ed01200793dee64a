"""Taking back an action: every order it touched gets its old values again, where nothing else followed."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction, Order, OrderLine, OrderLogEntry
from orders.services.change import Change, changing, plain
from orders.services.errors import NothingToUndo
from orders.services.status import BulkResult, counts_of

UNDOABLE = {
    LogAction.FULFILMENT_CHANGED,
    LogAction.PAYMENT_CHANGED,
    LogAction.INTERNAL_CHANGED,
    LogAction.LINE_CHANGED,
    LogAction.FOLDER_CHANGED,
    LogAction.ORDER_DELETED,
    LogAction.ORDER_RESTORED,
}
BULK_WINDOW = timedelta(minutes=15)


def undo(act: uuid.UUID, *, shop: Shop, by: Actor) -> BulkResult:
    """Take back what one user action did to orders of ``shop``.

    An order whose value was changed again since is refused, the others go back. Raises NothingToUndo when the
    act is unknown here, was taken back already, cannot be taken back, or touched several orders and is older
    than 15 minutes.
    """
    with changing(shop, by=by) as change:
        acted = OrderLogEntry.objects.filter(act=act, order__shop=shop)
        orders = change.lock_many(acted.values_list("order_id", flat=True))
        # Lines are read only now that their orders are locked.
        entries = list(acted.select_related("line").order_by("-id"))
        _refuse_impossible(act, entries)
        result = BulkResult(change.act)
        for order in orders:
            own_entries = [entry for entry in entries if entry.order_id == order.pk]
            if all(_still_as_left(order, entry) for entry in own_entries):
                for entry in own_entries:
                    _take_back(change, order, entry)
                result.changed.append(order)
            else:
                result.refused.append((order, NothingToUndo()))
    return result


def is_undoable(entry: OrderLogEntry) -> bool:
    return entry.action in UNDOABLE


def _refuse_impossible(act: uuid.UUID, entries: list[OrderLogEntry]) -> None:
    if not entries or not all(is_undoable(entry) for entry in entries):
        raise NothingToUndo
    if OrderLogEntry.objects.filter(undoes=act, order_id=entries[0].order_id).exists():
        raise NothingToUndo
    is_bulk = len({entry.order_id for entry in entries}) > 1
    if is_bulk and entries[0].created_at < timezone.now() - BULK_WINDOW:
        raise NothingToUndo


def _still_as_left(order: Order, entry: OrderLogEntry) -> bool:
    subject: Order | OrderLine | None = entry.line if entry.action == LogAction.LINE_CHANGED else order
    if subject is None:
        return False
    return all(plain(getattr(subject, name)) == values["new"] for name, values in entry.changes.items())


def _take_back(change: Change, order: Order, entry: OrderLogEntry) -> None:
    old = {name: _revived(name, values["old"]) for name, values in entry.changes.items()}
    back = {name: {"old": values["new"], "new": values["old"]} for name, values in entry.changes.items()}
    if entry.action == LogAction.LINE_CHANGED:
        line = entry.line
        for name, value in old.items():
            setattr(line, name, value)
        line.save(update_fields=[name.removesuffix("_id") for name in old])
        change.set(order, **counts_of(order.lines.all()))
    else:
        change.set(order, **old)
    change.record(order, entry.action, back, line=entry.line, subject=entry.subject, undoes=entry.act)


def _revived(name: str, value: object) -> datetime | Decimal | object:
    """A logged value as the field holds it."""
    if name.endswith("_at") and isinstance(value, str):
        return parse_datetime(value)
    return value
