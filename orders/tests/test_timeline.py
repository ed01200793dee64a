import uuid
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.translation import override

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders import timeline as timeline_module
from orders.models import Folder, LogAction, OrderLogEntry
from orders.services import (
    add_note,
    change_note,
    changing,
    delete_orders,
    mark_message_read,
    remove_note,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    undo,
)
from orders.tests.factories import make_order, new_line
from orders.timeline import Log, Shown, Words, entries_of, sentence_of, timeline, words_of
from statuses.catalogue import Catalogue
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def events_of(order, clerk, *, shown=Shown.ALL):
    order.refresh_from_db()
    entries = entries_of(order, shown=shown)
    return timeline(entries, order, staff=clerk, words=words_of(order.shop), zone=AMSTERDAM, shown=shown).events


def told(order, clerk, **options):
    """What the timeline says, newest first, as (title, old, new)."""
    return [(each.sentence.title, each.sentence.old, each.sentence.new) for each in events_of(order, clerk, **options)]


@pytest.mark.parametrize("action", LogAction)
@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_every_action_has_its_sentence(action, language):
    entry = OrderLogEntry(action=action, actor="Marit", channel="web", act=uuid.uuid4(), created_at=timezone.now())

    with override(language):
        title = sentence_of(entry, Words(Catalogue([]))).title

    assert title
    assert title != action
    assert "." not in title


def test_a_status_is_told_in_words_with_what_it_was(shop, clerk, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "in_progress", by=actor)
    set_payment_status(order, "paid", by=actor)

    assert told(order, clerk) == [
        ("Payment noted", "", "12.10 EUR"),
        ("Payment status", "Open", "Paid"),
        ("Order status", "Ready", "In progress"),
        ("Order placed", "", ""),
    ]


def test_own_statuses_are_told_by_their_names(shop, clerk, actor):
    make_own_status(shop, "fulfilment", "packing", stands_for="in_progress", name="Packing")
    make_own_status(shop, "internal", "call", name="Call customer")
    order = make_order(shop)
    set_fulfilment_status(order, "packing", by=actor)
    set_fulfilment_status(order, "in_progress", by=actor)
    set_internal_status(order, "call", by=actor)
    set_internal_status(order, "", by=actor)

    assert told(order, clerk)[:-1] == [
        ("Internal status", "Call customer", "none"),
        ("Internal status", "none", "Call customer"),
        ("Order status", "Packing", "In progress"),
        ("Order status", "Ready", "Packing"),
    ]


def test_two_own_statuses_of_the_same_word_are_told_apart(shop, clerk, actor):
    make_own_status(shop, "fulfilment", "picking", stands_for="in_progress", name="Picking")
    make_own_status(shop, "fulfilment", "packing", stands_for="in_progress", name="Packing")
    order = make_order(shop)
    set_fulfilment_status(order, "picking", by=actor)
    set_fulfilment_status(order, "packing", by=actor)

    assert told(order, clerk)[0] == ("Order status", "Picking", "Packing")


def test_an_own_status_that_is_gone_is_still_no_bare_number(shop, clerk, actor):
    gone = make_own_status(shop, "internal", "call")
    order = make_order(shop)
    set_internal_status(order, "call", by=actor)
    set_internal_status(order, "", by=actor)
    gone.delete()

    assert told(order, clerk)[0] == ("Internal status", "a status that is gone", "none")


def test_one_line_is_told_by_its_number(shop, clerk, actor):
    order = make_order(shop, lines=3)
    set_line_status(order, "shipped", by=actor, line=order.lines.get(position=2))

    assert told(order, clerk)[0] == ("Line CANDLE-2", "Ready", "Shipped")


def test_many_lines_of_one_act_are_one_sentence(shop, clerk, actor):
    order = make_order(shop, lines=12)
    set_line_status(order, "shipped", by=actor)

    event = events_of(order, clerk)[0]

    assert (event.sentence.title, event.sentence.old, event.sentence.new) == ("12 lines", "Ready", "Shipped")
    assert event.sentence.names.startswith("CANDLE-1, CANDLE-2, ")
    assert event.sentence.names.endswith("CANDLE-8, and 4 more")
    assert len(events_of(order, clerk)) == 2


