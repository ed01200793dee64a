from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection

from backoffice.tests.factories import make_shop
from orders.models import Address, LogAction, NumberSeries, Order, OrderLine, Payment
from orders.services import NewNote, NewPayment, NewRefund, NewShipment, OrderRefused, place_order, place_orders
from orders.services.place import payment_status_of
from orders.tests.factories import PLACED_AT, make_order, new_line, new_order

pytestmark = pytest.mark.django_db


def payment(**values):
    dull = {"amount": Decimal("12.10"), "method": "iDEAL", "state": "paid", "created_at": PLACED_AT}
    return NewPayment(**dull | values)


def refund(**values):
    dull = {"amount": Decimal("12.10"), "reason": "Broken", "state": "paid_out", "created_at": PLACED_AT}
    return NewRefund(**dull | values)


def refused(new, shop, actor):
    """The errors of an order that is not placed; nothing of it is stored and no number is used."""
    with pytest.raises(OrderRefused) as refusal:
        place_order(new, shop=shop, by=actor)
    assert not Order.objects.for_shop(shop).exists()
    assert not OrderLine.objects.exists()
    assert not NumberSeries.objects.filter(shop=shop).exists()
    return refusal.value.errors


def test_a_placed_order_has_a_number_its_lines_and_its_totals(shop, actor):
    throw = new_line(sku="THROW", vat_rate=Decimal("9.00"), unit_price=Decimal("10.90"))
    lines = [new_line(quantity=Decimal(2)), throw]

    order, is_new = place_order(
        new_order(lines=lines, shipping_cost=Decimal("6.05"), shipping_vat_rate=Decimal("21.00")), shop=shop, by=actor
    )

    assert is_new
    order = Order.objects.get()
    assert (order.display_number, order.version) == ("00001", 1)
    assert [(line.position, line.sku, line.total) for line in order.lines.all()] == [
        (1, "CANDLE", Decimal("24.20")),
        (2, "THROW", Decimal("10.90")),
    ]
    assert (order.lines_total, order.total_ex, order.total_vat, order.total) == (
        Decimal("35.10"),
        Decimal("35.00"),
        Decimal("6.15"),
        Decimal("41.15"),
    )
    assert order.vat_totals == [
        {"rate": "21.00", "ex": "25.00", "vat": "5.25", "incl": "30.25"},
        {"rate": "9.00", "ex": "10.00", "vat": "0.90", "incl": "10.90"},
    ]
    assert order.log.get().action == LogAction.ORDER_PLACED


def test_prices_without_vat_are_raised_by_it(shop):
    order = make_order(shop, lines=[new_line(unit_price=Decimal("10.00"))], prices_include_vat=False)

    assert (order.lines_total, order.total_vat, order.total) == (Decimal("10.00"), Decimal("2.10"), Decimal("12.10"))
    line = order.lines.get()
    assert (line.unit_price_ex, line.unit_price_incl) == (Decimal("10.0000"), Decimal("12.1000"))


def test_numbers_follow_each_other_in_each_shop(shop, other_shop):
    numbers = [make_order(shop).number, make_order(other_shop).number, make_order(shop).number]

    assert numbers == [1, 1, 2]


def test_an_import_keeps_its_number_and_the_series_goes_on_above_it(shop):
    assert make_order(shop, number=536365).display_number == "536365"
    assert make_order(shop).number == 536366


def test_the_same_order_brought_twice_is_placed_once(shop, actor):
    new = new_order(source="marketplace", source_name="bol", source_id="A-77", number=4711)
    first, _is_new = place_order(new, shop=shop, by=actor)

    again, is_new = place_order(new, shop=shop, by=actor)

    assert (again, is_new) == (first, False)
    assert Order.objects.count() == 1
    assert first.log.count() == 1


def test_two_sources_may_use_the_same_id(shop, other_shop):
    make_order(shop, source="marketplace", source_name="bol", source_id="A-77")
    make_order(shop, source="marketplace", source_name="zalando", source_id="A-77")
    make_order(other_shop, source="marketplace", source_name="bol", source_id="A-77")

    assert Order.objects.count() == 3


# --- where a new order starts


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([new_line()], "ready"),
        ([new_line(), new_line(is_backordered=True)], "backordered"),
        ([new_line(kind="digital")], "new"),
    ],
)
def test_the_ready_rule_says_where_an_order_starts(shop, lines, status):
    assert make_order(shop, lines=lines).fulfilment_status == status


def test_without_the_rule_every_order_starts_as_new(db):
    shop = make_shop("333", ready_rule=False)

    order = make_order(shop, lines=[new_line(), new_line(is_backordered=True)])

    assert order.fulfilment_status == "new"
    assert list(order.lines.values_list("status", flat=True)) == ["open", "backordered"]


