"""How amounts, quantities and times read in the language of the person who looks.

Dates are those of the house style: 22 Nov 2025 in English, 22-11-2025 in Dutch, 2025-11-22 in Swedish. What a
language's numbers look like is asked of babel once per language and currency, because a list page formats fifty
amounts and babel takes its patterns apart for each. Where a page shows hundreds, it passes the language as `code`
instead of letting each ask for it.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language

LANGUAGES = ("en", "nl", "sv")
NO_BREAK = "\N{NO-BREAK SPACE}"
GRAMS_PER_KG = Decimal(1000)
CM3_PER_M3 = Decimal(1_000_000)


def language() -> str:
    """The active language if numbers and dates are known in it, else English."""
    code = (get_language() or "en")[:2]
    return code if code in LANGUAGES else "en"


@cache
def _locale(code: str) -> Locale:
    return Locale(code)


@cache
def _marks(code: str) -> dict[int, str]:
    """For `str.translate`: the decimal point and the comma between thousands as the language writes them."""
    symbols = _locale(code).number_symbols["latn"]
    return {ord("."): symbols["decimal"], ord(","): symbols["group"], ord("-"): symbols["minusSign"]}


class _Frame(NamedTuple):
    """What stands around the digits of an amount."""

    before: str
    after: str
    before_negative: str
    after_negative: str
    number_of_decimals: int


@cache
def _frame(code: str, currency: str) -> _Frame:
    """Read from how babel writes one unit; an unknown currency stands as its code."""
    locale = _locale(code)
    places = get_currency_precision(currency)
    digits = f"{1:.{places}f}".translate(_marks(code))
    before, after = format_currency(1, currency, locale=locale).split(digits)
    before_negative, after_negative = format_currency(-1, currency, locale=locale).split(digits)
    return _Frame(_apart(before), after, _apart(before_negative), after_negative, places)


def _apart(before: str) -> str:
    """CLDR wants a space between a currency that is written in letters and the digits; babel leaves it out."""
    return before + NO_BREAK if before[-1:].isalpha() else before


def money(amount: Decimal, currency: str, code: str = "") -> str:
    """`€1,234.50`, `€ 1.234,50` or `1 234,50 €`; it never breaks over two lines."""
    code = code or language()
    frame = _frame(code, currency)
    digits = f"{abs(amount):,.{frame.number_of_decimals}f}".translate(_marks(code))
    if amount < 0:
        return f"{frame.before_negative}{digits}{frame.after_negative}"
    return f"{frame.before}{digits}{frame.after}"


def price(amount: Decimal, currency: str) -> str:
    """A unit price: as `money`, with up to four places where they say something."""
    fine = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    if fine == fine.quantize(Decimal("0.01")):
        return money(fine, currency)
    frame = _frame(language(), currency)
    digits = _plain(abs(fine))
    if amount < 0:
        return f"{frame.before_negative}{digits}{frame.after_negative}"
    return f"{frame.before}{digits}{frame.after}"


def integer(number: int) -> str:
    """A count: `12,345`, `12.345` or `12 345`."""
    return f"{number:,}".translate(_marks(language()))


def quantity(number: Decimal) -> str:
    """Pieces without needless zeros: `3`, `2.5`."""
    return _plain(number)


def rate(percent: Decimal) -> str:
    """A percentage: `21 %`, `5.5 %`."""
    return f"{_plain(percent)}{NO_BREAK}%"


def exchange_rate(number: Decimal) -> str:
    """At least four places, `1.0000`, and all of them where there are more."""
    text = f"{number:.4f}" if number == round(number, 4) else f"{number:f}"
    return text.translate(_marks(language()))


def weight(grams: int) -> str:
    """In kilograms with two places, three for what is not a multiple of ten grams: `9.71 kg`, `0.005 kg`."""
    places = 2 if grams % 10 == 0 else 3
    return f"{grams / GRAMS_PER_KG:,.{places}f}".translate(_marks(language())) + f"{NO_BREAK}kg"


def volume(cm3: int) -> str:
    """In cubic metres with three places, below one litre in cubic centimetres."""
    if cm3 < 1000:
        return f"{cm3}{NO_BREAK}cm³"
    return f"{cm3 / CM3_PER_M3:,.3f}".translate(_marks(language())) + f"{NO_BREAK}m³"


def day(value: date, code: str = "") -> str:
    """`22 Nov 2025`, `22-11-2025` or `2025-11-22`."""
    code = code or language()
    if code == "nl":
        return f"{value.day:02d}-{value.month:02d}-{value.year:04d}"
    if code == "sv":
        return value.isoformat()[:10]
    return f"{value.day} {_months()[value.month]} {value.year}"


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day in `zone`, `14:05`."""
    return _clock(moment.astimezone(zone))


def _clock(local: datetime) -> str:
    # A hundred of them stand on a page of the list, and strftime takes four times as long.
    return f"{local.hour:02}:{local.minute:02}"


def short_time(moment: datetime, zone: ZoneInfo, today: date, code: str = "") -> str:
    """For narrow columns: the time when it was today in `zone`, else the day; the year only when it is another."""
    code = code or language()
    local = moment.astimezone(zone)
    if local.date() == today:
        return _clock(local)
    if local.year != today.year:
        return day(local, code)
    match code:
        case "nl":
            return f"{local.day:02}-{local.month:02}"
        case "sv":
            return f"{local.day}/{local.month}"
    return f"{local.day} {_months()[local.month]}"


def date_time(moment: datetime, zone: ZoneInfo, code: str = "") -> str:
    """Day and time in `zone`: `22 Nov 2025, 12:46`."""
    code = code or language()
    local = moment.astimezone(zone)
    comma = "," if code == "en" else ""
    return f"{day(local, code)}{comma} {_clock(local)}"


def weekday_date_time(moment: datetime, zone: ZoneInfo) -> str:
    """As `date_time`, with the day of the week before it: `Sat 22 Nov 2025, 12:46`."""
    local = moment.astimezone(zone)
    return f"{_weekdays(language())[local.weekday()]} {date_time(moment, zone)}"


def country(code: str) -> str:
    """The country's name; a code that babel does not know, and none at all, stand as they are."""
    return _locale(language()).territories.get(code, code)


def language_name(code: str) -> str:
    """The name of a language such as `nl`, as a word in a sentence would be written in this one."""
    return _locale(language()).languages.get(code[:2].lower(), code)


@cache
def _months() -> dict[int, str]:
    return dict(_locale("en").months["format"]["abbreviated"])


@cache
def _weekdays(code: str) -> dict[int, str]:
    return dict(_locale(code).days["format"]["abbreviated"])


def _plain(number: Decimal) -> str:
    """Digits with thousands apart, without zeros at the end."""
    text = f"{number:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(_marks(language()))
