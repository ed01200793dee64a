"""The lines of a postal address, in the order in which its country writes them.

Sources: the addressing guides of the Universal Postal Union (upu.int, "Postal addressing systems") and the posts of
the countries named here. Elsewhere it is the UPU's own example: recipient, street, postcode and place, country.
"""

from collections.abc import Mapping
from typing import NamedTuple

from layouts.formats import country

# Where the person stands before the company, and where a flat or building stands before the street.
PERSON_FIRST = frozenset({"GB", "IE", "US", "CA", "AU", "NZ"})
EXTRA_FIRST = frozenset({"FR", "MC", "GB", "IE"})
# Where the post asks for the place in capitals.
PLACE_IN_CAPITALS = frozenset({"FR", "MC", "GB", "US", "CA", "AU"})
# The language in which letters from a country name the one they go to, where it is not the paper's own.
LANGUAGES_OF_SENDERS = {
    "NL": "nl", "BE": "nl", "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "LU": "fr", "SE": "sv", "DK": "da",
    "NO": "nb", "FI": "fi", "GB": "en", "IE": "en", "US": "en", "CA": "en", "AU": "en", "ES": "es", "IT": "it",
    "PL": "pl", "PT": "pt",
}  # fmt: skip


class _Parts(NamedTuple):
    name: str
    company: str
    street: str
    extra: str
    postcode: str
    city: str
    region: str


def address_lines(address: Mapping[str, object], *, home: str, language: str) -> list[str]:
    """The lines that are not empty; `home` is the sender's country, which is left out.

    `address` has name, company, street, extra, postcode, city, region and country (ISO 3166 alpha-2). The country
    stands in capitals, in `language`.
    """
    parts = _Parts(*(" ".join(str(address.get(name) or "").split()) for name in _Parts._fields))
    code = str(address.get("country") or "").upper()
    lines = [*_recipient(parts, code), *_house(parts, code), *_place(parts, code)]
    if code and code != home.upper():
        lines.append(country(code, language).upper())
    return [line for line in lines if line]


def language_of_sender(home: str, otherwise: str) -> str:
    """The language in which a post office of the country `home` expects the name of the country on a parcel."""
    return LANGUAGES_OF_SENDERS.get(home.upper(), otherwise)


def _recipient(parts: _Parts, code: str) -> list[str]:
    both = [parts.company, parts.name]
    return both[::-1] if code in PERSON_FIRST else both


def _house(parts: _Parts, code: str) -> list[str]:
    both = [parts.street, parts.extra]
    return both[::-1] if code in EXTRA_FIRST else both


def _place(parts: _Parts, code: str) -> list[str]:
    city = parts.city.upper() if code in PLACE_IN_CAPITALS else parts.city
    match code:
        case "GB":
            return [city, parts.region, parts.postcode.upper()]
        case "IE":
            return [city, parts.region, parts.postcode.upper()]
        case "US" | "CA" | "AU":
            return [_beside(city, parts.region, parts.postcode)]
        case "NZ":
            return [parts.region, _beside(city, parts.postcode)]
        case "IT":
            # The province, two letters, stands behind the place.
            return [_beside(parts.postcode, city, parts.region)]
        case _:
            return [_beside(parts.postcode, city), parts.region]


def _beside(*parts: str) -> str:
    return " ".join(filter(None, parts))