@pytest.mark.parametrize(
    ("total", "paid", "refunded", "status"),
    [
        ("100.00", "0.00", "0.00", "open"),
        ("100.00", "40.00", "0.00", "partly_paid"),
        ("100.00", "100.00", "0.00", "paid"),
        ("100.00", "100.01", "0.00", "paid"),
        ("0.00", "0.00", "0.00", "paid"),
        ("100.00", "100.00", "20.00", "partly_refunded"),
        ("100.00", "100.00", "100.00", "refunded"),
        ("-50.00", "0.00", "0.00", "open"),
        ("-50.00", "0.00", "20.00", "partly_refunded"),
        ("-50.00", "0.00", "50.00", "refunded"),
    ],
)
def test_the_money_says_what_the_payment_status_is(total, paid, refunded, status):
    order = Order(total=Decimal(total), paid_total=Decimal(paid), refunded_total=Decimal(refunded))

    assert payment_status_of(order) == status


def test_what_came_with_the_order_is_stored_with_it(shop):
    order = make_order(
        shop,
        payments=[payment(provider="Mollie", provider_reference="tr_1"), payment(state="failed")],
        refunds=[refund(amount=Decimal("2.10"), state="to_pay_out")],
        shipments=[NewShipment("PostNL", "3SABC", PLACED_AT)],
        notes=[NewNote("Gift wrap.", "Marit", PLACED_AT)],
    )

    order.refresh_from_db()
    assert (order.paid_total, order.refunded_total) == (Decimal("12.10"), Decimal("2.10"))
    assert order.payment_status == "partly_refunded"
    assert order.has_internal_note
    assert order.shipments.get().lines.get().quantity == 1
    assert "3sabc" in order.search_text.text
    assert "tr_1" in order.search_text.text


def test_goods_go_where_the_bill_goes_unless_said_otherwise(shop):
    home, work = Address(city="Utrecht", country="NL"), Address(city="Lund", country="SE")

    assert make_order(shop, billing=home).shipping_address == home
    assert make_order(shop, billing=home, shipping=work).shipping_address == work


