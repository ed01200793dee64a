"""One total everywhere: page, derivation, XML and XLSX say the same cents, whatever was ordered and edited."""

import contextlib
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from lxml import etree, html
from openpyxl import load_workbook

from backoffice.actor import SYSTEM
from orders import display, typed
from orders.exports.formats import Format, Layout, reader_and_writer
from orders.models import Order
from orders.order_page.derivation import derivation
from orders.services import InputRefused, edit_order
from orders.tests.factories import make_order, new_line
from orders.tests.test_edit_properties import edit_of, edits, orders

pytestmark = pytest.mark.django_db
sometimes = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TOTALS = ("total_ex", "total_vat", "total", "discount", "shipping_cost", "payment_fee")


def exported(order, wanted, layout):
    """The bytes of an export of this order."""
    read, write = reader_and_writer(wanted, layout, order.shop)
    file = BytesIO()
    write(file, read([order.pk]), 1)
    file.seek(0)
    return file


def from_xlsx(order):
    """{column: amount} of the order, and the totals of its lines."""
    sheet = load_workbook(exported(order, Format.XLSX, Layout(is_per_line=True, has_stable_headings=True))).active
    head, *rows = sheet.iter_rows(values_only=True)
    cents = [dict(zip(head, row, strict=True)) for row in rows]
    amounts = {name: money(cents[0][name]) for name in TOTALS}
    return amounts, [money(row["line_total"]) for row in cents]


def from_xml(order):
    """{column: amount} of the order, and the totals of its lines."""
    tree = etree.parse(exported(order, Format.XML, Layout()))
    [totals] = tree.iter("totals")
    names = {"total_ex": "ex", "total_vat": "vat", "total": "incl"}
    amounts = {name: money(totals.findtext(names.get(name, name))) for name in TOTALS}
    return amounts, [money(line.findtext("total_incl")) for line in tree.iter("line")]


def from_page(client, order):
    """{label: amount} of the totals on the order page, and the totals of its lines."""
    page = client.get(reverse("orders:detail", args=[order.shop.number, order.number]), {"lines": "cart"})
    tree = html.fromstring(page.content.decode())
    labels = [each.text_content() for each in tree.cssselect(".totals dt")]
    shown = [amount(each.text_content()) for each in tree.cssselect(".totals dd")]
    return dict(zip(labels, shown, strict=True)), [amount(each.text_content()) for each in tree.cssselect("td.l-tot")]


def money(value):
    return Decimal(str(value)).quantize(Decimal("0.01"))


def amount(text):
    return typed.number(text.replace("€", ""))


@sometimes
@given(new=orders, wanted=edits)
def test_page_xml_and_xlsx_say_the_same_cents(clerk_client, shop, new, wanted):
    order = make_order(shop, **new)
    with contextlib.suppress(InputRefused):
        edit_order(order, edit_of(order, wanted), by=SYSTEM)
    order = Order.objects.get(pk=order.pk)
    stored = {name: getattr(order, name) for name in TOTALS}
    of_lines = list(order.lines.values_list("total", flat=True))

    shown, shown_lines = from_page(clerk_client, order)

    assert from_xlsx(order) == (stored, of_lines)
    assert from_xml(order) == (stored, of_lines)
    assert (shown["Total"], shown_lines) == (order.total, of_lines)
    why = derivation(order, list(order.lines.all()))
    assert why.missing == ""
    assert why.total.incl == display.money(order.total, order.currency)
    assert sum(amount(step.incl) for step in why.steps) == order.total
    assert sum(amount(each.vat) for each in why.by_rate) == order.total_vat


def test_the_derivation_tells_every_step(clerk_client, shop):
    order = make_order(
        shop,
        lines=[new_line(quantity=Decimal(3), discount=Decimal("1.30")), new_line(sku="BOOK", vat_rate=Decimal("9.00"))],
        discount=Decimal("7.00"),
        shipping_cost=Decimal("6.05"),
        shipping_vat_rate=Decimal("21.00"),
        shipping_method="PostNL",
    )

    page = clerk_client.get(reverse("orders:why-total", args=[shop.number, order.number]))

    words = " ".join(html.fromstring(page.content.decode()).text_content().replace("\N{NO-BREAK SPACE}", " ").split())
    for expected in (
        "3 × €12.10 = €36.30", "− €1.30 discount", "− €5.20 share of the order's discount", "€29.80",
        "Shipping, PostNL", "All at 9 %", "The discount of €7.00 on the order", "€46.15",
    ):  # fmt: skip
        assert expected in words
    assert order.total == Decimal("46.15")


def test_amounts_that_were_stored_otherwise_are_told(shop):
    order = make_order(shop)
    Order.objects.filter(pk=order.pk).update(total=Decimal("99.00"))
    order.refresh_from_db()

    assert derivation(order, list(order.lines.all())).missing == "The parts add up to €12.10, the order says €99.00."


def test_a_quoted_net_price_is_explained_net(shop):
    order = make_order(shop, prices_include_vat=False)

    assert derivation(order, list(order.lines.all())).rules[0].startswith("Prices are without VAT.")


def test_the_property_would_notice_a_cent(clerk_client, shop):
    order = make_order(shop)
    Order.objects.filter(pk=order.pk).update(total=order.total + Decimal("0.01"))
    order.refresh_from_db()

    assert from_xlsx(order)[0]["total"] == from_xml(order)[0]["total"] == Decimal("12.11")
    assert from_page(clerk_client, order)[0]["Total"] == Decimal("12.11")
    assert derivation(order, list(order.lines.all())).missing
