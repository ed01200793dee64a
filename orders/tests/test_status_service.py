import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.tests.factories import make_staff
from orders.models import LogAction, OrderLogEntry
from orders.services import (
    ChangedMeanwhile,
    OrderIsDeleted,
    OrderNotFound,
    StatusChangeRefused,
    UnknownStatus,
    add_note,
    delete_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    set_status_of_many,
)
from orders.tests.factories import make_order, new_line
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(shop):
    return make_staff(shop, email="elin@12345.example", name="Elin Berg").as_actor(None)


def changes_of(order):
    """What happened to the order since it was placed, oldest first."""
    return [entry.changes for entry in order.log.exclude(action=LogAction.ORDER_PLACED).order_by("id")]


def reread(order):
    order.refresh_from_db()
    return order


def test_shipping_an_order_records_who_did_it_and_what_it_was(shop, actor):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.READY)

    entry = set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=actor)

    assert reread(order).fulfilment_status == FulfilmentStatus.SHIPPED
    assert order.log.first() == entry
    assert entry.changes == {"fulfilment_status": {"old": "ready", "new": "shipped"}}
    assert (entry.actor, entry.user_id, entry.channel, entry.ip_address) == (
        actor.name,
        actor.user_id,
        "web",
        "203.0.113.9",
    )


def test_setting_the_same_status_again_leaves_no_trace(shop, actor):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.SHIPPED)

    assert set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=actor) is None

    assert changes_of(order) == []
    assert reread(order).version == 1


def test_a_payment_that_arrives_after_the_parcel_left_is_not_lost(shop, actor):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.SHIPPED, payment_status=PaymentStatus.EXPIRED)

    set_payment_status(order, PaymentStatus.PAID, by=actor)

    assert reread(order).payment_status == PaymentStatus.PAID
    assert changes_of(order) == [
        {"payment_status": {"old": "expired", "new": "paid"}},
        {"paid_total": {"old": "0.00", "new": "12.10"}},
    ]


# --- what is refused, and that nothing changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FulfilmentStatus.CANCELLED, FulfilmentStatus.SHIPPED),
        (FulfilmentStatus.NEW, FulfilmentStatus.RETURNED),
        (FulfilmentStatus.NEW, FulfilmentStatus.ABORTED),
        (FulfilmentStatus.DELIVERED, FulfilmentStatus.NEW),
    ],
)
def test_a_move_that_cannot_be_true_is_refused(shop, actor, old, new):
    order = make_order(shop, fulfilment_status=old)

    with pytest.raises(StatusChangeRefused) as refusal:
        set_fulfilment_status(order, new, by=actor)

    assert str(refusal.value) == f"An order that is {old.label} cannot become {new.label}."
    assert reread(order).fulfilment_status == old
    assert changes_of(order) == []


def test_money_that_was_never_paid_cannot_be_refunded(shop, actor):
    order = make_order(shop, payment_status=PaymentStatus.OPEN)

    with pytest.raises(StatusChangeRefused):
        set_payment_status(order, PaymentStatus.REFUNDED, by=actor)

    assert reread(order).payment_status == PaymentStatus.OPEN
    assert changes_of(order) == []


@pytest.mark.parametrize("code", ["nonsense", "", "paid", "SHIPPED", " shipped"])
def test_an_unknown_status_is_refused(shop, actor, code):
    order = make_order(shop)

    with pytest.raises(UnknownStatus):
        set_fulfilment_status(order, code, by=actor)

    assert changes_of(order) == []


def test_an_own_status_of_another_shop_is_unknown_here(shop, other_shop, actor):
    make_own_status(other_shop, "fulfilment", "packing", stands_for=FulfilmentStatus.IN_PROGRESS)
    order = make_order(shop)

    with pytest.raises(UnknownStatus):
        set_fulfilment_status(order, "packing", by=actor)

    assert changes_of(order) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda order, by: set_fulfilment_status(order, "shipped", by=by),
        lambda order, by: set_payment_status(order, "paid", by=by),
        lambda order, by: set_internal_status(order, "call", by=by),
        lambda order, by: set_line_status(order, "shipped", by=by),
    ],
)
def test_an_order_in_deleted_is_restored_before_it_changes(shop, actor, change):
    make_own_status(shop, "internal", "call")
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    with pytest.raises(OrderIsDeleted):
        change(order, actor)

    assert [entry.action for entry in order.log.all()] == [LogAction.ORDER_DELETED, LogAction.ORDER_PLACED]


