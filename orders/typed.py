"""Numbers as people type them into fields, and as fields show them: with the decimal mark of the reader's language."""

import re
from decimal import ROUND_HALF_UP, Decimal

from orders import display

_SPACES = re.compile("[\\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}'’]")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{0,10})?|-?\.[0-9]{1,10}")


def number(text: str) -> Decimal | None:
    """The number that `text` means, or None.

    Where point and comma both stand, the last of them is the decimal mark. A single one is too, unless the language
    writes it between thousands and it stands where thousands end: `1,234` is twelve hundred in English only.
    """
    bare = _SPACES.sub("", text).replace("\N{MINUS SIGN}", "-")
    thousands = "," if display.language() == "en" else "."
    decimal_mark = "." if thousands == "," else ","
    if "," in bare and "." in bare:
        decimal_mark = max(",.", key=bare.rfind)
        thousands = "." if decimal_mark == "," else ","
    elif not re.fullmatch(rf"-?[1-9][0-9]{{0,2}}({re.escape(thousands)}[0-9]{{3}})+", bare):
        decimal_mark, thousands = ("," if "," in bare else "."), ""
    plain = (bare.replace(thousands, "") if thousands else bare).replace(decimal_mark, ".")
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def text(value: Decimal, *, places: int = 0) -> str:
    """The number for a field: at least `places` decimals, no needless zeros beyond, no mark between thousands."""
    exact = value.normalize()
    shown = -min(exact.as_tuple().exponent, -places)
    digits = f"{exact.quantize(Decimal(1).scaleb(-shown), ROUND_HALF_UP):f}" if exact else f"{0:.{places}f}"
    return digits.replace(".", "," if display.language() != "en" else ".")


def plain(written: str) -> Decimal | None:
    """The number that a machine wrote, with a point and no marks between thousands; None for anything else."""
    return Decimal(written) if _NUMBER.fullmatch(written) else None
