"""The bytes of an invoice: made once, kept, the same for ever, with the e-invoice inside."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO

import facturx
import pytest
from django.core.management import CommandError, call_command
from lxml import etree
from lxml.etree import DocumentInvalid
from pypdf import PdfReader

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from layouts.engine import Problem
from layouts.rendering import RenderFailed
from layouts.source import Source
from orders.einvoice.cii import cii
from orders.einvoice.document import einvoice_of
from orders.models import Invoice, InvoiceFile, InvoiceSettings
from orders.papers import invoice_files
from orders.papers.invoice_files import file_name, invoice_pdf, make_due_files, make_file, try_again
from orders.services.credit_notes import CreditWish, credit_invoice
from orders.services.invoices import issue_invoice
from orders.services.new_order import NewShipment
from orders.tests.factories import make_order, new_line
from orders.tests.test_einvoice import HOME, NOON, SELLER

pytestmark = pytest.mark.django_db
CID_FONTS = {"/CIDFontType0", "/CIDFontType2"}


@pytest.fixture
def invoice(db):
    shop = make_shop(**SELLER)
    InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)
    lines = [new_line(name="Kaars & <kandelaar>"), new_line(sku="BOOK", vat_rate=Decimal(9))]
    return issue_invoice(make_order(shop, lines=lines, billing=HOME, shipping=HOME), by=SYSTEM)


@pytest.fixture
def broken_layout(monkeypatch):
    """The shop's layout cannot be laid out."""

    def fails(*_arguments, **_options):
        raise RenderFailed([Problem(3, 1, "Line 3 is wrong.")])

    monkeypatch.setattr(invoice_files, "render_pdf", fails)
    return monkeypatch


def text_of(pdf):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def file_of(invoice):
    return InvoiceFile.objects.get(invoice=invoice)


def make_it_due(invoice):
    InvoiceFile.objects.filter(invoice=invoice).update(due_at="2026-01-01T00:00Z")


def test_it_says_what_was_issued(invoice):
    text = text_of(invoice_pdf(invoice))

    for said in (invoice.number, "Candles B.V.", "NL001234567B01", "Anna Jansen", "Kaars & <kandelaar>", "24.20"):
        assert said in text, said


def test_a_reprint_is_the_same_bytes_whatever_has_changed_since(invoice):
    first = invoice_pdf(invoice)
    invoice.shop.name = "Another shop"
    invoice.shop.save()

    assert invoice_pdf(invoice) == first
    assert file_of(invoice).sha256 == hashlib.sha256(first).hexdigest()


def test_px11_the_e_invoice_is_inside_and_is_read_by_another(invoice):
    name, xml = facturx.get_xml_from_pdf(BytesIO(invoice_pdf(invoice)))

    assert name == "factur-x.xml"
    assert xml == cii(einvoice_of(invoice))
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"


