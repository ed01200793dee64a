"""The fields an editor can insert, by group, each with what it says for the order of the preview."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backoffice.models import Shop
from layouts.engine import TemplateRefused, render_text
from layouts.fields import Field, Shape
from messaging import previews
from messaging.fields import MAIL_FIELDS
from orders.models import Order

# Which filter makes text of a value.
FILTERS = {
    Shape.AMOUNT: "money",
    Shape.NUMBER: "number",
    Shape.PERCENT: "percent",
    Shape.DATE: "date",
    Shape.TIME: "date",
}
LONGEST_VALUE = 60


@dataclass(frozen=True)
class FieldRow:
    """`snippet` is what is inserted, `value` what it says now."""

    snippet: str
    description: str
    value: str


@dataclass(frozen=True)
class FieldGroup:
    """Fields that belong together; of a list the first row stands for all."""

    name: str
    description: str
    rows: list[FieldRow]


def groups_for(order: Order | None, shop: Shop, language: str) -> list[FieldGroup]:
    """All fields of mails in the order of the field list."""
    data = previews.data_of(order, shop, language)
    found: list[FieldGroup] = []
    for root in MAIL_FIELDS.fields:
        _collect(root, root.name, data, language, found)
    return found


def _collect(group: Field, path: str, data: Mapping[str, Any], language: str, found: list[FieldGroup]) -> None:
    """The group's own values as one group, then the groups and lists in it."""
    if group.shape is Shape.LIST:
        found.append(_list_group(group, path, data, language))
        return
    plain = [each for each in group.fields if each.shape not in (Shape.GROUP, Shape.LIST)]
    if plain:
        rows = [_row(each, f"{path}.{each.name}", data, language) for each in plain]
        found.append(FieldGroup(path, group.description, rows))
    for each in group.fields:
        if each.shape in (Shape.GROUP, Shape.LIST):
            _collect(each, f"{path}.{each.name}", data, language, found)


def _list_group(group: Field, path: str, data: Mapping[str, Any], language: str) -> FieldGroup:
    one = group.name.rstrip("s") or group.name
    rows = _value_at(data, path)
    first = {one: rows[0]} if rows else {}
    loop = f"{{% for {one} in {path} %}}\n\n{{% endfor %}}"
    inside = [
        _row(each, f"{one}.{each.name}", {**data, **first} if first else {}, language)
        for each in group.fields
        if each.shape not in (Shape.GROUP, Shape.LIST)
    ]
    return FieldGroup(path, group.description, [FieldRow(loop, group.description, str(len(rows or []))), *inside])


def _row(each: Field, path: str, data: Mapping[str, Any], language: str) -> FieldRow:
    name = FILTERS.get(each.shape)
    snippet = f"{{{{ {path} | {name} }}}}" if name else f"{{{{ {path} }}}}"
    return FieldRow(snippet, each.description, _said(snippet, data, language) if data else "")


def _said(snippet: str, data: Mapping[str, Any], language: str) -> str:
    try:
        said = render_text(snippet, data, language=language, html=False)
    except TemplateRefused:
        return ""
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"


def _value_at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
