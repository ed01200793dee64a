"""The order XML is read back as it was written, and nothing in a stranger's document harms us."""

import io
import re
from datetime import UTC, datetime

import pytest
from lxml import etree

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.exports.read_xml import XmlRefused, read_orders
from orders.exports.schema import elements_of, version_of
from orders.exports.xml import SCHEMA
from orders.exports.xml_orders import export_orders
from orders.generate import generate_orders
from orders.models import Order, OrderNote
from orders.services import NewNote, NewShipment, OrderRefused, delete_orders, place_orders
from orders.tests.factories import make_order
from orders.tests.test_documents import make_full_order

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
# What a document says of its making, of the shop, and of how often an order was changed since.
OF_THE_MOMENT = re.compile(rb' (shop|generated|version)="[^"]*"|<changed_at>[^<]*</changed_at>')


def exported(shop):
    return b"".join(export_orders(Order.objects.for_shop(shop).order_by("number"), shop))


def comparable(shop):
    body = OF_THE_MOMENT.sub(b"", exported(shop)).replace(f'id="{shop.number}_'.encode(), b'id="_')
    # A shop's own statuses mean nothing in another.
    return re.sub(rb"<status [^>]*/>", b"", body)


def read(body, shop):
    return list(read_orders(io.BytesIO(body), shop=shop))


def read_one(inside, shop):
    [found] = read(f'<orders><order id="x" number="00001">{inside}</order></orders>'.encode(), shop)
    return found


