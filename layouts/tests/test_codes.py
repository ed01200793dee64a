"""Bar codes and QR codes as they stand on paper: every bar and square where the standard wants it, with sharp edges."""

import io

import barcode
import PIL.Image
import pytest
import segno

from layouts import codes
from layouts.fields import SAMPLE
from layouts.rendering import Page, Source, render_pictures

WIDE = "@page { size: 100mm; margin: 0 } body { margin: 0 } img { display: block; width: 100mm; height: 100mm }"
ADDRESS = str(SAMPLE["order"]["status_url"])


def printed(template):
    """The picture of a code that fills its page, in grey."""
    page = Page(Source(html=template, css=WIDE), SAMPLE, "en")
    [picture] = render_pictures([page], width=1200).pictures
    return PIL.Image.open(io.BytesIO(picture)).convert("L")


def read(picture, across, down):
    """Dark (1) or light (0) in the middle of each place of a raster."""
    width, height = picture.width / across, picture.height / down
    return [
        [int(picture.getpixel((int((x + 0.5) * width), int((y + 0.5) * height))) < 128) for x in range(across)]
        for y in range(down)
    ]


def test_a_qr_code_on_paper_has_the_squares_of_its_text():
    code = segno.make(ADDRESS, error="m", micro=False)
    wanted = [[int(square) for square in row] for row in code.matrix_iter(border=2)]

    picture = printed("{{ order.status_url | qr }}")

    assert read(picture, len(wanted), len(wanted)) == wanted


def test_a_bar_code_on_paper_has_the_bars_of_its_text():
    bars = "0" * 10 + barcode.get("code128", "00012").build()[0] + "0" * 10

    picture = printed("{{ order.number | barcode }}")

    assert read(picture, len(bars), 1) == [[int(bar) for bar in bars]]


def test_edges_are_sharp_however_large_a_code_is_shown():
    """Smoothed, there would be as many greys as pixels between dark and light."""
    picture = printed("{{ order.status_url | qr }}")

    darkness = picture.histogram()
    assert sum(darkness[40:216]) < picture.width * picture.height / 100


@pytest.mark.parametrize(("text", "kind"), [("é", "ean13"), ("12", "ean8"), ("x" * 61, "code128"), ("1", "none")])
def test_what_a_code_cannot_hold_is_none(text, kind):
    assert codes.barcode_png(text, kind) == b""
