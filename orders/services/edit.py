"""Changing what was ordered, for how much, by whom and where to."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Subquery, Sum
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from backoffice.models import Shop
from backoffice.plans import Feature
from orders import money
from orders.freezing import why_frozen
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, RefundLine, ReturnLine, ShipmentLine
from orders.services.change import Change, Changes, changing, plain
from orders.services.editing import (
    COUNTS,
    DERIVED,
    ORDER_FIELDS,
    PRICED,
    STORED_ON_LINE,
    TOTALS,
    Bound,
    Carried,
    Conflict,
    Draft,
    Edit,
    carried_of,
    compute,
    draft_of,
    why_line_stays,
)
from orders.services.errors import ChangeRefused, InputRefused, NothingToUndo, OrderIsDeleted
from orders.services.line_rows import save_lines
from orders.services.payments import follow_money
from orders.services.search import refresh_search_text

ACTIONS = {LogAction.ORDER_EDITED, LogAction.LINE_ADDED, LogAction.LINE_EDITED, LogAction.LINE_REMOVED}
# What moves goods and amounts too: an edit is not taken back across it.
REGROUPS = {
    LogAction.ORDER_SPLIT,
    LogAction.ORDER_SPLIT_OFF,
    LogAction.ORDERS_MERGED,
    LogAction.ORDER_MERGED,
    LogAction.MERGED_BACK,
}
# What is worth keeping of a line that comes or goes: enough to put it back as it was.
WHOLE_LINE = (
    "position",
    "kind",
    "sku",
    *STORED_ON_LINE,
    *DERIVED,
    "location",
    "is_backordered",
    "expected_on",
)
# How an ORDER_EDITED entry calls the amounts that lines had carried along.
CARRIED = "carried"
FOUND_BY = {name for name in ORDER_FIELDS if name.startswith(("customer_", "billing_", "shipping_"))}


class OrderIsFrozen(ChangeRefused):
    """Something final was made of the order; the sentence says what to do instead."""


class PlanLacksEditing(ChangeRefused):
    def __init__(self) -> None:
        super().__init__(_("The shop's plan does not include changing what was ordered or its amounts."))


class EditConflict(ChangeRefused):
    """Somebody else changed the same fields since the caller looked; nothing was saved."""

    def __init__(self, conflicts: Sequence[Conflict]):
        self.conflicts = list(conflicts)
        super().__init__(_("Somebody else changed the same fields meanwhile. Choose which values it shall be."))


class Edited(NamedTuple):
    """What an edit did: its act, to take it back, and the order's total before and after."""

    act: uuid.UUID
    was: Decimal
    now: Decimal


def edit_order(order: Order, edit: Edit, *, by: Actor) -> Edited | None:
    """Change an order as `edit` wishes; totals, counts, weights, search text and payment status follow.

    Returns None when nothing changes, or when an edit with the same key was done before. Raises OrderIsDeleted,
    PlanLacksEditing, OrderIsFrozen, InputRefused with every error at once, or EditConflict; then nothing is saved.
    """
    with changing(order.shop, by=by, act=edit.key) as change:
        locked = change.lock(order.pk)
        # Read under the lock: the second of two that are sent at once finds the first one here.
        if edit.key is not None and locked.log.filter(act=edit.key).exists():
            return None
        if refusal := refusal_of(locked, edit, shop=change.shop):
            raise refusal
        lines = list(locked.lines.all())
        draft = draft_of(locked, lines, edit, shop=change.shop, bound=bound_of(locked))
        if draft.errors:
            raise InputRefused(draft.errors)
        if draft.conflicts:
            raise EditConflict(draft.conflicts)
        was = locked.total
        carried = carried_of(locked, lines) if edit.touches_prices else {}
        is_other = _store(change, locked, lines, draft, carried=carried)
        return Edited(change.act, was, locked.total) if is_other else None


