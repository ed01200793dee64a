"""The log of an order as sentences: who did what, when, from what to what."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from backoffice.actor import SYSTEM, Channel
from backoffice.models import Shop, StaffMember
from backoffice.roles import Permission
from layouts.kinds import LEGAL_KINDS
from orders import display
from orders.edit_words import label, said
from orders.models import Folder, LogAction, Order, OrderLogEntry, OrderNote, ReturnReason, Source
from orders.papers.wish import label_of
from orders.services import Rule, is_undoable
from orders.services.editing import ORDER_FIELDS
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind

# One press may log a thousand lines; a page of the log holds at least one such press whole.
PAGE_SIZE = 2000
LINES_NAMED = 8
_TOLD_OF_LINE = ("name", "options", "quantity", "unit_price_ex", "unit_price_incl", "vat_rate", "discount")
# An entry about a line does not know the order's currency.
_NO_CURRENCY = ""


class Shown(StrEnum):
    """What the timeline is narrowed to."""

    ALL = "all"
    CHANGES = "changes"
    MESSAGES = "messages"
    PAYMENTS = "payments"
    NOTES = "notes"


SHOWN_LABELS: dict[Shown, Promise] = {
    Shown.ALL: gettext_lazy("All"),
    Shown.CHANGES: gettext_lazy("Changes"),
    Shown.MESSAGES: gettext_lazy("Messages"),
    Shown.PAYMENTS: gettext_lazy("Payments"),
    Shown.NOTES: gettext_lazy("Notes"),
}
_ABOUT_MONEY = {LogAction.PAYMENT_CHANGED, LogAction.PAYMENT_MARKED}
NOTES = {LogAction.NOTE_ADDED, LogAction.NOTE_CHANGED, LogAction.NOTE_REMOVED}
# What went to the customer and what came from there.
MAILS = {
    LogAction.MAIL_WRITTEN,
    LogAction.MAIL_RESENT,
    LogAction.MAIL_SENT,
    LogAction.MAIL_REPEATED,
    LogAction.MAIL_FAILED,
    LogAction.MAIL_BOUNCED,
}
MESSAGES = {LogAction.MESSAGE_READ, LogAction.DIGITAL_SENT, *MAILS}
PAYMENTS = {
    LogAction.PAYMENT_CHANGED,
    LogAction.PAYMENT_RECEIVED,
    LogAction.PAYMENT_MARKED,
    LogAction.REFUND_MADE,
    LogAction.REFUND_PAID_OUT,
    LogAction.PAYOUT_FAILED,
    LogAction.INVOICE_ISSUED,
    LogAction.CREDIT_NOTE_ISSUED,
}
_ACTIONS = {
    Shown.ALL: set(LogAction),
    Shown.CHANGES: set(LogAction) - NOTES - MAILS - {LogAction.MESSAGE_READ, LogAction.PERSONAL_NUMBER_SEEN},
    Shown.MESSAGES: MESSAGES,
    Shown.PAYMENTS: PAYMENTS,
    Shown.NOTES: NOTES,
}
# Told without having changed the order: an empty dot.
_ONLY_TOLD = {
    LogAction.ORDER_PLACED,
    LogAction.ORDER_PRINTED,
    LogAction.PAPERS_MADE,
    LogAction.MESSAGE_READ,
    LogAction.PERSONAL_NUMBER_SEEN,
    LogAction.PAYOUT_FAILED,
    *MAILS,
}


@dataclass(frozen=True)
class Words:
    """The shop's names for what the log holds as keys; `folders` is {key: name}."""

    catalogue: Catalogue
    folders: dict[int, str] = field(default_factory=dict)


def words_of(shop: Shop) -> Words:
    return Words(catalogue_of(shop), dict(Folder.objects.for_shop(shop).values_list("pk", "name")))


@dataclass(frozen=True)
class Sentence:
    """What happened: `title`, the value before and after, and texts that need room (`removed`, `added`, `names`)."""

    title: str
    old: str = ""
    new: str = ""
    removed: str = ""
    added: str = ""
    names: str = ""