def test_lines_that_were_not_alike_have_no_common_past(shop, clerk, actor):
    order = make_order(shop, lines=[new_line(), new_line(sku="THROW", is_backordered=True)])
    set_line_status(order, "shipped", by=actor)

    assert told(order, clerk)[0] == ("2 lines", "", "Shipped")


def test_a_removed_note_can_still_be_read(shop, clerk, actor):
    order = make_order(shop)
    remove_note(add_note(order, "Called at noon.", by=actor), by=actor)

    removed, added, _placed = events_of(order, clerk)

    assert (removed.sentence.title, removed.sentence.removed) == ("Internal note removed", "Called at noon.")
    assert (added.sentence.title, added.sentence.added) == ("Internal note added", "Called at noon.")


def test_it_says_who_and_from_where_to_those_who_may_know(shop, clerk, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "shipped", by=actor)
    packer = make_staff(shop, Role.WAREHOUSE)

    assert events_of(order, clerk)[0].who == "Marit Bakker · 203.0.113.9"
    assert events_of(order, packer)[0].who == "Marit Bakker"
    assert events_of(order, packer)[1].who == "System · Web shop"
    with override("nl"):
        assert events_of(order, packer)[1].who == "Systeem · Webshop"


def test_today_is_a_time_and_any_other_day_has_its_date(shop, clerk, actor, time_machine):
    time_machine.move_to("2026-03-22T11:30:00Z", tick=False)
    order = make_order(shop)

    assert events_of(order, clerk)[0].at == "12:30"
    time_machine.move_to("2026-03-23T11:30:00Z", tick=False)
    assert events_of(order, clerk)[0].at == "22 Mar 2026, 12:30"


def test_it_can_be_narrowed_to_changes_and_to_notes(shop, clerk, actor):
    order = make_order(shop, customer_message="Behind the shed.")
    set_fulfilment_status(order, "shipped", by=actor)
    add_note(order, "Called.", by=actor)
    mark_message_read(order, by=actor)

    assert [title for title, _old, _new in told(order, clerk, shown=Shown.CHANGES)] == ["Order status", "Order placed"]
    assert [title for title, _old, _new in told(order, clerk, shown=Shown.NOTES)] == ["Internal note added"]
    assert [title for title, _old, _new in told(order, clerk, shown=Shown.MESSAGES)] == ["Customer message read"]


def test_what_followed_by_a_rule_names_the_rule(shop, clerk, actor):
    order = make_order(shop, lines=[new_line(), new_line(sku="THROW", is_backordered=True)])
    set_line_status(order, "ready", by=actor)

    ready, _lines, _placed = events_of(order, clerk)

    assert (ready.sentence.old, ready.sentence.new) == ("Backordered", "Ready")
    assert ready.who == "Marit Bakker · rule Ready or Backordered · 203.0.113.9"


def test_a_note_written_anew_shows_both_texts(shop, clerk, actor):
    order = make_order(shop)
    change_note(add_note(order, "Call at noon.", by=actor), "Called at noon.", by=actor)

    sentence = events_of(order, clerk)[0].sentence

    assert (sentence.title, sentence.removed, sentence.added) == (
        "Internal note changed", "Call at noon.", "Called at noon.",
    )  # fmt: skip


def test_what_was_sent_by_itself_is_a_message(shop, clerk, actor):
    order = make_order(shop, lines=[new_line(sku="EBOOK", kind="digital")])
    set_payment_status(order, "paid", by=actor)

    assert told(order, clerk, shown=Shown.MESSAGES) == [("Digital goods sent", "", "EBOOK")]


def test_a_folder_is_told_by_its_name(shop, clerk, actor):
    gifts = Folder.objects.create(shop=shop, name="Gifts")
    order = make_order(shop)
    with changing(shop, by=actor) as change:
        locked = change.lock(order.pk)
        change.record(locked, LogAction.FOLDER_CHANGED, change.set(locked, folder_id=gifts.pk))

    assert told(order, clerk)[0] == ("Folder", "No folder", "Gifts")


