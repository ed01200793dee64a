"""The fields of a layout as they are listed beside the editor: what to type, what it means, what it is worth here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from layouts.fields import Field, FieldList, Shape

FILTERS = {
    Shape.AMOUNT: "money",
    Shape.NUMBER: "number",
    Shape.PERCENT: "percent",
    Shape.DATE: "date",
    Shape.TIME: "datetime",
}
LONGEST_VALUE = 80


@dataclass(frozen=True)
class FieldRow:
    """One field: its path, what it is, what to type, and its value in the chosen order."""

    path: str
    description: str
    snippet: str
    value: str


def field_rows(fields: FieldList, data: Mapping[str, Any]) -> list[FieldRow]:
    """Every field but plain groups, in the order of the documentation; of lists the first row is shown."""
    return list(_rows(fields.fields, data, path="", spoken=""))


def matching(rows: list[FieldRow], words: str) -> list[FieldRow]:
    """The rows in whose path, description or value all of `words` occur."""
    wanted = words.casefold().split()
    return [
        row for row in rows if all(word in f"{row.path} {row.description} {row.value}".casefold() for word in wanted)
    ]


def _rows(fields: tuple[Field, ...], data: Any, *, path: str, spoken: str) -> Iterator[FieldRow]:
    """`path` is how the documentation names the place, `spoken` how a template does inside its loop."""
    for field in fields:
        value = data.get(field.name) if isinstance(data, Mapping) else None
        here, said = f"{path}{field.name}", f"{spoken}{field.name}"
        if field.shape is Shape.GROUP:
            yield from _rows(field.fields, value, path=f"{here}.", spoken=f"{said}.")
        elif field.shape is Shape.LIST:
            one = _one_of(field.name)
            loop = f"{{% for {one} in {said} %}}{{% endfor %}}"
            yield FieldRow(here, field.description, loop, _number_of(value))
            first = value[0] if value else None
            yield from _rows(field.fields, first, path=f"{here}[].", spoken=f"{one}.")
        else:
            filter_name = "unit_price" if field.name.startswith("unit_price") else FILTERS.get(field.shape)
            snippet = f"{{{{ {said} | {filter_name} }}}}" if filter_name else f"{{{{ {said} }}}}"
            yield FieldRow(here, field.description, snippet, _shown(value))


def _one_of(name: str) -> str:
    """ "lines" → "line": what a row is called in the loop that is offered."""
    return "rate" if name == "vat" else name.removesuffix("s")


def _number_of(value: Any) -> str:
    return _("%(number)d rows") % {"number": len(value or [])}


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(value, "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