def test_px11_the_pdf_says_that_it_is_a_pdf_a_3b_and_a_factur_x(invoice):
    reader = PdfReader(BytesIO(invoice_pdf(invoice)))
    packet = etree.fromstring(reader.trailer["/Root"]["/Metadata"].get_object().get_data())
    (rdf,) = packet

    said = {name: value for each in rdf for name, value in each.attrib.items()}
    said |= {each.tag: each.text for description in rdf for each in description}
    assert said["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
    assert said["{http://www.aiim.org/pdfa/ns/id/}conformance"] == "B"
    factur_x = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
    assert said[f"{factur_x}DocumentFileName"] == "factur-x.xml"
    assert said[f"{factur_x}ConformanceLevel"] == "EN 16931"
    (embedded,) = reader.trailer["/Root"]["/AF"]
    assert embedded.get_object()["/AFRelationship"] == "/Alternative"


def everything_in(pdf):
    """All objects of a PDF."""
    return [pdf.get_object(number) for number in range(1, pdf.trailer["/Size"])]


def test_px11_the_pdf_keeps_the_rules_of_pdf_a_3b(invoice):
    """ISO 19005-3 by number, as far as it can be read off the file; the rest needs a validator of its own."""
    lines = [new_line(name=name) for name in ("Ljus & kaarsen €", "נר שעווה", "شمعة")]
    pdf = PdfReader(BytesIO(invoice_pdf(issue_invoice(make_order(invoice.shop, lines=lines * 20), by=SYSTEM))))
    root, objects = pdf.trailer["/Root"], everything_in(pdf)
    dictionaries = [each for each in objects if isinstance(each, dict)]
    assert len(pdf.pages) > 1

    # 6.1.3 trailer, 6.1.7 streams
    assert "/ID" in pdf.trailer
    assert "/Encrypt" not in pdf.trailer
    filters = {str(each.get("/Filter")) for each in dictionaries}
    assert filters <= {"None", "/FlateDecode", "['/FlateDecode']", "/DCTDecode"}
    assert not [each for each in dictionaries if {"/F", "/FFilter"} <= set(each)]
    # 6.2.3 output intent
    [intent] = root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_data()[36:40] == b"acsp"  # an ICC profile
    # 6.2.8 images, 6.2.5 and 6.2.10 graphics
    pictures = [each for each in dictionaries if each.get("/Subtype") == "/Image"]
    assert pictures
    assert not [each for each in pictures if {"/Alternates", "/OPI"} & set(each)]
    assert {each["/Interpolate"].value for each in pictures} == {False}
    assert not [each for each in dictionaries if "/TR" in each or "/HTP" in each]
    # 6.2.11 fonts: inside, with a mapping to Unicode and of the characters used
    fonts = [each for each in dictionaries if each.get("/Type") == "/Font" and each["/Subtype"] == "/Type0"]
    assert len(fonts) >= 2
    for font in fonts:
        [descendant] = font["/DescendantFonts"]
        assert font["/Encoding"] == "/Identity-H"
        assert font["/ToUnicode"].get_data()
        assert descendant["/CIDToGIDMap"] == "/Identity"
        assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"])
    assert {each["/Subtype"] for each in dictionaries if each.get("/Type") == "/Font"} <= {"/Type0", *CID_FONTS}
    # 6.3 annotations, 6.5 actions: nothing that moves, runs or asks
    kinds = {each["/S"] for each in dictionaries if each.get("/Type") == "/Action"}
    assert kinds <= {"/URI", "/GoTo"}
    assert not {"/JavaScript", "/OpenAction", "/AA", "/AcroForm", "/NeedsRendering"} & set(root)
    # 6.6.2 metadata: readable without a filter
    assert "/Filter" not in root["/Metadata"]
    assert root["/Metadata"]["/Subtype"] == "/XML"
    # 6.8 embedded files
    [embedded] = root["/AF"]
    assert embedded["/AFRelationship"] == "/Alternative"
    assert embedded["/F"] == embedded["/UF"] == "factur-x.xml"
    assert embedded["/EF"]["/F"]["/Subtype"] == "/text/xml"
    assert {"/ModDate", "/Size"} <= set(embedded["/EF"]["/F"]["/Params"])
    assert [each for each in dictionaries if each.get("/Type") == "/EmbeddedFile"] == [embedded["/EF"]["/F"]]


def test_the_day_of_supply_stands_on_it_where_it_is_another_one(invoice):
    parcel = NewShipment(carrier="PostNL", tracking_code="3S1", shipped_at=NOON)
    earlier = issue_invoice(make_order(invoice.shop, shipments=[parcel]), by=SYSTEM)

    assert "Date of supply" not in text_of(invoice_pdf(invoice))
    assert "22 Mar 2026" in text_of(invoice_pdf(earlier)).partition("Date of supply")[2]


def test_a_credit_note_has_a_paper_of_its_own(invoice):
    credit = credit_invoice(invoice, CreditWish(whole=True, reason="Broken"), by=SYSTEM)

    text = text_of(invoice_pdf(credit))

    assert credit.number in text
    assert invoice.number in text
    assert "Broken" in text
    assert file_name(credit).startswith("credit-note-C")


def test_what_failed_says_why_and_is_tried_again_later(invoice, broken_layout):
    with pytest.raises(RenderFailed):
        invoice_pdf(invoice)

    file = file_of(invoice)
    assert (file.pdf, file.attempts, file.problem) == (None, 1, "Line 3 is wrong.")
    assert file.due_at is not None


def test_in_the_end_it_waits_for_a_person(invoice, broken_layout):
    for _attempt in range(6):
        make_file(invoice.pk)

    assert file_of(invoice).due_at is None
    try_again(invoice)
    make_it_due(invoice)
    broken_layout.undo()
    assert make_due_files() == 1
    assert file_of(invoice).problem == ""


def test_the_sweep_makes_what_a_lost_bell_left(invoice):
    make_it_due(invoice)

    assert [make_due_files(), make_due_files()] == [1, 0]
    assert file_of(invoice).number_of_pages == 1


def test_one_that_breaks_down_does_not_keep_the_others_waiting(invoice, monkeypatch):
    other = issue_invoice(make_order(invoice.shop), by=SYSTEM)
    make_it_due(invoice)
    make_it_due(other)
    real = invoice_files.layout_for
    seen = []

    def breaks_once(shop, kind):
        seen.append(kind)
        if len(seen) == 1:
            raise ZeroDivisionError
        return real(shop, kind)

    monkeypatch.setattr(invoice_files, "layout_for", breaks_once)

    assert make_due_files() == 1
    assert InvoiceFile.objects.get(pdf=None).problem == "ZeroDivisionError"


def test_of_two_that_make_it_at_once_the_first_ones_bytes_are_kept(invoice, monkeypatch):
    real = invoice_files.render_pdf
    first = []

    def overtaken(*arguments, **options):
        monkeypatch.setattr(invoice_files, "render_pdf", real)
        first.append(invoice_pdf(invoice))
        return replace(real(*arguments, **options), pdf=b"%PDF made later")

    monkeypatch.setattr(invoice_files, "render_pdf", overtaken)

    assert invoice_pdf(invoice) == first[0]
    assert bytes(file_of(invoice).pdf) == first[0]


def test_without_a_valid_e_invoice_there_is_still_a_paper_that_says_so(invoice, monkeypatch):
    def refused(_invoice):
        raise DocumentInvalid("No such country.")

    monkeypatch.setattr(invoice_files.facturx, "attachment", refused)

    pdf = invoice_pdf(invoice)

    assert invoice.number in text_of(pdf)
    assert file_of(invoice).problem == "Without the e-invoice inside: No such country."
    assert "factur-x.xml" not in str(PdfReader(BytesIO(pdf)).attachments)


def test_the_layout_of_the_target_shop_is_used(invoice, monkeypatch):
    target = make_shop("12346", base_shop=invoice.shop, name="Abroad")
    order = make_order(invoice.shop, target_shop=target)
    asked = []

    def layout(shop, kind):
        asked.append((shop.number, kind))
        return Source(html="<p>{{ invoice.number }}</p>", css="", label="12346 invoice 1")

    monkeypatch.setattr(invoice_files, "layout_for", layout)
    abroad = issue_invoice(order, by=SYSTEM)
    invoice_pdf(abroad)

    assert asked == [("12346", "invoice")]
    assert file_of(abroad).layout == "12346 invoice 1"


def test_bx7_the_command_finds_a_changed_byte_a_changed_word_and_a_missing_number(invoice):
    others = [issue_invoice(make_order(invoice.shop), by=SYSTEM) for _ in range(3)]
    pdf = invoice_pdf(invoice)
    said = StringIO()
    call_command("verify_invoices", stdout=said)
    assert "4 documents, 0 faults." in said.getvalue()

    InvoiceFile.objects.filter(invoice=invoice).update(pdf=pdf[:-1] + b"x")
    Invoice.objects.filter(pk=others[0].pk).update(customer_name="Somebody else")
    InvoiceFile.objects.filter(invoice=others[2]).delete()
    Invoice.objects.filter(pk=others[2].pk).delete()
    with pytest.raises(CommandError):
        call_command("verify_invoices", shop="12345", stdout=said)

    assert f"{invoice.number}: the bytes of its paper are others" in said.getvalue()
    assert f"{others[0].number}: it does not say any more what was issued" in said.getvalue()
    assert "4 is missing" in said.getvalue()


def test_the_command_knows_which_shops_there_are(db):
    with pytest.raises(CommandError, match="no shop 4711"):
        call_command("verify_invoices", shop="4711")
