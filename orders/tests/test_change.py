import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.models import LogAction, OrderLogEntry, ShopClock, StatusCount
from orders.services import (
    OrderNotFound,
    changing,
    order_changed,
    set_fulfilment_status,
    set_internal_status,
    set_status_of_many,
)
from orders.services.change import settle_clock
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def counts(shop, kind="fulfilment"):
    return {
        row.code: row.number_of_orders
        for row in StatusCount.objects.for_shop(shop).filter(kind=kind)
        if row.number_of_orders
    }


def test_every_change_moves_the_clock_and_the_order_with_it(shop, actor):
    order = make_order(shop)
    before = ShopClock.objects.get(shop=shop)

    set_fulfilment_status(order, "in_progress", by=actor)

    order.refresh_from_db()
    clock = ShopClock.objects.get(shop=shop)
    assert clock.mark == before.mark + 1
    assert (order.change_mark, order.changed_at, order.changed_by) == (clock.mark, clock.at, actor.name)
    assert order.version == 2


def test_the_clock_never_goes_back(shop, actor, time_machine):
    time_machine.move_to("2026-03-21T12:00:00Z", tick=False)
    order = make_order(shop)
    time_machine.move_to("2026-03-21T11:00:00Z", tick=False)

    set_fulfilment_status(order, "in_progress", by=actor)

    order.refresh_from_db()
    assert order.changed_at.isoformat() == "2026-03-21T12:00:00+00:00"


def test_counters_follow_the_orders(shop, actor):
    first, second = make_order(shop), make_order(shop)
    assert counts(shop) == {"ready": 2}

    set_fulfilment_status(first, "in_progress", by=actor)

    assert counts(shop) == {"in_progress": 1, "ready": 1}
    assert counts(shop, "payment") == {"open": 2}
    assert second.fulfilment_status == "ready"


def test_services_inside_one_block_share_act_mark_and_version(shop, actor):
    order = make_order(shop)

    with changing(shop, by=actor):
        set_fulfilment_status(order, "in_progress", by=actor)
        set_fulfilment_status(order, "on_hold", by=actor)

    order.refresh_from_db()
    assert (order.fulfilment_status, order.version) == ("on_hold", 2)
    entries = OrderLogEntry.objects.filter(action=LogAction.FULFILMENT_CHANGED)
    assert [entry.changes["fulfilment_status"]["new"] for entry in entries] == ["on_hold", "in_progress"]
    assert len({entry.act for entry in entries}) == 1


def test_a_failing_block_leaves_no_trace(shop, actor):
    order = make_order(shop)
    before = ShopClock.objects.get(shop=shop).mark

    def change_and_fail():
        with changing(shop, by=actor):
            set_fulfilment_status(order, "in_progress", by=actor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()

    order.refresh_from_db()
    assert (order.fulfilment_status, order.version) == ("ready", 1)
    assert ShopClock.objects.get(shop=shop).mark == before
    assert counts(shop) == {"ready": 1}
    assert list(order.log.values_list("action", flat=True)) == ["order.placed"]


@pytest.mark.django_db(transaction=True)
def test_a_change_refuses_to_hide_in_somebody_elses_transaction(shop, actor):
    order = make_order(shop)

    with pytest.raises(RuntimeError), transaction.atomic():
        set_fulfilment_status(order, "in_progress", by=actor)


def test_one_change_belongs_to_one_shop(shop, other_shop, actor):
    order = make_order(other_shop)

    with pytest.raises(RuntimeError), changing(shop, by=actor):
        set_fulfilment_status(order, "in_progress", by=actor)


def test_an_order_of_another_shop_cannot_be_locked(shop, other_shop, actor):
    order = make_order(other_shop)

    with pytest.raises(OrderNotFound), changing(shop, by=actor) as change:
        change.lock(order.pk)


def test_order_changed_tells_all_entries_at_once(shop, actor):
    order = make_order(shop)
    heard = []

    def ear(sender, shop, entries, **kwargs):
        heard.append((shop, [entry.action for entry in entries]))

    order_changed.connect(ear)
    try:
        set_fulfilment_status(order, "in_progress", by=actor)
    finally:
        order_changed.disconnect(ear)

    assert heard == [(shop, ["fulfilment.changed"])]


def test_what_concerns_nobody_outside_does_not_move_the_mark(shop, actor):
    order = make_order(shop)

    with changing(shop, by=actor) as change:
        change.record(change.lock(order.pk), LogAction.PERSONAL_NUMBER_SEEN, moves_mark=False)

    mark = order.change_mark
    order.refresh_from_db()
    assert order.change_mark == mark
    assert order.log.first().action == "personal_number.seen"


def test_clearing_an_internal_status_that_is_not_set_changes_nothing(shop, actor):
    order = make_order(shop)

    assert set_internal_status(order, "", by=actor) is None


def test_after_the_clock_was_settled_no_change_is_earlier(shop, actor, time_machine):
    time_machine.move_to("2026-03-21T12:00:00Z", tick=False)
    order = make_order(shop)
    time_machine.move_to("2026-03-21T12:00:05Z", tick=False)

    settled = settle_clock(shop)
    time_machine.move_to("2026-03-21T11:00:00Z", tick=False)
    set_fulfilment_status(order, "in_progress", by=actor)

    order.refresh_from_db()
    assert settled.isoformat() == "2026-03-21T12:00:05+00:00"
    assert order.changed_at == settled
    assert settle_clock(shop) == settled


def test_orders_of_any_version_that_get_the_same_values_are_saved_by_one_update(shop, actor):
    young, old = make_order(shop), make_order(shop)
    for status in ("in_progress", "ready", "in_progress", "ready"):
        set_fulfilment_status(old, status, by=actor)

    with CaptureQueriesContext(connection) as captured:
        set_status_of_many([young.pk, old.pk], "fulfilment", "shipped", shop=shop, by=actor)

    assert len([query for query in captured if query["sql"].startswith('UPDATE "orders_order"')]) == 1
    young.refresh_from_db()
    old.refresh_from_db()
    assert (young.version, old.version) == (2, 6)
