"""VAT numbers by their form. Whether a number is in force only the tax authorities know; its form they publish.

Source: European Commission, VIES, "Frequently asked questions", question 11 (structure of VAT numbers).
"""

import re

from babel import Locale

# By the prefix of the number: Greece writes EL, Northern Ireland XI (for goods only).
FORMS: dict[str, str] = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{10}\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
}
_COUNTRIES = {"EL": "GR", "XI": "GB"}
# The countries of the VAT union, ISO 3166 alpha-2.
EU = frozenset(_COUNTRIES.get(prefix, prefix) for prefix in FORMS) - {"GB"}


# What CLDR calls a territory and ISO 3166-1 does not: islands of others, unions, codes to try things with.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
_PREFIXES = {code for code in Locale("en").territories if len(code) == 2} - _NO_COUNTRIES | set(FORMS)


def tidy(number: str) -> str:
    """The number as it is compared and sent: capitals, without blanks, dots and dashes."""
    return re.sub(r"[\s.\-]", "", number).upper()


def names_a_country(number: str) -> bool:
    """Whether a VAT number begins with the code of a country (or EL, XI), as e-invoices want it (BR-CO-09)."""
    return tidy(number)[:2] in _PREFIXES


def country_of(number: str) -> str:
    """The country (ISO 3166 alpha-2) whose form a VAT number has; empty when it has none."""
    number = tidy(number)
    form = FORMS.get(number[:2])
    if form is None or not re.fullmatch(form, number[2:], re.ASCII):
        return ""
    return _COUNTRIES.get(number[:2], number[:2])