# --- what is refused


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"lines": []}, "lines"),
        ({"source": "fax"}, "source"),
        ({"placed_at": datetime(2026, 3, 1)}, "placed_at"),  # noqa: DTZ001  (a naive time is the story)
        ({"currency": "euro"}, "currency"),
        ({"fulfilment_status": "lost"}, "fulfilment_status"),
        ({"payment_status": "maybe"}, "payment_status"),
        ({"number": 0}, "number"),
        ({"number": 10**18}, "number"),
        ({"exchange_rate": Decimal(0)}, "exchange_rate"),
        ({"ip_address": "the moon"}, "ip_address"),
        ({"customer_name": "x" * 121}, "customer_name"),
        ({"customer_message": "a\x00b"}, "customer_message"),
        ({"shipping_cost": Decimal("1.005")}, "shipping_cost"),
        ({"discount": Decimal("NaN")}, "discount"),
        ({"billing": Address(country="Netherlands")}, "billing_country"),
        ({"billing": Address(city="x" * 81)}, "billing_city"),
        ({"shipping": Address(street="\x07")}, "shipping_street"),
        ({"payments": [payment(state="perhaps")]}, "payments.1.state"),
        ({"payments": [payment(), payment(method="x" * 61)]}, "payments.2.method"),
        ({"payments": [payment(amount=Decimal("Infinity"))]}, "payments.1.amount"),
        ({"refunds": [refund(state="perhaps")]}, "refunds.1.state"),
        ({"shipments": [NewShipment("x" * 61, "", PLACED_AT)]}, "shipments.1.carrier"),
        ({"notes": [NewNote("Hm.", "Marit", PLACED_AT, audience="neighbours")]}, "notes.1.audience"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_by_name(shop, actor, values, field):
    assert list(refused(new_order(**values), shop, actor)) == [field]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"quantity": Decimal(0)}, "quantity"),
        ({"quantity": Decimal("sNaN")}, "quantity"),
        ({"quantity": Decimal("0.0001")}, "quantity"),
        ({"quantity": Decimal("1000000000")}, "quantity"),
        ({"unit_price": Decimal("1e10")}, "unit_price"),
        ({"unit_price": Decimal("0.00001")}, "unit_price"),
        ({"vat_rate": Decimal("-1.00")}, "vat_rate"),
        ({"vat_rate": Decimal("100.01")}, "vat_rate"),
        ({"discount": Decimal("0.001")}, "discount"),
        ({"sku": "x" * 61}, "sku"),
        ({"name": "\ud800"}, "name"),
        ({"kind": "idea"}, "kind"),
        ({"status": "lost"}, "status"),
        ({"weight_g": -1}, "weight_g"),
        ({"volume_cm3": 3_000_000_000}, "volume_cm3"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_by_its_place(shop, actor, values, field):
    assert f"lines.2.{field}" in refused(new_order(lines=[new_line(), new_line(**values)]), shop, actor)


def test_every_error_is_told_at_once(shop, actor):
    errors = refused(new_order(currency="?", customer_name="x" * 200, lines=[new_line(sku="x" * 99)]), shop, actor)

    assert errors == {
        "currency": ["Three capital letters, as in EUR."],
        "customer_name": ["At most 120 characters."],
        "lines.1.sku": ["At most 60 characters."],
    }


def test_lines_that_add_up_to_the_absurd_are_refused(shop, actor):
    lines = [new_line(quantity=Decimal("900000000"), unit_price=Decimal("900000000"))]

    assert list(refused(new_order(lines=lines), shop, actor)) == ["lines"]


def test_a_discount_needs_something_to_be_taken_off(shop, actor):
    free = [new_line(unit_price=Decimal("0.00"))]

    assert list(refused(new_order(lines=free, discount=Decimal("5.00")), shop, actor)) == ["discount"]


def test_a_credit_gives_its_share_of_the_discount_back(shop):
    lines = [new_line(quantity=Decimal(-2))]

    credit = make_order(shop, lines=lines, discount=Decimal("-4.20"))

    assert credit.total == Decimal("-20.00")


def test_the_largest_order_that_is_allowed_fits_its_columns(shop):
    line = new_line(quantity=Decimal(100), unit_price=Decimal("999999999.9999"), vat_rate=Decimal("100.00"))

    order = make_order(shop, lines=[line], prices_include_vat=False)

    order.refresh_from_db()
    assert order.total == Decimal("199999999999.98")


def test_a_taken_number_is_refused(shop, actor):
    make_order(shop, number=12)

    with pytest.raises(OrderRefused) as refusal:
        place_order(new_order(number=12), shop=shop, by=actor)

    assert refusal.value.errors == {"number": ["This order number is taken."]}
    assert Order.objects.count() == 1


def test_a_strange_target_shop_is_refused(shop, other_shop, actor):
    stranger = make_shop("54322", base_shop=other_shop)

    assert list(refused(new_order(target_shop=stranger), shop, actor)) == ["target_shop"]


def test_a_refused_order_leaves_no_hole_in_the_numbers(shop, actor):
    make_order(shop)
    with pytest.raises(OrderRefused):
        place_order(new_order(lines=[]), shop=shop, by=actor)

    assert make_order(shop).number == 2


def test_an_order_with_a_thousand_lines_is_placed_whole(shop):
    order = make_order(shop, lines=1114)

    assert order.lines.count() == 1114
    assert order.number_of_lines == 1114
    assert order.total == 1114 * Decimal("12.10")


def test_payments_keep_their_times(shop):
    paid_at = datetime(2026, 3, 21, 18, 0, tzinfo=UTC)
    make_order(shop, payments=[payment(paid_at=paid_at)])

    assert Payment.objects.get().paid_at == paid_at


def test_lines_with_a_past_keep_what_was_picked_shipped_and_given_back(shop):
    sent = NewShipment("PostNL", "3STEST", PLACED_AT, quantities={1: Decimal(2)})
    lines = [
        new_line(quantity=Decimal(3), quantity_picked=Decimal(2), quantity_credited=Decimal(1)),
        new_line(quantity=Decimal(1), quantity_returned=Decimal("0.125")),
    ]

    order = make_order(shop, lines=lines, shipments=[sent])

    kept = ("quantity_picked", "quantity_shipped", "quantity_credited", "quantity_returned")
    assert list(order.lines.values_list(*kept)) == [(2, 2, 1, 0), (0, 0, 0, Decimal("0.125"))]


def test_a_shipment_that_names_no_lines_holds_all_goods(shop):
    sent = NewShipment("PostNL", "3STEST", PLACED_AT)

    order = make_order(shop, lines=[new_line(quantity=Decimal(3)), new_line(kind="fee")], shipments=[sent])

    assert list(order.lines.values_list("quantity_shipped", flat=True)) == [3, 0]
    assert order.shipments.get().lines.get().quantity == 3


def test_many_orders_are_placed_as_one_is(shop, actor):
    make_order(shop, number=7)
    brought = {"source": "marketplace", "source_name": "bol"}

    answers = place_orders(
        [
            new_order(),
            new_order(number=7),
            new_order(number=20, source_id="A-1", lines=2, payments=[payment()], **brought),
            new_order(lines=[]),
            new_order(number=20),
            new_order(source_id="A-1", **brought),
            new_order(),
        ],
        shop=shop,
        by=actor,
    )

    assert [list(a.errors) if isinstance(a, OrderRefused) else (a.order.number, a.is_new) for a in answers] == [
        (8, True),
        ["number"],
        (20, True),
        ["lines"],
        ["number"],
        (20, False),
        (21, True),
    ]
    assert list(Order.objects.order_by("number").values_list("number", flat=True)) == [7, 8, 20, 21]
    twenty = Order.objects.get(number=20)
    assert (twenty.lines.count(), twenty.payments.count(), twenty.log.count(), twenty.version) == (2, 1, 1, 1)
    assert twenty.search_text.text.startswith("00020\n")


@pytest.mark.parametrize("number_of_orders", [1, 9])
def test_nine_orders_cost_as_many_queries_as_one(shop, actor, number_of_orders, django_assert_num_queries):
    make_order(shop)
    news = [new_order(number=100 + i, source_id=f"W-{i}", payments=[payment()]) for i in range(number_of_orders)]

    # PostgreSQL asks once more: to which part of the shop's search index they belong.
    with django_assert_num_queries(21 + (connection.vendor == "postgresql")):
        place_orders(news, shop=shop, by=actor)