def refusal_of(order: Order, edit: Edit, *, shop: Shop) -> ChangeRefused | None:
    """Why an order cannot be edited in this way whatever the values are."""
    if order.deleted_at is not None:
        return OrderIsDeleted()
    if order.merged_into_id is not None:
        return OrderIsFrozen(_("This order is part of another one now. Edit that one."))
    if edit.touches_amounts and not shop.plan.allows(Feature.EDIT_ORDER):
        return PlanLacksEditing()
    if edit.touches_what_is_invoiced and (reason := why_frozen(order)):
        return OrderIsFrozen(reason)
    return None


def bound_of(order: Order) -> Bound:
    """What shipments, refunds and returns hold the lines of an order to; one query."""
    of_line = {"line": OuterRef("pk")}
    given = RefundLine.objects.filter(**of_line).order_by().values("line").annotate(given=Sum("amount")).values("given")
    is_named = Exists(ShipmentLine.objects.filter(**of_line)) | Exists(ReturnLine.objects.filter(**of_line))
    lines = order.lines.order_by().annotate(given=Subquery(given), is_named=is_named)
    refunded, keys = {}, set()
    for key, amount, named in lines.values_list("pk", "given", "is_named"):
        if amount is not None:
            refunded[key] = amount
        if named or amount is not None:
            keys.add(key)
    return Bound(keys, refunded)


# --- storing -------------------------------------------------------------------------------------


def _store(
    change: Change,
    order: Order,
    lines: Iterable[OrderLine],
    draft: Draft,
    *,
    carried: Carried,
    undoes: uuid.UUID | None = None,
) -> bool:
    """Save and record what a computed draft has otherwise than the locked order; False when that is nothing.

    `carried` are amounts of before that no pricing gives again: they are told, so that they can come back.
    """
    before = {line.pk: line for line in lines}
    number_recorded = len(change.entries)
    for line in draft.removed:
        _record(change, order, LogAction.LINE_REMOVED, _whole(line, "old"), line, undoes)
    OrderLine.objects.filter(pk__in=[line.pk for line in draft.removed]).delete()
    _save_lines(change, order, before, draft.lines, undoes)
    OrderLine.objects.bulk_create(draft.added)
    for line in draft.added:
        _record(change, order, LogAction.LINE_ADDED, _whole(line, "new"), line, undoes)
    diff = change.set(order, **{name: getattr(draft.order, name) for name in (*ORDER_FIELDS, *TOTALS, *COUNTS)})
    if "total" in diff and order.paid_total:
        # Where nothing was paid the status was set by hand, and stays what it was set to.
        diff |= follow_money(change, order)
    if carried and (diff or len(change.entries) > number_recorded):
        diff[CARRIED] = {"old": carried, "new": None}
    if diff:
        change.record(order, LogAction.ORDER_EDITED, diff, subject=order.currency, undoes=undoes)
    if draft.added or draft.removed or diff.keys() & FOUND_BY:
        refresh_search_text([order], change.shop)
    return len(change.entries) > number_recorded


def _record(
    change: Change, order: Order, action: LogAction, diff: Changes, line: OrderLine, undoes: uuid.UUID | None
) -> None:
    change.record(order, action, diff, line=line, subject=line.sku or line.name, undoes=undoes)


def _whole(line: OrderLine, side: str) -> Changes:
    other = "new" if side == "old" else "old"
    return {name: {side: plain(getattr(line, name)), other: None} for name in WHOLE_LINE}


def _save_lines(
    change: Change,
    order: Order,
    before: dict[int, OrderLine],
    after: Iterable[OrderLine],
    undoes: uuid.UUID | None,
) -> None:
    """Save the lines that differ. Those of which only the share of the order's discount moved are not recorded:
    what is computed is computed again from what is recorded."""
    by_fields: dict[frozenset[str], list[OrderLine]] = defaultdict(list)
    for line in after:
        diff = _differences(before[line.pk], line)
        if diff.keys() & set(STORED_ON_LINE):
            _record(change, order, LogAction.LINE_EDITED, diff, line, undoes)
        if diff:
            by_fields[frozenset(diff)].append(line)
    for fields, alike in by_fields.items():
        save_lines(alike, fields)


