"""Words at an order."""

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders.models import LogAction, Order, OrderLogEntry, OrderNote
from orders.services.change import changing, plain
from orders.services.errors import ChangeRefused


class NoteChangedMeanwhile(ChangeRefused):
    """Somebody else wrote in the note since the caller looked; `text` is what it says now."""

    def __init__(self, by: str, text: str):
        self.by, self.text = by, text
        super().__init__(_("%(by)s changed this note meanwhile. It now says: “%(text)s”") % {"by": by, "text": text})


class NoteIsGone(ChangeRefused):
    def __init__(self) -> None:
        super().__init__(_("This note was removed meanwhile. Its text stays in the timeline."))


def add_note(order: Order, text: str, *, by: Actor, audience: str = OrderNote.Audience.INTERNAL) -> OrderNote:
    """Add a note; notes for the customer show in exports, so they move the change mark, as all notes do."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        note = OrderNote.objects.create(
            order=locked, audience=audience, text=text, author=by.name, created_at=timezone.now()
        )
        if audience == OrderNote.Audience.INTERNAL:
            change.set(locked, has_internal_note=True)
        diff = {"note": {"old": None, "new": text}}
        change.record(locked, LogAction.NOTE_ADDED, diff, subject=audience, subject_id=note.pk)
    return note


def change_note(note: OrderNote, text: str, *, by: Actor, seen: str | None = None) -> OrderLogEntry | None:
    """Write a note anew; the text before stays readable in the log. None when it says that already.

    ``seen`` is the text that the user began with. Raises NoteChangedMeanwhile when it is another by now, and
    NoteIsGone when somebody removed it.
    """
    with changing(note.order.shop, by=by) as change:
        locked = change.lock(note.order_id)
        current = locked.notes.filter(pk=note.pk).first()
        if current is None:
            raise NoteIsGone
        if current.text == text:
            return None
        # A browser sends the ends of lines in its own way.
        if seen is not None and current.text.splitlines() != seen.splitlines():
            raise NoteChangedMeanwhile(current.changed_by or current.author, current.text)
        now = timezone.now()
        diff = {
            "note": {"old": current.text, "new": text},
            "changed_by": {"old": current.changed_by, "new": by.name},
            "changed_at": {"old": plain(current.changed_at), "new": plain(now)},
        }
        current.text, current.changed_by, current.changed_at = text, by.name, now
        current.save(update_fields=["text", "changed_by", "changed_at"])
        return change.record(locked, LogAction.NOTE_CHANGED, diff, subject=note.audience, subject_id=note.pk)


def remove_note(note: OrderNote, *, by: Actor) -> OrderLogEntry | None:
    """Remove a note; its text stays readable in the log. None when somebody else removed it first."""
    with changing(note.order.shop, by=by) as change:
        locked = change.lock(note.order_id)
        # Two people may press Remove; whoever waited for the lock must not log it again.
        current = locked.notes.filter(pk=note.pk).first()
        if current is None:
            return None
        current.delete()
        internal = locked.notes.filter(audience=OrderNote.Audience.INTERNAL)
        change.set(locked, has_internal_note=internal.exists())
        # Enough to show the note again in the order's past.
        told = {name: plain(getattr(current, name)) for name in ("author", "created_at", "changed_by", "changed_at")}
        diff = {name: {"old": old, "new": None} for name, old in ({"note": current.text} | told).items()}
        return change.record(locked, LogAction.NOTE_REMOVED, diff, subject=note.audience, subject_id=note.pk)


def mark_message_read(order: Order, *, by: Actor) -> OrderLogEntry | None:
    """Note that staff has read what the customer wrote at checkout; None when it was read or empty."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if not locked.customer_message or locked.message_read_at is not None:
            return None
        diff = change.set(locked, message_read_at=timezone.now())
        return change.record(locked, LogAction.MESSAGE_READ, diff)