# --- two people at one order


def test_a_colleagues_change_in_between_is_not_overwritten(shop, actor, colleague):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.READY)
    set_fulfilment_status(order, FulfilmentStatus.ON_HOLD, by=colleague)
    add_note(order, "Wait for the customer.", by=actor)

    with pytest.raises(ChangedMeanwhile) as refusal:
        set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=actor, seen=FulfilmentStatus.READY)

    assert str(refusal.value) == "Elin Berg set this to On hold meanwhile."
    assert reread(order).fulfilment_status == FulfilmentStatus.ON_HOLD
    assert changes_of(order)[-1] == {"note": {"old": None, "new": "Wait for the customer."}}


def test_two_people_who_want_the_same_do_not_quarrel(shop, actor, colleague):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.READY)
    set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=colleague)

    assert set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=actor, seen=FulfilmentStatus.READY) is None


def test_changes_of_different_things_both_stand(shop, actor, colleague):
    order = make_order(shop, fulfilment_status=FulfilmentStatus.READY)
    set_payment_status(order, PaymentStatus.PAID, by=colleague, seen=PaymentStatus.OPEN)

    set_fulfilment_status(order, FulfilmentStatus.SHIPPED, by=actor, seen=FulfilmentStatus.READY)

    order = reread(order)
    assert (order.payment_status, order.fulfilment_status) == ("paid", "shipped")


# --- a shop's own statuses


def test_an_own_status_is_set_with_the_word_it_stands_for(shop, actor):
    packing = make_own_status(shop, "fulfilment", "packing", stands_for=FulfilmentStatus.IN_PROGRESS)
    order = make_order(shop, fulfilment_status=FulfilmentStatus.READY)

    set_fulfilment_status(order, "packing", by=actor)

    order = reread(order)
    assert (order.fulfilment_status, order.fulfilment_own_status) == ("in_progress", packing)
    assert changes_of(order) == [
        {
            "fulfilment_own_status_id": {"old": None, "new": packing.pk},
            "fulfilment_status": {"old": "ready", "new": "in_progress"},
        }
    ]


def test_going_back_to_the_built_in_word_drops_the_own_one(shop, actor):
    packing = make_own_status(shop, "fulfilment", "packing", stands_for=FulfilmentStatus.IN_PROGRESS)
    order = make_order(shop)
    set_fulfilment_status(order, "packing", by=actor)

    set_fulfilment_status(order, FulfilmentStatus.IN_PROGRESS, by=actor, seen="packing")

    assert reread(order).fulfilment_own_status is None
    assert changes_of(order)[-1] == {"fulfilment_own_status_id": {"old": packing.pk, "new": None}}


def test_an_own_status_is_bound_by_the_moves_of_what_it_stands_for(shop, actor):
    make_own_status(shop, "fulfilment", "at-the-door", stands_for=FulfilmentStatus.DELIVERED, name="At the door")
    order = make_order(shop, fulfilment_status=FulfilmentStatus.CANCELLED)

    with pytest.raises(StatusChangeRefused) as refusal:
        set_fulfilment_status(order, "at-the-door", by=actor)

    assert str(refusal.value) == "An order that is Cancelled cannot become Delivered."
    assert changes_of(order) == []


def test_an_internal_status_is_set_and_cleared(shop, actor):
    call = make_own_status(shop, "internal", "call-customer")
    order = make_order(shop)

    set_internal_status(order, "call-customer", by=actor, seen="")
    assert reread(order).internal_status == call
    set_internal_status(order, "", by=actor, seen="call-customer")

    assert reread(order).internal_status is None
    assert changes_of(order) == [
        {"internal_status_id": {"old": None, "new": call.pk}},
        {"internal_status_id": {"old": call.pk, "new": None}},
    ]


# --- lines


def test_a_back_ordered_line_is_counted_and_ready_again(shop, actor):
    order = make_order(shop, lines=3)
    line = order.lines.get(position=2)

    set_line_status(order, LineStatus.BACKORDERED, by=actor, line=line, seen=LineStatus.READY)

    order = reread(order)
    assert (order.number_of_lines, order.number_of_lines_done, order.number_of_lines_backordered) == (3, 2, 1)
    entry = order.log.get(action=LogAction.LINE_CHANGED)
    assert (entry.line, entry.subject) == (line, "CANDLE-2")
    assert entry.changes["status"] == {"old": "ready", "new": "backordered"}


