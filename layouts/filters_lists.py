"""Filters over lists. They give new lists of at most LONGEST_LIST rows and never change the data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from liquid.undefined import Undefined
from markupsafe import escape

from layouts.engine_limits import LONGEST_LIST, LONGEST_TEXT
from layouts.engine_trouble import TemplateTrouble
from layouts.filters_numbers import decimal_of
from layouts.formats import text_of

_LAST = (2, "")


def rows(value: object) -> list[Any]:
    """`value` as a list: nothing is an empty one, a single thing stands alone."""
    if value is None or isinstance(value, Undefined):
        return []
    if isinstance(value, list | tuple | range):
        if len(value) > LONGEST_LIST:
            raise TemplateTrouble("list-too-long", limit=LONGEST_LIST)
        return list(value)
    return [value]


def of(row: object, key: object) -> object:
    """What a row has at `key`, None where it has nothing there."""
    return row.get(key) if isinstance(row, Mapping) and isinstance(key, str) else None


def joined(context: Any, value: object, separator: object = " ") -> str:
    texts = [text_of(each, context.language) for each in rows(value)]
    between = text_of(separator, context.language)
    if sum(map(len, texts)) + len(between) * len(texts) > LONGEST_TEXT:
        raise TemplateTrouble("text-too-long", limit=LONGEST_TEXT)
    if context.autoescape:
        between = escape(between)
    return between.join(texts)


def first(context: Any, value: object) -> object:
    return next(iter(rows(value)), None)


def last(context: Any, value: object) -> object:
    return next(reversed(rows(value)), None)


def mapped(context: Any, value: object, key: object) -> list[object]:
    """What each row has at `key`; lists in rows become one list."""
    found: list[object] = []
    for row in rows(value):
        at = of(row, key)
        found.extend(at) if isinstance(at, list) else found.append(at)
    return found


def _matches(row: object, key: object, wanted: tuple[object, ...]) -> bool:
    at = of(row, key)
    return at == wanted[0] if wanted else at not in (None, False)


def where(context: Any, value: object, key: object, *wanted: object) -> list[object]:
    return [row for row in rows(value) if _matches(row, key, wanted)]


def reject(context: Any, value: object, key: object, *wanted: object) -> list[object]:
    return [row for row in rows(value) if not _matches(row, key, wanted)]


def find(context: Any, value: object, key: object, *wanted: object) -> object:
    return next(iter(where(context, value, key, *wanted)), None)


def has(context: Any, value: object, key: object, *wanted: object) -> bool:
    return bool(where(context, value, key, *wanted))


def _rank(value: object) -> tuple[int, Any]:
    """Numbers before texts and texts before what is not there: every list can be sorted."""
    if isinstance(value, bool | int | float | Decimal):
        return (0, Decimal(str(value)))
    return _LAST if value is None else (1, str(value))


def sort(context: Any, value: object, key: object = None) -> list[object]:
    return sorted(rows(value), key=lambda row: _rank(of(row, key) if key else row))


def sort_natural(context: Any, value: object, key: object = None) -> list[object]:
    return sorted(rows(value), key=lambda row: str((of(row, key) if key else row) or "").casefold())


def uniq(context: Any, value: object, key: object = None) -> list[object]:
    """By what is written: rows that look the same are the same."""
    seen = {}
    for row in rows(value):
        seen.setdefault(repr(of(row, key) if key else row), row)
    return list(seen.values())


def compact(context: Any, value: object, key: object = None) -> list[object]:
    return [row for row in rows(value) if (of(row, key) if key else row) not in (None, "")]


def concat(context: Any, value: object, more: object) -> list[object]:
    return rows(value) + rows(more)


def summed(context: Any, value: object, key: object = None) -> Decimal | int:
    amounts: Iterable[Decimal] = (decimal_of(of(row, key) if key else row) for row in rows(value))
    total = sum(amounts, Decimal(0))
    return int(total) if total.as_tuple().exponent == 0 else total


def size(context: Any, value: object) -> int:
    return len(value) if isinstance(value, str | list | tuple | range | Mapping) else 0


def cut(context: Any, value: object, start: object, length: object = 1) -> Sequence[Any]:
    """`slice`: a part of a text or a list; a negative start counts from the end."""
    whole: Any = value if isinstance(value, str) else rows(value)
    begin, most = int(decimal_of(start)), max(int(decimal_of(length)), 0)
    begin = max(begin + len(whole), 0) if begin < 0 else begin
    return whole[begin : begin + most]


def groups(context: Any, value: object, number: object) -> list[list[object]]:
    """`in_groups_of`: rows of `number` each, the last perhaps shorter; for labels beside each other."""
    per_group = max(int(decimal_of(number)), 1)
    left = iter(rows(value))
    return list(iter(lambda: list(islice(left, per_group)), []))


LIST_FILTERS: dict[str, Callable[..., object]] = {
    "join": joined,
    "first": first,
    "last": last,
    "map": mapped,
    "where": where,
    "reject": reject,
    "find": find,
    "has": has,
    "sort": sort,
    "sort_natural": sort_natural,
    "uniq": uniq,
    "compact": compact,
    "concat": concat,
    "reverse": lambda context, value: rows(value)[::-1],
    "sum": summed,
    "size": size,
    "slice": cut,
    "in_groups_of": groups,
}
