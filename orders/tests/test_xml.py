import re
import types
import typing
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from backoffice.models import Shop
from orders.documents import OrderDocument
from orders.exports.xml import SCHEMA, orders_of_documents, write_orders
from orders.exports.xml_orders import export_orders, written_orders
from orders.models import Order, OrderNote
from orders.services import add_note, delete_orders
from orders.tests.factories import make_order, new_line
from orders.tests.test_documents import make_full_order

GOLDEN = Path(__file__).parent / "golden" / "orders.xml"
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
SHOP = Shop(number="12345", name="Shop", time_zone="Europe/Amsterdam")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
HOSTILE = [
    "</name><order id='1'/>",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "&amp;",
    "&#0;",
    '" onload="x',
    "\x00\x0b\x1f",
    "\ud800",
    "\ufffe\uffff",
    "line 1\r\nline 2\rline 3\n\ttab",
    "  leading and trailing  ",
    "\u2028\u0085\u202e",
    "🕯️ Åsa Öberg",
    "%s %d {0}",
    "x" * 1_000_000,
]


def value_of(kind, text):
    """A value of a document field: `text` for every text, something dull for the rest."""
    dull = {int: 1, bool: True, Decimal: Decimal("1.00"), date: date(2026, 4, 1), datetime: NOON}
    if kind is str:
        return text
    if is_dataclass(kind):
        return filled(kind, text)
    if isinstance(kind, types.UnionType):
        return value_of(typing.get_args(kind)[0], text)
    if typing.get_origin(kind) is tuple:
        return (value_of(typing.get_args(kind)[0], text),)
    return dull[kind]


def filled(kind, text):
    """A document in which every field is filled and every text is `text`."""
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: value_of(hints[field.name], text) for field in fields(kind)})


def living(text):
    return replace(filled(OrderDocument, text), deleted_at=None)


def written(*documents, **options):
    options = {"shop": SHOP, "generated": NOON, "count": len(documents)} | options
    return b"".join(write_orders(orders_of_documents(documents, SHOP), **options))


def texts_in(body):
    """All texts and attribute values as lxml reads them."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, huge_tree=True))
    found = [element.text or "" for element in root.iter() if not len(element)]
    return found + [value for element in root.iter() for value in element.attrib.values()]


def texts_expat_reads(body):
    """All attribute values and character data of elements, as expat reads them."""
    found, open_texts = [], [""]
    parser = expat.ParserCreate()

    def start(name, attributes):
        found.extend(attributes.values())
        open_texts.append("")

    def end(name):
        found.append(open_texts.pop())

    def characters(data):
        open_texts[-1] += data

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.Parse(body, True)
    return found


NUMBER_OF_TEXTS = texts_in(written(living("§"))).count("§")


def as_read(text):
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def is_valid(body):
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    schema.assertValid(etree.fromstring(body))
    return True


def canonical(body):
    return etree.tostring(etree.fromstring(body), method="c14n").decode()


def assert_text_survives(text):
    body = written(living(text))
    assert texts_in(body).count(as_read(text)) >= NUMBER_OF_TEXTS
    assert texts_expat_reads(body).count(as_read(text)) >= NUMBER_OF_TEXTS


def test_every_text_of_a_document_is_written():
    assert number_of_texts(living("§")) == NUMBER_OF_TEXTS


def number_of_texts(value):
    if is_dataclass(value):
        return sum(number_of_texts(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return sum(map(number_of_texts, value))
    return int(isinstance(value, str))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_t11_t12_hostile_texts_survive_or_are_replaced(text):
    assert_text_survives(text)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_t11_t12_any_text_is_read_back_by_lxml_and_expat(text):
    assert_text_survives(text)


def test_replaced_characters_are_counted():
    orders = orders_of_documents([living("a\x00\ud800b"), living("b"), living("\ufffe")], SHOP)

    assert [order.number_replaced for order in orders] == [2 * NUMBER_OF_TEXTS, 0, NUMBER_OF_TEXTS]


def test_a_document_without_orders_is_whole():
    body = written(change_time="20260322090000", next_change_time=NOON - timedelta(seconds=1))

    assert body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<orders shop="12345" generated="20260322120000" change_time="20260322090000"'
        b' next_change_time="20260322115959" count="0">\n</orders>\n'
    )
    assert is_valid(body)


def test_times_are_the_shops_wall_time_through_the_clock_change():
    summer, winter = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    order = replace(living("x"), placed_at=summer, changed_at=winter)

    root = etree.fromstring(written(order))

    assert root.findtext("order/placed_at") == "20261025023000"
    assert root.findtext("order/changed_at") == "20261025023000"


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(9999, 12, 31, 23, 30, tzinfo=UTC), "99991231233000"),
        (datetime(1, 1, 1, tzinfo=UTC), "00010101001932"),
    ],
)
def test_a_nonsense_date_does_not_stop_the_export(moment, shown):
    root = etree.fromstring(written(replace(living("x"), placed_at=moment)))

    assert root.findtext("order/placed_at")[:10] == shown[:10]


@pytest.mark.django_db
def test_the_export_is_valid_against_its_schema(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Thank you!\nSee you", by=actor, audience=OrderNote.Audience.CUSTOMER)
    deleted = make_order(shop)
    delete_orders([deleted.pk], shop=shop, by=actor)

    body = b"".join(export_orders(Order.objects.for_shop(shop).newest_first(), shop))

    assert is_valid(body)
    root = etree.fromstring(body)
    assert root.get("count") == "2"
    tombstone, _ = root
    assert (tombstone.get("id"), tombstone.get("deleted"), len(tombstone)) == ("12345_00002", "yes", 0)


@pytest.mark.django_db
def test_the_export_speaks_what_the_golden_file_says(shop, actor, time_machine):
    time_machine.move_to(NOON, tick=False)
    make_full_order(shop, customer_company="Jansen & Zn <Ede>")
    order = make_order(shop, lines=[new_line(quantity=Decimal(-1))], prices_include_vat=False, currency="SEK")
    delete_orders([make_order(shop).pk], shop=shop, by=actor)
    add_note(order, "Your credit", by=actor, audience=OrderNote.Audience.CUSTOMER)

    body = b"".join(export_orders(Order.objects.for_shop(shop).order_by("number"), shop))

    assert canonical(body) == canonical(GOLDEN.read_bytes())


@pytest.mark.django_db
def test_the_export_streams_in_pieces(shop, monkeypatch):
    monkeypatch.setattr("orders.exports.xml.FIRST_CHUNK", 1)
    monkeypatch.setattr("orders.exports.xml.ORDERS_PER_PIECE", 2)
    for _ in range(5):
        make_order(shop)
    orders = list(Order.objects.for_shop(shop).values_list("pk", flat=True))

    pieces = list(write_orders(written_orders(orders, shop=shop), shop=shop, generated=NOON, count=5))

    assert [piece.count(b"<order ") for piece in pieces] == [1, 2, 2, 0]
    assert is_valid(b"".join(pieces))
