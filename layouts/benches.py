"""What papers cost: against WeasyPrint used without a renderer, with two processes, and as batches grow."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from backoffice.benches import Measured, bench, peak_kib, seconds_in_turns
from layouts.codes import data_address
from layouts.engine import render_text
from layouts.engine_limits import PAPER
from layouts.fields import INVOICE_FIELDS
from layouts.rendering import Page, render_batch, render_pictures
from layouts.rendering.pool import POOL
from layouts.standard import standard

INVOICES, TOGETHER, TURNS = 12, 50, 3
LINES = 5
FEW, MANY = 100, 1_000


@cache
def logo() -> str:
    """A word in colour with soft edges, 600 by 160 pixels: about as large in bytes as logos of shops are."""
    picture = Image.new("RGBA", (600, 160), (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 10, 150, 150), fill=(12, 110, 104, 255))
    draw.text((180, 40), "The Gift Shop", fill=(23, 34, 40, 255), font=ImageFont.load_default(64))
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return data_address(written.getvalue())


def invoices(number: int) -> list[Page]:
    """Built-in invoices of LINES lines on a page with logo and QR code, each with a number of its own."""
    source = standard("invoice")
    return [Page(source, _data(index), "en") for index in range(number)]


def _data(index: int) -> dict[str, object]:
    data = INVOICE_FIELDS.sample()
    for part in (data["order"], data["invoice"]):
        part["number"] = f"{index:05d}"  # type: ignore[index]
        part["lines"] = (part["lines"] * LINES)[:LINES]  # type: ignore[index]
    data["shop"]["logo"] = logo()  # type: ignore[index]
    return data


def bare(pages: list[Page]) -> list[bytes]:
    """The same papers by WeasyPrint alone: everything is made anew for each, and nothing is limited."""
    return [
        HTML(string=_html(page)).write_pdf(stylesheets=[CSS(string=page.source.css)], font_config=FontConfiguration())
        for page in pages
    ]


def bare_and_warm(page: Page) -> Callable[[], bytes]:
    """One paper by WeasyPrint alone, with fonts and style sheet that are there already."""
    fonts = FontConfiguration()
    styles = [CSS(string=page.source.css, font_config=fonts)]
    html = _html(page)
    return lambda: HTML(string=html).write_pdf(stylesheets=styles, font_config=fonts)


def _html(page: Page) -> str:
    return render_text(page.source.html, page.data, language=page.language, limits=PAPER)


def in_one_renderer(pages: list[Page], *, apart: bool = False) -> object:
    return render_batch(pages, processes=1, apart=apart)


@bench("papers")
def time_of_papers(_size: int) -> Iterator[Measured]:
    pages = invoices(INVOICES)
    fresh, apart, together = seconds_in_turns(
        [partial(bare, pages), partial(in_one_renderer, pages, apart=True), partial(in_one_renderer, pages)],
        times=TURNS,
    )
    each = f"{apart / INVOICES * 1000:.0f} ms each, {fresh / INVOICES * 1000:.0f} ms bare"
    yield Measured("single invoices in a warm renderer against bare WeasyPrint", apart / fresh, 1.0, remark=each)
    each = f"{together / INVOICES * 1000:.0f} ms each"
    yield Measured("a batch of invoices in a warm renderer against the same", together / fresh, 1.0, remark=each)


@bench("paper bytes")
def bytes_of_papers(_size: int) -> Iterator[Measured]:
    pages = invoices(TOGETHER)
    together = len(render_batch(pages, processes=1).pdf)
    apart = sum(map(len, render_batch(pages, apart=True).documents.values()))
    remark = f"{together / 1024:.0f} KiB"
    # Each has a QR code and a page of its own: what can be shared are fonts, logo and structure.
    yield Measured(f"bytes of {TOGETHER} invoices in one PDF against one each", together / apart, 0.25, remark=remark)


@bench("paper pool")
def time_of_two_renderers(_size: int) -> Iterator[Measured]:
    pages = invoices(TOGETHER)
    one, two = seconds_in_turns([partial(render_batch, pages, processes=each) for each in (1, 2)], times=2)
    remark = f"{TOGETHER / two:.0f} a second"
    yield Measured(f"{TOGETHER} invoices in two renderers against one", two / one, 0.65, remark=remark)


@bench("preview")
def time_of_a_preview(_size: int) -> Iterator[Measured]:
    (page,) = invoices(1)
    warm, preview = seconds_in_turns([bare_and_warm(page), partial(render_pictures, [page])], times=2 * TURNS)
    remark = f"{preview * 1000:.0f} ms"
    yield Measured("preview as pictures against a bare warm PDF", preview / warm, 3.0, remark=remark)


@bench("paper memory")
def memory_of_batches(_size: int) -> Iterator[Measured]:
    few, many = (_peak_of(number) for number in (FEW, MANY))
    remark = f"{many / 1024:.0f} MiB"
    yield Measured(f"peak of a renderer, {MANY:,} against {FEW} invoices", many / few, 1.3, remark=remark)


def _peak_of(number: int) -> int:
    """KiB a new renderer holds at most while it makes `number` invoices."""
    POOL.close()
    render_batch(invoices(number), processes=1)
    (process_id,) = POOL.process_ids
    return peak_kib(process_id)
