"""The filters of layouts and mail texts. Each takes the context, the value and its arguments.

What is not there (None, an undefined name) is written as nothing. Times are turned to the shop's zone where the data
names one. What a filter makes is held against the limits by `Context`; a filter that can make much more than it is
given asks beforehand.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from liquid.undefined import Undefined
from markupsafe import Markup, escape

from layouts import codes, formats
from layouts.addresses import address_lines
from layouts.builtin.words import word
from layouts.filters_lists import LIST_FILTERS
from layouts.filters_numbers import NUMBER_FILTERS, decimal_of
from layouts.filters_texts import TEXT_FILTERS

DAY_STYLES = ("short", "long", "full")


def is_absent(value: object) -> bool:
    return value is None or isinstance(value, Undefined) or value == ""


def _root(context: Any, name: str) -> Mapping[str, Any]:
    found = context.globals.get(name)
    return found if isinstance(found, Mapping) else {}


def _currency(context: Any) -> str:
    return str(_root(context, "order").get("currency") or _root(context, "shop").get("currency") or "EUR")


def money(context: Any, value: object, currency: object = None) -> str:
    """`{{ order.totals.incl | money }}`: in the order's currency, or in the one named."""
    if is_absent(value):
        return ""
    return formats.money(decimal_of(value), str(currency or _currency(context)), context.language)


def unit_price(context: Any, value: object, currency: object = None) -> str:
    """As money, with up to four places."""
    if is_absent(value):
        return ""
    return formats.unit_price(decimal_of(value), str(currency or _currency(context)), context.language)


def number(context: Any, value: object, places: object = None) -> str:
    """`{{ line.quantity | number }}`, `{{ x | number: 2 }}`."""
    if is_absent(value):
        return ""
    wanted = None if places is None else min(max(int(decimal_of(places)), 0), 6)
    return formats.number(decimal_of(value), wanted, context.language)


def percent(context: Any, value: object) -> str:
    """`{{ line.vat_rate | percent }}`."""
    return "" if is_absent(value) else formats.percent(decimal_of(value), context.language)


def weight(context: Any, grams: object) -> str:
    """Grams as kilograms: `{{ order.weight_g | weight }}`."""
    if is_absent(grams):
        return ""
    kilograms = decimal_of(grams) / 1000
    return f"{formats.number(kilograms, 2, context.language)}{formats.NO_BREAK}kg"


def _moment(context: Any, value: object) -> date | None:
    """A date, or a time on the shop's clock."""
    if value in ("now", "today"):
        value = datetime.now(UTC)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime) and value.tzinfo and (zone := _root(context, "shop").get("time_zone")):
        try:
            return value.astimezone(ZoneInfo(str(zone)))
        except (ZoneInfoNotFoundError, ValueError):
            return value
    return value if isinstance(value, date) else None


def day(context: Any, value: object, style: object = "short") -> str:
    """`{{ order.placed_at | date }}`, `| date: "long"` or `| date: "%d %B %Y"`."""
    when = _moment(context, value)
    if when is None:
        return "" if is_absent(value) else str(value)
    if "%" in str(style):
        return formats.pattern_day(when, str(style)[:200], context.language)
    return formats.day(when, context.language, str(style) if style in DAY_STYLES else "short")


def moment(context: Any, value: object, style: object = "short") -> str:
    """Day and time: `{{ order.placed_at | datetime }}`."""
    when = _moment(context, value)
    if not isinstance(when, datetime):
        return day(context, value, style)
    if "%" in str(style):
        return formats.pattern_day(when, str(style)[:200], context.language)
    return formats.moment(when, context.language, str(style) if style in DAY_STYLES else "short")


def country(context: Any, value: object, language: object = None) -> str:
    """`{{ order.shipping_address.country | country }}`."""
    return "" if is_absent(value) else formats.country(str(value)[:10], str(language or context.language)[:10])


def address(context: Any, value: object) -> str:
    """The lines of an address as its country wants them; the country is left out where it is the shop's own."""
    if not isinstance(value, Mapping) or isinstance(value, Undefined):
        return ""
    own = _root(context, "shop").get("address")
    home = str(own.get("country") or "") if isinstance(own, Mapping) else ""
    lines = address_lines(value, home=home, language=context.language)
    if context.autoescape:
        return Markup("<br>").join(lines)
    return "\n".join(lines)


def translated(context: Any, value: object) -> str:
    """`{{ 'Invoice' | t }}`: a word of the built-in layouts in the language of the paper."""
    return word(str(value)[:200], context.language)


# Without a size in the layout a bar is 0.2 mm wide on paper and the squares of a QR code are 1 mm.
SHARP = "image-rendering: pixelated"
RESOLUTION = {"barcode": "; image-resolution: 254dpi", "qr": ""}


def _image(kind: str, png: bytes, alternative: object) -> Markup:
    picture = Markup('<img class="{}" style="{}" alt="{}" src="{}">')
    return picture.format(kind, SHARP + RESOLUTION[kind], escape(str(alternative)), codes.data_address(png))


def barcode(context: Any, value: object, kind: object = "code128") -> str:
    """`{{ order.number | barcode }}` or `| barcode: "ean13"`: a picture; what cannot be coded stands as text."""
    if is_absent(value):
        return ""
    png = codes.barcode_png(str(value), str(kind))
    return _image("barcode", png, value) if png else str(value)


def qr(context: Any, value: object) -> str:
    """`{{ order.status_url | qr }}`: a picture; what is too long for one stands as text."""
    if is_absent(value):
        return ""
    png = codes.qr_png(str(value))
    return _image("qr", png, value) if png else str(value)


def sepa_qr(context: Any, amount: object, reference: object = "") -> str:
    """`{{ order.totals.open | sepa_qr: order.number }}`: pays to the shop's account. Nothing where that cannot be:
    no account, nothing to pay, not in euro."""
    shop = _root(context, "shop")
    if is_absent(amount) or _currency(context) != "EUR":
        return ""
    png = codes.sepa_png(
        name=str(shop.get("company") or shop.get("name") or ""),
        iban=str(shop.get("iban") or ""),
        bic=str(shop.get("bic") or ""),
        amount=decimal_of(amount),
        reference=str(reference),
    )
    return _image("qr", png, reference) if png else ""


def default(context: Any, value: object, instead: object = "", *, allow_false: object = False) -> object:
    """`instead` where there is nothing: no value, an empty text or list, false."""
    if value is False:
        return value if allow_false is True else instead
    empty = is_absent(value) or (isinstance(value, list | tuple | Mapping) and not value)
    return instead if empty else value


FILTERS: dict[str, Callable[..., object]] = {
    "money": money,
    "unit_price": unit_price,
    "number": number,
    "percent": percent,
    "weight": weight,
    "date": day,
    "datetime": moment,
    "country": country,
    "address": address,
    "t": translated,
    "barcode": barcode,
    "qr": qr,
    "sepa_qr": sepa_qr,
    "default": default,
    **TEXT_FILTERS,
    **LIST_FILTERS,
    **NUMBER_FILTERS,
}
