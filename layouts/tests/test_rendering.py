"""Papers come out of the renderer; what goes wrong is named and takes nothing with it."""

import os
import re
import signal
import time
from base64 import b64encode
from io import BytesIO

import PIL.Image
import pytest
from django.utils import translation
from pypdf import PdfReader

from layouts.fields import SAMPLE
from layouts.rendering import (
    Attachment,
    Limits,
    Page,
    RenderFailed,
    Source,
    pictures_of_pdf,
    render_batch,
    render_pdf,
    render_pictures,
)
from layouts.rendering.documents import MOST_PICTURES_KEPT, Layout, pdf_of
from layouts.rendering.pool import POOL

STYLE = """
@page { size: A4; @bottom-right { content: counter(page) ' / ' counter(pages) } }
body { font-family: DejaVu Sans }
"""
INVOICE = Source(html="<title>I {{ order.number }}</title><h1>Order {{ order.number }}</h1>", css=STYLE)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def page(number="00012", source=INVOICE, language="en", **order):
    return Page(source, {**SAMPLE, "order": {**SAMPLE["order"], "number": number, **order}}, language)


def sheets_of(pdf):
    return [sheet.extract_text() for sheet in PdfReader(BytesIO(pdf)).pages]


def png(width=4, height=4, colour="red"):
    written = BytesIO()
    PIL.Image.new("RGB", (width, height), colour).save(written, "PNG")
    return written.getvalue()


def wait_until(is_so, seconds=10):
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    return is_so()


