"""E-invoices: valid by schemas and published rules, read again by another's reader, equal to the invoice."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import facturx
import pytest
from facturx import parse_ubl_cii_xml, xml_check_xsd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.einvoice.cii import cii
from orders.einvoice.document import einvoice_of
from orders.einvoice.ubl import ubl
from orders.models import Address, InvoiceSettings
from orders.services import RefundPlan, record_payment, refund_order
from orders.services.credit_notes import CreditWish, RowWish, credit_invoice, credit_refund
from orders.services.invoices import issue_invoice
from orders.tests import official_rules
from orders.tests.einvoice_rules import CII, broken_rules, read_cii, read_ubl
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
SCHEMAS = Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1" / "maindoc"
SELLER = {
    "company": "Candles B.V.",
    "street": "Quay 1",
    "postcode": "9711 AB",
    "city": "Groningen",
    "country": "NL",
    "vat_number": "NL001234567B01",
    "registration_number": "00012345",
    "iban": "NL91ABNA0417164300",
    "bic": "ABNANL2A",
    "email": "shop@12345.example",
}
HOME = Address(name="Anna Jansen", street="Lane 2", postcode="1234 AB", city="Ede", country="NL")
BERLIN = Address(
    name="Max Muster", company="Muster GmbH", street="Weg 1", postcode="10115", city="Berlin", country="DE"
)
OSLO = Address(name="Kari", street="Gate 1", postcode="0150", city="Oslo", country="NO")


@pytest.fixture
def seller():
    shop = make_shop(**SELLER)
    InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)
    return shop


def invoice_for(shop, *, lines=1, to=HOME, **values):
    return issue_invoice(make_order(shop, lines=lines, billing=to, shipping=to, **values), by=SYSTEM)


def both(invoice):
    """(numbers of CII, numbers of UBL) after both schemas and all rules were asked."""
    picture = einvoice_of(invoice)
    in_cii, in_ubl = cii(picture), ubl(picture)
    assert [official_rules.broken(in_cii), official_rules.broken(in_ubl)] == [[], []]
    xml_check_xsd(in_cii, flavor="factur-x", level="en16931")
    schema_of(in_ubl).assertValid(etree.fromstring(in_ubl))
    numbers = read_cii(in_cii), read_ubl(in_ubl)
    assert [broken_rules(each) for each in numbers] == [[], []]
    return numbers


_schemas: dict[str, etree.XMLSchema] = {}


def schema_of(xml):
    kind = etree.QName(etree.fromstring(xml)).localname
    if kind not in _schemas:
        _schemas[kind] = etree.XMLSchema(etree.parse(SCHEMAS / f"UBL-{kind}-2.1.xsd"))
    return _schemas[kind]


def assert_equal_to_the_cent(invoice):
    for numbers in both(invoice):
        assert numbers.totals["ex"] == abs(invoice.total_ex)
        assert numbers.totals["vat"] == abs(invoice.total_vat)
        assert numbers.totals["incl"] == abs(invoice.total)
    picture = einvoice_of(invoice)
    for xml in (cii(picture), ubl(picture)):
        read = parse_ubl_cii_xml(xml)
        assert [read[term] for term in ("BT-1", "BT-109", "BT-110", "BT-112")] == [
            invoice.number,
            *(f"{abs(amount):.2f}" for amount in (invoice.total_ex, invoice.total_vat, invoice.total)),
        ]


def categories(invoice):
    return {category for category, _rate in both(invoice)[0].taxes}


class TestNumbers:
    def test_px11_several_rates_discounts_shipping_and_fees(self, seller):
        invoice = invoice_for(
            seller,
            lines=[
                new_line(quantity=Decimal(3), discount=Decimal("1.00")),
                new_line(sku="BOOK", vat_rate=Decimal(9), quantity=Decimal(7), unit_price=Decimal("3.3333")),
            ],
            discount=Decimal("2.50"),
            shipping_cost=Decimal("4.95"),
            shipping_vat_rate=Decimal(21),
            payment_fee=Decimal("0.39"),
            payment_fee_vat_rate=Decimal(21),
        )

        assert_equal_to_the_cent(invoice)

    def test_a_line_that_gives_money_back(self, seller):
        lines = [new_line(quantity=Decimal(3)), new_line(sku="COUPON", quantity=Decimal(1), unit_price=Decimal("-5"))]

        assert_equal_to_the_cent(invoice_for(seller, lines=lines))

    def test_a_credit_note_names_what_it_corrects(self, seller):
        invoice = invoice_for(seller, lines=2, shipping_cost=Decimal("4.95"), shipping_vat_rate=Decimal(21))

        credit = credit_invoice(invoice, CreditWish(rows={"1": RowWish(Decimal(1))}, free=Decimal("1.11")), by=SYSTEM)

        assert_equal_to_the_cent(credit)
        xml = cii(einvoice_of(credit)).decode()
        assert "<ram:TypeCode>381</ram:TypeCode>" in xml
        assert invoice.number in xml
        assert b"<CreditNote" in ubl(einvoice_of(credit))
        # BR-61: a transfer would have to name the account of the customer.
        assert "<ram:TypeCode>1</ram:TypeCode>" in xml

    def test_a_credit_of_shipping_alone_has_a_line(self, seller):
        order = make_order(
            seller, billing=HOME, shipping=HOME, shipping_cost=Decimal("4.95"), shipping_vat_rate=Decimal(21)
        )
        record_payment(order, order.total, method="iDEAL", paid_at=NOON, by=SYSTEM)
        invoice = issue_invoice(order, by=SYSTEM)
        refund = refund_order(order, RefundPlan(key=uuid4(), shipping=Decimal("4.95")), by=SYSTEM).parts[0]

        credit = credit_refund(refund, invoice, by=SYSTEM)

        assert credit.total == Decimal("-4.95")
        assert_equal_to_the_cent(credit)

    def test_what_was_paid_and_what_is_due(self, seller):
        order = make_order(seller, billing=HOME, shipping=HOME)
        record_payment(order, Decimal("2.10"), method="Bank", paid_at=NOON, by=SYSTEM)

        numbers = both(issue_invoice(order, by=SYSTEM))[0]

        assert (numbers.totals["paid"], numbers.totals["due"]) == (Decimal("2.10"), Decimal("10.00"))

    def test_vat_in_the_currency_of_the_shop(self, seller):
        invoice = invoice_for(seller, currency="GBP", exchange_rate=Decimal("1.2"))

        xml = cii(einvoice_of(invoice)).decode()

        assert "<ram:TaxCurrencyCode>EUR</ram:TaxCurrencyCode>" in xml
        assert '<ram:TaxTotalAmount currencyID="EUR">2.52</ram:TaxTotalAmount>' in xml
        assert_equal_to_the_cent(invoice)

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_px11_whatever_is_sold_and_credited_every_cent_is_there(self, seller, data):
        cents = st.integers(0, 99999).map(lambda number: Decimal(number) / 100)
        rate = st.sampled_from([Decimal(21), Decimal(9), Decimal(0)])
        line = st.builds(
            new_line,
            quantity=st.decimals("0.001", "40", places=3) | st.integers(1, 9).map(Decimal),
            unit_price=st.integers(1, 9999999).map(lambda number: Decimal(number) / 10000),
            vat_rate=rate,
        )
        lines = data.draw(st.lists(line, min_size=1, max_size=5))
        values = {
            "prices_include_vat": data.draw(st.booleans()),
            "shipping_cost": data.draw(cents),
            "shipping_vat_rate": data.draw(rate),
        }
        order = make_order(seller, lines=lines, billing=HOME, shipping=HOME, **values)
        invoice = issue_invoice(order, by=SYSTEM)
        assert_equal_to_the_cent(invoice)
        if order.total <= Decimal("0.02"):
            return

        part = data.draw(st.integers(1, int(order.total * 100))) / Decimal(100)
        first = credit_invoice(invoice, CreditWish(free=part), by=SYSTEM)
        assert_equal_to_the_cent(first)
        if part < order.total:
            rest = credit_invoice(invoice, CreditWish(whole=True), by=SYSTEM)
            assert_equal_to_the_cent(rest)
            assert first.total_vat + rest.total_vat == -invoice.total_vat
            assert first.total_ex + rest.total_ex == -invoice.total_ex


class TestCategories:
    def test_a_business_in_another_country_of_the_eu_gets_goods_without_vat(self, seller):
        invoice = invoice_for(seller, lines=[new_line(vat_rate=Decimal(0))], to=BERLIN, vat_number="DE123456789")

        assert categories(invoice) == {"K"}
        assert "Article 138" in str(invoice.data["invoice"]["notes"])

    def test_and_services_by_reverse_charge(self, seller):
        lines = [new_line(vat_rate=Decimal(0), kind="digital")]

        invoice = invoice_for(seller, lines=lines, to=BERLIN, vat_number="DE 123 456 789")

        assert categories(invoice) == {"AE"}
        assert "Reverse charge" in str(invoice.data["invoice"]["notes"])

    def test_goods_that_leave_the_eu_are_exported(self, seller):
        invoice = invoice_for(
            seller,
            lines=[new_line(vat_rate=Decimal(0))],
            to=OSLO,
            shipping_cost=Decimal(9),
            shipping_vat_rate=Decimal(0),
        )

        assert categories(invoice) == {"G"}

    def test_a_small_enterprise_is_exempt(self, seller):
        InvoiceSettings.objects.filter(shop=seller).update(is_small_business=True)

        assert categories(invoice_for(seller, lines=[new_line(vat_rate=Decimal(0))])) == {"E"}

    def test_a_voucher_bears_its_vat_later(self, seller):
        lines = [new_line(vat_rate=Decimal(0), kind="gift_card"), new_line()]

        assert categories(invoice_for(seller, lines=lines)) == {"E", "S"}

    def test_nothing_special_is_zero_rated(self, seller):
        assert categories(invoice_for(seller, lines=[new_line(vat_rate=Decimal(0))])) == {"Z"}

    @pytest.mark.parametrize("number", ["", "DE12345678", "NL001234567B02", "XX123", "DE12345678٣"])
    def test_without_a_number_of_another_country_there_is_no_reverse_charge(self, seller, number):
        invoice = invoice_for(seller, lines=[new_line(vat_rate=Decimal(0))], to=BERLIN, vat_number=number)

        assert categories(invoice) == {"Z"}


class TestTexts:
    def test_the_reader_of_another_finds_what_we_wrote(self, seller):
        invoice = invoice_for(seller, lines=2)

        read = parse_ubl_cii_xml(cii(einvoice_of(invoice)))

        assert (read["BG-4"]["vat_identifier"], read["BG-7"]["name"]) == ("NL001234567B01", "Anna Jansen")
        assert [line["BT-131"] for line in read["BG-25"]] == ["10.00", "10.00"]

    def test_what_no_xml_can_hold_is_replaced(self, seller):
        lines = [new_line(name='<Candle> & "wax" \u202eabc', options="x" * 250)]

        invoice = invoice_for(seller, lines=lines, customer_company="]]> <!--")

        both(invoice)
        assert "&lt;Candle&gt; &amp;" in cii(einvoice_of(invoice)).decode()

    def test_a_customer_of_whom_nothing_is_known_has_a_name(self, seller):
        both(invoice_for(seller, to=Address(), customer_name="", customer_email=""))

    def test_it_comes_out_the_same_each_time(self, seller):
        invoice = invoice_for(seller)

        assert cii(einvoice_of(invoice)) == cii(einvoice_of(invoice))
        assert ubl(einvoice_of(invoice)) == ubl(einvoice_of(invoice))

    def test_a_rule_that_is_broken_is_seen(self, seller):
        xml = cii(einvoice_of(invoice_for(seller)))
        wrong = re.sub(rb"(<ram:GrandTotalAmount[^>]*>)12.10", rb"\g<1>12.11", xml)

        assert "BR-CO-15" in broken_rules(read_cii(wrong))
        assert "[BR-CO-15]" in " ".join(official_rules.broken(wrong))

    @pytest.mark.parametrize(
        ("rule", "written", "instead"),
        [
            ("BR-CO-15", rb"(TaxInclusiveAmount[^>]*>)12.10", rb"\g<1>12.11"),
            ("BR-S-08", rb"(<cbc:TaxableAmount[^>]*>)10.00", rb"\g<1>9.00"),
            ("BR-CL-01", rb"380</cbc:InvoiceTypeCode>", rb"999</cbc:InvoiceTypeCode>"),
            ("BR-02", rb"<cbc:ID>[^<]*</cbc:ID>", rb""),
        ],
    )
    def test_so_does_the_published_rule_of_ubl(self, seller, rule, written, instead):
        xml = ubl(einvoice_of(invoice_for(seller)))

        wrong = re.sub(written, instead, xml, count=1)

        assert wrong != xml
        assert f"[{rule}]" in " ".join(official_rules.broken(wrong))

    def test_the_money_goes_to_the_account_of_the_shop(self, seller):
        root = etree.fromstring(cii(einvoice_of(invoice_for(seller))))

        assert root.findtext(".//ram:IBANID", namespaces=CII) == "NL91ABNA0417164300"
        assert root.findtext(".//ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode", namespaces=CII) == "58"
