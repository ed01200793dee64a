"""The order as it was: what the log tells, replayed, is what was stored."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.utils import timezone

from orders import bulk
from orders.models import Folder, LogAction, Order, OrderLine, OrderLogEntry, OrderNote, Source
from orders.services import (
    ChangeRefused,
    Dispatch,
    Edit,
    Wish,
    add_note,
    add_shipment,
    change_note,
    change_shipment,
    changing,
    delete_orders,
    edit_order,
    mark_message_read,
    remove_note,
    remove_shipment,
    restore_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    undo,
)
from orders.services.editing import line_values
from orders.tests.factories import make_order, new_line
from orders.time_machine import NOT_TOLD, picture_at
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
NOTE_FIELDS = ("pk", "audience", "text", "author", "created_at", "changed_by", "changed_at")
SHIPMENT_FIELDS = (
    "pk",
    "way",
    "carrier",
    "tracking_code",
    "tracking_url",
    "number_of_parcels",
    "weight_g",
    "shipped_at",
)


def values_of(row, names):
    return {name: getattr(row, name) for name in names}


def told_fields(model):
    left_out = NOT_TOLD if model is Order else ()
    return [each.attname for each in model._meta.concrete_fields if each.attname not in left_out]


def all_of(order, lines, notes, shipments):
    """Everything that a picture tells, to be compared."""
    return {
        "order": values_of(order, told_fields(Order)),
        "lines": [values_of(line, told_fields(OrderLine)) for line in lines],
        "notes": [values_of(note, NOTE_FIELDS) for note in notes],
        "shipments": [values_of(shipment, SHIPMENT_FIELDS) for shipment in shipments],
    }


def stored(order):
    fresh = Order.objects.get(pk=order.pk)
    return all_of(fresh, fresh.lines.all(), fresh.notes.all(), fresh.shipments.all())


def pictured(entry):
    picture = picture_at(entry)
    assert picture.gaps == []
    return all_of(picture.order, picture.lines, picture.notes, picture.shipments)


def entry_of(order, action):
    return order.log.filter(action=action).first()


def test_the_picture_at_the_last_entry_is_the_order(shop, actor):
    order = make_order(shop, lines=3)
    set_fulfilment_status(order, "shipped", by=actor)
    last = order.log.first()

    assert pictured(last) == stored(order)
    assert picture_at(last).is_now


def test_an_order_is_seen_as_it_was_when_it_was_placed(shop, actor):
    order = make_order(shop, lines=[new_line(), new_line(is_backordered=True)], customer_message="Ring twice.")
    before = stored(order)
    set_line_status(order, "shipped", by=actor)
    set_payment_status(order, "paid", by=actor)
    mark_message_read(order, by=actor)
    add_note(order, "Called.", by=actor)
    delete_orders([order.pk], shop=shop, by=actor)

    placed = entry_of(order, LogAction.ORDER_PLACED)

    assert pictured(placed) == before
    assert not picture_at(placed).is_now


def test_a_note_comes_back_as_it_was(shop, actor, clerk):
    order = make_order(shop)
    note = add_note(order, "Call at noon.", by=actor)
    first = stored(order)
    change_note(note, "Called at noon.", by=clerk.as_actor("203.0.113.10"))
    second = stored(order)
    remove_note(note, by=actor)

    assert pictured(entry_of(order, LogAction.NOTE_ADDED)) == first
    assert pictured(entry_of(order, LogAction.NOTE_CHANGED)) == second
    assert pictured(entry_of(order, LogAction.NOTE_REMOVED)) == stored(order)


# --- any sequence of actions


def actions_on(order, shop, actor):
    """What staff can do to the order, as functions of a random generator."""
    make_own_status(shop, "fulfilment", "packing", stands_for="in_progress", name="Packing")
    make_own_status(shop, "internal", "call", name="Call customer")
    make_own_status(shop, "line", "engraved", stands_for="ready", name="Engraved")
    folders = [str(Folder.objects.create(shop=shop, name=name).pk) for name in ("Gifts", "Later")]
    by = {"by": actor}

    def run(key, reason=""):
        bulk.run(bulk.action_of(key, shop, reason), [order.pk], shop=shop, by=actor)

    def some_note(chance):
        notes = list(order.notes.all())
        return chance.choice(notes) if notes else add_note(order, "First.", **by)

    def some_dispatch(chance):
        return Dispatch({1: Decimal("0.5")}, tracking_code=chance.choice(["", "3SABC0000001"]))

    def some_shipment(chance):
        shipments = list(order.shipments.all())
        return chance.choice(shipments) if shipments else add_shipment(order, some_dispatch(chance), **by)

    def some_edit(chance):
        fresh, there = Order.objects.get(pk=order.pk), list(order.lines.all())
        line = chance.choice(there)
        wishes = {"quantity": Decimal(chance.randint(1, 5)), "unit_price": Decimal(chance.randint(100, 999)) / 100}
        return chance.choice(
            [
                Edit(added=[new_line(sku="NEW", unit_price=Decimal("7.77"))]),
                Edit(removed={line.pk: line_values(line, fresh)} if len(there) > 1 else {}),
                Edit(order={"discount": Wish(fresh.discount, Decimal(chance.randint(0, 300)) / 100)}),
                Edit(order={"shipping_city": Wish(fresh.shipping_city, chance.choice(["Delft", "Gent"]))}),
                Edit(
                    lines={line.pk: {name: Wish(line_values(line, fresh)[name], new) for name, new in wishes.items()}}
                ),
            ]
        )

    def some_line(chance):
        return chance.choice([None, *order.lines.all()])

    return [
        lambda c: set_fulfilment_status(order, c.choice(["in_progress", "packing", "ready", "shipped", "new"]), **by),
        lambda c: set_payment_status(order, c.choice(["paid", "open", "partly_paid"]), **by),
        lambda c: set_internal_status(order, c.choice(["call", ""]), **by),
        lambda c: set_line_status(
            order, c.choice(["ready", "backordered", "shipped", "engraved", "open"]), line=some_line(c), **by
        ),
        lambda c: add_note(order, c.choice(["Called.", "Wrote."]), audience=c.choice(OrderNote.Audience.values), **by),
        lambda c: change_note(some_note(c), c.choice(["Called.", "Wrote again.", "Rang."]), **by),
        lambda c: remove_note(some_note(c), **by),
        lambda c: mark_message_read(order, **by),
        lambda c: run("hold:", c.choice(["Fraud?", "Asked for blue."])),
        lambda c: run("release:"),
        lambda c: run(f"folder:{c.choice(['', *folders])}"),
        lambda c: run("printed:"),
        lambda c: delete_orders([order.pk], shop=shop, **by),
        lambda c: restore_orders([order.pk], shop=shop, **by),
        lambda c: add_shipment(order, some_dispatch(c), **by),
        lambda c: change_shipment(some_shipment(c), carrier="DHL", tracking_code=c.choice(["JVGL1", "JVGL2"]), **by),
        lambda c: remove_shipment(some_shipment(c), **by),
        lambda c: edit_order(order, some_edit(c), **by),
        lambda c: edit_order(order, some_edit(c), **by),
        lambda c: undo(order.log.first().act, shop=shop, **by),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_replaying_the_log_gives_every_state_there_was(shop, actor, seed):
    chance = Random(seed)
    lines = [new_line(), new_line(kind="digital"), new_line(is_backordered=True, quantity=Decimal("2.5"))]
    order = make_order(shop, lines=lines, customer_message="Ring twice.")
    actions = actions_on(order, shop, actor)
    states = {order.log.first().pk: stored(order)}

    for _ in range(30):
        try:
            chance.choice(actions)(chance)
        except ChangeRefused:
            continue
        order.refresh_from_db()
        states[order.log.first().pk] = stored(order)

    assert len(states) > 5
    entries = {entry.pk: entry for entry in order.log.all()}
    for pk, state in states.items():
        assert pictured(entries[pk]) == state, entries[pk].action


# --- what the log does not tell


def test_a_value_that_no_entry_tells_is_a_gap(shop, actor):
    order = make_order(shop)
    placed = order.log.first()
    set_fulfilment_status(order, "in_progress", by=actor)
    Order.objects.filter(pk=order.pk).update(fulfilment_status="shipped")

    picture = picture_at(placed)

    assert [gap.action for gap in picture.gaps] == [LogAction.FULFILMENT_CHANGED]


def test_an_entry_that_says_nothing_is_a_gap(shop, actor):
    order = make_order(shop)
    placed = order.log.first()
    with changing(shop, by=actor) as change:
        change.record(change.lock(order.pk), LogAction.FOLDER_CHANGED)
        change.record(change.lock(order.pk), LogAction.PERSONAL_NUMBER_SEEN)

    assert [gap.action for gap in picture_at(placed).gaps] == [LogAction.FOLDER_CHANGED]


def test_nonsense_in_an_old_entry_is_a_gap_and_no_error(shop, actor):
    order = make_order(shop)
    placed = order.log.first()
    OrderLogEntry.objects.create(
        order=order, action=LogAction.MESSAGE_READ, actor="Old", channel="web", created_at=timezone.now(),
        changes={"message_read_at": {"old": "yesterday", "new": 7}, "paid_total": {"new": "1"}},
    )  # fmt: skip

    assert len(picture_at(placed).gaps) == 1


def test_an_import_says_that_its_past_is_elsewhere(shop):
    assert picture_at(make_order(shop, source=Source.IMPORT).log.first()).came_with_its_past
    assert not picture_at(make_order(shop).log.first()).came_with_its_past


def test_a_note_of_a_time_without_keys_is_found_by_its_words(shop, actor):
    order = make_order(shop)
    placed = order.log.first()
    add_note(order, "Called.", by=actor)
    add_note(order, "Wrote.", by=actor)
    order.log.filter(action=LogAction.NOTE_ADDED).update(subject_id=None)

    picture = picture_at(order.log.get(changes__note__new="Called."))

    assert [note.text for note in picture.notes] == ["Called."]
    assert picture_at(placed).notes == []


# --- lines that come and go


def test_lines_that_were_added_or_removed_since_are_as_they_were(shop, actor):
    order = make_order(shop, lines=2)
    before = stored(order)
    with changing(shop, by=actor) as change:
        locked = change.lock(order.pk)
        gone = order.lines.get(position=2)
        told = {name: logged(getattr(gone, name)) for name in told_fields(OrderLine)}
        change.record(
            locked, LogAction.LINE_CHANGED, {name: {"old": old, "new": None} for name, old in told.items()}, line=gone
        )
        added = OrderLine.objects.get(pk=order.lines.get(position=1).pk)
        added.pk, added.position = None, 3
        added.save()
        told = {name: logged(getattr(added, name)) for name in told_fields(OrderLine)}
        change.record(
            locked, LogAction.LINE_CHANGED, {name: {"old": None, "new": new} for name, new in told.items()}, line=added
        )
    OrderLine.objects.filter(pk=gone.pk).delete()

    picture = picture_at(entry_of(order, LogAction.ORDER_PLACED))

    assert [values_of(line, told_fields(OrderLine)) for line in picture.lines] == before["lines"]


def logged(value):
    return str(value) if isinstance(value, Decimal) else value


def test_money_is_shown_as_it_was_known(shop, actor, time_machine):
    time_machine.move_to("2026-03-22T12:00:00Z", tick=False)
    order = make_order(shop)
    placed = order.log.first()
    later = timezone.now() + timedelta(hours=1)
    order.payments.create(
        amount=Decimal("5.00"), method="iDEAL", state="paid", created_at=placed.created_at, paid_at=later
    )
    order.refunds.create(amount=Decimal("1.00"), state="paid_out", created_at=placed.created_at, paid_out_at=later)
    order.payments.create(amount=Decimal("7.10"), method="iDEAL", state="paid", created_at=later, paid_at=later)

    picture = picture_at(placed)

    assert [(each.amount, each.state) for each in picture.payments] == [(Decimal("5.00"), "pending")]
    assert [(each.amount, each.state) for each in picture.refunds] == [(Decimal("1.00"), "to_pay_out")]


@pytest.mark.parametrize("number_of_acts", [1, 8])
def test_a_long_log_costs_no_more_questions(shop, actor, number_of_acts, django_assert_num_queries):
    order = make_order(shop, lines=number_of_acts)
    for number in range(number_of_acts):
        add_note(order, f"Note {number}", by=actor)
    placed = entry_of(order, LogAction.ORDER_PLACED)

    with django_assert_num_queries(7):
        picture_at(placed)
