from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.models import ShopLogo
from backoffice.tests.factories import make_shop
from layouts.fields import INVOICE_FIELDS, ORDER_FIELDS
from orders.documents import order_documents
from orders.invoicing.stored import from_json
from orders.models import InvoiceSettings
from orders.papers.data import paper_data
from orders.papers.seller import seller_data
from orders.services import add_note
from orders.services.credit_notes import CreditWish, credit_invoice
from orders.services.invoices import issue_invoice
from orders.services.new_order import NewShipment
from orders.status_page import order_of
from orders.tests.factories import make_order, new_line
from orders.tests.test_documents import NOON, document_of, make_full_order
from statuses.catalogue import catalogue_of
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db
PLAIN = (str, int, bool, Decimal, datetime, date, type(None))


def data_of(order, language="en"):
    return paper_data(document_of(order), order.shop, language=language)


def test_a_layout_gets_nothing_but_plain_values(shop):
    data = data_of(make_full_order(shop))

    assert not [value for value in leaves(data) if type(value) not in PLAIN]


def test_an_order_has_every_field_that_layouts_may_name_and_no_other(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Thank you!", by=actor, audience="customer")

    assert names(data_of(order)) == sorted(ORDER_FIELDS.paths)


def test_an_invoice_has_every_field_that_layouts_may_name(shop, actor):
    order = make_full_order(shop, vat_number="DE123456789", currency="GBP", exchange_rate=Decimal("1.2"))
    InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True, footer="Thank you")
    add_note(order, "Thank you!", by=actor, audience="customer")

    invoice = issue_invoice(order, by=actor)

    data = from_json(invoice.data)
    assert sorted(name for name in names(data) if not name.startswith("ledger")) == sorted(INVOICE_FIELDS.paths)
    credit = from_json(credit_invoice(invoice, CreditWish(whole=True), by=actor).data)
    assert names(credit["invoice"]["lines"]) == names(data["invoice"]["lines"])


def test_amounts_are_those_of_the_order(shop):
    order = make_full_order(shop)

    data = data_of(order)["order"]

    assert data["totals"]["incl"] == order.total
    assert sum(rate["vat"] for rate in data["vat"]) == order.total_vat
    assert [line["total"] for line in data["lines"]] == [line.total for line in order.lines.order_by("sku")]


def test_times_are_those_of_the_shop(shop):
    late = datetime(2026, 3, 21, 23, 30, tzinfo=UTC)

    placed_at = data_of(make_order(shop, placed_at=late))["order"]["placed_at"]

    assert (placed_at.day, placed_at.hour) == (22, 0)


def test_nothing_of_staff_and_no_personal_number_gets_out(shop, actor):
    order = make_full_order(shop)
    add_note(order, "Customer is difficult", by=actor)

    text = str(data_of(order))

    assert "Please ring twice" in text
    for secret in ("difficult", "19121212", "203.0.113.7"):
        assert secret not in text


def test_a_status_is_called_what_the_customer_may_read_in_his_language(shop):
    ShopStatus.objects.create(
        shop=shop,
        kind="payment",
        code="open",
        is_builtin=True,
        name_en="Not paid yet",
        name_nl="Nog niet betaald",
        colour="red",
        is_shown_to_customer=True,
    )

    payment = data_of(make_order(shop), "nl")["order"]["payment"]

    assert (payment["status"], payment["label"]) == ("open", "Nog niet betaald")


@pytest.mark.parametrize(("by", "first"), [("location", "B"), ("sku", "A"), ("cart", "C")])
def test_lines_stand_as_the_shop_sorts_them(by, first):
    shop = make_shop(line_order=by)
    order = make_order(
        shop, lines=[new_line(sku="C"), new_line(sku="B", location="A-1"), new_line(sku="A", location="B-1")]
    )

    assert data_of(order)["order"]["lines"][0]["sku"] == first


def test_only_a_web_address_becomes_a_link_to_follow(shop):
    shipments = [
        NewShipment(carrier="X", tracking_code="1", shipped_at=NOON, tracking_url="javascript:alert(1)"),
        NewShipment(carrier="Y", tracking_code="2", shipped_at=NOON, tracking_url="https://y.example/2"),
    ]

    data = data_of(make_order(shop, shipments=shipments))

    assert [each["tracking_url"] for each in data["order"]["shipments"]] == ["", "https://y.example/2"]


def test_the_link_to_the_status_page_leads_to_the_order(shop, settings):
    settings.SITE_URL = "https://orders.example"
    order = make_order(shop)

    url = data_of(order)["order"]["status_url"]

    assert url.startswith("https://orders.example/")
    assert order_of(url.rstrip("/").rsplit("/", 1)[1]) == order


def test_a_target_shop_is_the_company_of_its_base_shop():
    base = make_shop(company="Candles Ltd", vat_number="NL1", street="Quay 1", city="Groningen", country="NL")
    target = make_shop("12346", base_shop=base, name="Candles abroad", country="GB", currency="GBP")
    ShopLogo.objects.create(shop=base, content_type="image/png", data=b"picture")

    seller = seller_data(target)

    assert (seller["name"], seller["company"], seller["vat_number"]) == ("Candles abroad", "Candles Ltd", "NL1")
    assert seller["address"] == {"street": "Quay 1", "postcode": "", "city": "Groningen", "country": "NL"}
    assert seller["logo"] == "data:image/png;base64,cGljdHVyZQ=="


def test_many_papers_ask_for_the_shop_once(shop):
    orders = [make_order(shop).pk for _ in range(3)]
    documents = list(order_documents(orders, shop=shop))
    seller, catalogue = seller_data(shop), catalogue_of(shop)

    with CaptureQueriesContext(connection) as queries:
        for document in documents:
            paper_data(document, shop, language="en", seller=seller, catalogue=catalogue)

    assert len(queries) == 0


def leaves(data):
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in leaves(value)]
    if isinstance(data, list):
        return [leaf for value in data for leaf in leaves(value)]
    return [data]


def names(data, before=""):
    """Every path of plain data, `order.lines[].sku`; rows of a list count as one."""
    found: set[str] = set()
    if isinstance(data, dict):
        for name, value in data.items():
            found |= {f"{before}{name}", *names(value, f"{before}{name}.")}
    elif isinstance(data, list):
        found = {path for value in data for path in names(value, f"{before[:-1]}[].")}
    return sorted(found)
