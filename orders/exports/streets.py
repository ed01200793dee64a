"""Taking a street line apart into street, house number and what follows it.

Carriers want the number by itself, customers type one line. Where the number stands differs by country; what cannot
be told apart with certainty stays whole in the street, because a wrong number sends a parcel to somebody else.
"""

import re
from typing import NamedTuple

# Countries whose lines begin with the number: `10 Downing Street`, `12 bis rue de Rivoli`.
NUMBER_FIRST = {"GB", "IE", "FR", "LU", "MT", "US", "CA", "AU", "NZ"}

# `12`, or a range of houses: `12-14`, `12/14`.
NUMBER = r"(?P<number>[0-9]{1,5}(?:[-/][0-9]{1,5}(?![0-9A-Za-z]))?)"
# What is said of a number besides: `nr. 12`, `12 - 14`.
NUMERO = re.compile(r"\b(?:nr|no|n°)\.?\s?(?=[0-9])", re.IGNORECASE)
RANGE = re.compile(r"(?<=[0-9])\s?([-/])\s?(?=[0-9])")
# `a`, `bis`, `-2 hoog`, `III`, `/4 tr`; never a second bare number behind a blank.
SUFFIX = r"(?P<suffix>|[^\W\d]{1,8}|[^\W\d]{1,4}[.-]?[0-9]{1,4}|[0-9]{1,4}\s?[^\W\d]{1,5})\.?"
# A flat behind the number: `bus 3`, `bte 12`, `lgh 1101`.
FLAT = r"(?P<suffix>(?:[^\W\d]\s)?(?:bus|bte|boîte|box|lgh|app|apt|whg|wohnung)\.?\s?[0-9A-Za-z]{1,5})"
WITH_FLAT = re.compile(rf"(?P<street>.*[^\W\d].*?)[\s,]+{NUMBER}[\s,]*{FLAT}", re.IGNORECASE)
BEFORE, BETWEEN = r"[\s,]+", r"(?:\s*[-/,]\s*|\s*)"
SHORT_STREET = re.compile(rf"(?P<street>.*?[^\W\d].*?){BEFORE}{NUMBER}{BETWEEN}{SUFFIX}", re.IGNORECASE)
LONG_STREET = re.compile(rf"(?P<street>.*[^\W\d].*){BEFORE}{NUMBER}{BETWEEN}{SUFFIX}", re.IGNORECASE)
FIRST = re.compile(rf"{NUMBER}\s?(?P<suffix>[A-Za-z]|bis|ter)?[\s,]+(?P<street>.*[^\W\d].*)", re.IGNORECASE)
# `3rd Avenue`: the digits belong to the name.
ORDINAL = re.compile(r"[0-9]+\s?(?:st|nd|rd|th|e|er|ère)\b", re.IGNORECASE)
# Streets that end in digits of their own: `Plein 1944`, `Laan 1940-1945`, and Mannheim's squares, `C 4`.
YEAR = r"(?:1[5-9]|20)[0-9]{2}"
ENDS_IN_YEAR = re.compile(rf".*\b{YEAR}(?:[-/]{YEAR})?")
SQUARE = re.compile(r"[A-Z]\s?[0-9]{1,2}")
FLOOR = re.compile(r"[0-9]{1,2}\s?(?:hoog|hg|tr|etg|og|stock)", re.IGNORECASE)


class StreetLine(NamedTuple):
    """`number` is empty when none could be told; then `street` is the whole line."""

    street: str
    number: str = ""
    suffix: str = ""


def split_street(line: str, country: str = "NL") -> StreetLine:
    """`Dorpsstraat 12-b` is street `Dorpsstraat`, number `12`, suffix `b`. `country` is ISO 3166 alpha-2."""
    line = " ".join(line.split())
    tidy = RANGE.sub(r"\1", NUMERO.sub("", line))
    if country in NUMBER_FIRST:
        return (not ORDINAL.match(line) and _parts(FIRST, tidy)) or StreetLine(line)
    return _parts(WITH_FLAT, tidy) or _number_last(tidy) or StreetLine(line)


def _number_last(line: str) -> StreetLine | None:
    """The parts when the line can be read in one way only, or when what it ends in settles the doubt."""
    short, long = _parts(SHORT_STREET, line), _parts(LONG_STREET, line)
    if short is None or long is None:
        return None
    if short == long:
        is_clear = not re.search("[0-9]$", short.street) or ENDS_IN_YEAR.fullmatch(short.street)
        is_year = re.fullmatch(rf"{YEAR}(?:[-/]{YEAR})?", short.number) and not short.suffix
        return short if (is_clear or SQUARE.fullmatch(short.street)) and not is_year else None
    if FLOOR.fullmatch(short.suffix):
        return short
    return long if ENDS_IN_YEAR.fullmatch(long.street) else None


def _parts(pattern: re.Pattern[str], line: str) -> StreetLine | None:
    match = pattern.fullmatch(line)
    if match is None:
        return None
    return StreetLine(match["street"].strip(" ,"), match["number"], (match["suffix"] or "").strip())
