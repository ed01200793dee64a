"""PostgreSQL writes an order's XML to the byte as Python does, or leaves it to Python."""

import random
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.models import CharField, TextField
from django.test.utils import CaptureQueriesContext

from backoffice.tests.factories import make_shop
from orders.documents import order_documents
from orders.exports.xml import orders_of_documents
from orders.exports.xml_sql import orders_of_database
from orders.generate import generate_orders
from orders.keys import keys_of
from orders.models import Order, OrderLine, OrderNote, Payment, Refund, Shipment
from orders.services import (
    add_note,
    delete_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
)
from orders.tests.factories import make_order
from orders.tests.test_documents import make_full_order
from orders.tests.test_xml import HOSTILE
from statuses.kinds import Kind
from statuses.tests.factories import make_own_status

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
LEGAL = [text[:20] for text in HOSTILE if not set("\x00\x0b\x1f\ud800\ufffe\uffff") & set(text)]
# No words of strangers but keys into what the house knows.
CODES = {"payment_status", "fulfilment_status", "status", "status_before_hold", "audience", "way"}


def of_database(orders, shop):
    return list(orders_of_database(keys_of(orders), shop=shop))


def of_documents(orders, shop):
    return list(orders_of_documents(order_documents(keys_of(orders), shop=shop), shop))


def assert_same(shop, *, number_of_orders, owner=None):
    orders = Order.objects.for_shop(owner or shop).newest_first()
    written = of_database(orders, shop)
    assert written == of_documents(orders, shop)
    assert len(written) == number_of_orders


def test_orders_of_every_kind(other_shop):
    (shop,) = generate_orders(150)
    make_order(other_shop)

    assert_same(shop, number_of_orders=150)
    assert of_database(Order.objects.for_shop(other_shop), shop) == []


def test_one_of_everything(shop, other_shop, actor):
    make_own_statuses(make_full_order(shop), actor)
    thanked = make_order(shop, prices_include_vat=False, currency="SEK")
    add_note(thanked, "Thank you", by=actor, audience=OrderNote.Audience.CUSTOMER)
    add_note(thanked, "For us", by=actor)
    delete_orders([make_order(shop).pk], shop=shop, by=actor)
    Order.objects.get(pk=make_order(shop).pk).lines.all().delete()

    assert_same(shop, number_of_orders=4)


def test_a_large_number_a_strange_time_and_what_is_owed(shop):
    for pk in [make_full_order(shop).pk for _ in range(4)]:
        Order.objects.filter(pk=pk).update(number=pk + 99_997)
    eldest, latest, overpaid, credited = Order.objects.for_shop(shop)
    Order.objects.filter(pk=eldest.pk).update(placed_at=datetime(1, 1, 1, tzinfo=UTC))
    Order.objects.filter(pk=latest.pk).update(placed_at=datetime(9999, 12, 31, 23, 30, tzinfo=UTC))
    Order.objects.filter(pk=overpaid.pk).update(paid_total="999.00", refunded_total="1.50")
    Order.objects.filter(pk=credited.pk).update(total="-10.00", paid_total="0.00", refunded_total="20.00")

    assert_same(shop, number_of_orders=4)


def test_a_target_shop_has_its_own_orders_and_labels(shop):
    target = make_shop("12346", base_shop=shop, language="sv", time_zone="America/New_York")
    make_order(shop)
    make_order(shop, target_shop=target)

    assert_same(target, owner=shop, number_of_orders=1)
    assert_same(shop, number_of_orders=2)


@pytest.mark.parametrize("seed", range(4))
def test_t11_t12_any_words_anywhere(shop, actor, seed):
    chance = random.Random(seed)
    for _ in range(12):
        order = make_full_order(shop)
        add_note(order, "§", by=actor, audience=OrderNote.Audience.CUSTOMER)
        write_anywhere(order, lambda: chance.choice(["", "Anna", "é🕯️", *LEGAL]))

    assert_same(shop, number_of_orders=12)


@pytest.mark.parametrize("word", LEGAL, ids=ascii)
def test_t11_t12_one_special_word_in_one_place(shop, actor, word):
    orders = [make_full_order(shop) for _ in range(3)]
    Order.objects.filter(pk=orders[0].pk).update(affiliate=word)
    orders[1].lines.filter(position=2).update(location=word)
    orders[2].shipments.update(carrier=word)

    assert_same(shop, number_of_orders=3)


@pytest.mark.parametrize("place", [Order, OrderLine, Payment, Refund, Shipment, OrderNote])
def test_what_xml_has_no_place_for_is_replaced_and_counted(shop, actor, place):
    order = make_full_order(shop)
    add_note(order, "Hello", by=actor, audience=OrderNote.Audience.CUSTOMER)
    clean = make_order(shop)
    column = {OrderNote: "text", Shipment: "carrier", Refund: "reason", Payment: "method", OrderLine: "sku"}
    of_order = {"pk": order.pk} if place is Order else {"order": order.pk}
    place.objects.filter(**of_order).update(**{column.get(place, "affiliate"): "a\x01b\ufffe"})

    assert_same(shop, number_of_orders=2)
    counts = {each.number: each.number_replaced for each in of_database(Order.objects.for_shop(shop), shop)}
    assert counts[clean.display_number] == 0
    assert counts[order.display_number] >= 2


def test_the_statuses_are_read_once_for_a_thousand_orders():
    (shop,) = generate_orders(1000)
    keys = keys_of(Order.objects.for_shop(shop).newest_first())

    with CaptureQueriesContext(connection) as queries:
        written = list(orders_of_database(keys, shop=shop))

    assert len(written) == 1000
    assert len(queries) == 1  # what streams is no query that is captured


def test_the_connection_is_free_between_two_orders():
    (shop,) = generate_orders(120)
    keys = keys_of(Order.objects.for_shop(shop).newest_first())

    for number, _order in enumerate(orders_of_database(keys, shop=shop)):
        assert Order.objects.for_shop(shop).count() == 120, number


def test_large_answers_are_not_compiled():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")

        assert cursor.fetchone() == ("off",)


def make_own_statuses(order, actor):
    shop = order.shop
    own = {
        kind: make_own_status(shop, kind, f"own_{kind}", stands_for=stands_for, name=f"Ours & <{kind}>")
        for kind, stands_for in ((Kind.FULFILMENT, "in_progress"), (Kind.LINE, "complaint"), (Kind.INTERNAL, ""))
    }
    set_fulfilment_status(order, own[Kind.FULFILMENT].code, by=actor)
    set_internal_status(order, own[Kind.INTERNAL].code, by=actor)
    set_line_status(order, own[Kind.LINE].code, by=actor, line=order.lines.first())


def write_anywhere(order, word):
    """Some other word in each text of the order and of what hangs on it, past all checks."""
    for model, condition in [(Order, {"pk": order.pk})] + [
        (model, {"order": order.pk}) for model in (OrderLine, Payment, Refund, Shipment, OrderNote)
    ]:
        texts = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, CharField | TextField) and field.name not in CODES
        ]
        values = {field.name: word()[: field.max_length] for field in texts}
        if model is Order:
            values["source_id"] = f"{values['source_id'][:40]}{order.pk}"
        model.objects.filter(**condition).update(**values)
