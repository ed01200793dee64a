from decimal import Decimal

import pytest

from orders import money
from orders.models import LogAction, Order, OrderLogEntry
from orders.services import (
    MergeRefused,
    NewPayment,
    NewRefund,
    NewShipment,
    NothingToUndo,
    OrderNotFound,
    SplitRefused,
    add_note,
    delete_orders,
    merge_back,
    place_order,
    set_fulfilment_status,
    split_order,
    undo,
)
from orders.tests.factories import PLACED_AT, make_order, new_line, new_order
from orders.time_machine import picture_at

pytestmark = pytest.mark.django_db

D = Decimal


def paid(amount, **values):
    dull = {"method": "iDEAL", "provider": "Mollie", "provider_reference": "tr_1", "state": "paid"}
    return NewPayment(amount=D(amount), created_at=PLACED_AT, paid_at=PLACED_AT, **dull | values)


def quantities(order):
    return {line.position: line.quantity for line in order.lines.all()}


def refusal_of(order, parts, actor, **values):
    """What a split is refused for; nothing may have changed."""
    before = list(Order.objects.order_by("pk").values())
    with pytest.raises(SplitRefused) as refused:
        split_order(order, parts, by=actor, **values)
    assert list(Order.objects.order_by("pk").values()) == before
    assert not OrderLogEntry.objects.filter(action=LogAction.ORDER_SPLIT).exists()
    return refused.value.errors


