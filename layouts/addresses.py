"""The lines of a postal address, in the order in which its country writes them."""

from collections.abc import Mapping

from layouts.formats import country

# Where the postcode stands behind the city, and where it has a line of its own.
CITY_FIRST = frozenset({"US", "CA", "AU", "NZ"})
OWN_LINE = frozenset({"GB", "IE"})


def address_lines(address: Mapping[str, object], *, home: str, language: str) -> list[str]:
    """The lines that are not empty; `home` is the sender's country, which is left out.

    `address` has name, company, street, extra, postcode, city, region and country (ISO 3166 alpha-2).
    """
    part = {name: str(value or "") for name, value in address.items()}
    code = part.get("country", "").upper()
    lines = [part.get("company", ""), part.get("name", ""), part.get("street", ""), part.get("extra", "")]
    lines += _place(part.get("postcode", ""), part.get("city", ""), part.get("region", ""), code)
    if code and code != home.upper():
        lines.append(country(code, language).upper())
    return [line for line in lines if line.strip()]


def _place(postcode: str, city: str, region: str, code: str) -> list[str]:
    if code in OWN_LINE:
        return [city, region, postcode]
    if code in CITY_FIRST:
        return [f"{city} {region} {postcode}".strip()]
    return [f"{postcode} {city}".strip(), region]
