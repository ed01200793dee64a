"""What looks wrong about an order and may be right all the same: told, never refused."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from stdnum import ean, get_cc_module, iban

from orders import display
from orders.models import Address

# How postcodes are written. Source: Universal Postal Union, "Addressing systems", pages of the countries.
POSTCODES = {
    "AT": "[1-9][0-9]{3}",
    "BE": "[1-9][0-9]{3}",
    "CH": "[1-9][0-9]{3}",
    "DE": "[0-9]{5}",
    "DK": "[0-9]{4}",
    "ES": "(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}",
    "FI": "[0-9]{5}",
    "FR": "[0-9]{5}",
    "GB": "[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}",
    "IT": "[0-9]{5}",
    "LU": "(L-)?[0-9]{4}",
    "NL": "[1-9][0-9]{3} ?[A-Z]{2}",
    "NO": "[0-9]{4}",
    "PL": "[0-9]{2}-[0-9]{3}",
    "PT": "[0-9]{4}-[0-9]{3}",
    "SE": "(SE-)?[0-9]{3} ?[0-9]{2}",
}
# Where a house has a number everywhere but on the smallest islands.
NUMBERED = {"AT", "BE", "CH", "DE", "DK", "LU", "NL", "NO", "SE"}
# VAT numbers of these begin otherwise than the country's code.
VAT_PREFIXES = {"EL": "GR", "XI": "GB"}
# Lengths of the numbers under bar codes: EAN-8, UPC-A, EAN-13, ITF-14.
BAR_CODES = {8, 12, 13, 14}


def address_doubts(address: Address) -> list[str]:
    """About one address that somebody typed; none about one that is empty."""
    doubts = []
    country = address.country
    pattern = POSTCODES.get(country)
    if address.postcode and pattern and not re.fullmatch(pattern, address.postcode.strip().upper()):
        words = _("The postcode %(postcode)s is not written as in %(country)s.")
        doubts.append(words % {"postcode": address.postcode, "country": display.country(country)})
    if country in NUMBERED and address.street and not re.search("[0-9]", address.street + address.extra):
        doubts.append(_("The street %(street)s has no number.") % {"street": address.street})
    missing = [label for part, label in ((address.street, _("street")), (address.city, _("town"))) if not part]
    if missing and any((address.street, address.postcode, address.city)):
        doubts.append(_("The address is incomplete: %(parts)s.") % {"parts": ", ".join(missing)})
    return doubts


def vat_number_doubts(vat_number: str, country: str) -> list[str]:
    """Check digits, and the country in front; numbers of countries with other ways are not judged."""
    compact = re.sub(r"[\s.-]", "", vat_number).upper()
    if not compact:
        return []
    prefix = VAT_PREFIXES.get(compact[:2], compact[:2])
    module = get_cc_module(prefix.lower(), "vat") if prefix.isalpha() else None
    if module is None:
        return []
    # Northern Ireland has British numbers under a code of its own.
    if not module.is_valid("GB" + compact[2:] if compact[:2] == "XI" else compact):
        return [_("The VAT number %(number)s has wrong check digits.") % {"number": vat_number}]
    if country and prefix != country:
        words = _("The VAT number is of %(theirs)s, the invoice goes to %(country)s.")
        return [words % {"theirs": display.country(prefix), "country": display.country(country)}]
    return []


def email_doubts(email: str) -> list[str]:
    try:
        validate_email(email)
    except ValidationError:
        return [_("%(email)s is not an e-mail address.") % {"email": email}] if email else []
    return []


def iban_doubts(number: str) -> list[str]:
    if not number or iban.is_valid(number):
        return []
    return [_("The IBAN %(number)s has wrong check digits.") % {"number": number}]


def bar_code_doubts(skus: Iterable[str]) -> list[str]:
    """About product numbers that could be bar codes; one that is none may have the length of one by chance."""
    codes = [sku for sku in skus if sku.isascii() and sku.isdigit() and len(sku) in BAR_CODES]
    wrong = [code for code in dict.fromkeys(codes) if not ean.is_valid(code)]
    return [_("%(code)s looks like a bar code, but its check digit is wrong.") % {"code": code} for code in wrong]


def customer_doubts(*, email: str, vat_number: str, billing: Address, shipping: Address) -> list[str]:
    """Everything about who bought and where it goes; what two addresses have in common is told once."""
    doubts = [
        *email_doubts(email),
        *vat_number_doubts(vat_number, billing.country),
        *address_doubts(shipping),
        *address_doubts(billing),
    ]
    return list(dict.fromkeys(doubts))
