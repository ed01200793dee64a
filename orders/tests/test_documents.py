from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter

import pytest
from django.db.models import Model

from backoffice.tests.factories import make_shop
from orders import documents
from orders.documents import (
    VALUE_PATHS,
    NoteDocument,
    OwnStatusDocument,
    ShippedLineDocument,
    StatusDocument,
    order_documents,
    order_values,
)
from orders.models import Address, Order, OrderNote
from orders.services import add_note, delete_orders, set_fulfilment_status, set_internal_status, set_line_status
from orders.services.new_order import NewPayment, NewRefund, NewShipment
from orders.tests.factories import make_order, new_line
from statuses.kinds import Kind
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)


def document_of(order):
    (document,) = order_documents([order.pk], shop=order.shop)
    return document


def make_full_order(shop, **values):
    """One of everything: two rates, discount, costs, payment, refund, shipment, both kinds of note."""
    return make_order(
        shop,
        lines=[
            new_line(sku="CANDLE", quantity=Decimal(3), is_backordered=True, expected_on=date(2026, 4, 1)),
            new_line(sku="BOOK", name="Book", vat_rate=Decimal("9.00"), unit_price=Decimal("10.90")),
        ],
        billing=Address(name="Anna Jansen", street="Dorpsstraat 1", postcode="1234 AB", city="Ede", country="NL"),
        personal_number="19121212-1212",
        ip_address="203.0.113.7",
        customer_message="Please ring twice",
        payment_method="iDEAL",
        shipping_cost=Decimal("4.95"),
        shipping_vat_rate=Decimal("21.00"),
        discount=Decimal("2.00"),
        payments=[
            NewPayment(amount=Decimal("50.15"), method="iDEAL", state="paid", created_at=NOON, paid_at=NOON),
        ],
        refunds=[NewRefund(amount=Decimal("5.00"), reason="Scratch", state="to_pay_out", created_at=NOON)],
        shipments=[
            NewShipment(carrier="PostNL", tracking_code="3SABC", shipped_at=NOON, quantities={2: Decimal(1)}),
        ],
        **values,
    )


