"""What an order is found by: one folded text per order, kept beside it."""

import re
from collections.abc import Iterable

from backoffice.models import Shop
from orders.models import Order, OrderLine, OrderSearchText, Payment, Shipment

# Search forms fold the same way, in Python: SQLite's lower() knows ASCII only.
SPACES = re.compile(r"\s+")
MAXIMUM_LENGTH = 20_000


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


def refresh_search_text(orders: Iterable[Order], shop: Shop) -> None:
    """Write the texts of orders anew from what is stored."""
    for order in orders:
        text = search_text_of(
            order, shop, lines=order.lines.all(), payments=order.payments.all(), shipments=order.shipments.all()
        )
        OrderSearchText.objects.update_or_create(
            order=order, defaults={"shop": shop, "placed_at": order.placed_at, "text": text}
        )