@dataclass(frozen=True)
class Event:
    """One entry of the timeline; `undo_act` is set where it can be taken back.

    `pk` is the key of its last log entry, at which the time machine shows the order.
    """

    pk: int
    sentence: Sentence
    at: str
    iso: str
    who: str
    is_change: bool
    is_undo: bool = False
    is_undone: bool = False
    undo_act: str = ""


@dataclass(frozen=True)
class Timeline:
    """`earlier` is the key to ask for entries before, None when all are here."""

    events: list[Event] = field(default_factory=list)
    shown: Shown = Shown.ALL
    earlier: int | None = None


def rights_to_undo(actions: Iterable[str]) -> set[Permission]:
    """What it takes to take back a user action that logged `actions`: the rights it took to do it."""
    return {Permission.CHANGE_PAYMENTS if action in _ABOUT_MONEY else Permission.CHANGE_ORDERS for action in actions}


def timeline(
    entries: list[OrderLogEntry],
    order: Order,
    *,
    staff: StaffMember,
    words: Words,
    zone: ZoneInfo,
    shown: Shown = Shown.ALL,
    is_newest_page: bool = True,
) -> Timeline:
    """The sentences for `entries` of `entries_of`, newest first."""
    earlier = entries[PAGE_SIZE - 1].pk if len(entries) > PAGE_SIZE else None
    teller = _Teller(order, staff, words, zone, {entry.undoes for entry in entries if entry.undoes})
    events = list(teller.events(entries[:PAGE_SIZE], offer_undo=is_newest_page))
    return Timeline(events, shown, earlier)


def entries_of(order: Order, *, shown: Shown = Shown.ALL, before: int | None = None) -> list[OrderLogEntry]:
    """One page of the log and one entry more, newest first, in one query."""
    entries = OrderLogEntry.objects.filter(order=order).order_by("-id")
    if shown != Shown.ALL:
        entries = entries.filter(action__in=_ACTIONS[shown])
    if before is not None:
        entries = entries.filter(id__lt=before)
    return list(entries[: PAGE_SIZE + 1])


@dataclass(frozen=True)
class Log:
    """The newest entries of an order's log, read once for all who ask: one query, one more for a question about what
    lies further back. Entries come newest first."""

    order: Order
    entries: list[OrderLogEntry]

    @classmethod
    def of(cls, order: Order) -> "Log":
        return cls(order, entries_of(order))

    @property
    def is_whole(self) -> bool:
        return len(self.entries) <= PAGE_SIZE

    def page(self, *, shown: Shown, before: int | None) -> list[OrderLogEntry]:
        """As `entries_of`."""
        if self.is_whole:
            return [
                entry
                for entry in self.entries
                if entry.action in _ACTIONS[shown] and (before is None or entry.pk < before)
            ]
        if shown == Shown.ALL and before is None:
            return self.entries
        return entries_of(self.order, shown=shown, before=before)

    def newest(self, *actions: LogAction, most: int) -> list[OrderLogEntry]:
        """The newest entries of some kinds, at most so many."""
        if self.is_whole:
            return [entry for entry in self.entries if entry.action in actions][:most]
        return list(OrderLogEntry.objects.filter(order=self.order, action__in=actions).order_by("-id")[:most])