def test_what_was_written_is_read_back_equal(shop, other_shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    make_full_order(shop, notes=[NewNote("Thank you\nSee you & yours", "", NOON, OrderNote.Audience.CUSTOMER)])
    make_order(shop, prices_include_vat=False, currency="SEK", customer_name="Åsa <Öberg> 🕯️")
    make_order(shop, source="marketplace", source_name="bol", source_id="B-1")

    news = [each.new for each in read(exported(shop), other_shop)]
    place_orders(news, shop=other_shop, by=SYSTEM)

    assert comparable(other_shop) == comparable(shop)
    assert etree.fromstring(exported(other_shop)).get("count") == "3"


def test_orders_of_every_kind_are_read_back_equal(other_shop):
    (shop,) = generate_orders(60)

    read_back = read(exported(shop), other_shop)
    placed = place_orders([each.new for each in read_back], shop=other_shop, by=SYSTEM)

    assert [each for each in placed if isinstance(each, Exception)] == []
    assert comparable(other_shop) == comparable(shop)


def test_parcels_and_their_weight_are_read_back(shop, other_shop):
    parcels = NewShipment("PostNL", "3SABC", NOON, number_of_parcels=3, weight_g=12_345)
    make_order(shop, shipments=[parcels, NewShipment("DHL", "", NOON, weight_g=0)])

    [found] = read(exported(shop), other_shop)
    place_orders([found.new], shop=other_shop, by=SYSTEM)

    assert comparable(other_shop) == comparable(shop)
    assert b"<parcels>3</parcels><weight_g>12345</weight_g>" in exported(other_shop)
    assert b"<parcels>1</parcels><weight_g>0</weight_g>" in exported(other_shop)


@pytest.mark.parametrize(("parcels", "weight"), [("0", "1"), ("99999", "1"), ("1", "9" * 20)])
def test_t24_impossible_parcels_are_refused(shop, other_shop, parcels, weight):
    make_order(shop, shipments=[NewShipment("PostNL", "3SABC", NOON)])
    wrong = f"<parcels>{parcels}</parcels><weight_g>{weight}</weight_g>".encode()

    [found] = read(re.sub(rb"<parcels>.*?</weight_g>", wrong, exported(shop)), other_shop)
    [answer] = place_orders([found.new], shop=other_shop, by=SYSTEM)

    assert isinstance(answer, OrderRefused)
    assert len(answer.errors) == 1
    assert not other_shop.orders.exists()


def test_a_deleted_order_is_named_and_not_read(shop):
    delete_orders([make_order(shop).pk], shop=shop, by=SYSTEM)

    [found] = read(exported(shop), shop)

    assert (found.id, found.is_deleted, found.new) == ("12345_00001", True, None)


def test_a_target_shop_is_found_by_its_number(shop):
    target = make_shop("12346", base_shop=shop)
    make_order(shop, target_shop=target)

    [found] = read(exported(shop), shop)

    assert found.new.target_shop == target
    assert read_one("<target_shop>54321</target_shop>", shop).errors["target_shop"] == "There is no such target shop."


def test_unknown_elements_and_attributes_are_skipped_and_valid(shop):
    make_order(shop)
    root = etree.fromstring(exported(shop))
    order = root[0]
    for parent in (order, order.find("customer"), order.find("lines/line"), order.find("totals")):
        etree.SubElement(parent, "of_a_later_version").text = "x"
        parent.set("of_a_later_version", "x")

    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(root)
    [found] = read(etree.tostring(root), shop)
    assert found.errors == {}


def test_all_that_is_wrong_with_an_order_is_told_and_the_next_is_read(shop):
    make_order(shop)
    make_order(shop)
    body = exported(shop).decode()
    body = body.replace("<quantity>1.000</quantity>", "<quantity>1,5</quantity>", 1)
    body = body.replace("<quantity>1</quantity>", "<quantity>1,5</quantity>", 1)
    body = body.replace("<placed_at>2026", "<placed_at>26", 1)

    first, second = read(body.encode(), shop)

    assert first.new is None
    assert set(first.errors) == {"placed_at", "lines/line[1]/quantity"}
    assert second.errors == {}


@pytest.mark.parametrize("number", ["1e9", "NaN", "Infinity", "１", "0x1", "1_000", "9" * 1000, "--1", "1.2.3"])
def test_t24_a_number_that_is_none_is_refused(shop, number):
    found = read_one(f"<totals><discount>{number}</discount></totals>", shop)

    assert found.errors["totals/discount"] == "This is not a number."


@pytest.mark.parametrize("digits", ["20260230120000", "2026022812000", "２０２６0228120000", "20260228126000", ""])
def test_t24_a_time_that_is_none_is_refused(shop, digits):
    assert "placed_at" in read_one(f"<placed_at>{digits}</placed_at>", shop).errors


def test_t24_very_many_errors_end_soon(shop):
    lines = "<line><quantity>x</quantity></line>" * 20_000

    assert len(read_one(f"<lines>{lines}</lines>", shop).errors) == 50


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "external entity": '<!DOCTYPE orders [<!ENTITY x SYSTEM "file:///etc/passwd">]><orders>&x;</orders>',
    "billion laughs": f'<!DOCTYPE orders [<!ENTITY a0 "ha">{LAUGHS}]><orders>&a9;</orders>',
    "external dtd": '<!DOCTYPE orders SYSTEM "http://127.0.0.1:1/x.dtd"><orders/>',
    "bare doctype": "<!DOCTYPE orders><orders/>",
    "parameter entity": '<!DOCTYPE orders [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><orders/>',
    "other document": "<html/>",
    "deep": "<orders>" + "<a>" * 100_000,
    "unclosed": "<orders><order>",
    "empty": "",
    "no xml": "id;number",
    "undeclared entity": "<orders><order>&nothing;</order></orders>",
    "bad bytes": b"<orders>\xff\xfe\x00</orders>",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE)
def test_t24_a_hostile_document_is_refused(shop, document):
    body = document if isinstance(document, bytes) else document.encode()

    with pytest.raises(XmlRefused):
        read(body, shop)


def test_the_schema_describes_every_element_and_has_a_version(shop):
    rows = elements_of(SCHEMA)
    make_full_order(shop)
    root = etree.fromstring(exported(shop))
    tree, written = root.getroottree(), set()
    for element in root.iter():
        path = re.sub(r"\[\d+\]", "", tree.getpath(element))
        written |= {path, *(f"{path}/@{name}" for name in element.attrib)}

    assert [row.path for row in rows if not row.text] == []
    assert written <= {row.path for row in rows}
    assert re.fullmatch(r"\d+\.\d+", version_of(SCHEMA))