def test_what_goes_stands_in_a_new_order_of_the_same_customer(shop, actor):
    order = make_order(shop, lines=[new_line(sku="A", quantity=D(3)), new_line(sku="B")])

    (part,) = split_order(order, [{1: D(2), 2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (part.split_from, part.number) == (order, order.number + 1)
    assert (part.customer_name, part.customer_email) == ("Anna Jansen", "anna@example.org")
    assert (quantities(order), quantities(part)) == ({1: D(1)}, {1: D(2), 2: D(1)})
    assert (order.total, part.total) == (D("12.10"), D("36.30"))
    assert (order.number_of_lines, part.number_of_lines) == (1, 2)


def test_shipping_cost_stays_and_the_discount_is_shared(shop, actor):
    order = make_order(
        shop,
        lines=[new_line(unit_price=D("10.00")), new_line(unit_price=D("20.00"))],
        shipping_cost=D("5.00"),
        shipping_vat_rate=D("21.00"),
        discount=D("1.00"),
    )

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (order.shipping_cost, part.shipping_cost) == (D("5.00"), D("0.00"))
    assert (order.discount, part.discount) == (D("0.33"), D("0.67"))
    assert (order.total, part.total) == (D("14.67"), D("19.33"))


def test_a_line_that_does_not_divide_keeps_every_cent(shop, actor):
    # Three times 0.3312 is 0.99 and once is 0.33, with 0.07 VAT each; but the VAT of all three less discount is 0.19.
    order = make_order(
        shop,
        lines=[new_line(quantity=D(3), unit_price=D("0.3312"), discount=D("0.10")), new_line()],
        prices_include_vat=False,
    )
    whole, total = order.lines.get(position=1), order.total

    parts = split_order(order, [{1: D(1)}, {1: D(1)}], by=actor)

    lines = [each.lines.get(position=1) for each in (order, *parts)]
    for name in ("total_ex", "total_vat", "total", "discount"):
        assert sum(getattr(line, name) for line in lines) == getattr(whole, name), name
    order.refresh_from_db()
    assert order.total + sum(part.total for part in parts) == total


def test_money_that_is_no_longer_needed_is_counted_over(shop, actor):
    order = make_order(shop, lines=2, payments=[paid("24.20")])

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (order.paid_total, part.paid_total) == (D("12.10"), D("12.10"))
    assert (order.payment_status, part.payment_status) == ("paid", "paid")
    assert [row.amount for row in order.payments.all()] == [D("24.20"), D("-12.10")]
    (came,) = part.payments.all()
    assert (came.amount, came.other_order, came.provider_reference) == (D("12.10"), order, "tr_1")


def test_what_was_paid_in_part_pays_for_what_stays_first(shop, actor):
    order = make_order(shop, lines=2, payments=[paid("15.00")])

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (order.paid_total, order.payment_status) == (D("12.10"), "paid")
    assert (part.paid_total, part.payment_status) == (D("2.90"), "partly_paid")


def test_the_newest_payment_goes_first_and_no_more_of_it_than_is_left(shop, actor):
    order = make_order(
        shop,
        lines=3,
        payments=[paid("24.20"), paid("12.10", provider_reference="tr_2", method="Gift card")],
    )

    parts = split_order(order, [{2: D(1), 3: D(1)}], by=actor)

    assert [(row.method, row.amount) for row in parts[0].payments.order_by("id")] == [
        ("Gift card", D("12.10")),
        ("iDEAL", D("12.10")),
    ]


def test_a_status_set_by_hand_without_payments_is_kept_on_both(shop, actor):
    order = make_order(shop, lines=2, payment_status="paid")

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (order.payment_status, part.payment_status) == ("paid", "paid")


def test_the_backordered_go_and_the_rest_is_ready(shop, actor):
    order = make_order(shop, lines=[new_line(), new_line(is_backordered=True)])
    assert order.fulfilment_status == "backordered"

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert (order.fulfilment_status, part.fulfilment_status) == ("ready", "backordered")
    assert (order.number_of_lines_backordered, part.number_of_lines_backordered) == (0, 1)


def test_the_rest_of_a_partly_shipped_order_goes_and_what_stays_is_shipped(shop, actor):
    sent = NewShipment("PostNL", "3SABCD1234567", PLACED_AT, quantities={1: D(1)})
    order = make_order(shop, lines=[new_line(quantity=D(3))], shipments=[sent], fulfilment_status="partly_shipped")

    (part,) = split_order(order, [{1: D(2)}], by=actor)

    order.refresh_from_db()
    assert (order.fulfilment_status, part.fulfilment_status) == ("shipped", "ready")
    assert order.lines.get().quantity_shipped == D(1)
    assert (part.lines.get().quantity_shipped, part.shipments.count()) == (0, 0)


def test_both_sides_are_told_and_found(shop, actor):
    order = make_order(shop, lines=2)

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    order.refresh_from_db()
    assert [(entry.action, entry.subject) for entry in order.log.all()] == [
        (LogAction.LINE_MOVED, "CANDLE-2"),
        (LogAction.ORDER_SPLIT, part.display_number),
        (LogAction.ORDER_PLACED, "webshop"),
    ]
    assert [(entry.action, entry.subject) for entry in part.log.all()] == [
        (LogAction.LINE_MOVED, "CANDLE-2"),
        (LogAction.ORDER_SPLIT_OFF, order.display_number),
    ]
    assert "candle-2" in part.search_text.text
    assert "candle-2" not in order.search_text.text
    assert order.changed_at == part.changed_at


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([{1: D(4)}], "part1.1"),
        ([{1: D(2)}, {1: D(2)}], "part2.1"),
        ([{1: D(-1)}], "part1.1"),
        ([{1: D("0.0001")}], "part1.1"),
        ([{1: D("NaN")}], "part1.1"),
        ([{1: D("1e309")}], "part1.1"),
        ([{7: D(1)}], ""),
        ([{}], ""),
        ([], ""),
        ([{1: D(3), 2: D(1)}], ""),
        ([{1: D(1)}] * 9, ""),
    ],
)
def test_more_than_there_is_and_nonsense_are_refused(shop, actor, parts, field):
    order = make_order(shop, lines=[new_line(quantity=D(3)), new_line()])

    assert list(refusal_of(order, parts, actor)) == [field]


def test_what_was_sent_stays(shop, actor):
    sent = NewShipment("PostNL", "3SABCD1234567", PLACED_AT, quantities={1: D(2)})
    order = make_order(
        shop, lines=[new_line(quantity=D(3)), new_line()], shipments=[sent], fulfilment_status="partly_shipped"
    )

    assert refusal_of(order, [{1: D(2)}], actor) == {"part1.1": ["Only 1 can go to another order."]}


@pytest.mark.parametrize("status", ["shipped", "delivered", "completed", "cancelled", "expired", "returned"])
def test_a_closed_order_is_not_split(shop, actor, status):
    order = make_order(shop, lines=2, fulfilment_status=status)

    assert list(refusal_of(order, [{1: D(1)}], actor)) == [""]


def test_a_deleted_order_is_not_split(shop, actor):
    order = make_order(shop, lines=2)
    delete_orders([order.pk], shop=shop, by=actor)

    assert refusal_of(order, [{1: D(1)}], actor) == {"": ["This order is in Deleted. Restore it first."]}


def test_a_form_sent_twice_splits_once(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=D(4)), new_line()])
    seen = order.version

    split_order(order, [{1: D(1)}], by=actor, seen_version=seen)
    with pytest.raises(SplitRefused):
        split_order(order, [{1: D(1)}], by=actor, seen_version=seen)

    assert quantities(order) == {1: D(3), 2: D(1)}
    assert Order.objects.count() == 2


