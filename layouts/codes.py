"""Bar codes and QR codes as SVG, which stays sharp at any size."""

import re
from base64 import b64encode
from decimal import Decimal
from functools import lru_cache
from io import BytesIO

import barcode
import segno
from barcode.writer import SVGWriter
from segno.helpers import make_epc_qr

LONGEST_BARCODE = 60
LONGEST_QR = 1_000
KINDS = frozenset({"code128", "code39", "ean13", "ean8", "itf"})
# What the European guideline for the QR code of a transfer allows.
MOST_PAID = Decimal("999999999.99")
LONGEST_REFERENCE = 140
LONGEST_NAME = 70


def data_address(svg: str) -> str:
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


@lru_cache(maxsize=512)
def barcode_svg(text: str, kind: str = "code128") -> str:
    """The bars without a text below, or an empty text where `kind` cannot hold `text`."""
    if kind not in KINDS or not 0 < len(text) <= LONGEST_BARCODE:
        return ""
    written = BytesIO()
    try:
        code = barcode.get(kind, text, writer=SVGWriter(), options=_options(kind))
        code.write(written, {"write_text": False, "module_height": 12.0, "quiet_zone": 2.0})
    except (barcode.errors.BarcodeError, ValueError, IndexError, KeyError):
        return ""
    return _without_head(written.getvalue().decode())


def _options(kind: str) -> dict[str, object]:
    return {"add_checksum": False} if kind == "code39" else {}


def _without_head(svg: str) -> str:
    """Only the picture: no XML declaration, no document type."""
    return re.sub(r"\A.*?(?=<svg)", "", svg, flags=re.DOTALL)


@lru_cache(maxsize=512)
def qr_svg(text: str) -> str:
    """Error correction M or better; an empty text where it is too long to be read from paper."""
    if not 0 < len(text.encode()) <= LONGEST_QR:
        return ""
    return _picture(segno.make(text, error="m", micro=False))


@lru_cache(maxsize=512)
def sepa_svg(*, name: str, iban: str, bic: str, amount: Decimal, reference: str) -> str:
    """The QR code of a transfer in euro, or an empty text where it cannot be: see EPC069-12."""
    iban = re.sub(r"\s", "", iban)
    if not (name and iban and Decimal("0.01") <= amount <= MOST_PAID):
        return ""
    try:
        code = make_epc_qr(
            name=name[:LONGEST_NAME],
            iban=iban,
            bic=re.sub(r"\s", "", bic) or None,
            amount=amount,
            text=reference[:LONGEST_REFERENCE] or None,
        )
    except (ValueError, segno.DataOverflowError):
        return ""
    return _picture(code)


def _picture(code: segno.QRCode) -> str:
    return code.svg_inline(border=2, omitsize=True)
