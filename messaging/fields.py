"""What mail texts may name: everything of an order and its shop, and what only some mails have."""

from datetime import date
from decimal import Decimal
from typing import Any

from layouts.fields import ORDER_FIELDS, Field, FieldList, Shape

_line = ORDER_FIELDS.find("order.lines")
_LINE_FIELDS = _line.fields if _line else ()

_GIFT_CARDS = Field(
    "gift_cards",
    "Gift cards of the order, in the mail that brings them",
    None,
    Shape.LIST,
    (
        Field("name", "Name of the gift card", "Gift card"),
        Field("code", "Code that is spent with", "7KQM-XW42-PB9T"),
        Field("amount", "What it is worth", Decimal("25.00"), Shape.AMOUNT),
    ),
)
_DOWNLOADS = Field(
    "downloads",
    "Files the customer bought, in the mail that brings them",
    None,
    Shape.LIST,
    (
        Field("name", "Name of the file", "Baking bread.pdf"),
        Field("url", "Web address of the download, for this customer alone", "https://shop.example/download/x"),
        Field("expires_on", "Last day on which it works", date(2026, 4, 20), Shape.DATE),
        Field("times_left", "How often it can still be fetched", 5, Shape.NUMBER),
    ),
)
_SUPPLIER = Field(
    "supplier",
    "The supplier who sends for you, in the mail to them",
    None,
    Shape.GROUP,
    (
        Field("name", "Name of the supplier", "Pottery Works"),
        Field("lines", "The lines that this supplier sends", None, Shape.LIST, _LINE_FIELDS),
    ),
)

MAIL_FIELDS = ORDER_FIELDS + FieldList((_GIFT_CARDS, _DOWNLOADS, _SUPPLIER))


def without_extras() -> dict[str, Any]:
    """What stands at the names beside order and shop in a mail that has nothing there; new each time."""
    return {"gift_cards": [], "downloads": [], "supplier": {"name": "", "lines": []}}


def sample_extras() -> dict[str, Any]:
    """Samples for the same names, for a preview; new each time."""
    sample = MAIL_FIELDS.sample()
    return {name: sample[name] for name in without_extras()}
