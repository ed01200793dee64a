"""An order as it was right after any entry of its log: the stored state with everything later taken back.

Every change is logged with its old and new values, so the past is computed and nothing is stored twice. What an entry
does not tell is named as a gap and never made up. The convention that services keep:

* `changes` names fields of the order, or of the line when the entry has one, each with `old` and `new`;
* an entry with `position` from or to None adds or removes its line, and tells all its fields;
* what is `COMPUTED` of lines and notes may move without an entry of its own, and is computed again;
* notes and shipments are told by entries whose `subject_id` is their key; added and removed ones tell all fields,
  a shipment under one name with the `quantities` that it took, {position of the line: how many};
* payments and refunds know by themselves since when they are there, and marked ones when they counted;
* an entry that moves parts between orders names their keys under `arrived` and `left`, by the other order, which was
  holding them right before or after; parts that came or went for good are told whole under `made`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Model

from orders import money
from orders.models import (
    LogAction,
    Order,
    OrderLine,
    OrderLogEntry,
    OrderNote,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipment,
    Source,
)
from orders.services import edit
from orders.services.editing import carry
from orders.services.marking import came_in
from orders.services.merge import ARRIVED, LEFT, MADE
from orders.services.status import counts_of

# Of an order: stamps, and what is computed from the rest.
NOT_TOLD = {"version", "changed_at", "change_mark", "changed_by", "waiting_for", "waiting_day", "waiting_review_at"}
# Of a line: its share of the order's discount, and the amounts that follow. Of an order: what the list shows of lines.
COMPUTED = {
    OrderLine: {"discount_share", "total_ex", "total_vat", "total"},
    Order: {"number_of_lines", "number_of_lines_done", "number_of_lines_backordered", "has_internal_note"},
}
# Entries that tell of something outside the order's own fields.
ONLY_TOLD = {
    LogAction.ORDER_PLACED,
    LogAction.STATUS_RENAMED,
    LogAction.PERSONAL_NUMBER_SEEN,
    LogAction.PAPERS_MADE,
    LogAction.DIGITAL_SENT,
    LogAction.PAYOUT_FAILED,
    LogAction.INVOICE_ISSUED,
    LogAction.CREDIT_NOTE_ISSUED,
    LogAction.MAIL_WRITTEN,
    LogAction.MAIL_RESENT,
    LogAction.MAIL_SENT,
    LogAction.MAIL_REPEATED,
    LogAction.MAIL_FAILED,
    LogAction.MAIL_BOUNCED,
}
# Parts moved along; entries of a time when they did not say which are gaps.
MOVES_PARTS = {LogAction.ORDERS_MERGED, LogAction.ORDER_MERGED, LogAction.MERGED_BACK}
# How the log calls the field of a part, where it has another name.
OTHER_NAMES = {"note": "text"}


@dataclass
class Picture:
    """An order at a moment of its past. Its rows stand for no stored ones and are never saved.

    `gaps` are the later entries, newest first, that do not tell enough to be taken back.
    """

    entry: OrderLogEntry
    order: Order
    lines: list[OrderLine]
    notes: list[OrderNote]
    shipments: list[Shipment]
    payments: list[Payment]
    refunds: list[Refund]
    gaps: list[OrderLogEntry] = field(default_factory=list)
    is_now: bool = False

    @property
    def came_with_its_past(self) -> bool:
        """Whether most of its life had happened elsewhere, of which no log tells."""
        return self.order.source == Source.IMPORT


def picture_at(entry: OrderLogEntry) -> Picture:
    """The order of `entry` right after it, with seven queries however long the log is."""
    order = Order.objects.select_related("folder", "target_shop").get(pk=entry.order_id)
    later = list(OrderLogEntry.objects.filter(order=order, pk__gt=entry.pk).order_by("-pk"))
    back = _WayBack(order)
    gaps = back.go_back(later)
    lines = sorted(back.lines.values(), key=lambda line: line.position)
    for name, value in counts_of(lines).items():
        setattr(order, name, value)
    notes = sorted(back.notes.values(), key=lambda note: (note.created_at, note.pk), reverse=True)
    order.has_internal_note = any(note.audience == OrderNote.Audience.INTERNAL for note in notes)
    order.version, order.changed_at, order.changed_by = entry.version, entry.created_at, entry.actor
    return Picture(
        entry=entry,
        order=order,
        lines=lines,
        notes=notes,
        shipments=sorted(back.shipments.values(), key=lambda shipment: (shipment.shipped_at, shipment.pk)),
        payments=_payments_known(_in_order(back.payments), entry),
        refunds=_refunds_known(_in_order(back.refunds), entry),
        gaps=gaps,
        is_now=not later,
    )


class _WayBack:
    """The parts of an order on their way from the stored state into the past."""

    def __init__(self, order: Order):
        self.order = order
        self.lines = {line.pk: line for line in order.lines.all()}
        self.notes = {note.pk: note for note in order.notes.all()}
        shipments = order.shipments.annotate(number_of_lines=Count("lines"))
        self.shipments = {shipment.pk: shipment for shipment in shipments}
        self.payments = {payment.pk: payment for payment in order.payments.all()}
        self.refunds = {refund.pk: refund for refund in order.refunds.select_related("payment")}

    @classmethod
    def right_after(cls, act: UUID, order_id: int) -> "_WayBack":
        """An order as an act left it, however much was done to it since; with the parts that the act deleted."""
        back = cls(Order.objects.get(pk=order_id))
        log = OrderLogEntry.objects.filter(order=order_id).order_by("-pk")
        of_act = list(log.filter(act=act))
        back.go_back(log.filter(pk__gt=of_act[0].pk))
        for entry in of_act:
            back._bring_back(entry)
        return back

    def go_back(self, entries: Iterable[OrderLogEntry]) -> list[OrderLogEntry]:
        """Undo entries, newest first; returns those that do not tell enough."""
        gaps = []
        for _act, group in groupby(entries, key=lambda entry: entry.act):
            together = list(group)
            gaps += [entry for entry in together if not self.take_back(entry)]
            if edit.reprices(together):
                self._price(edit.carried_in(together))
        return gaps

    def _price(self, carried: dict[str, dict[str, str]]) -> None:
        """What each line comes to follows from the rest: an edit of the discount moves all, and logs none of them."""
        lines = sorted(self.lines.values(), key=lambda line: line.position)
        money.price_lines(lines, discount=self.order.discount, includes_vat=self.order.prices_include_vat)
        carry(lines, carried)

    def take_back(self, entry: OrderLogEntry) -> bool:
        """Undo one entry; False when it does not tell enough, or something else than what is known."""
        if entry.action.startswith("note."):
            return _take_back_part(self.notes, OrderNote, entry, audience=entry.subject)
        if entry.action.startswith("shipment."):
            return self._take_back_shipment(entry)
        if entry.line_id is not None:
            return _take_back_part(self.lines, OrderLine, entry, key=entry.line_id)
        if not entry.changes:
            return entry.action in ONLY_TOLD
        if entry.action == LogAction.PAYMENT_MARKED and entry.subject_id in self.payments:
            # Before it was marked it was not there, or had been cancelled; before that was taken back it counted.
            before = PaymentState.CANCELLED if came_in(entry) else PaymentState.PAID
            self.payments[entry.subject_id].state = before
        if entry.action in MOVES_PARTS and not self._take_back_move(entry):
            return False
        return _give_back(self.order, entry.changes)

    def _take_back_move(self, entry: OrderLogEntry) -> bool:
        """What came goes, and what went is fetched from where it was right afterwards; False when nothing says what."""
        told = {name: (entry.changes.get(name) or {}).get("new") for name in (ARRIVED, LEFT)}
        if not any(told.values()):
            return False
        self._take_back_made(entry)
        for keys in (told[ARRIVED] or {}).values():
            for name, parts in self._parts().items():
                for key in keys[name]:
                    parts.pop(key, None)
        for order_id, keys in (told[LEFT] or {}).items():
            there = _WayBack.right_after(entry.act, int(order_id))._parts()
            for name, parts in self._parts().items():
                parts.update({key: there[name][key] for key in keys[name] if key in there[name]})
        return True

    def _take_back_made(self, entry: OrderLogEntry) -> None:
        for name, rows in ((entry.changes.get(MADE) or {}).get("new") or {}).items():
            for row in rows:
                self._parts()[name].pop(row["id"], None)
        self._bring_back(entry)

    def _bring_back(self, entry: OrderLogEntry) -> None:
        """The parts that an entry tells whole because it deleted them."""
        for name, rows in ((entry.changes.get(MADE) or {}).get("old") or {}).items():
            model: type[Model] = {"notes": OrderNote, "payments": Payment}[name]
            for row in rows:
                self._parts()[name][row["id"]] = model(
                    **{field.attname: field.to_python(row[field.attname]) for field in model._meta.concrete_fields}
                )

    def _parts(self) -> dict[str, dict[int, Any]]:
        """What hangs on the order and is seen of its past, by the names the log has for it."""
        return {
            "notes": self.notes,
            "shipments": self.shipments,
            "payments": self.payments,
            "refunds": self.refunds,
        }

    def _take_back_shipment(self, entry: OrderLogEntry) -> bool:
        """Undo an entry about a shipment, and what it counted as shipped of the lines."""
        if not _take_back_part(self.shipments, Shipment, entry):
            return False
        told = entry.changes.get("shipment", {})
        by_position = {line.position: line for line in self.lines.values()}
        for side, sign in (("old", 1), ("new", -1)):
            quantities = (told.get(side) or {}).get("quantities", {})
            for position, quantity in quantities.items():
                by_position[int(position)].quantity_shipped += sign * Decimal(quantity)
            if side == "old" and quantities:
                self.shipments[entry.subject_id].number_of_lines = len(quantities)
        return True


def _take_back_part(
    parts: dict[int, Any], model: type[Model], entry: OrderLogEntry, *, key: int | None = None, **known: Any
) -> bool:
    """Undo an entry about a line, note or shipment: added ones go, removed ones come back, changed ones change."""
    changes = _spread(entry.changes)
    key = key if key is not None else entry.subject_id
    was_added, was_removed = _adds(entry, changes), _removes(entry, changes)
    if was_removed:
        if key is None:
            return False
        parts[key] = model(pk=key, order_id=entry.order_id, **known)
        return _give_back(parts[key], changes, is_new=True)
    if key is None:
        # Entries of a time when they did not name the part: its words find it.
        key = next((pk for pk, part in reversed(parts.items()) if _says(part, changes)), None)
    if key not in parts:
        return False
    if was_added:
        del parts[key]
        return True
    return _give_back(parts[key], changes)


def _spread(changes: dict[str, Any]) -> dict[str, dict]:
    """The changes by the names of fields; a shipment that is told under one name is taken apart."""
    changes = {OTHER_NAMES.get(name, name): values for name, values in changes.items()}
    whole = changes.pop("shipment", None) or {}
    old, new = whole.get("old") or {}, whole.get("new") or {}
    return changes | {name: {"old": old.get(name), "new": new.get(name)} for name in old | new}


def _adds(entry: OrderLogEntry, changes: dict[str, dict]) -> bool:
    if entry.line_id is not None:
        return "position" in changes and changes["position"]["old"] is None
    return entry.action in (LogAction.NOTE_ADDED, LogAction.SHIPMENT_ADDED)


def _removes(entry: OrderLogEntry, changes: dict[str, dict]) -> bool:
    if entry.line_id is not None:
        return "position" in changes and changes["position"]["new"] is None
    return entry.action.endswith(".removed")


def _says(part: Model, changes: dict[str, dict]) -> bool:
    fields = _fields_of(type(part))
    told = {name: values["new"] for name, values in changes.items() if name in fields}
    return bool(told) and all(getattr(part, name) == new for name, new in told.items())


def _give_back(row: Model, changes: dict[str, dict], *, is_new: bool = False) -> bool:
    """Set the old values; False when one of the new values is not what the row says."""
    fields, computed = _fields_of(type(row)), COMPUTED.get(type(row), set())
    agrees = True
    for name, values in changes.items():
        if name not in fields:
            continue
        try:
            old = fields[name].to_python(values["old"])
            # A row that went says nothing any more; not every field takes None for that.
            new = None if is_new else fields[name].to_python(values["new"])
        except (KeyError, TypeError, ValidationError):
            agrees = False
            continue
        agrees = agrees and (is_new or name in computed or getattr(row, name) == new)
        setattr(row, name, old)
    return agrees


@cache
def _fields_of(model: type[Model]) -> dict[str, Any]:
    """The fields that the log tells of, by the names that it calls them."""
    fields = {each.attname: each for each in model._meta.concrete_fields}
    return {name: each for name, each in fields.items() if model is not Order or name not in NOT_TOLD}


def _in_order(rows: dict[int, Any]) -> list[Any]:
    return sorted(rows.values(), key=lambda row: (row.created_at, row.pk))


def _payments_known(payments: Iterable[Payment], entry: OrderLogEntry) -> list[Payment]:
    payments = _known(payments, entry)
    for payment in payments:
        if payment.paid_at is not None and payment.paid_at > entry.created_at:
            payment.state, payment.paid_at = PaymentState.PENDING, None
    return payments


def _refunds_known(refunds: Iterable[Refund], entry: OrderLogEntry) -> list[Refund]:
    refunds = _known(refunds, entry)
    for refund in refunds:
        if refund.paid_out_at is not None and refund.paid_out_at > entry.created_at:
            refund.state, refund.paid_out_at = RefundState.TO_PAY_OUT, None
    return refunds


def _known(rows: Iterable[Any], entry: OrderLogEntry) -> list[Any]:
    return [row for row in rows if row.created_at <= entry.created_at]