class _Teller:
    """Turns log entries of one order into events for one member of staff."""

    def __init__(self, order: Order, staff: StaffMember, words: Words, zone: ZoneInfo, undone: set):
        self.order = order
        self.staff = staff
        self.words = words
        self.zone = zone
        self.undone = undone
        self.today = timezone.localdate(timezone=zone)

    def events(self, entries: list[OrderLogEntry], *, offer_undo: bool) -> Iterator[Event]:
        for act, group in groupby(entries, key=lambda entry: entry.act):
            together = list(group)
            offers = offer_undo and self._may_take_back(together)
            offer_undo = offer_undo and not offers
            for number, (first, sentence) in enumerate(sentences(together, self.words)):
                event = self._event(first, sentence)
                yield replace(event, undo_act=str(act)) if offers and number == 0 else event

    def _event(self, entry: OrderLogEntry, sentence: Sentence) -> Event:
        return Event(
            pk=entry.pk,
            sentence=sentence,
            at=self._at(entry.created_at),
            iso=entry.created_at.isoformat(timespec="seconds"),
            who=self._who(entry),
            is_change=entry.action not in _ONLY_TOLD,
            is_undo=entry.undoes is not None,
            is_undone=entry.act in self.undone,
        )

    def _at(self, moment: datetime) -> str:
        if moment.astimezone(self.zone).date() == self.today:
            return display.clock(moment, self.zone)
        return display.date_time(moment, self.zone)

    def _who(self, entry: OrderLogEntry) -> str:
        parts = [_("System") if entry.actor == SYSTEM.name else entry.actor]
        if entry.channel == Channel.API:
            parts.append(_("by the API"))
        if entry.action == LogAction.ORDER_PLACED and entry.subject:
            parts.append(_source(entry.subject))
        if entry.subject in Rule.values:
            parts.append(str(Rule(entry.subject).label))
        if entry.ip_address and self.staff.may(Permission.VIEW_PERSONAL_DATA):
            parts.append(entry.ip_address)
        return " · ".join(parts)

    def _may_take_back(self, together: list[OrderLogEntry]) -> bool:
        """The page offers only the last of what can be taken back; the service knows about the rest."""
        if not all(is_undoable(entry) for entry in together):
            return False
        actions = {entry.action for entry in together}
        if self.order.deleted_at is not None and LogAction.ORDER_DELETED not in actions:
            return False
        return all(self.staff.may(right) for right in rights_to_undo(actions))


def _source(subject: str) -> str:
    """Where an order came from: the name of a marketplace or a system, else the word for the kind of source."""
    return str(Source(subject).label) if subject in Source.values else subject


def sentences(together: list[OrderLogEntry], words: Words) -> Iterator[tuple[OrderLogEntry, Sentence]]:
    """Entries of one user action as (first entry, sentence): its lines in one sentence, all else one by one."""
    for action, group in groupby(together, key=lambda entry: entry.action):
        same = list(group)
        if action in _OF_LINES:
            yield same[0], _OF_LINES[LogAction(action)](same, words)
        else:
            for entry in same:
                yield entry, sentence_of(entry, words)


def sentence_of(entry: OrderLogEntry, words: Words) -> Sentence:
    """The sentence of a single entry."""
    return _SENTENCES[LogAction(entry.action)](entry, words)


def _papers(entry: OrderLogEntry, words: Words) -> Sentence:
    """Which papers were made, an invoice with its number."""
    papers = entry.changes.get("papers", {}).get("new", [])
    names = [f"{label_of(paper)} {version}" if paper in LEGAL_KINDS else label_of(paper) for paper, version in papers]
    return Sentence(str(LogAction(entry.action).label), new=", ".join(names))


def _status(kind: str) -> Callable[[OrderLogEntry, Words], Sentence]:
    def tell(entry: OrderLogEntry, words: Words) -> Sentence:
        old, new = _labels(entry, words.catalogue, kind, _STATUS_FIELDS[kind])
        return Sentence(str(LogAction(entry.action).label), old, new)

    return tell


_STATUS_FIELDS = {
    Kind.FULFILMENT: ("fulfilment_status", "fulfilment_own_status_id"),
    Kind.PAYMENT: ("payment_status", "payment_own_status_id"),
    Kind.INTERNAL: ("", "internal_status_id"),
    Kind.LINE: ("status", "own_status_id"),
}


def _labels(entry: OrderLogEntry, catalogue: Catalogue, kind: str, fields: tuple[str, str]) -> tuple[str, str]:
    """The status before and after. Only what changed is logged: two own statuses may share their built-in word,
    which then is the one that either of them stands for."""
    codes, own_ids = entry.changes.get(fields[0], {}), entry.changes.get(fields[1], {})
    shared = next((row.stands_for for row in catalogue.rows if row.pk in own_ids.values()), "")
    return tuple(_label(catalogue, kind, codes.get(side, shared), own_ids.get(side)) for side in ("old", "new"))


