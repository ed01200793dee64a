import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import LogAction, StatusCount
from orders.services import (
    NothingToUndo,
    OrderIsDeleted,
    actions_of,
    add_note,
    delete_orders,
    restore_orders,
    set_fulfilment_status,
    set_line_status,
    set_payment_status,
    set_status_of_many,
    undo,
)
from orders.tests.factories import make_order
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


def reread(order):
    order.refresh_from_db()
    return order


def test_undoing_a_status_gives_the_old_one_back_and_says_so(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)

    result = undo(entry.act, shop=shop, by=actor)

    assert result.changed == [order]
    assert reread(order).fulfilment_status == "ready"
    last = order.log.first()
    assert (last.action, last.undoes) == (LogAction.FULFILMENT_CHANGED, entry.act)
    assert last.changes == {"fulfilment_status": {"old": "shipped", "new": "ready"}}


def test_an_own_status_comes_back_too(shop, actor):
    packing = make_own_status(shop, "fulfilment", "packing", stands_for="in_progress")
    order = make_order(shop)
    set_fulfilment_status(order, "packing", by=actor)
    entry = set_fulfilment_status(order, "shipped", by=actor)

    undo(entry.act, shop=shop, by=actor)

    order = reread(order)
    assert (order.fulfilment_status, order.fulfilment_own_status) == ("in_progress", packing)


def test_an_undo_can_be_undone(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)
    back = undo(entry.act, shop=shop, by=actor)

    undo(back.act, shop=shop, by=actor)

    assert reread(order).fulfilment_status == "shipped"


def test_counters_follow_an_undo(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)

    undo(entry.act, shop=shop, by=actor)

    counts = dict(StatusCount.objects.filter(kind="fulfilment").values_list("code", "number_of_orders"))
    assert counts == {"ready": 1, "shipped": 0}


def test_lines_and_what_the_list_shows_of_them_go_back(shop, actor):
    order = make_order(shop, lines=3)
    set_line_status(order, "shipped", by=actor, line=order.lines.get(position=1))
    entries = set_line_status(order, "backordered", by=actor)
    assert reread(order).number_of_lines_backordered == 3

    undo(entries[0].act, shop=shop, by=actor)

    assert list(order.lines.values_list("status", "is_backordered")) == [
        ("shipped", False),
        ("ready", False),
        ("ready", False),
    ]
    assert (reread(order).number_of_lines_backordered, order.number_of_lines_done) == (0, 3)


def test_undoing_many_lines_costs_as_many_queries_as_undoing_a_few(shop, actor):
    few = set_line_status(make_order(shop, lines=2), "shipped", by=actor)
    many = set_line_status(make_order(shop, lines=40), "shipped", by=actor)

    with CaptureQueriesContext(connection) as for_few:
        undo(few[0].act, shop=shop, by=actor)
    with CaptureQueriesContext(connection) as for_many:
        undo(many[0].act, shop=shop, by=actor)

    assert len(for_few) == len(for_many) < 20


def test_a_deleted_order_comes_back(shop, actor):
    order = make_order(shop)
    deleted = delete_orders([order.pk], shop=shop, by=actor)

    undo(deleted.act, shop=shop, by=actor)

    assert reread(order).deleted_at is None


def test_a_restored_order_goes_back_to_deleted(shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)
    deleted_at = reread(order).deleted_at
    restored = restore_orders([order.pk], shop=shop, by=actor)

    undo(restored.act, shop=shop, by=actor)

    assert reread(order).deleted_at == deleted_at


# --- what is refused, and that nothing changed


def test_what_was_changed_again_since_is_not_taken_back(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "in_progress", by=actor)
    set_fulfilment_status(order, "shipped", by=actor)

    result = undo(entry.act, shop=shop, by=actor)

    assert [(each, type(reason)) for each, reason in result.refused] == [(order, NothingToUndo)]
    assert reread(order).fulfilment_status == "shipped"


