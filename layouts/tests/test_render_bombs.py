"""Layouts made to hurt the renderer: the one document fails within its limits and says why, the batch goes on."""

import base64
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import translation
from pypdf import PdfReader

from layouts.fields import SAMPLE
from layouts.rendering import Limits, Page, Source, render_batch
from layouts.rendering.pool import POOL

# The limits of papers are wider; what is killed at these is killed at those, later.
NARROW = Limits(cpu_seconds=3, wall_seconds=60, memory_mib=300, pages=40)
GOOD = Page(Source(html="<p>good {{ order.number }}</p>", css=""), SAMPLE, "en")


def png(width, height, *, kind=0):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (width + 1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def svg(content, size="width='9' height='9'"):
    text = f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{content}</svg>"
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode()).decode()


def drawn(content):
    return Source(f'<img src="{svg(content)}">', "")


LONG = "word " * 100_000
LAUGHS = "".join(f"<g id='g{n}'>" + f"<use href='#g{n - 1}'/>" * 10 + "</g>" for n in range(1, 12))

# Each must fail: by a limit that is met before or by the process being ended.
FAIL = {
    "pages of a pixel": Source("x" + "<br>x" * 4_000, "@page { size: 1px 1px; margin: 0 } body { font-size: 1px }"),
    "a page break for each word": Source("<p>x" * 3_000, "p { break-before: page }"),
    "a very long text": Source("<p>" + LONG[:190_000], "@page { size: 30mm }"),
    "nested divisions": Source("<div>" * 20_000, ""),
    "nested tables": Source("<table><tr><td>" * 400 + "x", ""),
    "nested lists": Source("<ul><li>" * 5_000 + "x", ""),
    "nested inline boxes": Source("<b>" * 20_000 + "x", ""),
    "floats": Source("<div class=f>x</div>" * 9_000, ".f { float: left; width: 1% }"),
    "grids in grids": Source("<div>" * 60 + "x", "div { display: grid; grid-template-columns: repeat(30, auto) }"),
    "flexes in flexes": Source(
        "<div>" * 60 + "x" + "</div>" * 60, "div { display: flex } div::before { content: 'a' }"
    ),
    "columns in columns": Source("<div>" * 25 + LONG[:20_000], "div { columns: 3 }"),
    "a table of a million columns": Source("<table><tr>" + "<td colspan=1000>x" * 2_000 + "</table>", ""),
    "a table of many rows at once": Source("<table>" + "<tr><td rowspan=60000>x" * 3_000 + "</table>", ""),
    "a large table": Source(
        "<table>{% for i in (1..400) %}<tr>{% for j in (1..60) %}<td>{{ j }}{% endfor %}{% endfor %}</table>", ""
    ),
    "counters that count pages": Source(
        "<p>x" * 2_000, "@page { size: 20mm 20mm; margin: 5mm; @top-left { content: counter(pages) } }"
    ),
    "footnotes": Source("<i>x</i> y" * 6_000, "i { float: footnote }"),
    "style sheets without end": Source(
        "<p>x" * 500, "".join(f"p:nth-child({n}n) a, p ~ p ~ p {{ top: {n}px }}" for n in range(9_000))
    ),
    "a selector without end": Source("<p>x" * 3_000, "p" + " ~ p" * 400 + " { color: red }"),
    "generated text": Source("<p>x" * 3_000, "p::before { content: " + "'xxxxxxxxxx' " * 3_000 + "}"),
    "a template bomb": Source("{% for i in (1..9999) %}{% for j in (1..9999) %}x{% endfor %}{% endfor %}", ""),
}

