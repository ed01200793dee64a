"""How the fields of an order that can be edited are called, and how their values read."""

from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import display, typed
from orders.models import Address

_ADDRESS: dict[str, Promise] = {
    "name": gettext_lazy("Name"),
    "company": gettext_lazy("Company"),
    "street": gettext_lazy("Street and number"),
    "extra": gettext_lazy("Address line 2"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("Town"),
    "region": gettext_lazy("Region"),
    "country": gettext_lazy("Country"),
}
LABELS: dict[str, Promise] = {
    "discount": gettext_lazy("Discount"),
    "shipping_method": gettext_lazy("Shipping method"),
    "shipping_cost": gettext_lazy("Shipping cost"),
    "shipping_vat_rate": gettext_lazy("VAT on shipping, %"),
    "payment_method": gettext_lazy("Payment method"),
    "payment_fee": gettext_lazy("Payment fee"),
    "payment_fee_vat_rate": gettext_lazy("VAT on the fee, %"),
    "customer_name": gettext_lazy("Name"),
    "customer_company": gettext_lazy("Company"),
    "customer_email": gettext_lazy("E-mail"),
    "customer_phone": gettext_lazy("Phone"),
    "customer_number": gettext_lazy("Customer number"),
    "vat_number": gettext_lazy("VAT number"),
    "name": gettext_lazy("Product name"),
    "sku": gettext_lazy("Product number"),
    "options": gettext_lazy("Options"),
    "quantity": gettext_lazy("Quantity"),
    "unit_price": gettext_lazy("Unit price"),
    "unit_price_ex": gettext_lazy("Each ex VAT"),
    "unit_price_incl": gettext_lazy("Each incl. VAT"),
    "vat_rate": gettext_lazy("VAT, %"),
    "removed": gettext_lazy("Remove"),
    **{f"billing_{part}": _ADDRESS[part] for part in Address.__dataclass_fields__},
    **{f"shipping_{part}": _ADDRESS[part] for part in Address.__dataclass_fields__},
}


def label(field: str) -> str:
    """The field's name where it may stand alone: an address says which one it is."""
    if field.startswith("billing_"):
        return _("Bill to: %(field)s") % {"field": LABELS[field]}
    if field.startswith("shipping_") and field.removeprefix("shipping_") in _ADDRESS:
        return _("Ship to: %(field)s") % {"field": LABELS[field]}
    return str(LABELS[field])


def said(field: str, value: Any, currency: str) -> str:
    """A value as people read it; one from the log may be a text. Without a currency an amount is a bare number."""
    if value is None or value == "":
        return _("empty")
    if field.endswith("vat_rate"):
        return display.rate(Decimal(value))
    if field == "quantity":
        return display.quantity(Decimal(value))
    if field in {"discount", "shipping_cost", "payment_fee", "total"}:
        return display.money(Decimal(value), currency) if currency else typed.text(Decimal(value), places=2)
    if field.startswith("unit_price"):
        return display.price(Decimal(value), currency) if currency else typed.text(Decimal(value), places=2)
    return str(value)
