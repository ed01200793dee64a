"""The VAT rates there are, so that a slip of the finger does not become one."""

from collections.abc import Iterable
from decimal import Decimal

# Statutory rates in percent from 2026, by country. Source: European Commission, "Taxes in Europe Database", and the
# tax authorities of Norway, Switzerland and the United Kingdom. A country that is not here may have any rate.
RATES: dict[str, tuple[str, ...]] = {
    "AT": ("20", "13", "10"),
    "BE": ("21", "12", "6"),
    "CH": ("8.1", "3.8", "2.6"),
    "DE": ("19", "7"),
    "DK": ("25",),
    "ES": ("21", "10", "4"),
    "FI": ("25.5", "14", "13.5", "10"),
    "FR": ("20", "10", "5.5", "2.1"),
    "GB": ("20", "5"),
    "IE": ("23", "13.5", "9", "4.8"),
    "IT": ("22", "10", "5", "4"),
    "LU": ("17", "14", "8", "3"),
    "NL": ("21", "9"),
    "NO": ("25", "15", "12"),
    "PL": ("23", "8", "5"),
    "PT": ("23", "13", "6"),
    "SE": ("25", "12", "6"),
}
HIGHEST = Decimal(100)


def rates_of(countries: Iterable[str], *, used: Iterable[Decimal] = ()) -> list[Decimal] | None:
    """The rates that may be charged between `countries` (ISO 3166 alpha-2), highest first, and those `used` before.

    None where one of the countries is not known here, so that any rate may be right. Empty codes are left out.
    """
    wanted = {country for country in countries if country}
    if not wanted <= RATES.keys():
        return None
    known = {Decimal(rate) for country in wanted for rate in RATES[country]} | {Decimal(0)} | set(used)
    return sorted({rate.quantize(Decimal("0.01")) for rate in known}, reverse=True)