def is_running(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as state:
            return state.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_paper_says_what_its_layout_and_its_order_say():
    made = render_pdf([page("00012")])

    assert sheets_of(made.pdf) == ["Order 00012\n1 / 1"]
    assert (made.number_of_pages, made.remarks) == (1, ())
    assert PdfReader(BytesIO(made.pdf)).metadata.title == "I 00012"


def test_many_papers_are_one_pdf_in_their_order_each_with_its_own_page_numbers():
    two = Source(html="<p>{{ order.number }} a<p style='break-before: page'>b", css=STYLE)

    made = render_pdf([page("1"), page("2", two), page("3")])

    assert [sheet.split() for sheet in sheets_of(made.pdf)] == [
        ["Order", "1", "1", "/", "1"],
        ["2", "a", "1", "/", "2"],
        ["b", "2", "/", "2"],
        ["Order", "3", "1", "/", "1"],
    ]


def test_a_batch_is_in_order_however_many_renderers_made_it():
    made = render_batch([page(str(number)) for number in range(25)])

    assert [sheet.split()[1] for sheet in sheets_of(made.pdf)] == [str(number) for number in range(25)]
    assert made.number_of_pages == dict.fromkeys(range(25), 1)


def test_a_batch_reads_its_papers_as_it_needs_them():
    made = render_batch(page(str(number)) for number in range(3))

    assert [sheet.split()[1] for sheet in sheets_of(made.pdf)] == ["0", "1", "2"]


def test_a_paper_that_fails_is_named_and_the_others_are_made():
    wrong = Source(html="<p>\n{{ order.nubmer }}", css="")

    made = render_batch([page("1"), page("2", wrong), page("3")])

    assert [sheet.split()[1] for sheet in sheets_of(made.pdf)] == ["1", "3"]
    (problem,) = made.failures.pop(1).problems
    assert (problem.line, problem.message) == (2, "There is no field “order.nubmer”.")
    assert not made.failures


def test_papers_can_be_had_apart():
    made = render_batch([page("1"), page("2"), page("3")], apart=True)

    assert {index: sheets_of(pdf)[0].split()[1] for index, pdf in made.documents.items()} == {0: "1", 1: "2", 2: "3"}


def test_one_pdf_of_many_papers_is_made_of_all_or_none():
    wrong = Source(html="{{ order.nubmer }}", css="")

    with pytest.raises(RenderFailed) as failed:
        render_pdf([page("1"), page("2", wrong)])

    assert failed.value.index == 1


def test_a_layout_has_its_own_files():
    source = Source(html='<img src="logo.png"><p>{{ order.number }}', css="", files={"logo.png": png(30, 20)})

    made = render_pdf([page(source=source)])

    (picture,) = PdfReader(BytesIO(made.pdf)).pages[0].images
    assert picture.image.size == (30, 20)
    assert made.remarks == ()


def test_files_of_one_layout_are_not_seen_by_another():
    own = Source(html='<img src="logo.png">', css="", files={"logo.png": png()})
    other = Source(html='<img src="logo.png" alt="none">', css="")

    made = render_batch([page(source=own), page(source=other)])

    assert sheets_of(made.pdf) == ["", "none"]
    assert [problem.message for problem in made.remarks] == ["The layout has no file “logo.png”."]


def test_pictures_with_one_name_stay_those_of_their_layouts_in_one_pdf():
    html, css = '<img src="logo.png">', "@page { size: 10mm; margin: 0 } img { width: 10mm }"
    papers = [page(source=Source(html, css, {"logo.png": png(colour=colour)})) for colour in ("red", "blue")]

    made = render_pictures(papers, width=10)

    colours = [PIL.Image.open(BytesIO(picture)).convert("RGB").getpixel((5, 5)) for picture in made.pictures]
    assert colours == [(255, 0, 0), (0, 0, 255)]


def test_what_is_left_out_of_a_style_sheet_is_told_with_its_place():
    made = render_pdf([page(source=Source(html="x", css="p {\n  colour: red }"))])

    (remark,) = made.remarks
    assert (remark.line, remark.column) == (2, 3)
    assert "colour: red" in remark.message


def test_a_paper_for_the_archive_carries_its_files():
    made = render_pdf(
        [page()],
        attachments=[Attachment("invoice.xml", b"<invoice/>", "The invoice", "Alternative")],
        pdf_variant="pdf/a-3b",
        metadata=[b'<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="x-mark"/>'],
    )

    pdf = PdfReader(BytesIO(made.pdf))
    assert pdf.attachments["invoice.xml"] == [b"<invoice/>"]
    assert len(pdf.trailer["/Root"]["/AF"]) == 1
    metadata = pdf.trailer["/Root"]["/Metadata"].get_data()
    assert b"x-mark" in metadata
    assert b"pdfaid:part" in metadata


def test_a_pdf_a_has_its_colours_and_fonts_inside_and_asks_for_no_smoothing():
    """What ISO 19005-3 wants of the file itself: 6.2.3 output intent, 6.2.8 images, 6.2.11.4 fonts, 6.1.3 no key."""
    half_seen = BytesIO()
    PIL.Image.new("RGBA", (9, 9), (200, 0, 0, 90)).save(half_seen, "PNG")
    source = Source(
        html="<img src='a.png'><img src='b.png'><p>{{ order.number }} <b>{{ order.number | qr }}x</b>",
        css=STYLE,
        files={"a.png": png(), "b.png": half_seen.getvalue()},
    )

    pdf = PdfReader(BytesIO(render_pdf([page(source=source)], pdf_variant="pdf/a-3b").pdf))

    root, resources = pdf.trailer["/Root"], pdf.pages[0]["/Resources"]
    assert not pdf.is_encrypted
    assert "/ID" in pdf.trailer
    [intent] = root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_data()[36:40] == b"acsp"  # an ICC profile
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert all("/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts)
    assert all("/ToUnicode" in font for font in fonts)
    pictures = [picture.get_object() for picture in resources["/XObject"].values()]
    masks = [picture["/SMask"] for picture in pictures if "/SMask" in picture]
    assert (len(pictures), len(masks)) == (3, 1)
    assert {picture["/Interpolate"].value for picture in [*pictures, *masks]} == {False}


def test_a_preview_is_pictures_of_some_pages():
    three = Source(
        html="a<p style='break-before: page'>b<p style='break-before: page'>c", css="@page { size: 100mm 50mm }"
    )

    made = render_pictures([page(source=three)], width=200, first=1, most=5)

    assert [PIL.Image.open(BytesIO(picture)).size for picture in made.pictures] == [(200, 100), (200, 100)]
    assert made.rendered.number_of_pages == 3
    assert pictures_of_pdf(made.rendered.pdf, width=80, most=1)[0].startswith(b"\x89PNG")


def test_the_next_paper_comes_from_the_same_renderer():
    render_pdf([page()])
    before = set(POOL.process_ids)

    render_pdf([page()])

    assert set(POOL.process_ids) == before


def test_a_renderer_that_was_killed_is_replaced():
    render_pdf([page()])
    for process_id in POOL.process_ids:
        os.kill(process_id, signal.SIGKILL)

    assert sheets_of(render_pdf([page("7")]).pdf) == ["Order 7\n1 / 1"]


def test_no_renderer_stays_behind():
    render_pdf([page()])
    process_ids = POOL.process_ids

    POOL.close()

    assert process_ids
    assert wait_until(lambda: not any(is_running(process_id) for process_id in process_ids))


# --- What stands on many papers -------------------------------------------------------------------


def test_papers_in_one_pdf_share_their_fonts_and_their_logo():
    """A logo of its own on each would be as many pictures as papers."""
    source = Source(html="<img src='logo.png'><p>{{ order.number }}</p>", css=STYLE, files={"logo.png": png(90, 30)})

    made = render_batch([page(str(number), source) for number in range(12)], processes=1)

    sheets = PdfReader(BytesIO(made.pdf)).pages
    used = {kind: {str(each) for sheet in sheets for each in _used(sheet, kind)} for kind in ("/Font", "/XObject")}
    assert {kind: len(names) for kind, names in used.items()} == {"/Font": 2, "/XObject": 1}


def _used(sheet, kind):
    return [sheet["/Resources"][kind].raw_get(name).idnum for name in sheet["/Resources"][kind]]


def test_pictures_that_stand_on_one_paper_only_are_forgotten_once_they_are_written():
    source = Source(html="<img src='logo.png'>{{ order.number | qr }}", css="", files={"logo.png": png()})
    layout = Layout("key", source)

    for number in range(MOST_PICTURES_KEPT):
        document, _remarks = layout.lay_out({"order": {"number": str(number)}}, "en")
        pdf_of([document])
        layout.forget_pictures()
        assert len(layout.pictures) <= MOST_PICTURES_KEPT + 5


def test_decimals_that_nobody_sees_are_left_out_but_not_in_drawings_of_another_scale():
    """A millionth of a drawing that is ten thousand times enlarged is a millimetre."""
    drawing = (
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 .001 .001'><path d='M.0001234 .0005678H.001'/></svg>"
    )
    address = f"data:image/svg+xml;base64,{b64encode(drawing).decode()}"
    source = Source(html=f"<p>Words</p><img style='width: 50mm' src='{address}'><p>more words</p>", css=STYLE)

    [sheet] = PdfReader(BytesIO(render_pdf([page("1", source)]).pdf)).pages

    written = sheet.get_contents().get_data()
    assert re.search(rb"0\.000123\d* 0\.000568 m", written)
    assert not re.search(rb"\d\.\d{3,} Tm", written)
    assert sheet.extract_text().split() == ["Words", "more", "words", "1", "/", "1"]


# --- What no font has -----------------------------------------------------------------------------

# Two characters of an alphabet that was never given fonts by anybody, and one that every font has.
UNSEEN = "\U0001df1f\U0001df20"


def test_characters_that_no_font_has_are_named_and_the_paper_is_made():
    made = render_pdf([page(f"A{UNSEEN}")])

    [remark] = made.remarks
    assert remark.message.endswith(f"boxes stand for them: {UNSEEN[0]} {UNSEEN[1]}")
    assert made.number_of_pages == 1


def test_a_batch_names_them_once():
    made = render_batch([page(f"A{UNSEEN}"), page("B"), page(UNSEEN[0])], apart=True)

    assert made.unprintable == UNSEEN
    assert not render_batch([page("B")]).unprintable


# --- pictures that are not whole -------------------------------------------------------------------


def noise(kind):
    """A picture that does not pack, so that half of its bytes is about half of what is seen."""
    written = BytesIO()
    PIL.Image.effect_noise((60, 60), 90).convert("RGB").save(written, kind)
    return written.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("harm", [lambda whole: whole[: len(whole) // 2], lambda whole: whole[40:], lambda _whole: b""])
def test_f25_a_picture_that_is_damaged_fails_its_documents_and_no_others(kind, harm, caplog):
    whole, damaged = noise(kind), harm(noise(kind))
    name = f"logo.{kind.lower()}"
    in_the_data = Source(html="<img src='{{ shop.logo }}'>{{ order.number }}", css="")
    in_the_layout = [Source("<img src=" + name + ">{{ order.number }}", "", {name: each}) for each in (whole, damaged)]

    def with_logo(number, content):
        made = page(number, in_the_data)
        address = f"data:image/{kind.lower()};base64,{b64encode(content).decode()}"
        return Page(made.source, {**made.data, "shop": {**SAMPLE["shop"], "logo": address}}, "en")

    pages = [
        with_logo("1", damaged),
        with_logo("2", whole),
        with_logo("3", damaged),
        page("4", in_the_layout[0]),
        page("5", in_the_layout[1]),
        page("6", in_the_layout[1]),
    ]

    made = render_batch(pages, processes=1)

    assert [sheet.strip() for sheet in sheets_of(made.pdf)] == ["2", "4"]
    assert {place: str(failure) for place, failure in made.failures.items()} == {
        0: "A picture on the paper, such as the logo of the shop, is damaged. Upload it again.",
        2: "A picture on the paper, such as the logo of the shop, is damaged. Upload it again.",
        4: f"The picture “{name}” of the layout is damaged. Upload it again.",
        5: f"The picture “{name}” of the layout is damaged. Upload it again.",
    }
    alarms = [record for record in caplog.records if "picture damaged" in str(record.msg)]
    assert [alarm.levelname for alarm in alarms] == ["ERROR"] * 4


def test_a_damaged_picture_is_not_held_against_the_next_document():
    bad = "<img src=logo.png>" + "<p style='break-before: page'>x" * 9
    source = Source("{% if order.number == '1' %}" + bad + "{% endif %}{{ order.number }}", "", {"logo.png": b"no"})

    made = render_batch([page("1", source), page("2", source)], limits=Limits(pages=5), processes=1)

    assert [sheet.strip() for sheet in sheets_of(made.pdf)] == ["2"]
    assert str(made.failures[0]) == "The document has more than 5 pages."
