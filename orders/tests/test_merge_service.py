from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Address, LogAction, Order
from orders.models.order import OPEN
from orders.services import (
    MergeRefused,
    NewNote,
    NewPayment,
    NewShipment,
    NothingToUndo,
    OrderNotFound,
    add_tracking,
    delete_orders,
    merge_orders,
    set_fulfilment_status,
    undo,
)
from orders.services.merging import merge_suggestions
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.waiting import WORK

pytestmark = pytest.mark.django_db

D = Decimal
HOME = Address(name="Anna Jansen", street="Kerkstraat 1", postcode="1017 AB", city="Amsterdam", country="NL")


def paid(amount):
    return NewPayment(D(amount), "iDEAL", "paid", PLACED_AT, paid_at=PLACED_AT)


def reread(*orders):
    for order in orders:
        order.refresh_from_db()
    return orders


def reason_of(target, others, actor):
    """Why a merge is refused; nothing may have changed."""
    before = list(Order.objects.order_by("pk").values())
    with pytest.raises(MergeRefused) as refused:
        merge_orders(target, others, by=actor)
    assert list(Order.objects.order_by("pk").values()) == before
    return str(refused.value)


def test_everything_moves_and_the_other_is_closed(shop, actor):
    target = make_order(shop, payments=[paid("12.10")])
    note = NewNote("Ring twice", "Marit Bakker", PLACED_AT)
    other = make_order(shop, lines=2, payments=[paid("24.20")], notes=[note], customer_message="Please hurry")

    merge_orders(target, [other], by=actor)

    reread(target, other)
    assert [line.sku for line in target.lines.all()] == ["CANDLE-1", "CANDLE-1", "CANDLE-2"]
    assert [line.position for line in target.lines.all()] == [1, 2, 3]
    assert (target.total, target.paid_total, target.payment_status) == (D("36.30"), D("36.30"), "paid")
    assert (target.number_of_lines, target.payments.count(), target.has_internal_note) == (3, 2, True)
    assert {each.text for each in target.notes.all()} == {
        "Ring twice",
        f"Message of the customer at order {other.display_number}:\nPlease hurry",
    }
    assert (other.fulfilment_status, other.payment_status, other.merged_into) == ("cancelled", "cancelled", target)
    assert (other.total, other.paid_total, other.lines.count(), other.number_of_lines) == (0, 0, 0, 0)


def test_what_the_other_charged_for_shipping_and_payment_becomes_lines(shop, actor):
    charges = {
        "shipping_cost": D("4.95"),
        "shipping_vat_rate": D("21.00"),
        "payment_fee": D("0.29"),
        "payment_fee_vat_rate": D("9.00"),
    }
    target, other = make_order(shop, **charges), make_order(shop, **charges)

    merge_orders(target, [other], by=actor)

    reread(target)
    fees = target.lines.filter(kind="fee")
    assert [(line.name, line.total, line.vat_rate) for line in fees] == [
        (f"Shipping of order {other.display_number}", D("4.95"), D("21.00")),
        (f"Payment fee of order {other.display_number}", D("0.29"), D("9.00")),
    ]
    assert (target.shipping_cost, target.total) == (D("4.95"), D("34.68"))


def test_discounts_add_up_and_stay_with_their_lines(shop, actor):
    target, other = make_order(shop, discount=D("1.00")), make_order(shop, discount=D("2.00"))

    merge_orders(target, [other], by=actor)

    reread(target)
    assert (target.discount, target.total) == (D("3.00"), D("21.20"))
    assert [line.discount_share for line in target.lines.all()] == [D("1.00"), D("2.00")]


def test_a_backordered_line_makes_the_whole_backordered(shop, actor):
    target, other = make_order(shop), make_order(shop, lines=[new_line(is_backordered=True)])

    merge_orders(target, [other], by=actor)

    assert reread(target)[0].fulfilment_status == "backordered"


def test_shipments_move_and_the_whole_is_partly_shipped(shop, actor):
    sent = NewShipment("PostNL", "3SABCD1234567", PLACED_AT, quantities={1: D(1)})
    target = make_order(shop)
    other = make_order(shop, lines=2, shipments=[sent], fulfilment_status="partly_shipped")

    merge_orders(target, [other], by=actor)

    reread(target)
    assert (target.fulfilment_status, target.shipments.get().tracking_code) == ("partly_shipped", "3SABCD1234567")
    assert "3sabcd1234567" in target.search_text.text


def test_both_sides_are_told(shop, actor):
    target, other = make_order(shop), make_order(shop)

    merge_orders(target, [other], by=actor)

    assert (target.log.first().action, target.log.first().subject) == (LogAction.ORDERS_MERGED, other.display_number)
    assert (other.log.first().action, other.log.first().subject) == (LogAction.ORDER_MERGED, target.display_number)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"customer_email": "bert@example.org"}, "another customer"),
        ({"customer_email": ""}, "another customer"),
        ({"currency": "SEK"}, "another currency"),
        ({"prices_include_vat": False}, "another sense"),
        ({"fulfilment_status": "shipped"}, "Shipped"),
        ({"fulfilment_status": "cancelled"}, "Cancelled"),
        ({"fulfilment_status": "on_hold"}, "on hold"),
    ],
)
def test_what_does_not_belong_together_is_refused_with_a_reason(shop, actor, values, word):
    assert word in reason_of(make_order(shop), [make_order(shop, **values)], actor)