def _label(catalogue: Catalogue, kind: str, code: str, own_id: int | None) -> str:
    try:
        return str(catalogue.look(kind, code, own_id).label)
    except KeyError:
        # An own status that is gone, or no internal status at all.
        return pgettext("status", "none") if own_id is None else _("a status that is gone")


def _lines(together: list[OrderLogEntry], words: Words) -> Sentence:
    """One line by its number, several by their count; the old status only where they shared it."""
    labels = [_labels(entry, words.catalogue, Kind.LINE, _STATUS_FIELDS[Kind.LINE]) for entry in together]
    old = {label for label, _new in labels}
    new = {label for _old, label in labels}
    number = len(together)
    if number == 1:
        title, names = _("Line %(sku)s") % {"sku": together[0].subject}, ""
    else:
        title, names = ngettext("%(number)d line", "%(number)d lines", number) % {"number": number}, _names(together)
    return Sentence(
        title, old.pop() if len(old) == 1 else "", new.pop() if len(new) == 1 else ", ".join(sorted(new)), names=names
    )


def _names(together: list[OrderLogEntry]) -> str:
    # The log is read from its end; the lines were set from the first to the last.
    return _shortened([entry.subject for entry in reversed(together)])


def _shortened(named: list[str]) -> str:
    more = len(named) - LINES_NAMED
    if more > 0:
        named = [*named[:LINES_NAMED], ngettext("and %(number)d more", "and %(number)d more", more) % {"number": more}]
    return ", ".join(named)


def _note(entry: OrderLogEntry, words: Words) -> Sentence:
    text = entry.changes.get("note", {})
    for_customer = entry.subject == OrderNote.Audience.CUSTOMER
    if entry.action == LogAction.NOTE_ADDED:
        title = _("Note for the customer added") if for_customer else _("Internal note added")
    elif entry.action == LogAction.NOTE_CHANGED:
        title = _("Note for the customer changed") if for_customer else _("Internal note changed")
    else:
        title = _("Note for the customer removed") if for_customer else _("Internal note removed")
    return Sentence(title, removed=text.get("old") or "", added=text.get("new") or "")


def _plainly(entry: OrderLogEntry, words: Words) -> Sentence:
    """The action by its name; what it was about stands behind it."""
    return Sentence(str(LogAction(entry.action).label))


def _hold(entry: OrderLogEntry, words: Words) -> Sentence:
    """The pause by its name, what it did to the order status, and why."""
    fields = _STATUS_FIELDS[Kind.FULFILMENT]
    old = new = ""
    if any(name in entry.changes for name in fields):
        old, new = _labels(entry, words.catalogue, Kind.FULFILMENT, fields)
    reason = entry.changes.get("hold_reason", {})
    return Sentence(
        str(LogAction(entry.action).label), old, new, removed=reason.get("old") or "", added=reason.get("new") or ""
    )


def _folder(entry: OrderLogEntry, words: Words) -> Sentence:
    keys = entry.changes.get("folder_id", {})
    old, new = (
        words.folders.get(keys.get(side), _("a folder that is gone")) if keys.get(side) else _("No folder")
        for side in ("old", "new")
    )
    return Sentence(str(LogAction(entry.action).label), old, new)


def _tags(entry: OrderLogEntry, words: Words) -> Sentence:
    """All tags before and after, as they were called then."""
    names = entry.changes.get("tags", {})
    old, new = (names.get(side) or pgettext("tags", "none") for side in ("old", "new"))
    return Sentence(str(LogAction(entry.action).label), old, new)


def _renamed(entry: OrderLogEntry, words: Words) -> Sentence:
    """What a status was and is called."""
    names = entry.changes.get("name", {})
    return Sentence(str(LogAction(entry.action).label), names.get("old", ""), names.get("new", ""))


