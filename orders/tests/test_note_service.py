import pytest

from backoffice.actor import SYSTEM
from orders.models import LogAction, OrderNote
from orders.services import add_note, change_note, mark_message_read, remove_note, show_personal_number
from orders.services.notes import NoteChangedMeanwhile, NoteIsGone
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def reread(order):
    order.refresh_from_db()
    return order


def test_a_note_says_who_wrote_it_and_marks_the_order(shop, actor):
    order = make_order(shop)

    note = add_note(order, "Called at five past two.", by=actor)

    assert (note.author, note.audience, note.text) == ("Marit Bakker", "internal", "Called at five past two.")
    order = reread(order)
    assert order.has_internal_note
    assert order.version == 2
    assert order.log.first().changes == {"note": {"old": None, "new": "Called at five past two."}}


def test_a_note_for_the_customer_is_no_internal_note(shop, actor):
    order = make_order(shop)

    add_note(order, "The throw follows next week.", by=actor, audience=OrderNote.Audience.CUSTOMER)

    assert not reread(order).has_internal_note
    assert order.log.first().subject == "customer"


def test_a_removed_note_stays_readable_in_the_log(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Wrong order, sorry.", by=actor)

    remove_note(note, by=actor)

    assert not order.notes.exists()
    assert not reread(order).has_internal_note
    entry = order.log.first()
    assert entry.action == LogAction.NOTE_REMOVED
    assert entry.changes["note"] == {"old": "Wrong order, sorry.", "new": None}
    assert entry.changes["author"] == {"old": "Marit Bakker", "new": None}


def test_a_note_written_anew_keeps_its_author_and_its_words_before(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=SYSTEM)

    change_note(note, "Called at noon.", by=actor)

    note.refresh_from_db()
    assert (note.text, note.author, note.changed_by) == ("Called at noon.", "System", "Marit Bakker")
    entry = order.log.first()
    assert (entry.action, entry.subject, entry.subject_id) == (LogAction.NOTE_CHANGED, "internal", note.pk)
    assert entry.changes["note"] == {"old": "Call at noon.", "new": "Called at noon."}
    assert reread(order).version == 3


def test_the_same_words_again_change_nothing(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)

    assert change_note(note, "Call at noon.", by=actor, seen="Something else") is None

    assert reread(order).version == 2


def test_words_that_somebody_else_wrote_meanwhile_are_not_lost(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    change_note(note, "Called, no answer.", by=actor)

    with pytest.raises(NoteChangedMeanwhile) as refusal:
        change_note(note, "Call in the evening.", by=SYSTEM, seen="Call at noon.")

    assert (refusal.value.by, refusal.value.text) == ("Marit Bakker", "Called, no answer.")
    note.refresh_from_db()
    assert note.text == "Called, no answer."
    assert reread(order).version == 3


def test_a_note_that_is_gone_cannot_be_changed(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    same = OrderNote.objects.get(pk=note.pk)
    remove_note(note, by=actor)

    with pytest.raises(NoteIsGone):
        change_note(same, "Called.", by=actor)

    assert not order.notes.exists()
    assert order.log.first().action == LogAction.NOTE_REMOVED


def test_the_mark_stays_while_another_internal_note_is_there(shop, actor):
    order = make_order(shop)
    first = add_note(order, "One.", by=actor)
    add_note(order, "Two.", by=actor)

    remove_note(first, by=actor)

    assert reread(order).has_internal_note


def test_a_note_that_two_people_remove_is_removed_once(shop, actor):
    order = make_order(shop)
    note = add_note(order, "Twice.", by=actor)
    same = OrderNote.objects.get(pk=note.pk)
    remove_note(note, by=actor)
    version = reread(order).version

    assert remove_note(same, by=actor) is None

    assert order.log.filter(action=LogAction.NOTE_REMOVED).count() == 1
    assert reread(order).version == version


def test_the_customers_message_is_read_once(shop, actor):
    order = make_order(shop, customer_message="Behind the shed, please.")

    assert mark_message_read(order, by=actor).action == LogAction.MESSAGE_READ
    assert mark_message_read(order, by=actor) is None

    assert reread(order).message_read_at is not None
    assert order.log.filter(action=LogAction.MESSAGE_READ).count() == 1


def test_where_there_is_no_message_nothing_is_read(shop, actor):
    order = make_order(shop)

    assert mark_message_read(order, by=actor) is None

    assert reread(order).message_read_at is None
    assert order.version == 1


def test_looking_at_a_personal_number_is_recorded_and_changes_nothing_else(shop, actor):
    order = make_order(shop, personal_number="19121212-1212")

    assert show_personal_number(order, by=actor) == "19121212-1212"

    entry = order.log.first()
    assert (entry.action, entry.actor, entry.changes) == (LogAction.PERSONAL_NUMBER_SEEN, "Marit Bakker", {})
    assert reread(order).version == 1


def test_where_there_is_no_personal_number_nobody_has_seen_one(shop, actor):
    order = make_order(shop)

    assert show_personal_number(order, by=actor) == ""

    assert not order.log.filter(action=LogAction.PERSONAL_NUMBER_SEEN).exists()
