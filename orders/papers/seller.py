"""The shop as the sender of papers and mails."""

from base64 import b64encode
from typing import Any

from backoffice.models import Shop, ShopLogo

# A target shop that leaves these empty is the same company as its base shop.
OF_THE_COMPANY = ("company", "vat_number", "registration_number", "iban", "bic", "email", "phone", "website")
ADDRESS = ("street", "postcode", "city")


def seller_data(shop: Shop) -> dict[str, Any]:
    """What layouts know as `shop`: texts, and the logo as a `data:` address or an empty text. One query, two for a
    target shop."""
    base = shop.base_shop or shop
    # An address is whole or not at all: never the street of one and the city of the other.
    house = shop if any(getattr(shop, part) for part in ADDRESS) else base
    return {
        "number": shop.number,
        "name": shop.name,
        **{name: getattr(shop, name) or getattr(base, name) for name in OF_THE_COMPANY},
        "address": {part: getattr(house, part) for part in ADDRESS} | {"country": house.country},
        "currency": shop.currency,
        "language": shop.language,
        "logo": _logo_of(shop, base),
    }


def _logo_of(shop: Shop, base: Shop) -> str:
    logos = {logo.shop_id: logo for logo in ShopLogo.objects.filter(shop__in={shop.pk, base.pk})}
    logo = logos.get(shop.pk) or logos.get(base.pk)
    return f"data:{logo.content_type};base64,{b64encode(logo.data).decode()}" if logo else ""
