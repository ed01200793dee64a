"""Dull orders for stories: what matters to a story is said in the story."""

from datetime import UTC, datetime
from decimal import Decimal

from backoffice.actor import SYSTEM
from orders.models import Order
from orders.services import NewLine, NewOrder, place_order

PLACED_AT = datetime(2026, 3, 21, 17, 44, 55, tzinfo=UTC)


def new_line(**values) -> NewLine:
    """One candle at 12.10 with 21 % VAT."""
    dull = {
        "sku": "CANDLE",
        "name": "Candle",
        "quantity": Decimal(1),
        "unit_price": Decimal("12.10"),
        "vat_rate": Decimal("21.00"),
    }
    return NewLine(**dull | values)


def new_order(*, lines=1, **values) -> NewOrder:
    """An order of Anna; `lines` is a number of dull lines or the lines themselves."""
    if isinstance(lines, int):
        lines = [new_line(sku=f"CANDLE-{i}") for i in range(1, lines + 1)]
    dull = {
        "placed_at": PLACED_AT,
        "customer_name": "Anna Jansen",
        "customer_email": "anna@example.org",
        "lines": lines,
    }
    return NewOrder(**dull | values)


def make_order(shop, *, lines=1, by=SYSTEM, **values) -> Order:
    """Place a dull order in `shop` through the service; values are NewOrder's."""
    return place_order(new_order(lines=lines, **values), shop=shop, by=by).order
