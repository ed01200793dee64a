"""What an order is found by: one folded text per order, kept beside it."""

import re
from collections.abc import Iterable

from django.db import connection
from django.db.models import Count

from backoffice.models import Shop
from orders.models import Order, OrderLine, OrderSearchText, Payment, Shipment

# Search forms fold the same way, in Python: SQLite's lower() knows ASCII only.
SPACES = re.compile(r"\s+")
MAXIMUM_LENGTH = 20_000
# So many orders at the least are in a full part; a word that stands in every order is read of one part at a time.
ORDERS_PER_PART = 4096


def folded(text: str) -> str:
    """Lower case with single spaces, as it is stored and as a needle is compared."""
    return SPACES.sub(" ", text.casefold()).strip()


def search_text_of(
    order: Order,
    shop: Shop,
    *,
    lines: Iterable[OrderLine],
    payments: Iterable[Payment] = (),
    shipments: Iterable[Shipment] = (),
) -> str:
    """The order's searchable words, one field a line so that a needle never matches across two fields."""
    phone_digits = re.sub(r"\D", "", order.customer_phone)
    words = [
        order.display_number,
        order.source_id or "",
        order.customer_name,
        order.customer_company,
        order.customer_email,
        order.customer_phone,
        phone_digits,
        order.customer_number,
        order.billing_name,
        order.billing_company,
        order.billing_postcode,
        order.shipping_name,
        order.shipping_company,
        order.shipping_postcode,
        order.shipping_postcode.replace(" ", ""),
        *(line.sku for line in lines),
        *(payment.provider_reference for payment in payments),
        *(shipment.tracking_code for shipment in shipments),
    ]
    unique = dict.fromkeys(folded(word) for word in words if word)
    return "\n".join(unique)[:MAXIMUM_LENGTH]


def part_of_next(shop: Shop) -> int:
    """The part to which the next order of the shop belongs: the newest one until it is full.

    Only PostgreSQL's index is in parts.
    """
    if connection.vendor != "postgresql":
        return 0
    # The database groups by the index, so it stops behind the newest part.
    parts = OrderSearchText.objects.filter(shop=shop).values("part").annotate(number=Count("order"))
    newest = parts.order_by("-part").values_list("part", "number").first()
    if newest is None:
        return 0
    part, number = newest
    return part + (number >= ORDERS_PER_PART)


def refresh_search_text(orders: Iterable[Order], shop: Shop) -> None:
    """Write the texts of orders anew from what is stored."""
    for order in orders:
        text = search_text_of(
            order, shop, lines=order.lines.all(), payments=order.payments.all(), shipments=order.shipments.all()
        )
        if not OrderSearchText.objects.filter(order=order).update(text=text, placed_at=order.placed_at):
            OrderSearchText.objects.create(
                order=order, shop=shop, placed_at=order.placed_at, text=text, part=part_of_next(shop)
            )