def test_a_status_that_came_round_again_belongs_to_who_set_it_last(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "in_progress", by=actor)
    set_fulfilment_status(order, "on_hold", by=actor)
    set_fulfilment_status(order, "in_progress", by=actor)

    result = undo(entry.act, shop=shop, by=actor)

    assert (result.changed, len(result.refused)) == ([], 1)
    assert reread(order).fulfilment_status == "in_progress"


def test_other_changes_since_do_not_stand_in_the_way(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)
    set_payment_status(order, "paid", by=actor)

    undo(entry.act, shop=shop, by=actor)

    order = reread(order)
    assert (order.fulfilment_status, order.payment_status) == ("ready", "paid")


def test_nothing_is_taken_back_twice(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)
    undo(entry.act, shop=shop, by=actor)

    result = undo(entry.act, shop=shop, by=actor)

    assert (result.changed, len(result.refused)) == ([], 1)
    assert order.log.count() == 3


def test_a_note_cannot_be_unwritten(shop, actor):
    order = make_order(shop)
    add_note(order, "Called.", by=actor)

    with pytest.raises(NothingToUndo):
        undo(order.log.first().act, shop=shop, by=actor)

    assert order.notes.count() == 1


def test_a_status_is_not_taken_back_behind_the_bin(shop, actor):
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=actor)
    delete_orders([order.pk], shop=shop, by=actor)

    result = undo(entry.act, shop=shop, by=actor)

    assert [type(reason) for _order, reason in result.refused] == [OrderIsDeleted]
    assert reread(order).fulfilment_status == "shipped"


def test_another_shops_action_cannot_be_taken_back(shop, other_shop, actor):
    foreign = make_order(other_shop)
    entry = set_fulfilment_status(foreign, "shipped", by=actor)

    with pytest.raises(NothingToUndo):
        undo(entry.act, shop=shop, by=actor)
    assert actions_of(entry.act, shop=shop) == set()

    assert reread(foreign).fulfilment_status == "shipped"


def test_an_unknown_action_cannot_be_taken_back(shop, actor):
    with pytest.raises(NothingToUndo):
        undo(uuid.uuid4(), shop=shop, by=actor)


# --- many orders


def test_a_bulk_change_goes_back_where_nothing_followed(shop, actor):
    still, moved_on = make_order(shop), make_order(shop)
    done = set_status_of_many([still.pk, moved_on.pk], "fulfilment", "shipped", shop=shop, by=actor)
    set_fulfilment_status(moved_on, "delivered", by=actor)

    result = undo(done.act, shop=shop, by=actor)

    assert (result.changed, [order for order, _reason in result.refused]) == ([still], [moved_on])
    assert (reread(still).fulfilment_status, reread(moved_on).fulfilment_status) == ("ready", "delivered")


def test_a_bulk_change_can_be_taken_back_for_15_minutes(shop, actor, time_machine):
    time_machine.move_to("2026-03-22T12:00:00Z", tick=False)
    orders = [make_order(shop), make_order(shop)]
    done = set_status_of_many([order.pk for order in orders], "fulfilment", "shipped", shop=shop, by=actor)
    time_machine.move_to("2026-03-22T12:15:01Z", tick=False)

    with pytest.raises(NothingToUndo):
        undo(done.act, shop=shop, by=actor)

    assert [reread(order).fulfilment_status for order in orders] == ["shipped", "shipped"]


def test_one_order_of_a_bulk_change_goes_back_alone_and_later_too(shop, actor, time_machine):
    time_machine.move_to("2026-03-22T12:00:00Z", tick=False)
    one, other = make_order(shop), make_order(shop)
    done = set_status_of_many([one.pk, other.pk], "fulfilment", "shipped", shop=shop, by=actor)
    time_machine.move_to("2026-03-23T12:00:00Z", tick=False)

    undo(done.act, shop=shop, by=actor, order=one)

    assert (reread(one).fulfilment_status, reread(other).fulfilment_status) == ("ready", "shipped")


def test_who_takes_back_can_be_asked_for_the_right_to_it(shop, actor):
    order = make_order(shop)
    entry = set_payment_status(order, "paid", by=actor)

    assert actions_of(entry.act, shop=shop) == {LogAction.PAYMENT_CHANGED, LogAction.PAYMENT_MARKED}