def test_another_shops_order_is_not_found(shop, other_shop, actor):
    order = make_order(other_shop, lines=2)
    order.shop = shop

    with pytest.raises(OrderNotFound):
        split_order(order, [{1: D(1)}], by=actor)


def test_too_much_given_back_is_not_counted_over(shop, actor):
    back = NewRefund(D("20.00"), "Late", "paid_out", PLACED_AT)
    order = make_order(shop, lines=2, payments=[paid("24.20")], refunds=[back])

    assert list(refusal_of(order, [{2: D(1)}], actor)) == [""]


def everything(order):
    order.refresh_from_db()
    left_out = {"version", "changed_at", "change_mark", "changed_by"}
    fields = {field.attname: getattr(order, field.attname) for field in Order._meta.concrete_fields}
    return (
        {name: value for name, value in fields.items() if name not in left_out},
        list(order.lines.values()),
        list(order.payments.values()),
    )


def test_undo_puts_everything_back(shop, actor):
    order = make_order(
        shop,
        lines=[new_line(quantity=D(3), unit_price=D("0.3312")), new_line(), new_line(is_backordered=True)],
        payments=[paid("30.00")],
        discount=D("0.77"),
        prices_include_vat=False,
    )
    before = everything(order)
    parts = split_order(order, [{1: D(1), 3: D(1)}, {1: D(1)}], by=actor)
    assert everything(order) != before

    undo(order.log.first().act, shop=shop, by=actor)

    assert everything(order) == before
    for part in parts:
        part.refresh_from_db()
        assert (part.fulfilment_status, part.merged_into, part.total, part.lines.count()) == ("cancelled", order, 0, 0)
    with pytest.raises(NothingToUndo):
        undo(order.log.first().act, shop=shop, by=actor)


def test_a_note_does_not_stop_undo_but_sending_does(shop, actor):
    order = make_order(shop, lines=2)
    (part,) = split_order(order, [{2: D(1)}], by=actor)
    act = part.log.first().act
    add_note(part, "Fragile", by=actor)
    set_fulfilment_status(part, "shipped", by=actor)

    with pytest.raises(NothingToUndo):
        undo(act, shop=shop, by=actor)

    set_fulfilment_status(part, "ready", by=actor)
    undo(act, shop=shop, by=actor)
    assert quantities(order) == {1: D(1), 2: D(1)}


def test_a_part_that_was_sent_cannot_be_merged_back(shop, actor):
    order = make_order(shop, lines=2)
    (part,) = split_order(order, [{2: D(1)}], by=actor)
    set_fulfilment_status(part, "shipped", by=actor)

    with pytest.raises(MergeRefused):
        merge_back(order, by=actor, parts=[part])

    with pytest.raises(MergeRefused):
        merge_back(order, by=actor)


def test_an_order_that_was_not_split_off_is_not_merged_back(shop, actor):
    order, stranger = make_order(shop, lines=2), make_order(shop)

    with pytest.raises(MergeRefused):
        merge_back(order, by=actor, parts=[stranger])


def test_the_new_order_of_a_marketplace_order_has_no_number_of_its_own_there(shop, actor):
    new = new_order(lines=2, source="marketplace", source_name="bol", source_id="B-77")
    order = place_order(new, shop=shop, by=actor).order

    (part,) = split_order(order, [{2: D(1)}], by=actor)

    assert (part.source, part.source_name, part.source_id) == ("marketplace", "bol", None)


def test_cutting_a_line_that_costs_nothing(shop):
    order = make_order(shop, lines=[new_line(quantity=D(2), unit_price=D(0))])

    cuts = money.cut_line(order.lines.get(), [D(1), D(1)], includes_vat=True)

    assert [cut.total for cut in cuts] == [0, 0]


def test_the_past_of_both_can_be_shown(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=D(3)), new_line(sku="GONE")])
    placed = order.log.get()

    (part,) = split_order(order, [{1: D(2), 2: D(1)}], by=actor)

    was = picture_at(placed)
    assert ([(line.sku, line.quantity) for line in was.lines], was.gaps) == ([("CANDLE", D(3)), ("GONE", D(1))], [])
    assert was.order.total == D("48.40")
    now = picture_at(part.log.last())
    assert [(line.sku, line.quantity) for line in now.lines] == []
