"""Words at an order."""

from django.utils import timezone

from backoffice.actor import Actor
from orders.models import LogAction, Order, OrderLogEntry, OrderNote
from orders.services.change import changing


def add_note(order: Order, text: str, *, by: Actor, audience: str = OrderNote.Audience.INTERNAL) -> OrderNote:
    """Add a note; notes for the customer show in exports, so they move the change mark, as all notes do."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        note = OrderNote.objects.create(
            order=locked, audience=audience, text=text, author=by.name, created_at=timezone.now()
        )
        if audience == OrderNote.Audience.INTERNAL:
            change.set(locked, has_internal_note=True)
        change.record(locked, LogAction.NOTE_ADDED, {"note": {"old": None, "new": text}}, subject=audience)
    return note


def remove_note(note: OrderNote, *, by: Actor) -> None:
    """Remove a note; its text stays readable in the log."""
    with changing(note.order.shop, by=by) as change:
        locked = change.lock(note.order_id)
        text, audience = note.text, note.audience
        note.delete()
        internal = locked.notes.filter(audience=OrderNote.Audience.INTERNAL)
        change.set(locked, has_internal_note=internal.exists())
        change.record(locked, LogAction.NOTE_REMOVED, {"note": {"old": text, "new": None}}, subject=audience)


def mark_message_read(order: Order, *, by: Actor) -> OrderLogEntry | None:
    """Note that staff has read what the customer wrote at checkout; None when it was read or empty."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if not locked.customer_message or locked.message_read_at is not None:
            return None
        change.set(locked, message_read_at=timezone.now())
        return change.record(locked, LogAction.MESSAGE_READ)
