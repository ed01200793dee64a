"""Filters that make texts of texts. Markup stays markup, and what is put into it is made safe."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import nh3
from markupsafe import Markup, escape

from layouts.engine_limits import LONGEST_TEXT
from layouts.engine_trouble import TemplateTrouble
from layouts.filters_numbers import decimal_of
from layouts.formats import text_of


def text(context: Any, value: object) -> str:
    return text_of(value, context.language)


def _room_for(number_of_characters: int) -> None:
    if number_of_characters > LONGEST_TEXT:
        raise TemplateTrouble("text-too-long", limit=LONGEST_TEXT)


def append(context: Any, value: object, more: object) -> str:
    return text(context, value) + text(context, more)


def prepend(context: Any, value: object, before: object) -> str:
    return text(context, before) + text(context, value)


def _replace(value: str, old: str, new: str, most: int) -> str:
    found = value.count(old) if most < 0 else min(value.count(old), most)
    _room_for(len(value) + found * (len(new) - len(old)))
    return value.replace(old, new, most)


def replace(context: Any, value: object, old: object, new: object = "") -> str:
    return _replace(text(context, value), text(context, old), text(context, new), -1)


def replace_first(context: Any, value: object, old: object, new: object = "") -> str:
    return _replace(text(context, value), text(context, old), text(context, new), 1)


def replace_last(context: Any, value: object, old: object, new: object = "") -> str:
    whole, searched = text(context, value), text(context, old)
    place = whole.rfind(searched) if searched else -1
    if place < 0:
        return whole
    return whole[:place] + text(context, new) + whole[place + len(searched) :]


def capitalize(context: Any, value: object) -> str:
    whole = text(context, value)
    return whole[:1].upper() + whole[1:]


def escaped(context: Any, value: object) -> str:
    return escape(text(context, value)) if context.autoescape else html.escape(text(context, value))


def newline_to_br(context: Any, value: object) -> str:
    whole = text(context, value)
    _room_for(len(whole) + 6 * whole.count("\n"))
    lines = re.split(r"\r?\n", whole)
    if context.autoescape:
        same = Markup if isinstance(whole, Markup) else escape
        return Markup("<br>\n").join(same(line) for line in lines)
    return "<br>\n".join(lines)


def strip_newlines(context: Any, value: object) -> str:
    return text(context, value).replace("\r", "").replace("\n", "")


def strip_html(context: Any, value: object) -> str:
    """Only the words; what stood in markup is text again, and is made safe where it is written."""
    return html.unescape(nh3.clean(str(text(context, value)), tags=set()))


def squish(context: Any, value: object) -> str:
    whole = text(context, value)
    return type(whole)(" ").join(whole.split())


def truncate(context: Any, value: object, length: object = 50, end: object = "…") -> str:
    whole, closing = text(context, value), text(context, end)
    most = max(int(decimal_of(length)), 0)
    return whole if len(whole) <= most else whole[: max(most - len(closing), 0)] + closing


def truncatewords(context: Any, value: object, number: object = 15, end: object = "…") -> str:
    whole = text(context, value)
    most, words = max(int(decimal_of(number)), 1), whole.split()
    return whole if len(words) <= most else type(whole)(" ").join(words[:most]) + text(context, end)


def url_encode(context: Any, value: object) -> str:
    return quote_plus(text(context, value))


def url_decode(context: Any, value: object) -> str:
    return unquote_plus(str(text(context, value)))


def split(context: Any, value: object, separator: object = " ") -> list[str]:
    whole, between = text(context, value), text(context, separator)
    if not between:
        return list(whole)
    return whole.split(between) if whole else []


def _of_text(work: Callable[[str], str]) -> Callable[..., str]:
    return lambda context, value: work(text(context, value))


TEXT_FILTERS: dict[str, Callable[..., object]] = {
    "append": append,
    "prepend": prepend,
    "replace": replace,
    "replace_first": replace_first,
    "replace_last": replace_last,
    "remove": lambda context, value, old: replace(context, value, old),
    "remove_first": lambda context, value, old: replace_first(context, value, old),
    "remove_last": lambda context, value, old: replace_last(context, value, old),
    "capitalize": capitalize,
    "downcase": _of_text(lambda value: value.lower()),
    "upcase": _of_text(lambda value: value.upper()),
    "strip": _of_text(lambda value: value.strip()),
    "lstrip": _of_text(lambda value: value.lstrip()),
    "rstrip": _of_text(lambda value: value.rstrip()),
    "escape": escaped,
    "newline_to_br": newline_to_br,
    "strip_newlines": strip_newlines,
    "strip_html": strip_html,
    "squish": squish,
    "truncate": truncate,
    "truncatewords": truncatewords,
    "url_encode": url_encode,
    "url_decode": url_decode,
    "split": split,
}