def _differences(old: OrderLine, new: OrderLine) -> Changes:
    return {
        name: {"old": plain(getattr(old, name)), "new": plain(getattr(new, name))}
        for name in (*STORED_ON_LINE, *DERIVED)
        if getattr(old, name) != getattr(new, name)
    }


# --- taking back ---------------------------------------------------------------------------------


def take_back_edit(change: Change, order: Order, entries: Sequence[OrderLogEntry]) -> None:
    """Give a locked order back what the edit in `entries` changed. Raises ChangeRefused when something followed."""
    _refuse_if_followed(order, entries)
    lines = list(order.lines.all())
    draft = _draft_before(order, lines, entries)
    bound = bound_of(order)
    if any(why_line_stays(line, bound) for line in draft.removed) or not draft.all_lines:
        raise NothingToUndo
    prices = reprices(entries)
    compute(draft, prices=prices, carried=carried_in(entries))
    if any(line.quantity >= 0 and _is_too_little(line, bound) for line in draft.lines):
        raise NothingToUndo
    carried = carried_of(order, lines) if prices else {}
    _store(change, order, lines, draft, carried=carried, undoes=entries[0].act)


def reprices(entries: Iterable[OrderLogEntry]) -> bool:
    """Whether an edit, told by these entries among others, priced the lines of its order anew."""
    for entry in entries:
        if entry.action in (LogAction.LINE_ADDED, LogAction.LINE_REMOVED):
            return True
        if entry.action == LogAction.LINE_EDITED and PRICED.intersection(entry.changes):
            return True
        if entry.action == LogAction.ORDER_EDITED and "discount" in entry.changes:
            return True
    return False


def carried_in(entries: Iterable[OrderLogEntry]) -> Carried:
    """The amounts of lines before an edit that no pricing gives again."""
    edited = (entry for entry in entries if entry.action == LogAction.ORDER_EDITED)
    return next((entry.changes[CARRIED]["old"] for entry in edited if CARRIED in entry.changes), {})


def _refuse_if_followed(order: Order, entries: Sequence[OrderLogEntry]) -> None:
    newest = order.log.filter(action__in=ACTIONS | REGROUPS).order_by("-id").first()
    if newest is None or newest.act != entries[0].act:
        raise NothingToUndo
    if reason := why_frozen(order):
        raise OrderIsFrozen(reason)


def _is_too_little(line: OrderLine, bound: Bound) -> bool:
    """Whether more of a line left or went back meanwhile than it had before the edit."""
    gone = max(line.quantity_shipped, line.quantity_credited)
    return line.quantity < gone or line.total < bound.refunded.get(line.pk, money.ZERO)


def _draft_before(order: Order, lines: Iterable[OrderLine], entries: Iterable[OrderLogEntry]) -> Draft:
    """The order as it was before the edit, not yet computed."""
    by_key = {line.pk: copy(line) for line in lines}
    draft = Draft(copy(order), [])
    for entry in entries:
        old = {name: values["old"] for name, values in entry.changes.items()}
        if entry.action == LogAction.ORDER_EDITED:
            _revive(draft.order, {name: value for name, value in old.items() if name in ORDER_FIELDS})
        elif entry.action == LogAction.LINE_REMOVED:
            line = OrderLine(pk=entry.line_id, order=order)
            _revive(line, old)
            draft.added.append(line)
        elif entry.line_id not in by_key:
            raise NothingToUndo
        elif entry.action == LogAction.LINE_ADDED:
            draft.removed.append(by_key.pop(entry.line_id))
        else:
            _revive(by_key[entry.line_id], old)
    draft.lines = list(by_key.values())
    draft.added.sort(key=lambda line: line.position)
    return draft


def _revive(row: Order | OrderLine, values: dict[str, Any]) -> None:
    """Set logged values, as the fields hold them."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    for name, value in values.items():
        setattr(row, name, fields[name].to_python(value))
