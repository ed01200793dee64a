"""How amounts, numbers, dates and countries read on a paper, in the paper's own language.

Any language that babel knows will do; an unknown one is English. Short dates are those of the house style:
22 Nov 2025 in English, 22-11-2025 in Dutch, 2025-11-22 in Swedish.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from liquid.undefined import Undefined
from markupsafe import Markup, escape, soft_str

SHORT = {"en": "d MMM yyyy", "nl": "dd-MM-yyyy", "sv": "yyyy-MM-dd"}
NO_BREAK = "\N{NO-BREAK SPACE}"


@cache
def locale_of(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=4096)
def money(amount: Decimal, currency: str, language: str) -> str:
    """`€1,234.50`, `€ 1.234,50` or `1 234,50 €`; it never breaks over two lines."""
    text = format_currency(amount, currency, locale=locale_of(language), group_separator=True)
    # CLDR wants a space between letters and digits; babel leaves it out.
    text = re.sub(r"^(-?)([A-Z]{3})(?=\d)", rf"\1\2{NO_BREAK}", text)
    return text.replace(" ", NO_BREAK)


@lru_cache(maxsize=4096)
def unit_price(amount: Decimal, currency: str, language: str) -> str:
    """As `money`, with up to four places where they say something."""
    fine = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    if fine == fine.quantize(Decimal("0.01")):
        return money(fine, currency, language)
    locale = locale_of(language)
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", "0.00##")
    return format_currency(fine, currency, pattern, locale=locale, currency_digits=False).replace(" ", NO_BREAK)


@lru_cache(maxsize=4096)
def number(value: Decimal, places: int | None, language: str) -> str:
    """With `places` after the decimal mark, or as many as there are without zeros at the end."""
    pattern = "#,##0.######" if places is None else "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, pattern, locale=locale_of(language), decimal_quantization=True)


def percent(value: Decimal, language: str) -> str:
    """`21 %`, `5.5 %`."""
    return f"{number(value, None, language)}{NO_BREAK}%"


def day(value: date, language: str, style: str = "short") -> str:
    """`style` is short, long or full: 22-11-2025, 22 november 2025, zaterdag 22 november 2025."""
    if style == "short":
        style = SHORT.get(language[:2], "medium")
    return format_date(value, style, locale=locale_of(language))


def moment(value: datetime, language: str, style: str = "short") -> str:
    """Day and time of day: `22 Nov 2025, 12:46`."""
    comma = "," if language[:2] == "en" else ""
    return f"{day(value.date(), language, style)}{comma} {format_datetime(value, 'HH:mm', locale=locale_of(language))}"


# What other Liquid shops write: the directives of strftime that say something on a paper.
_DIRECTIVES = {
    "d": "dd", "e": "d", "m": "MM", "B": "MMMM", "b": "MMM", "y": "yy", "Y": "yyyy", "A": "EEEE", "a": "EEE",
    "H": "HH", "I": "hh", "l": "h", "M": "mm", "S": "ss", "p": "a", "j": "DDD", "V": "ww",
}  # fmt: skip
_DIRECTIVE = re.compile(r"%-?([a-zA-Z%])")


def pattern_day(value: date, pattern: str, language: str) -> str:
    """`value` as a strftime pattern such as `%d %B %Y` wants it; an unknown directive stands as it is."""
    locale = locale_of(language)
    when = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001

    def written(found: re.Match[str]) -> str:
        letter = found[1]
        if letter not in _DIRECTIVES:
            return "%" if letter == "%" else found[0]
        text = format_datetime(when, _DIRECTIVES[letter], locale=locale)
        return text.lstrip("0") if found[0][1] == "-" else text

    return _DIRECTIVE.sub(written, pattern)


@lru_cache(maxsize=1024)
def country(code: str, language: str) -> str:
    """The country's name; an unknown code stands as it is."""
    return locale_of(language).territories.get(code.upper(), code)


def text_of(value: object, language: str) -> str:
    """What an output without a filter writes: nothing for what is not there, decimals without needless zeros."""
    match value:
        case None | Undefined():
            return ""
        case str():
            return value
        case bool():
            return str(value).lower()
        case Decimal():
            places = None if value.as_tuple().exponent != -2 else 2
            return number(value, places, language)
        case float():
            return number(Decimal(str(value)), None, language)
        case datetime():
            return moment(value, language)
        case date():
            return day(value, language)
        case list() | tuple() | range():
            return _together(value, language)
        case _:
            return str(value)


def _together(values: list | tuple | range, language: str) -> str:
    """Texts that are markup stay markup, the others are made safe beside them."""
    texts = [text_of(each, language) for each in values]
    if any(isinstance(text, Markup) for text in texts):
        return Markup("").join(escape(text) for text in texts)
    return "".join(soft_str(text) for text in texts)