def test_a_document_has_the_whole_order(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Thank you!", by=actor, audience=OrderNote.Audience.CUSTOMER)

    document = document_of(order)

    order.refresh_from_db()
    assert (document.id, document.number) == ("12345_00001", "00001")
    assert (document.version, document.changed_at) == (order.version, order.changed_at)
    assert document.customer.name == "Anna Jansen"
    assert document.billing == order.billing_address
    assert [(line.position, line.sku, line.total) for line in document.lines] == [
        (line.position, line.sku, line.total) for line in order.lines.all()
    ]
    assert document.lines[0].expected_on == date(2026, 4, 1)
    assert document.totals.incl == order.total
    assert document.totals.open == order.open_amount
    assert [(rate.rate, rate.ex + rate.vat == rate.incl) for rate in document.totals.by_rate] == [
        (Decimal("21.00"), True),
        (Decimal("9.00"), True),
    ]
    assert [payment.amount for payment in document.payments] == [Decimal("50.15")]
    assert [refund.reason for refund in document.refunds] == ["Scratch"]
    assert [shipment.tracking_code for shipment in document.shipments] == ["3SABC"]
    assert document.shipments[0].lines == (ShippedLineDocument(2, "BOOK", Decimal("1.000")),)
    assert [note.text for note in document.notes] == ["Thank you!"]


def test_what_is_for_staff_only_stays_inside(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Customer is difficult", by=actor)

    document = document_of(order)

    told = repr(document)
    assert "Please ring twice" in told
    for secret in ("difficult", "19121212", "203.0.113.7"):
        assert secret not in told


def test_labels_are_in_the_shops_language_and_words():
    shop = make_shop("70001", language="sv")
    ShopStatus.objects.create(
        shop=shop, kind=Kind.FULFILMENT, code="ready", is_builtin=True, name_sv="Redo att packas", stands_for="ready"
    )
    order = make_order(shop)

    assert document_of(order).fulfilment == StatusDocument("ready", "Redo att packas")


def test_own_statuses_stand_beside_the_built_in_one(shop, actor):
    ShopStatus.objects.create(
        shop=shop, kind=Kind.FULFILMENT, code="engraving", stands_for="in_progress", name_en="Engraving"
    )
    ShopStatus.objects.create(shop=shop, kind=Kind.INTERNAL, code="call", name_en="Call first")
    ShopStatus.objects.create(shop=shop, kind=Kind.LINE, code="polish", stands_for="open", name_en="Polish")
    order = make_order(shop)
    set_fulfilment_status(order, "engraving", by=actor)
    set_internal_status(order, "call", by=actor)
    set_line_status(order, "polish", by=actor)

    document = document_of(order)

    assert document.fulfilment.code == "in_progress"
    assert document.own_statuses == (
        OwnStatusDocument("fulfilment", "engraving", "Engraving"),
        OwnStatusDocument("internal", "call", "Call first"),
    )
    assert document.lines[0].status.code == "open"
    assert document.lines[0].own_status == OwnStatusDocument("line", "polish", "Polish")


def test_documents_come_in_the_order_asked_for_and_of_this_shop_only(shop, other_shop):
    first, second, foreign = make_order(shop), make_order(shop), make_order(other_shop)

    numbers = [document.id for document in order_documents([second.pk, foreign.pk, first.pk], shop=shop)]

    assert numbers == ["12345_00002", "12345_00001"]


def test_a_target_shop_sees_its_own_orders_under_the_base_shops_number(shop):
    target = make_shop("12346", base_shop=shop, language="nl")
    there, here = make_order(shop, target_shop=target), make_order(shop)

    (document,) = order_documents([there.pk, here.pk], shop=target)

    assert (document.id, document.target_shop) == ("12345_00001", "12346")


def test_a_deleted_order_says_so(shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    assert document_of(order).deleted_at is not None


def test_notes_come_in_the_order_they_were_written(shop, actor):
    order = make_order(shop)
    for text in ("first", "second"):
        add_note(order, text, by=actor, audience=OrderNote.Audience.CUSTOMER)

    assert [note.text for note in document_of(order).notes] == ["first", "second"]


@pytest.mark.parametrize("number_of_orders", [1, 7])
def test_a_chunk_costs_the_same_queries_whatever_is_in_it(shop, number_of_orders, django_assert_num_queries):
    for _ in range(number_of_orders):
        make_full_order(shop)
    keys = list(Order.objects.values_list("pk", flat=True))

    with django_assert_num_queries(8):  # the statuses once, then orders, lines and five more
        assert len(list(order_documents(keys, shop=shop))) == number_of_orders


def test_many_orders_are_read_chunk_by_chunk(shop, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(documents, "CHUNK", 3)
    orders = [make_order(shop) for _ in range(6)]
    keys = [order.pk for order in orders]

    with django_assert_num_queries(1 + 3 * 7):
        read = [document.number for document in order_documents(keys, shop=shop, first=2)]

    assert read == [order.display_number for order in orders]


def test_a_document_holds_no_model(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Thank you!", by=actor, audience=OrderNote.Audience.CUSTOMER)

    seen = list(everything_in(document_of(order)))

    assert NoteDocument in {type(each) for each in seen}
    assert not [each for each in seen if isinstance(each, Model)]


def everything_in(value):
    yield value
    if is_dataclass(value):
        for field in fields(value):
            yield from everything_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from everything_in(each)


def test_values_are_those_of_the_documents(shop, actor):
    make_full_order(shop, source="marketplace", source_name="bol", source_id="B-1")
    make_order(shop, number=2)
    keys = list(Order.objects.values_list("pk", flat=True))
    paths = sorted(VALUE_PATHS)

    values = list(order_values(keys, shop=shop, paths=paths))

    assert values == [attrgetter(*paths)(document) for document in order_documents(keys, shop=shop)]


def test_values_are_read_in_the_order_asked_for_and_of_this_shop_only(shop, other_shop):
    first, second = make_order(shop, number=1), make_order(shop, number=2)
    foreign = make_order(other_shop, number=3)

    values = order_values([second.pk, foreign.pk, first.pk, 999], shop=shop, paths=["number"])

    assert list(values) == [("00002",), ("00001",)]


def test_values_cost_two_queries(shop, django_assert_num_queries):
    keys = [make_order(shop, number=number).pk for number in (1, 2, 3)]

    with django_assert_num_queries(2):
        assert len(list(order_values(keys, shop=shop, paths=["number", "totals.open", "payment.label"]))) == 3
