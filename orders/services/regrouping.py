"""Taking back a split or a merge as a whole, while nothing has left since."""

import uuid
from collections.abc import Sequence

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, OrderNote
from orders.services.change import Change, changing, plain
from orders.services.errors import NothingToUndo
from orders.services.line_log import coming, leaving, record_line
from orders.services.line_rows import save_lines
from orders.services.merge import ARRIVED, LEFT, MADE, MOVING, has_internal_note
from orders.services.merge_back import merge_back
from orders.services.search import refresh_search_text
from orders.services.status import BulkResult, counts_of
from orders.waiting import WORK
from statuses.kinds import FulfilmentStatus

SPLIT = {LogAction.ORDER_SPLIT, LogAction.ORDER_SPLIT_OFF, LogAction.LINE_MOVED}
MERGE = {LogAction.ORDERS_MERGED, LogAction.ORDER_MERGED}
REGROUPED = SPLIT | MERGE
# These name parts of the order, not fields of it.
TOLD_OF_PARTS = {"moved", ARRIVED, LEFT, MADE}
FIELDS = {field.attname: field for field in Order._meta.concrete_fields}
# Only these say or file something and move nothing: after them orders can still be taken apart again.
HARMLESS = [
    LogAction.NOTE_ADDED,
    LogAction.NOTE_REMOVED,
    LogAction.MESSAGE_READ,
    LogAction.FULFILMENT_CHANGED,
    LogAction.INTERNAL_CHANGED,
    LogAction.LINE_CHANGED,
    LogAction.STATUS_RENAMED,
    LogAction.ORDER_HELD,
    LogAction.ORDER_RELEASED,
    LogAction.FOLDER_CHANGED,
    LogAction.TAGS_CHANGED,
    LogAction.ORDER_PRINTED,
    LogAction.PAPERS_MADE,
    LogAction.PERSONAL_NUMBER_SEEN,
]


def is_regrouping(entry: OrderLogEntry) -> bool:
    """Whether the entry is part of a split or merge that can be taken back; what took one back cannot."""
    return entry.action in REGROUPED and entry.undoes is None


def regrouping_of(act: uuid.UUID, shop: Shop) -> list[OrderLogEntry]:
    """The entries of a split or merge, on whichever orders; empty when the act was something else."""
    entries = OrderLogEntry.objects.filter(act=act, order__shop=shop, action__in=REGROUPED, undoes=None)
    return list(entries.order_by("id"))


def undo_regrouping(entries: Sequence[OrderLogEntry], *, shop: Shop, by: Actor) -> BulkResult:
    """Take a split or a merge back with all its orders. Raises NothingToUndo, or MergeRefused with a reason."""
    with changing(shop, by=by) as change:
        orders = {order.pk: order for order in change.lock_many(entry.order_id for entry in entries)}
        if _has_moved_on(orders, entries):
            raise NothingToUndo
        is_merge = any(entry.action in MERGE for entry in entries)
        changed = (_undo_merge if is_merge else _undo_split)(change, orders, entries)
    return BulkResult(change.act, changed=changed)


def _undo_split(change: Change, orders: dict[int, Order], entries: Sequence[OrderLogEntry]) -> list[Order]:
    first = next(orders[entry.order_id] for entry in entries if entry.action == LogAction.ORDER_SPLIT)
    first.shop = change.shop
    parts = [orders[entry.order_id] for entry in entries if entry.action == LogAction.ORDER_SPLIT_OFF]
    return [first, *merge_back(first, by=change.by, parts=parts)]


def _undo_merge(change: Change, orders: dict[int, Order], entries: Sequence[OrderLogEntry]) -> list[Order]:
    by_order = {entry.order_id: entry for entry in entries if entry.action in MERGE}
    target_entry = next(entry for entry in entries if entry.action == LogAction.ORDERS_MERGED)
    target = orders.pop(target_entry.order_id)
    for pk, other in orders.items():
        if other.merged_into_id != target.pk or other.fulfilment_status != FulfilmentStatus.CANCELLED:
            raise NothingToUndo
        _give_back(change, target, other, by_order[pk].changes["moved"]["new"])
        _revert(change, other, by_order[pk])
    _revert(change, target, target_entry)
    refresh_search_text([target, *orders.values()], change.shop)
    return [target, *orders.values()]


def _has_moved_on(orders: dict[int, Order], entries: Sequence[OrderLogEntry]) -> bool:
    """Whether an order is closed, or anything happened to one that does more than say or file something."""
    open_orders = [order for order in orders.values() if order.merged_into_id is None]
    if any(order.deleted_at is not None for order in orders.values()):
        return True
    if any(order.fulfilment_status not in WORK for order in open_orders):
        return True
    later = OrderLogEntry.objects.filter(order__in=orders, pk__gt=max(entry.pk for entry in entries))
    return later.exclude(action__in=HARMLESS).exists()


def _give_back(change: Change, target: Order, order: Order, moved: dict[str, list]) -> None:
    """What came from `order` goes there again; what was made for it goes."""
    positions = dict(moved["lines"])
    lines = list(OrderLine.objects.filter(pk__in=positions))
    made = OrderLine.objects.filter(pk__in=moved["made_lines"])
    for line in [*lines, *made]:
        record_line(change, target, line, leaving(line))
    for line in lines:
        line.order, line.position = order, positions[line.pk]
        record_line(change, order, line, coming(line))
    made.delete()
    save_lines(lines, ["order", "position"])
    OrderNote.objects.filter(pk__in=moved["made_notes"]).delete()
    for name, rows in MOVING.items():
        rows._default_manager.filter(pk__in=moved[name]).update(order=order)


def _revert(change: Change, order: Order, entry: OrderLogEntry) -> None:
    """The old values, except where somebody has moved the order on since."""
    values = {
        name: _revived(name, diff["old"])
        for name, diff in entry.changes.items()
        if name not in TOLD_OF_PARTS and plain(getattr(order, name)) == diff["new"]
    }
    values |= counts_of(order.lines.all()) | {"has_internal_note": has_internal_note(order)}
    diff = change.set(order, **values)
    # What came goes again, and the other way round.
    for name, other in ((ARRIVED, LEFT), (LEFT, ARRIVED)):
        if name in entry.changes:
            diff[other] = {"old": None, "new": entry.changes[name]["new"]}
    if MADE in entry.changes:
        diff[MADE] = {"old": entry.changes[MADE]["new"], "new": None}
    change.record(order, LogAction(entry.action), diff, subject=entry.subject, undoes=entry.act)


def _revived(name: str, value: object) -> object:
    """A logged value as the field holds it."""
    return FIELDS[name].to_python(value) if isinstance(value, str) else value
