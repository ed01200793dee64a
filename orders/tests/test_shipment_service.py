"""What leaves, is corrected and taken back, and what lines and order make of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import LogAction, Order, OrderLine, Shipment
from orders.services import (
    ChangeRefused,
    Dispatch,
    InputRefused,
    NewShipment,
    OrderIsDeleted,
    ShipmentStays,
    ShippedMeanwhile,
    add_shipment,
    add_tracking,
    change_shipment,
    delete_orders,
    remove_shipment,
    set_fulfilment_status,
    set_line_status,
)
from orders.services import shipments as shipment_service
from orders.services.shipping import left_of, proposed, seen_of, way_of
from orders.tests.factories import PLACED_AT, make_order, new_line
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db
UPS = "1Z5R89390357567127"


def three_candles(**values):
    return new_line(sku="CANDLE", quantity=Decimal(3), weight_g=900, **values)


def one_table(**values):
    return new_line(sku="TABLE", name="Table", quantity=Decimal(1), weight_g=6200, **values)


def parts(**quantities):
    """`parts(_1=2)` is two of the line at place 1."""
    return {int(name[1:]): Decimal(quantity) for name, quantity in quantities.items()}


def reread(order):
    return Order.objects.get(pk=order.pk)


def shipped(order):
    return [f"{line.quantity_shipped.normalize():f}" for line in order.lines.all()]


def line_statuses(order):
    return list(order.lines.values_list("status", flat=True))


def actions(order):
    return list(order.log.order_by("id").values_list("action", flat=True))[1:]


# --- adding


def test_a_part_of_an_order_leaves_with_its_code(shop, actor):
    order = make_order(shop, lines=[three_candles(), one_table()], shipping_method="UPS Standard")

    shipment = add_shipment(order, Dispatch(parts(_1=2), tracking_code="1z5r 8939 0357 5671 27"), by=actor)

    assert (shipment.carrier, shipment.tracking_code, shipment.weight_g) == ("UPS", UPS, 600)
    assert shipment.tracking_url == f"https://www.ups.com/track?loc=en&tracknum={UPS}"
    assert shipped(order) == ["2", "0"]
    assert line_statuses(order) == ["ready", "ready"]
    assert reread(order).fulfilment_status == "partly_shipped"
    assert actions(order) == ["shipment.added", "fulfilment.changed"]


def test_with_the_rest_the_order_is_shipped(shop, actor):
    order = make_order(shop, lines=[three_candles(), one_table()])
    add_shipment(order, Dispatch(parts(_1=2)), by=actor)

    add_shipment(order, Dispatch(parts(_1=1, _2=1)), by=actor)

    order = reread(order)
    assert shipped(order) == ["3", "1"]
    assert line_statuses(order) == ["shipped", "shipped"]
    assert (order.fulfilment_status, order.number_of_lines_done) == ("shipped", 2)


def test_the_status_follows_only_if_it_is_wanted(shop, actor):
    order = make_order(shop)

    add_shipment(order, Dispatch(parts(_1=1)), by=actor, moves_status=False)

    assert reread(order).fulfilment_status == "ready"
    assert line_statuses(order) == ["shipped"]


def test_an_order_that_is_further_on_stays_there(shop, actor):
    order = make_order(shop, lines=[three_candles()])
    set_fulfilment_status(order, "shipped", by=actor)

    add_shipment(order, Dispatch(parts(_1=1), tracking_code=UPS), by=actor)

    assert reread(order).fulfilment_status == "shipped"


@pytest.mark.parametrize(
    ("method", "way"),
    [
        ("Afhalen in de winkel", "picked_up"),
        ("Click & Collect", "picked_up"),
        ("Hämta i butik", "picked_up"),
        ("Eigen bezorgdienst", "brought"),
        ("PostNL Standard", "carrier"),
        ("", "carrier"),
    ],
)
def test_the_shipping_method_says_how_an_order_leaves(shop, method, way):
    assert way_of(make_order(shop, shipping_method=method)) == way


@pytest.mark.parametrize("way", ["picked_up", "brought"])
def test_what_is_handed_over_needs_no_code_and_is_delivered(shop, actor, way):
    order = make_order(shop)

    shipment = add_shipment(order, Dispatch(parts(_1=1), way=way, carrier="UPS", tracking_code=UPS), by=actor)

    assert (shipment.carrier, shipment.tracking_code, shipment.tracking_url) == ("", "", "")
    assert reread(order).fulfilment_status == "delivered"


def test_an_order_that_was_picked_up_does_not_wait_for_a_code(shop, actor):
    sent, collected = make_order(shop, payment_status="paid"), make_order(shop, payment_status="paid")

    for order, way in ((sent, "carrier"), (collected, "picked_up")):
        add_shipment(order, Dispatch(parts(_1=1), way=way), by=actor)
        set_fulfilment_status(order, "shipped", by=actor)

    assert reread(sent).get_waiting_for_display() == "Shipped without tracking code"
    assert reread(collected).get_waiting_for_display() == "Nothing"


def test_an_order_is_found_by_its_new_code(shop, actor):
    order = make_order(shop)

    add_shipment(order, Dispatch(parts(_1=1), tracking_code=UPS), by=actor)

    order.search_text.refresh_from_db()
    assert UPS.casefold() in order.search_text.text


def test_what_several_carriers_use_is_settled_by_the_shipping_method(shop, actor):
    order = make_order(shop, shipping_method="GLS Business Parcel")

    assert add_shipment(order, Dispatch(parts(_1=1), tracking_code="201298452277"), by=actor).carrier == "GLS"


def test_fees_downloads_and_cancelled_lines_never_leave(shop, actor):
    order = make_order(shop, lines=[
        new_line(kind="fee"), new_line(kind="digital"), new_line(status="cancelled"), new_line(quantity=Decimal(-1)),
    ])  # fmt: skip

    assert [left_of(line) for line in order.lines.all()] == [0, 0, 0, 0]
    for position in (1, 2, 3, 4):
        with pytest.raises(InputRefused):
            add_shipment(order, Dispatch({position: Decimal(1)}), by=actor)


def test_back_ordered_goods_are_not_proposed_but_may_leave(shop, actor):
    order = make_order(shop, lines=[three_candles(is_backordered=True)])
    line = order.lines.get()

    assert (proposed(line), left_of(line)) == (0, 3)


def test_what_was_credited_before_it_left_is_not_proposed(shop):
    order = make_order(shop, lines=[three_candles(quantity_credited=Decimal(1))])

    assert proposed(order.lines.get()) == 2


# --- what is refused


@pytest.mark.parametrize("quantity", ["4", "-1", "NaN", "Infinity", "1e309", "0.0001"])
def test_a_quantity_that_cannot_leave_is_refused_and_nothing_is_stored(shop, actor, quantity):
    order = make_order(shop, lines=[three_candles(), one_table()])

    with pytest.raises(InputRefused) as refusal:
        add_shipment(order, Dispatch({1: Decimal(quantity), 2: Decimal(1)}), by=actor)

    assert list(refusal.value.errors) == ["quantity-1"]
    assert shipped(order) == ["0", "0"]
    assert not Shipment.objects.exists()
    assert reread(order).version == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quantities": {}}, ""),
        ({"quantities": {1: Decimal(0)}}, ""),
        ({"quantities": {9: Decimal(1)}}, "quantity-9"),
        ({"tracking_code": "x" * 81}, "tracking_code"),
        ({"tracking_code": "A\nB"}, "tracking_code"),
        ({"tracking_code": "A\x00"}, "tracking_code"),
        ({"carrier": "x" * 61}, "carrier"),
        ({"number_of_parcels": 0}, "number_of_parcels"),
        ({"number_of_parcels": 10**6}, "number_of_parcels"),
        ({"weight_g": -1}, "weight_g"),
        ({"way": "by pigeon"}, "way"),
    ],
)
def test_what_makes_no_sense_is_refused(shop, actor, wrong, field):
    order = make_order(shop)

    with pytest.raises(InputRefused) as refusal:
        add_shipment(order, Dispatch(**{"quantities": {1: Decimal(1)}} | wrong), by=actor)

    assert list(refusal.value.errors) == [field]
    assert reread(order).version == 1


@pytest.mark.parametrize("status", ["cancelled", "expired", "aborted"])
def test_a_stopped_order_is_not_shipped(shop, actor, status):
    order = make_order(shop, fulfilment_status=status)

    with pytest.raises(InputRefused, match="cannot be shipped"):
        add_shipment(order, Dispatch(parts(_1=1)), by=actor)

    assert not Shipment.objects.exists()


def test_an_order_in_deleted_is_left_alone(shop, actor):
    order = make_order(shop, shipments=[NewShipment("UPS", UPS, PLACED_AT)])
    delete_orders([order.pk], shop=shop, by=actor)
    shipment = order.shipments.get()

    for attempt in (
        lambda: add_shipment(order, Dispatch(parts(_1=1)), by=actor),
        lambda: change_shipment(shipment, by=actor, carrier="DHL", tracking_code=""),
        lambda: remove_shipment(shipment, by=actor),
    ):
        with pytest.raises(OrderIsDeleted):
            attempt()

    assert order.shipments.get().tracking_code == UPS


# --- two people at once


def test_who_did_not_see_the_other_shipment_is_told(shop, actor):
    order = make_order(shop, lines=[three_candles()])
    seen = seen_of(order.shipments.all())
    elin = make_staff(shop, Role.WAREHOUSE, name="Elin Berg").as_actor(None)
    add_shipment(order, Dispatch(parts(_1=1), seen=seen), by=elin)

    with pytest.raises(ShippedMeanwhile, match="Elin Berg"):
        add_shipment(order, Dispatch(parts(_1=1), seen=seen), by=actor)

    assert shipped(order) == ["1"]


def test_who_corrects_a_code_that_was_corrected_is_told(shop, actor):
    order = make_order(shop, shipments=[NewShipment("UPS", UPS, PLACED_AT)])
    shipment = order.shipments.get()
    change_shipment(shipment, by=actor, carrier="DHL", tracking_code="JVGL0123456789")

    with pytest.raises(ShippedMeanwhile):
        change_shipment(shipment, by=actor, carrier="", tracking_code="3SDEMO123456789", seen=("UPS", UPS))

    assert order.shipments.get().tracking_code == "JVGL0123456789"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_twenty_sendings_of_one_form_one_ships(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=Decimal(20))])
    seen = seen_of(order.shipments.all())

    assert at_once(20, lambda: add_shipment(order, Dispatch(parts(_1=1), seen=seen), by=actor)) == 1
    assert shipped(order) == ["1"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_what_was_seen_each_sending_ships(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=Decimal(20))])

    assert at_once(20, lambda: add_shipment(order, Dispatch(parts(_1=1)), by=actor)) == 20
    assert shipped(order) == ["20"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twenty_people_never_ship_more_than_there_is(shop, actor):
    order = make_order(shop, lines=[three_candles()])

    assert at_once(20, lambda: add_shipment(order, Dispatch(parts(_1=1)), by=actor)) == 3
    assert shipped(order) == ["3"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_do(shop, actor, monkeypatch):
    order = make_order(shop, lines=[three_candles()])
    insert = shipment_service._insert

    def insert_slowly(*arguments):
        time.sleep(0.05)
        return insert(*arguments)

    monkeypatch.setattr(shipment_service, "_insert", insert_slowly)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)

    assert at_once(8, lambda: add_shipment(order, Dispatch(parts(_1=1)), by=actor)) > 3


def at_once(number, attempt):
    """How many of that many attempts by threads were not refused."""

    def one(_number):
        try:
            attempt()
        except ChangeRefused:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(one, range(number)))


# --- correcting


def test_a_code_is_added_later(shop, actor):
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch(parts(_1=1)), by=actor)

    entry = change_shipment(shipment, by=actor, carrier="", tracking_code=UPS)

    stored = order.shipments.get()
    assert (stored.carrier, stored.tracking_code) == ("UPS", UPS)
    assert entry.changes["tracking_code"] == {"old": "", "new": UPS}
    assert change_shipment(stored, by=actor, carrier="UPS", tracking_code=UPS) is None


def test_a_link_that_came_with_the_order_stays_while_the_code_does(shop, actor):
    order = make_order(shop, shipments=[NewShipment("UPS", UPS, PLACED_AT, tracking_url="https://post.example/1")])

    change_shipment(order.shipments.get(), by=actor, carrier="UPS", tracking_code=UPS, number_of_parcels=2)

    stored = order.shipments.get()
    assert (stored.tracking_url, stored.number_of_parcels) == ("https://post.example/1", 2)


def test_a_system_that_reports_a_code_ships_what_is_left(shop, actor):
    order = make_order(shop, lines=[three_candles(), one_table()])
    add_shipment(order, Dispatch(parts(_1=1), tracking_code="3SDEMO123456789"), by=actor)

    assert add_tracking(order, UPS, by=actor).action == LogAction.SHIPMENT_ADDED

    assert shipped(order) == ["3", "1"]
    assert add_tracking(order, UPS, by=actor) is None
    assert reread(order).fulfilment_status == "partly_shipped"


def test_a_second_code_of_goods_that_are_all_away_is_one_more_parcel(shop, actor):
    order = make_order(shop)
    add_shipment(order, Dispatch(parts(_1=1), tracking_code="3SDEMO123456789"), by=actor)

    add_tracking(order, UPS, by=actor)

    assert [parcel.lines.count() for parcel in order.shipments.all()] == [1, 0]
    assert shipped(order) == ["1"]


def test_a_system_that_reports_a_code_completes_the_parcel_without(shop, actor):
    order = make_order(shop)
    add_shipment(order, Dispatch(parts(_1=1)), by=actor)

    add_tracking(order, UPS, by=actor)

    assert order.shipments.get().tracking_code == UPS


# --- taking back


def test_a_removed_shipment_never_left(shop, actor):
    order = make_order(shop, lines=[three_candles(), one_table(is_backordered=True)])
    make_own_status(shop, "fulfilment", "packing", stands_for="in_progress")
    set_fulfilment_status(order, "packing", by=actor)
    before = (reread(order).fulfilment_own_status_id, line_statuses(order))
    shipment = add_shipment(order, Dispatch(parts(_1=3, _2=1), tracking_code=UPS), by=actor)

    entry = remove_shipment(shipment, by=actor)

    order = reread(order)
    assert shipped(order) == ["0", "0"]
    assert (order.fulfilment_own_status_id, line_statuses(order)) == before
    assert order.fulfilment_status == "in_progress"
    assert entry.changes["shipment"]["old"]["tracking_code"] == UPS
    assert UPS.casefold() not in order.search_text.text
    assert remove_shipment(shipment, by=actor) is None


def test_with_another_shipment_left_the_order_is_partly_shipped(shop, actor):
    order = make_order(shop, lines=[three_candles(), one_table()])
    add_shipment(order, Dispatch(parts(_1=2)), by=actor)
    last = add_shipment(order, Dispatch(parts(_1=1, _2=1)), by=actor)

    remove_shipment(last, by=actor)

    assert reread(order).fulfilment_status == "partly_shipped"
    assert line_statuses(order) == ["ready", "ready"]


def test_a_line_that_was_moved_on_meanwhile_stays_where_it_is(shop, actor):
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch(parts(_1=1)), by=actor)
    set_line_status(order, "complaint", by=actor)

    remove_shipment(shipment, by=actor)

    assert line_statuses(order) == ["complaint"]


@pytest.mark.parametrize("status", ["delivered", "completed", "returned"])
def test_a_shipment_stays_once_the_order_went_on(shop, actor, status):
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch(parts(_1=1)), by=actor)
    set_fulfilment_status(order, status, by=actor)

    with pytest.raises(ShipmentStays):
        remove_shipment(shipment, by=actor)

    assert shipped(order) == ["1"]


def test_a_shipment_stays_once_goods_of_it_came_back(shop, actor):
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch(parts(_1=1)), by=actor)
    OrderLine.objects.filter(order=order).update(quantity_returned=1)

    with pytest.raises(ShipmentStays):
        remove_shipment(shipment, by=actor)


def test_what_was_handed_over_by_mistake_can_be_taken_back(shop, actor):
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch(parts(_1=1), way="picked_up"), by=actor)

    remove_shipment(shipment, by=actor)

    assert reread(order).fulfilment_status == "ready"


# --- whatever is done in whatever order

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(st.integers(1, 3), st.integers(-1, 5), max_size=3), st.booleans()),
        st.tuples(st.just("change"), st.integers(0, 4), st.sampled_from(["", UPS, "3SDEMO123456789"])),
        st.tuples(st.just("remove"), st.integers(0, 4)),
    ),
    max_size=7,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_lines_shipments_and_order_agree_whatever_is_done(shop, actor, steps):
    order = make_order(shop, lines=[three_candles(), one_table(), three_candles(is_backordered=True)])

    for step in steps:
        with suppress(InputRefused, ShipmentStays):
            do(order, step, actor)
        check_agreement(reread(order))


def do(order, step, actor):
    shipments = list(order.shipments.all())
    match step:
        case ("add", quantities, moves_status):
            dispatch = Dispatch({position: Decimal(number) for position, number in quantities.items()})
            add_shipment(order, dispatch, by=actor, moves_status=moves_status)
        case ("change", which, code) if which < len(shipments):
            change_shipment(shipments[which], by=actor, carrier="", tracking_code=code)
        case ("remove", which) if which < len(shipments):
            remove_shipment(shipments[which], by=actor)


def check_agreement(order):
    lines = list(order.lines.all())
    for line in lines:
        assert 0 <= line.quantity_shipped <= line.quantity
        assert line.quantity_shipped == sum(part.quantity for part in line.shipment_lines.all())
        assert (line.status == "shipped") == (line.quantity_shipped == line.quantity)
    assert order.number_of_lines_done == sum(line.status in {"shipped", "ready"} for line in lines)
    if order.fulfilment_status == "shipped":
        assert all(line.status == "shipped" for line in lines)
    if order.fulfilment_status == "partly_shipped":
        assert any(line.quantity_shipped for line in lines)
    if order.fulfilment_status in {"ready", "backordered"}:
        assert not any(line.quantity_shipped for line in lines) or order.shipments.exists()
