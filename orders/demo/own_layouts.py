"""The gift shop's own invoice with its logo, and a packing slip that somebody left with a mistake in it."""

from dataclasses import replace
from io import BytesIO

from PIL import Image, ImageDraw

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.kinds import Kind
from layouts.services.drafts import begin_draft
from layouts.services.publishing import publish
from layouts.source import Source
from layouts.standard import standard

LOGO = "logo.png"
SKY, LIGHT, LIGHTER = "#2b2a63", "#3fb8a0", "#a8e6b4"
NAME = '<p class="name">{{ shop.name }}</p>'
STYLE = """
/* Noorderlicht Wonen: the colours of the sky over the harbour */
h1 { color: #2b2a63 }
.lines th { color: #2b2a63; border-bottom-color: #3fb8a0 }
.brand { display: flex; align-items: center; gap: 4mm; color: #2b2a63 }
.brand img { height: 16mm; border-radius: 3mm }
"""


def make_own_layouts(shop: Shop, *, by: Actor) -> None:
    """A published invoice and an unfinished draft of the packing slip."""
    invoice = begin_draft(shop, Kind.INVOICE, own_invoice(), by=by)
    publish(invoice, [shop], seen=invoice.edition, by=by, note="Our own logo and colours")
    begin_draft(shop, Kind.PACKING_SLIP, unfinished_slip(), by=by, note="A word of thanks")


def own_invoice() -> Source:
    """The built-in invoice with a logo beside the name, in the shop's colours."""
    built_in = standard(Kind.INVOICE)
    html = built_in.html.replace(NAME, f'<img src="{LOGO}" alt="">{NAME}')
    return replace(built_in, html=html, css=built_in.css + STYLE, files={LOGO: logo()})


def unfinished_slip() -> Source:
    """The built-in packing slip with a line that names a field there is not."""
    built_in = standard(Kind.PACKING_SLIP)
    thanks = "<p>Thank you, {{ order.custmer.name }}!</p>\n</body>"
    return replace(built_in, html=built_in.html.replace("</body>", thanks))


def logo() -> bytes:
    """Northern lights as a PNG, drawn here."""
    size = 240
    image = Image.new("RGB", (size, size), SKY)
    draw = ImageDraw.Draw(image)
    for number, left in enumerate(range(30, 200, 22)):
        top = 40 + abs(4 - number) * 12
        draw.rounded_rectangle((left, top, left + 12, 170), radius=6, fill=LIGHT if number % 2 else LIGHTER)
    draw.rounded_rectangle((24, 186, 216, 198), radius=6, fill="#ffffff")
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()