def _about(entry: OrderLogEntry, words: Words) -> Sentence:
    return Sentence(str(LogAction(entry.action).label), new=entry.subject)


def _refund(entry: OrderLogEntry, words: Words) -> Sentence:
    """How much went back and why; orders that came with a past have no more than the amount."""
    made = entry.changes.get("refund", {}).get("new")
    reason = made.get("reason", "") if isinstance(made, dict) else ""
    return Sentence(str(LogAction(entry.action).label), new=entry.subject, added=reason)


def _return(entry: OrderLogEntry, words: Words) -> Sentence:
    known = entry.subject in ReturnReason.values
    reason = str(ReturnReason(entry.subject).label) if known else entry.subject
    remark = entry.changes.get("remark", {}).get("new") or ""
    return Sentence(str(LogAction(entry.action).label), new=reason, added=remark)


def _pieces(field: str, *, is_either_way: bool = False) -> Callable[[list[OrderLogEntry], Words], Sentence]:
    """For lines of which pieces were credited or came back, or moved to or from another order: how many of what."""

    def tell(together: list[OrderLogEntry], words: Words) -> Sentence:
        title, number = str(LogAction(together[0].action).label), len(together)
        named = [f"{_moved(entry, field, is_either_way)} × {entry.subject}" for entry in reversed(together)]
        if number == 1:
            return Sentence(title, new=named[0])
        lines = ngettext("%(number)d line", "%(number)d lines", number) % {"number": number}
        return Sentence(title, new=lines, names=_shortened(named))

    return tell


def _moved(entry: OrderLogEntry, field: str, is_either_way: bool) -> str:
    """The pieces between the old count and the new one; below zero when they went back, unless either way is said."""
    counts = entry.changes.get(field, {"old": "0", "new": "0"})
    pieces = Decimal(counts["new"] or 0) - Decimal(counts["old"] or 0)
    return display.quantity(abs(pieces) if is_either_way else pieces)


def _edited(entry: OrderLogEntry, words: Words) -> Sentence:
    """The total before and after, and beneath it what was changed. `subject` is the order's currency."""
    total = entry.changes.get("total", {})
    old, new = (said("total", total[side], entry.subject) if total else "" for side in ("old", "new"))
    fields = {name: values for name, values in entry.changes.items() if name in ORDER_FIELDS}
    return Sentence(
        str(LogAction(entry.action).label), old, new, *(_told(fields, side, entry.subject) for side in ("old", "new"))
    )


def _told(fields: dict[str, dict], side: str, currency: str) -> str:
    return ", ".join(f"{label(name)} {said(name, values[side], currency)}" for name, values in fields.items())


def _line_edited(together: list[OrderLogEntry], words: Words) -> Sentence:
    """One line with all that was changed of it, several by their names."""
    number = len(together)
    if number > 1:
        lines = ngettext("%(number)d line", "%(number)d lines", number) % {"number": number}
        return Sentence(str(LogAction(together[0].action).label), new=lines, names=_names(together))
    entry = together[0]
    fields = {name: values for name, values in entry.changes.items() if name in _TOLD_OF_LINE}
    return Sentence(
        _("Line %(sku)s") % {"sku": entry.subject}, *(_told(fields, side, _NO_CURRENCY) for side in ("old", "new"))
    )


def _line_added_or_removed(together: list[OrderLogEntry], words: Words) -> Sentence:
    """How many of what, as the line was."""
    title, number = str(LogAction(together[0].action).label), len(together)
    side = "new" if together[0].action == LogAction.LINE_ADDED else "old"
    pieces = [entry.changes.get("quantity", {}).get(side) or "1" for entry in together]
    named = [
        f"{display.quantity(Decimal(quantity))} × {entry.subject}"
        for quantity, entry in zip(reversed(pieces), reversed(together), strict=True)
    ]
    if number == 1:
        return Sentence(title, new=named[0])
    lines = ngettext("%(number)d line", "%(number)d lines", number) % {"number": number}
    return Sentence(title, new=lines, names=_shortened(named))


