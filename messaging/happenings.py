"""What happened to orders, read from their new log entries: the part of it that mails may be tied to."""

from collections.abc import Iterable
from dataclasses import dataclass

from messaging.models import TriggerEvent
from orders import mail_forecast
from orders.models import LogAction, Order, OrderLogEntry, Source
from orders.services.rules import FIRST, LAPSED, SENDS_ITSELF
from statuses.kinds import FulfilmentStatus, LineStatus

# Entries that tell of a status because somebody, or a rule, set it. Edits, splits and merges only carry statuses along.
TELLING = {
    LogAction.FULFILMENT_CHANGED,
    LogAction.ORDER_HELD,
    LogAction.PAYMENT_CHANGED,
    LogAction.PAYMENT_RECEIVED,
    LogAction.PAYMENT_MARKED,
    LogAction.REFUND_MADE,
    LogAction.INTERNAL_CHANGED,
}
# The same of lines.
TELLING_OF_LINES = {LogAction.LINE_CHANGED, LogAction.LINE_CREDITED, LogAction.LINE_RETURNED}
# The fields that carry each kind of status: the built-in word, and the shop's own.
FIELDS = {TriggerEvent(kind): names for kind, names in mail_forecast.FIELDS.items()}


@dataclass(frozen=True)
class Happening:
    """One thing that happened to one order in one act; a trigger with the same event and status answers to it.

    `is_new_word`: the built-in word itself changed, not only the shop's own status that stands for it.
    """

    order: Order
    event: TriggerEvent
    code: str = ""
    own_id: int | None = None
    is_new_word: bool = False
    line_id: int | None = None

    @property
    def key(self) -> str:
        """As the unique key of a mail names it."""
        status = f":own:{self.own_id}" if self.own_id else f":{self.code}" if self.code else ""
        return f"{self.event.value}{status}" + (f":{self.line_id}" if self.line_id else "")


def happenings_of(entries: Iterable[OrderLogEntry]) -> list[Happening]:
    """What new log entries tell; what was taken back, deleted or brought from a past elsewhere happened to nobody."""
    by_order: dict[int, list[OrderLogEntry]] = {}
    for entry in entries:
        if entry.undoes is None and entry.order.deleted_at is None:
            by_order.setdefault(entry.order_id, []).append(entry)
    return [each for of_order in by_order.values() for each in _of_order(of_order)]


def _of_order(entries: list[OrderLogEntry]) -> list[Happening]:
    order = entries[0].order
    actions = {entry.action for entry in entries}
    digital = _digital(order, entries) if LogAction.DIGITAL_SENT in actions else []
    if LogAction.ORDER_PLACED in actions:
        # Its first statuses are part of the confirmation.
        is_live = order.source != Source.IMPORT and (order.fulfilment_status in FIRST or bool(digital))
        return [Happening(order, TriggerEvent.PLACED), *digital] if is_live else []
    if _was_aborted(entries):
        # Who never had an order is told neither of it nor of its end.
        return [] if order.fulfilment_status in LAPSED else [Happening(order, TriggerEvent.PLACED), *digital]
    return [*_statuses(order, entries), *_line_statuses(order, entries), *digital]


def _digital(order: Order, entries: list[OrderLogEntry]) -> list[Happening]:
    """What left by itself: downloads and gift cards have mails of their own, so each kind is told apart."""
    moved = {entry.line.kind for entry in entries if entry.action == LogAction.LINE_CHANGED and entry.line is not None}
    kinds = sorted(moved & SENDS_ITSELF)
    return [Happening(order, TriggerEvent.DIGITAL, code=kind, is_new_word=True) for kind in kinds]


def _was_aborted(entries: list[OrderLogEntry]) -> bool:
    """Whether it was a checkout that had been given up."""
    return any(
        entry.changes.get("fulfilment_status", {}).get("old") == FulfilmentStatus.ABORTED
        for entry in entries
        if entry.action in TELLING
    )


def _statuses(order: Order, entries: list[OrderLogEntry]) -> list[Happening]:
    changed = {field for entry in entries if entry.action in TELLING for field in entry.changes}
    found = []
    for event, (word, own) in FIELDS.items():
        if changed.isdisjoint({word, own}):
            continue
        code, own_id = getattr(order, word) if word else "", getattr(order, own)
        if code or own_id:
            found.append(Happening(order, event, code, own_id, is_new_word=word in changed))
    return found


def _line_statuses(order: Order, entries: list[OrderLogEntry]) -> list[Happening]:
    moved: dict[int, Happening] = {}
    for entry in entries:
        line = entry.line
        if entry.action not in TELLING_OF_LINES or line is None:
            continue
        if entry.action == LogAction.LINE_RETURNED and line.status == LineStatus.SHIPPED:
            # What came back goes to the customer again, who knows that it was shipped.
            continue
        is_new_word = "status" in entry.changes
        if is_new_word or "own_status_id" in entry.changes:
            moved[line.pk] = Happening(
                order, TriggerEvent.LINE, line.status, line.own_status_id, is_new_word=is_new_word, line_id=line.pk
            )
    return list(moved.values())
