"""The built-in layouts as they come out of the printer: pages, repeated heads, sums that stay with their lines."""

import io
from decimal import Decimal

import PIL.Image
import pytest
from pypdf import PdfReader

from layouts.fields import INVOICE_FIELDS, LABEL_FIELDS
from layouts.kinds import Kind
from layouts.label_sheets import SHEETS, placed
from layouts.rendering import Page, render_pdf, render_pictures
from layouts.source import Source
from layouts.standard import standard

HEADINGS = {
    Kind.INVOICE: "Invoice F2026-00031",
    Kind.CREDIT_NOTE: "Credit note F2026-00031",
    Kind.PACKING_SLIP: "Packing slip 00012",
    Kind.PICK_LIST: "Pick list 00012",
    Kind.RETURN_SLIP: "Return slip 00012",
    Kind.ORDER_CONFIRMATION: "Order confirmation 00012",
}
LONG_ADDRESS = {
    "name": "Maximiliane-Charlotte von Hohenstein-Wittgenstein",
    "company": "Vereinigte Wasser- und Elektrizitätswerke GmbH & Co. KG",
    "street": "Donaudampfschifffahrtsgesellschaftsstraße 1234",
    "extra": "3. Etage, Hinterhaus",
    "postcode": "80331",
    "city": "München",
    "region": "Bayern",
    "country": "DE",
}


def pages_of(source, data, language="en"):
    made = render_pdf([Page(source, data, language)])
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(made.pdf)).pages]


def picture_of(source, data, language):
    [picture] = render_pictures([Page(source, data, language)], most=1).pictures
    return PIL.Image.open(io.BytesIO(picture)).convert("L")


def data_with(number_of_lines):
    data = INVOICE_FIELDS.sample()
    for part in ("invoice", "order"):
        line = data[part]["lines"][0]
        data[part]["lines"] = [{**line, "name": f"Article no {place}."} for place in range(1, number_of_lines + 1)]
    return data


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.ADDRESS_LABEL])
def test_three_hundred_lines_have_their_heads_and_page_numbers_on_every_page(kind):
    pages = pages_of(standard(kind), data_with(300))

    assert 5 < len(pages) < 25
    for number, words in enumerate(pages, start=1):
        assert f"{number} / {len(pages)}" in words
        assert "Article no" not in words or "Description" in words
    everything = " ".join(pages)
    assert [everything.count(f"Article no {place}.") for place in (1, 150, 300)] == [1, 1, 1]


@pytest.mark.parametrize(("kind", "heading"), sorted(HEADINGS.items()))
def test_every_page_says_which_paper_it_belongs_to_once(kind, heading):
    pages = pages_of(standard(kind), data_with(60))

    assert len(pages) > 1
    assert [words.count(heading) for words in pages] == [1] * len(pages)


@pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.CREDIT_NOTE, Kind.ORDER_CONFIRMATION])
@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_the_sums_stay_within_the_margins_and_on_one_line(kind, language):
    data = data_with(1)
    data["order"]["currency"] = "IDR"
    for part in ("invoice", "order"):
        totals = data[part]["totals"]
        data[part]["totals"] = {
            name: Decimal("123456789.00") if isinstance(value, Decimal) else value for name, value in totals.items()
        }

    sheet = picture_of(standard(kind), data, language)

    wide, high = sheet.size
    right_margin = sheet.crop((round(wide * 192.5 / 210), 0, wide, high))
    assert right_margin.getcolors() == [(right_margin.width * right_margin.height, 255)]


@pytest.mark.parametrize("kind", [Kind.PACKING_SLIP, Kind.PICK_LIST])
@pytest.mark.parametrize("parcels", [1, 12])
def test_lines_begin_below_whatever_stands_at_the_head(kind, parcels):
    data = data_with(1)
    data["order"]["shipments"] *= parcels
    told = []

    def note(text, matrix, text_matrix, *_font):
        told.append((text, text_matrix[5] * matrix[3] + matrix[5]))

    def height_of(word):
        return next(height for text, height in told if word in text)

    made = render_pdf([Page(standard(kind), data, "en")])
    PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text(visitor_text=note)

    # The origin is at the foot of the page.
    assert height_of("Article no 1.") < height_of("Location") < height_of("Weight") < height_of("Order date")


@pytest.mark.parametrize("number_of_lines", range(11, 17))
def test_the_sums_of_an_invoice_never_stand_alone_on_a_page(number_of_lines):
    """Around the place where the first page is full."""
    pages = pages_of(standard(Kind.INVOICE), data_with(number_of_lines))
    with_sums = next(words for words in pages if "Total excl. VAT" in words)

    assert "Article no" in with_sums
    assert "€60.85" in with_sums


@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_what_belongs_together_in_the_foot_stays_on_one_line(language):
    made = render_pdf([Page(standard(Kind.INVOICE), data_with(1), language)])
    lines = PdfReader(io.BytesIO(made.pdf)).pages[0].extract_text().splitlines()

    foot = lines[next(index for index, line in enumerate(lines) if "NL001234567B01" in line) :]
    assert any("IBAN NL91ABNA0417164300" in line for line in foot)
    assert not [line for line in foot if line.rstrip().endswith("IBAN")]


def test_a_paid_invoice_asks_for_nothing():
    data = data_with(1)
    assert "Transfer the amount" in pages_of(standard(Kind.INVOICE), data)[0]
    data["invoice"]["totals"] |= {"paid": Decimal("60.85"), "open": Decimal("0.00")}

    [page] = pages_of(standard(Kind.INVOICE), data)

    assert "Transfer the amount" not in page
    assert "This invoice is paid." in page


@pytest.mark.parametrize("key", SHEETS)
def test_labels_fill_their_sheet_and_then_the_next(key):
    sheet = SHEETS[key]
    data = LABEL_FIELDS.sample()
    label = data["labels"][0] | {"address": LONG_ADDRESS}
    data["labels"] = placed([label] * sheet.number_of_labels, label, first=min(2, sheet.number_of_labels))
    layout = standard(Kind.ADDRESS_LABEL)

    pages = pages_of(Source(layout.html, layout.css + sheet.css), data, "nl")

    left = 0 if sheet.number_of_labels == 1 else 1
    assert [page.count("DUITSLAND") for page in pages] == [sheet.number_of_labels - left] + [1] * left