def test_a_pause_is_told_with_its_reason(clerk, shop, actor):
    order = make_order(shop)
    with changing(shop, by=actor) as change:
        locked = change.lock(order.pk)
        diff = change.set(locked, fulfilment_status="on_hold")
        change.record(locked, LogAction.ORDER_HELD, diff | {"hold_reason": {"old": "", "new": "Asked for blue."}})

    sentence = events_of(order, clerk)[0].sentence

    assert (sentence.title, sentence.old, sentence.new) == ("Put on hold", "Ready", "On hold")
    assert sentence.added == "Asked for blue."


# --- undo


def offered(order, staff):
    return [each.sentence.title for each in events_of(order, staff) if each.undo_act]


def test_undo_stands_at_the_last_entry_that_can_be_taken_back(shop, clerk, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "in_progress", by=actor)
    set_payment_status(order, "paid", by=actor)
    add_note(order, "Paid by phone.", by=actor)

    assert offered(order, clerk) == ["Payment noted"]


def test_undo_is_offered_to_those_who_may(shop, clerk, actor):
    order = make_order(shop)
    set_payment_status(order, "paid", by=actor)

    assert offered(order, make_staff(shop, Role.FINANCE)) == ["Payment noted"]
    assert offered(order, make_staff(shop, Role.WAREHOUSE)) == []
    assert offered(order, make_staff(shop, Role.READ_ONLY)) == []


def test_what_was_taken_back_says_so(shop, clerk, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)
    undo(entry.act, shop=shop, by=actor)

    back, shipped, _placed = events_of(order, clerk)

    assert (back.is_undo, back.sentence.old, back.sentence.new) == (True, "Shipped", "Ready")
    assert shipped.is_undone
    assert not shipped.undo_act


def test_in_deleted_only_the_deleting_can_be_taken_back(shop, clerk, actor):
    order = make_order(shop)
    set_fulfilment_status(order, "shipped", by=actor)
    delete_orders([order.pk], shop=shop, by=actor)

    assert offered(order, clerk) == ["Moved to Deleted"]


def test_several_changes_of_one_act_have_one_undo(shop, clerk, actor):
    order = make_order(shop, lines=2)
    with changing(shop, by=actor):
        set_line_status(order, "shipped", by=actor)
        set_fulfilment_status(order, "shipped", by=actor)

    assert told(order, clerk)[:2] == [("Order status", "Ready", "Shipped"), ("2 lines", "Ready", "Shipped")]
    assert offered(order, clerk) == ["Order status"]


# --- long logs


def test_a_long_log_comes_in_pages(shop, clerk, actor, monkeypatch):
    monkeypatch.setattr(timeline_module, "PAGE_SIZE", 3)
    order = make_order(shop)
    for number in range(4):
        add_note(order, f"Note {number}", by=actor)

    page = timeline(entries_of(order), order, staff=clerk, words=words_of(shop), zone=AMSTERDAM)
    rest = entries_of(order, before=page.earlier)

    assert [each.sentence.added for each in page.events] == ["Note 3", "Note 2", "Note 1"]
    assert [entry.action for entry in rest] == [LogAction.NOTE_ADDED, LogAction.ORDER_PLACED]


@pytest.mark.parametrize("shown", Shown)
@pytest.mark.parametrize("page_size", [3, 2000])
def test_a_log_read_once_answers_like_one_asked_each_time(shop, actor, monkeypatch, shown, page_size):
    monkeypatch.setattr(timeline_module, "PAGE_SIZE", page_size)
    order = make_order(shop)
    set_fulfilment_status(order, "in_progress", by=actor)
    for number in range(3):
        add_note(order, f"Note {number}", by=actor)
    fourth = order.log.order_by("id")[3].pk
    log = Log.of(order)

    assert log.is_whole == (page_size == 2000)
    for before in (None, fourth):
        assert log.page(shown=shown, before=before) == entries_of(order, shown=shown, before=before)
    notes = order.log.filter(action=LogAction.NOTE_ADDED).order_by("-id")
    assert log.newest(LogAction.NOTE_ADDED, most=2) == list(notes[:2])
    assert log.newest(LogAction.ORDER_PLACED, LogAction.FULFILMENT_CHANGED, most=9)[-1].action == "order.placed"