def test_a_deleted_order_is_refused(shop, actor):
    target, other = make_order(shop), make_order(shop)
    delete_orders([other.pk], shop=shop, by=actor)

    assert "Deleted" in reason_of(target, [other], actor)


def test_the_same_customer_number_is_the_same_customer(shop, actor):
    target = make_order(shop, customer_email="anna@example.org", customer_number="K-7")
    other = make_order(shop, customer_email="office@example.org", customer_number="K-7")

    merge_orders(target, [other], by=actor)

    assert reread(other)[0].merged_into == target


def test_an_order_paid_by_hand_without_a_payment_is_refused(shop, actor):
    target, other = make_order(shop), make_order(shop, payment_status="paid")

    assert "Record what was paid first" in reason_of(target, [other], actor)


def test_an_order_is_not_merged_with_itself(shop, actor):
    target = make_order(shop)

    reason_of(target, [target], actor)


def test_another_shops_order_is_not_found(shop, other_shop, actor):
    target, foreign = make_order(shop), make_order(other_shop)

    with pytest.raises(OrderNotFound):
        merge_orders(target, [foreign], by=actor)

    assert reread(foreign)[0].merged_into is None


def test_a_merged_order_is_not_merged_again(shop, actor):
    target, other = make_order(shop), make_order(shop)
    merge_orders(target, [other], by=actor)

    assert "Cancelled" in reason_of(target, [other], actor)


def everything(*orders):
    left_out = {"version", "changed_at", "change_mark", "changed_by"}
    reread(*orders)
    fields = [field.attname for field in Order._meta.concrete_fields if field.attname not in left_out]
    return [
        (
            {name: getattr(order, name) for name in fields},
            *(list(getattr(order, rows).order_by("pk").values()) for rows in ("lines", "payments", "notes")),
            order.search_text.text,
        )
        for order in orders
    ]


def test_undo_takes_them_apart_as_they_were(shop, actor):
    target = make_order(shop, payments=[paid("5.00")], discount=D("0.10"))
    other = make_order(shop, lines=2, shipping_cost=D("4.95"), customer_message="Hello", payments=[paid("29.15")])
    before = everything(target, other)
    act = merge_orders(target, [other], by=actor)
    assert everything(target, other) != before

    undo(act, shop=shop, by=actor)

    assert everything(target, other) == before
    assert {entry.undoes for entry in (target.log.first(), other.log.first())} == {act}
    with pytest.raises(NothingToUndo):
        undo(target.log.first().act, shop=shop, by=actor)


def test_there_is_no_undo_once_something_left(shop, actor):
    target, other = make_order(shop), make_order(shop)
    act = merge_orders(target, [other], by=actor)
    add_tracking(target, "3SABCD1234567", by=actor)

    with pytest.raises(NothingToUndo):
        undo(act, shop=shop, by=actor)

    assert reread(other)[0].merged_into == target


def test_a_status_that_was_set_since_stays(shop, actor):
    target, other = make_order(shop), make_order(shop)
    act = merge_orders(target, [other], by=actor)
    set_fulfilment_status(target, "in_progress", by=actor)

    undo(act, shop=shop, by=actor)

    assert [order.fulfilment_status for order in reread(target, other)] == ["in_progress", "ready"]


# --- suggestions ---------------------------------------------------------------------------------


def test_open_orders_of_the_customer_to_the_same_address_are_suggested(shop, django_assert_num_queries):
    order = make_order(shop, billing=HOME)
    later = make_order(
        shop,
        billing=Address(**vars(HOME) | {"postcode": "1017ab", "street": "KERKSTRAAT 1"}),
        customer_email="Anna@Example.org",
        placed_at=PLACED_AT + timedelta(days=1),
    )
    make_order(shop, billing=Address(**vars(HOME) | {"street": "Elsewhere 2"}))
    make_order(shop, billing=HOME, customer_email="bert@example.org")
    make_order(shop, billing=HOME, fulfilment_status="shipped")
    make_order(shop, billing=HOME, currency="SEK")

    with django_assert_num_queries(1):
        assert merge_suggestions(order, shop) == [later]


def test_nothing_is_suggested_without_an_address_of_mail_or_for_a_sent_order(shop, django_assert_num_queries):
    guest = make_order(shop, billing=HOME, customer_email="")
    sent = make_order(shop, billing=HOME, fulfilment_status="shipped")
    make_order(shop, billing=HOME)

    with django_assert_num_queries(0):
        assert merge_suggestions(guest, shop) == []
        assert merge_suggestions(sent, shop) == []


def test_other_shops_orders_are_not_suggested(shop, other_shop):
    order = make_order(shop, billing=HOME)
    make_order(other_shop, billing=HOME)

    assert merge_suggestions(order, shop) == []


def test_the_index_covers_exactly_what_is_worked_on():
    assert set(OPEN) == {str(status) for status in WORK}
