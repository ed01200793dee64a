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


def remove_note(note: OrderNote, *, by: Actor) -> OrderLogEntry | None:
    """Remove a note; its text stays readable in the log. None when somebody else removed it first."""
    with changing(note.order.shop, by=by) as change:
        locked = change.lock(note.order_id)
        # Two people may press Remove; whoever waited for the lock must not log it again.
        number_removed, _per_model = locked.notes.filter(pk=note.pk).delete()
        if not number_removed:
            return None
        internal = locked.notes.filter(audience=OrderNote.Audience.INTERNAL)
        change.set(locked, has_internal_note=internal.exists())
        return change.record(
            locked, LogAction.NOTE_REMOVED, {"note": {"old": note.text, "new": None}}, subject=note.audience
        )


def mark_message_read(order: Order, *, by: Actor) -> OrderLogEntry | None:
    """Note that staff has read what the customer wrote at checkout; None when it was read or empty."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if not locked.customer_message or locked.message_read_at is not None:
            return None
        change.set(locked, message_read_at=timezone.now())
        return change.record(locked, LogAction.MESSAGE_READ)
