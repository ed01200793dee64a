"""Business systems write back: signed as they pull, all of it or nothing, and saying it twice changes nothing."""

from decimal import Decimal

import pytest
from lxml import etree

from backoffice.tests.factories import make_shop
from orderpull.models import PullCall, PullPartner
from orderpull.tests.client import KEY, Erp, open_pull, sign
from orders.services import delete_orders
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(shop):
    open_pull(shop, accepts_updates=True)
    return Erp()


def result_of(response):
    return response.status_code, dict(etree.fromstring(response.content).attrib)


def test_status_tracking_code_and_note_are_taken_over(erp, shop):
    order = make_order(shop, lines=[new_line(quantity=Decimal(3)), new_line(sku="FEE", kind="fee")])

    response = erp.update(
        "12345_00001", status="shipped", carrier="PostNL", tracking_code="3SABC", note="Packed by Åsa\nTwo boxes"
    )

    order.refresh_from_db()
    assert result_of(response) == (200, {"result": "changed", "version": str(order.version)})
    assert order.fulfilment_status == "shipped"
    shipment = order.shipments.get()
    assert (shipment.carrier, shipment.tracking_code) == ("PostNL", "3SABC")
    assert [(each.line.sku, each.quantity) for each in shipment.lines.all()] == [("CANDLE", 3)]
    assert order.lines.get(sku="CANDLE").quantity_shipped == 3
    note = order.notes.get()
    assert (note.text, note.audience, note.author) == ("Packed by Åsa\nTwo boxes", "internal", "Business system")
    entries = order.log.order_by("id")[1:]
    assert [entry.action for entry in entries] == [
        "shipment.added", "line.changed", "fulfilment.changed", "note.added"
    ]  # fmt: skip
    assert {(entry.actor, entry.channel) for entry in entries} == {("Business system", "rpc")}
    assert len({entry.act for entry in entries}) == 1
    assert "3sabc" in order.search_text.text
    assert erp.pull()[0].find("shipments/shipment/tracking_code").text == "3SABC"


def test_saying_it_twice_changes_nothing(erp, shop):
    order = make_order(shop)
    told = {"status": "shipped", "tracking_code": "3SABC", "note": "Packed"}

    first, second = erp.update("12345_00001", **told), erp.update("12345_00001", **told)

    order.refresh_from_db()
    assert result_of(first) == (200, {"result": "changed", "version": str(order.version)})
    assert result_of(second) == (200, {"result": "unchanged", "version": str(order.version)})
    assert (order.shipments.count(), order.notes.count()) == (1, 1)


def test_a_shipment_without_code_gets_it(erp, shop):
    order = make_order(shop)
    erp.update("12345_00001", tracking_code="FIRST")
    order.shipments.update(tracking_code="")

    erp.update("12345_00001", tracking_code="SECOND", carrier="DHL")

    assert list(order.shipments.values_list("tracking_code", "carrier")) == [("SECOND", "DHL")]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"status": "no_such_status"}, "status"),
        ({"status": "aborted"}, "cannot"),
    ],
)
def test_what_is_not_possible_is_refused_whole(erp, shop, told, reason):
    order = make_order(shop)

    response = erp.update("12345_00001", tracking_code="3SABC", note="x", **told)

    status, answer = result_of(response)
    assert (status, answer["result"]) == (409, "refused")
    assert answer["reason"]
    order.refresh_from_db()
    assert (order.version, order.shipments.count(), order.notes.count()) == (1, 0, 0)
    assert PullCall.objects.first().outcome == "not_done"


def test_orders_that_are_deleted_unknown_or_of_another_shop_are_not_updated(erp, shop, other_shop, actor):
    deleted = make_order(shop)
    delete_orders([deleted.pk], shop=shop, by=actor)
    foreign = make_order(other_shop)

    for order_id in ("12345_00001", "12345_00009", "54321_00001"):
        assert result_of(erp.update(order_id, note="x"))[0] == 409
    assert not deleted.notes.exists()
    assert not foreign.notes.exists()


def test_updates_are_off_until_the_shop_turns_them_on(shop):
    open_pull(shop)
    order = make_order(shop)

    response = Erp().update("12345_00001", note="x")

    assert (response.status_code, etree.fromstring(response.content).text) == (403, "invalid request")
    assert not order.notes.exists()
    assert PullCall.objects.first().outcome == "updates_off"


@pytest.mark.parametrize(
    "changes",
    [
        {"note": "changed after signing"},
        {"status": "cancelled"},
        {"pk": "0" * 40},
        {"rpc_id": "1234567890"},
        {"order_id": "12345_00002"},
    ],
    ids=str,
)
def test_every_word_is_signed(erp, shop, changes):
    orders = [make_order(shop), make_order(shop)]

    response = erp.update("12345_00001", status="shipped", note="x", after_signing=changes)

    assert response.status_code == 403
    for order in orders:
        order.refresh_from_db()
        assert order.version == 1


def test_a_pulls_signature_is_not_an_updates(erp, shop):
    order = make_order(shop)
    rpc_id = erp.rpc_id()
    pulled = sign("12345", "12345_00001", rpc_id, KEY)

    response = erp.update("12345_00001", rpc_id=rpc_id, status="shipped", after_signing={"pk": pulled})

    assert response.status_code == 403
    order.refresh_from_db()
    assert order.fulfilment_status != "shipped"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", "{}"),
        ("multipart/form-data", "x"),
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "é"),
        ("application/x-www-form-urlencoded", "note=" + "x" * 50_000),
        ("application/x-www-form-urlencoded", "shop=12345&note=a&note=b"),
        ("application/x-www-form-urlencoded", "shop=12345&order_id=12345_00001&rpc_id=1234567890&pk=x"),
    ],
    ids=lambda value: value[:40],
)
def test_a_strange_body_is_malformed(erp, content_type, body):
    response = erp.http.post("/RPC/orders/update", body, content_type=content_type)

    assert (response.status_code, etree.fromstring(response.content).text) == (400, "invalid request")


def test_reading_this_address_is_refused(erp):
    assert erp.get("orders/update", {"shop": "12345"}).status_code == 400


def test_a_partner_updates_in_its_own_name_and_for_its_own_module(erp, shop):
    PullPartner.objects.create(settings=shop.pull_settings, name="demo_partner", key="PKEY")
    order = make_order(shop)

    def tell(module):
        rpc_id = erp.rpc_id()
        pk = sign("12345", "12345_00001\n\n\n\nHello\n", "PKEY", "demo_partner", module, rpc_id)
        signed = {"partner": "demo_partner", "module": module, "pk": pk}
        return erp.update("12345_00001", rpc_id=rpc_id, note="Hello", after_signing=signed).status_code

    assert [tell("orders_get"), tell("orders_update")] == [403, 200]
    assert order.notes.get().author == "demo_partner"


def test_a_target_shops_system_updates_its_own_orders_only(erp, shop):
    target = make_shop("12346", base_shop=shop)
    own, other = make_order(shop, target_shop=target), make_order(shop)

    assert Erp("12346").update("12345_00001", note="x").status_code == 200
    assert Erp("12346").update("12345_00002", note="x").status_code == 409
    assert (own.notes.count(), other.notes.count()) == (1, 0)