# What may happen to a thousand lines at once is told in one sentence.
_OF_LINES: dict[LogAction, Callable[[list[OrderLogEntry], Words], Sentence]] = {
    LogAction.LINE_CHANGED: _lines,
    LogAction.LINE_CREDITED: _pieces("quantity_credited"),
    LogAction.LINE_RETURNED: _pieces("quantity_returned"),
    LogAction.LINE_MOVED: _pieces("quantity", is_either_way=True),
    LogAction.LINE_ADDED: _line_added_or_removed,
    LogAction.LINE_EDITED: _line_edited,
    LogAction.LINE_REMOVED: _line_added_or_removed,
}
_SENTENCES: dict[LogAction, Callable[[OrderLogEntry, Words], Sentence]] = {
    LogAction.ORDER_PLACED: _plainly,
    LogAction.ORDER_DELETED: _plainly,
    LogAction.ORDER_RESTORED: _plainly,
    LogAction.ORDER_HELD: _hold,
    LogAction.ORDER_RELEASED: _hold,
    LogAction.ORDER_PRINTED: _plainly,
    LogAction.PAPERS_MADE: _papers,
    LogAction.FULFILMENT_CHANGED: _status(Kind.FULFILMENT),
    LogAction.PAYMENT_CHANGED: _status(Kind.PAYMENT),
    LogAction.INTERNAL_CHANGED: _status(Kind.INTERNAL),
    LogAction.LINE_CHANGED: lambda entry, words: _lines([entry], words),
    LogAction.LINE_MOVED: lambda entry, words: _OF_LINES[LogAction.LINE_MOVED]([entry], words),
    LogAction.ORDER_SPLIT: _about,
    LogAction.ORDER_SPLIT_OFF: _about,
    LogAction.ORDERS_MERGED: _about,
    LogAction.ORDER_MERGED: _about,
    LogAction.MERGED_BACK: _about,
    LogAction.ORDER_EDITED: _edited,
    **{
        action: lambda entry, words: _OF_LINES[LogAction(entry.action)]([entry], words)
        for action in (LogAction.LINE_ADDED, LogAction.LINE_EDITED, LogAction.LINE_REMOVED)
    },
    LogAction.PAYMENT_RECEIVED: _about,
    LogAction.PAYMENT_MARKED: _about,
    LogAction.REFUND_MADE: _refund,
    LogAction.REFUND_PAID_OUT: _about,
    LogAction.PAYOUT_FAILED: _about,
    LogAction.LINE_CREDITED: lambda entry, words: _OF_LINES[LogAction.LINE_CREDITED]([entry], words),
    LogAction.INVOICE_ISSUED: _about,
    LogAction.CREDIT_NOTE_ISSUED: _about,
    LogAction.RETURN_ANNOUNCED: _return,
    LogAction.RETURN_RECEIVED: _return,
    LogAction.RETURN_SETTLED: _return,
    LogAction.RETURN_REFUSED: _return,
    LogAction.LINE_RETURNED: lambda entry, words: _OF_LINES[LogAction.LINE_RETURNED]([entry], words),
    LogAction.SHIPMENT_ADDED: _about,
    LogAction.SHIPMENT_CHANGED: _about,
    LogAction.SHIPMENT_REMOVED: _about,
    LogAction.NOTE_ADDED: _note,
    LogAction.NOTE_CHANGED: _note,
    LogAction.NOTE_REMOVED: _note,
    LogAction.DIGITAL_SENT: _about,
    **dict.fromkeys(MAILS, _about),
    LogAction.MESSAGE_READ: _plainly,
    LogAction.STATUS_RENAMED: _renamed,
    LogAction.FOLDER_CHANGED: _folder,
    LogAction.TAGS_CHANGED: _tags,
    LogAction.PERSONAL_NUMBER_SEEN: _plainly,
    LogAction.CHANGE_UNDONE: _plainly,
}
