"""The frame around every mail: the shop's name and colour on top, who sends it below, light and dark, wide and narrow.

What a shop writes is the content alone. It is sanitised before it comes here; the frame is ours, so it may hold the
style sheet that mail programs need, and `inlined` writes that into the elements.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from django.template import Context, Engine, Template
from django.utils.safestring import mark_safe

# The dark tone of each colour of a shop, as in tokens.css: white text on it can be read by everybody.
COLOURS = {
    "grey": "#3f444a",
    "brown": "#61381b",
    "red": "#712826",
    "orange": "#6a3109",
    "yellow": "#554102",
    "lime": "#3c4b01",
    "green": "#115126",
    "teal": "#004f4d",
    "blue": "#034772",
    "indigo": "#353d78",
    "purple": "#52336c",
    "pink": "#692a4b",
}
WORDS = {
    "en": {
        "questions": "Questions? Just reply to this message.",
        "vat_number": "VAT",
        "registration_number": "Reg. no.",
    },
    "nl": {"questions": "Vragen? Beantwoord gewoon dit bericht.", "vat_number": "Btw", "registration_number": "KvK"},
    "sv": {
        "questions": "Frågor? Svara på det här meddelandet.",
        "vat_number": "Moms",
        "registration_number": "Org.nr",
    },
}


def framed(content: str, *, seller: Mapping[str, Any], colour: str, subject: str, language: str) -> str:
    """A whole HTML document around `content`, which must be sanitised; styles are in the elements.

    `seller` is what texts know as `shop`, `colour` that of the shop the customer bought at.
    """
    house = seller["address"]
    values = {
        "content": mark_safe(content),  # noqa: S308  (sanitised by whoever calls)
        "subject": subject,
        "language": language,
        "colour": COLOURS[colour],
        "seller": seller,
        "company": seller["company"] or seller["name"],
        "address": ", ".join(filter(None, [house["street"], f"{house['postcode']} {house['city']}".strip()])),
        "words": WORDS.get(language, WORDS["en"]),
    }
    return inlined(_frame().render(Context(values)))


def inlined(html: str) -> str:
    """The document with its rules in the elements; rules for dark and narrow screens stay in its head."""
    return _inliner().inline(html)


@cache
def _frame() -> Template:
    source = (Path(__file__).parent / "builtin" / "frame.html").read_text(encoding="utf-8")
    return Engine().from_string(source)


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
