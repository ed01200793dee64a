"""Taking back an action: every order it touched gets its old values again, where nothing else followed."""

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction, Order, OrderLine, OrderLogEntry
from orders.services import edit, tags
from orders.services.change import Change, changing, plain
from orders.services.errors import ChangeRefused, NothingToUndo, OrderIsDeleted
from orders.services.marking import take_back_marking
from orders.services.regrouping import is_regrouping, regrouping_of, undo_regrouping
from orders.services.status import BulkResult, counts_of

UNDOABLE = {
    LogAction.FULFILMENT_CHANGED,
    LogAction.PAYMENT_CHANGED,
    LogAction.PAYMENT_MARKED,
    LogAction.INTERNAL_CHANGED,
    LogAction.LINE_CHANGED,
    LogAction.FOLDER_CHANGED,
    LogAction.TAGS_CHANGED,
    LogAction.ORDER_DELETED,
    LogAction.ORDER_RESTORED,
    LogAction.ORDER_HELD,
    LogAction.ORDER_RELEASED,
    LogAction.ORDER_PRINTED,
    *edit.ACTIONS,
}
BULK_WINDOW = timedelta(minutes=15)


def undo(act: uuid.UUID, *, shop: Shop, by: Actor, order: Order | None = None) -> BulkResult:
    """Take back what one user action did to orders of ``shop``, or only what it did to ``order``.

    An order whose value was changed again since, or which is in Deleted by now, is refused, the others go back.
    Raises NothingToUndo when the act is unknown here, cannot be taken back, or is taken back for several orders
    and older than 15 minutes. A split or a merge goes back with all its orders or not at all.
    """
    if regrouped := regrouping_of(act, shop):
        return undo_regrouping(regrouped, shop=shop, by=by)
    acted = _entries_of(act, shop, order)
    refuse_late(acted)
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        undo_orders(change, act, list(acted.values_list("order_id", flat=True)), result)
    return result


def undo_orders(change: Change, act: uuid.UUID, keys: Collection[int], result: BulkResult) -> None:
    """Take back what an act did to the orders with these keys. Raises NothingToUndo when that cannot be done at all."""
    orders = change.lock_many(keys)
    # Lines are read only now that their orders are locked.
    acted = OrderLogEntry.objects.filter(act=act, order__in=orders)
    entries = list(acted.select_related("line").order_by("-id"))
    if not entries or not all(entry.action in UNDOABLE for entry in entries):
        raise NothingToUndo
    newest = _newest_entries(entries)
    for each in orders:
        own_entries = [entry for entry in entries if entry.order_id == each.pk]
        try:
            _take_back_from(change, each, own_entries, newest)
        except ChangeRefused as refusal:
            result.refused.append((each, refusal))
        else:
            result.changed.append(each)


def refuse_late(entries: QuerySet[OrderLogEntry]) -> None:
    """Raises NothingToUndo when an act on several orders is older than 15 minutes."""
    first, number_of_orders = (
        entries.order_by().aggregate(first=Min("created_at"), orders=Count("order_id", distinct=True)).values()
    )
    if number_of_orders > 1 and first < timezone.now() - BULK_WINDOW:
        raise NothingToUndo


def number_of_orders(act: uuid.UUID, *, shop: Shop) -> int:
    return _entries_of(act, shop, None).order_by().aggregate(number=Count("order_id", distinct=True))["number"]


def is_undoable(entry: OrderLogEntry) -> bool:
    return entry.action in UNDOABLE or is_regrouping(entry)


def actions_of(act: uuid.UUID, *, shop: Shop, order: Order | None = None) -> set[str]:
    """The log actions of one user action: who takes it back needs the right to each of them."""
    return set(_entries_of(act, shop, order).values_list("action", flat=True))


def _entries_of(act: uuid.UUID, shop: Shop, order: Order | None) -> QuerySet[OrderLogEntry]:
    entries = OrderLogEntry.objects.filter(act=act, order__shop=shop)
    return entries if order is None else entries.filter(order=order)


def _what(entry: OrderLogEntry) -> tuple:
    """What an entry is about; a later entry about the same has overtaken it."""
    return entry.order_id, entry.action, entry.line_id


def _newest_entries(entries: list[OrderLogEntry]) -> set[int]:
    """Keys of the last log entry about each thing that `entries` are about.

    An equal value is not enough: a status that was moved on and back again by somebody stays theirs.
    """
    about = OrderLogEntry.objects.filter(
        order_id__in={entry.order_id for entry in entries}, action__in={entry.action for entry in entries}
    ).order_by()
    each = about.values("order_id", "action", "line_id").annotate(newest=Max("id"))
    return set(each.values_list("newest", flat=True))


def _refusal(order: Order, entries: list[OrderLogEntry], newest: set[int]) -> ChangeRefused | None:
    """Why the entries of an order, newest first, cannot be taken back."""
    last = {_what(entry): entry for entry in reversed(entries)}.values()
    if not all(entry.pk in newest and _is_as_left(order, entry) for entry in last):
        return NothingToUndo()
    if order.deleted_at is not None and LogAction.ORDER_DELETED not in {entry.action for entry in entries}:
        return OrderIsDeleted()
    return None


def _take_back_from(change: Change, order: Order, entries: list[OrderLogEntry], newest: set[int]) -> None:
    """Take entries of one order back, newest first. Raises ChangeRefused, with nothing changed."""
    edited = [entry for entry in entries if entry.action in edit.ACTIONS]
    others = [entry for entry in entries if entry.action not in edit.ACTIONS]
    if refusal := _refusal(order, others, newest):
        raise refusal
    if edited:
        edit.take_back_edit(change, order, edited)
    _take_back(change, order, others)


def _is_as_left(order: Order, entry: OrderLogEntry) -> bool:
    if entry.action == LogAction.TAGS_CHANGED:
        return tags.are_as_logged(order, entry.changes)
    subject = entry.line if entry.action == LogAction.LINE_CHANGED else order
    if subject is None:
        return False
    return all(plain(getattr(subject, name)) == values["new"] for name, values in entry.changes.items())


def _take_back(change: Change, order: Order, entries: list[OrderLogEntry]) -> None:
    """Give the old values back, from the newest entry to the oldest, so that the oldest has the last word."""
    lines: dict[int, OrderLine] = {}
    for entry in entries:
        back = {name: {"old": values["new"], "new": values["old"]} for name, values in entry.changes.items()}
        if entry.action == LogAction.TAGS_CHANGED:
            back = tags.take_back(order, entry.changes)
        elif entry.action == LogAction.PAYMENT_MARKED:
            back = take_back_marking(change, order, entry)
        elif entry.line is not None and entry.action == LogAction.LINE_CHANGED:
            line = lines.setdefault(entry.line.pk, entry.line)
            for name, values in entry.changes.items():
                setattr(line, name, values["old"])
        else:
            change.set(order, **{name: _revived(name, values["old"]) for name, values in entry.changes.items()})
        change.record(
            order,
            LogAction(entry.action),
            back,
            line=entry.line,
            subject=entry.subject,
            subject_id=entry.subject_id,
            undoes=entry.act,
        )
    if lines:
        OrderLine.objects.bulk_update(lines.values(), ["status", "own_status", "is_backordered"], batch_size=500)
        change.set(order, **counts_of(order.lines.all()))


def _revived(name: str, value: object) -> object:
    """A logged value as the field holds it."""
    return parse_datetime(value) if name.endswith("_at") and isinstance(value, str) else value