# These are made, without what is bad in them, or fail: both are right, as long as they end.
END = {
    "running elements": Source(
        "<h1>x</h1>" * 3_000,
        "h1 { position: running(a); break-before: page } @page { @top-left { content: element(a) } }",
    ),
    "a colspan of a milliard": Source("<table><tr><td colspan=1000000000>x</table>", ""),
    "a rowspan of a milliard": Source("<table><tr><td rowspan=1000000000>x</table>", ""),
    "a page as large as a country": Source("x", "@page { size: 1000000000px 1000000000px }"),
    "a font as large as a house": Source("x", "body { font-size: 1000000000px }"),
    "margins without end": Source("x", "p { margin: 1e30px; padding: 1e300px; width: calc(1e308px * 1e308) }"),
    "a picture of 100 million pixels": Source("<img src=a.png>", "", {"a.png": png(20_000, 5_000)}),
    "a picture as large as the sea": Source(
        "<img src=a.png width=1000000000 height=1000000000>", "", {"a.png": png(9, 9)}
    ),
    "a picture repeated without end": Source(
        "x", "body { background: url(a.png) 0 0 / 0.001px }", {"a.png": png(1, 1)}
    ),
    "a picture that is none": Source("<img src=a.png>", "", {"a.png": b"\x89PNG\r\n\x1a\n" + b"\xff" * 1_000}),
    "a font that is none": Source(
        "x",
        "@font-face { font-family: f; src: url(a.ttf) } body { font-family: f }",
        {"a.ttf": b"\0\1\0\0" + b"\xff" * 9_999},
    ),
    "a font that packs well": Source(
        "x",
        "@font-face { font-family: f; src: url(a.woff) } body { font-family: f }",
        {"a.woff": b"wOFF" + struct.pack(">IIHH", 0x00010000, 99_999_999, 1, 0) + zlib.compress(b"\0" * 9_999_999)},
    ),
    "an SVG that laughs": drawn("<g id='g0'><rect width='1' height='1'/></g>" + LAUGHS),
    "an SVG that uses itself": drawn("<g id='a'><use href='#a'/></g>"),
    "an SVG in an SVG": drawn("<svg>" * 2_000 + "</svg>" * 2_000),
    "an SVG of many filters": drawn("<filter id='f'>" + "<feOffset/>" * 9_999 + "</filter>"),
    "an SVG of endless dashes": drawn("<path stroke='red' stroke-dasharray='0.0000001' d='M0 0L9999 0'/>"),
    "variables that name each other": Source("x", "body { --a: var(--b); --b: var(--a); width: var(--a) }"),
    "variables that double": Source(
        "x",
        "body {"
        + "".join(f"--v{n}: var(--v{n - 1}) var(--v{n - 1});" for n in range(1, 40))
        + "--v0: x; font: var(--v39) }",
    ),
    "an attribute without end": Source("<p title='" + "x" * 9_000 + "'>x", "p::before { content: attr(title) }"),
    "control characters": Source("\x01\x02\x0b\x7f\ufffe<p>x\ud7ff", ""),
    "NUL": Source("<p>a\x00b", "p\x00 { color: red }"),
}


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def rendered(source, limits=NARROW):
    return render_batch([GOOD, Page(source, SAMPLE, "en"), GOOD], limits=limits, processes=1)


def good_sheets(pdf):
    # pypdf reads two bytes for each character where a font of the PDF has signs without a glyph.
    texts = [sheet.extract_text().replace("\0", "") for sheet in PdfReader(BytesIO(pdf)).pages]
    return [text for text in texts if text == "good 00012"]


@pytest.mark.faults
@pytest.mark.parametrize("name", FAIL)
def test_the_one_document_fails_and_the_others_are_made(name):
    made = rendered(FAIL[name])

    assert list(made.failures) == [1]
    assert [problem.message for problem in made.failures[1].problems] != [""]
    assert len(good_sheets(made.pdf)) == 2


@pytest.mark.faults
@pytest.mark.parametrize("name", END)
def test_a_strange_document_ends_and_the_others_are_made(name):
    made = rendered(END[name])

    assert set(made.failures) <= {1}
    assert all(problem.message for failure in made.failures.values() for problem in failure.problems)
    assert len(good_sheets(made.pdf)) == 2


@pytest.mark.faults
def test_the_renderer_never_holds_more_than_it_may():
    made = rendered(
        Source("<table>" + "<tr><td rowspan=60000>x" * 3_000 + "</table>", ""), Limits(memory_mib=150, cpu_seconds=20)
    )

    assert list(made.failures) == [1]
    assert len(good_sheets(made.pdf)) == 2


def test_too_many_pages_are_refused_before_they_are_made():
    source = Source("<p>x" * 100, "p { break-before: page }")

    made = rendered(source, Limits(pages=20))

    assert [problem.message for problem in made.failures[1].problems] == ["The document has more than 20 pages."]
    assert len(good_sheets(made.pdf)) == 2


def test_a_document_that_takes_too_long_is_killed_and_named():
    made = rendered(FAIL["floats"], Limits(cpu_seconds=1))

    assert [problem.message for problem in made.failures[1].problems] == [
        "The document takes more than 1 seconds to lay out."
    ]
    assert len(good_sheets(made.pdf)) == 2


@pytest.mark.faults
def test_a_renderer_that_hangs_is_killed_by_the_clock():
    made = rendered(FAIL["floats"], Limits(cpu_seconds=60, wall_seconds=1))

    assert [problem.message for problem in made.failures[1].problems] == [
        "The document takes more than 1 seconds to lay out."
    ]


def test_after_all_that_there_is_a_renderer():
    assert not rendered(GOOD.source).failures
    assert POOL.process_ids


@pytest.mark.faults
def test_no_folder_of_a_dead_renderer_stays():
    rendered(FAIL["floats"], Limits(cpu_seconds=1))
    folders = {renderer.folder for renderer in POOL._all}

    POOL.close()

    assert folders
    assert not [folder for folder in folders if Path(folder).exists()]


def test_the_tables_are_as_long_as_they_were_meant_to_be():
    assert len(FAIL) + len(END) >= 40