def test_all_lines_are_set_at_once_and_only_those_that_change_are_recorded(shop, actor):
    order = make_order(shop, lines=3)
    set_line_status(order, LineStatus.SHIPPED, by=actor, line=order.lines.get(position=1))

    entries = set_line_status(order, LineStatus.SHIPPED, by=actor)

    assert [entry.subject for entry in entries] == ["CANDLE-2", "CANDLE-3"]
    assert len({entry.act for entry in entries}) == 1
    assert set(order.lines.values_list("status", flat=True)) == {"shipped"}
    assert reread(order).number_of_lines_done == 3


def test_a_line_that_a_colleague_moved_is_not_overwritten(shop, actor, colleague):
    order = make_order(shop)
    line = order.lines.get()
    set_line_status(order, LineStatus.CANCELLED, by=colleague, line=line)

    with pytest.raises(ChangedMeanwhile) as refusal:
        set_line_status(order, LineStatus.SHIPPED, by=actor, line=line, seen=LineStatus.READY)

    assert str(refusal.value) == "Elin Berg set this to Cancelled meanwhile."
    line.refresh_from_db()
    assert line.status == LineStatus.CANCELLED


def test_a_line_of_another_order_is_not_a_line_of_this_one(shop, actor):
    order, other = make_order(shop), make_order(shop)

    with pytest.raises(OrderNotFound):
        set_line_status(order, LineStatus.SHIPPED, by=actor, line=other.lines.get())

    assert other.lines.get().status == LineStatus.READY
    assert changes_of(order) == changes_of(other) == []


def test_an_own_line_status_stands_for_a_built_in_one(shop, actor):
    engraving = make_own_status(shop, "line", "engraving", stands_for=LineStatus.OPEN)
    order = make_order(shop)

    set_line_status(order, "engraving", by=actor, line=order.lines.get())

    line = order.lines.get()
    assert (line.status, line.own_status) == ("open", engraving)
    assert reread(order).number_of_lines_done == 0


def test_a_fee_is_no_line_to_wait_for(shop):
    order = make_order(shop, lines=[new_line(), new_line(sku="FEE", kind="fee")])

    assert (order.number_of_lines, order.number_of_lines_done) == (1, 1)


# --- many at once


def test_many_orders_are_moved_as_far_as_they_may(shop, actor):
    ready = make_order(shop, fulfilment_status=FulfilmentStatus.READY)
    shipped = make_order(shop, fulfilment_status=FulfilmentStatus.SHIPPED)
    cancelled = make_order(shop, fulfilment_status=FulfilmentStatus.CANCELLED)

    result = set_status_of_many(
        [ready.pk, shipped.pk, cancelled.pk], "fulfilment", FulfilmentStatus.SHIPPED, shop=shop, by=actor
    )

    assert (result.changed, result.unchanged) == ([ready], [shipped])
    assert [(order, type(reason)) for order, reason in result.refused] == [(cancelled, StatusChangeRefused)]
    assert reread(cancelled).fulfilment_status == FulfilmentStatus.CANCELLED
    assert list(OrderLogEntry.objects.filter(act=result.act).values_list("order_id", flat=True)) == [ready.pk]


def test_one_foreign_order_among_many_stops_all(shop, other_shop, actor):
    own, foreign = make_order(shop), make_order(other_shop)

    with pytest.raises(OrderNotFound):
        set_status_of_many([own.pk, foreign.pk], "fulfilment", "shipped", shop=shop, by=actor)

    assert (reread(own).fulfilment_status, reread(foreign).fulfilment_status) == ("ready", "ready")


def test_many_orders_cost_as_many_queries_as_a_few(shop, actor):
    few = [make_order(shop).pk for _ in range(2)]
    many = [make_order(shop).pk for _ in range(12)]

    with CaptureQueriesContext(connection) as for_few:
        set_status_of_many(few, "fulfilment", "shipped", shop=shop, by=actor)
    with CaptureQueriesContext(connection) as for_many:
        set_status_of_many(many, "fulfilment", "shipped", shop=shop, by=actor)

    assert len(for_few) == len(for_many) < 15
