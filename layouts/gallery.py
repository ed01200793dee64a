"""The hard cases every layout is tried with before it is printed with: long, empty, odd and hostile documents.

They are made of the documented samples by their shape, so that a new field is tried from the day it is documented.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from layouts.engine import Problem
from layouts.fields import Field, FieldList, Shape
from layouts.rendering import Limits, Page, RenderFailed, render_pdf
from layouts.source import Source

LIMITS = Limits(cpu_seconds=20, wall_seconds=60.0)
# Texts that people type; codes and addresses of pages are never odd.
_PEOPLE = frozenset({"name", "company", "street", "extra", "city", "region", "email", "phone", "vat_number"})
_GOODS = frozenset({"sku", "options", "location", "text", "reason", "method", "carrier", "customer_message", "label"})
TYPED = _PEOPLE | _GOODS
# What is never empty in an order.
ALWAYS = frozenset(
    ["number", "order_number", "external_id", "currency", "language", "country", "kind", "status", "name"]
)
DAYS_ALWAYS = frozenset(["placed_at", "date", "created_at"])
LISTS_ALWAYS = frozenset(["lines", "labels", "vat"])
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 3
RIGHT_TO_LEFT = "שמן זית כתית, בקבוק (750 מ״ל) – مصباح نحاسي"
HOSTILE = (
    "</td></table><script>alert(1)</script><style>*{display:none}</style>{{ order.number }}{% for x %}&amp;\"'\u202e😀"
)
MANY = 300


@dataclass(frozen=True)
class Case:
    """A document that is hard to lay out."""

    key: str
    title: str | Promise
    data: Mapping[str, Any]
    language: str = "en"


@dataclass(frozen=True)
class Result:
    """What became of a case; without problems it was laid out on so many pages."""

    case: Case
    problems: tuple[Problem, ...] = ()
    number_of_pages: int = 0


Change = Callable[[Field, Any], Any]


def cases_for(fields: FieldList) -> list[Case]:
    """The fixed cases over the fields that a kind of layout knows."""
    return [
        Case(
            key, title, {field.name: _changed(field, field.sample_value(), change) for field in fields.fields}, language
        )
        for key, title, change, language in _CASES
    ]


def tried(source: Source, fields: FieldList) -> Iterator[Result]:
    """Each case in turn, laid out with `source`."""
    for case in cases_for(fields):
        try:
            made = render_pdf([Page(source, case.data, case.language)], limits=LIMITS)
        except RenderFailed as failed:
            yield Result(case, failed.problems)
        else:
            yield Result(case, number_of_pages=made.number_of_pages)


def _data(fields: FieldList, change: Change) -> dict[str, Any]:
    return {field.name: _changed(field, field.sample_value(), change) for field in fields.fields}


def _changed(field: Field, value: Any, change: Change) -> Any:
    """The sample with every value, and every list before its rows, put through `change`."""
    if field.shape is Shape.GROUP:
        return {each.name: _changed(each, value[each.name], change) for each in field.fields}
    if field.shape is Shape.LIST:
        rows = change(field, value)
        return [{each.name: _changed(each, row[each.name], change) for each in field.fields} for row in rows]
    return change(field, value)


def _same(field: Field, value: Any) -> Any:
    return value


def _many(field: Field, value: Any) -> Any:
    return (
        list(islice(cycle(value), MANY)) if field.shape is Shape.LIST and field.name in ("lines", "labels") else value
    )


def _typed_as(text: str) -> Change:
    return lambda field, value: text if field.shape is Shape.TEXT and field.name in TYPED else value


def _empty(field: Field, value: Any) -> Any:
    if field.shape is Shape.TEXT:
        return value if field.name in ALWAYS else ""
    if field.shape in (Shape.DATE, Shape.TIME):
        return value if field.name in DAYS_ALWAYS else None
    if field.shape is Shape.LIST:
        return value[:1] if field.name in LISTS_ALWAYS else []
    return value


def _credit(field: Field, value: Any) -> Any:
    return -value if field.shape is Shape.AMOUNT or field.name == "quantity" else value


def _free(field: Field, value: Any) -> Any:
    return Decimal("0.00") if field.shape is Shape.AMOUNT else value


def _large(field: Field, value: Any) -> Any:
    if field.name == "currency":
        return "JPY"
    return value * 1_000_000 if field.shape in (Shape.AMOUNT, Shape.NUMBER) else value


def _rates(field: Field, value: Any) -> Any:
    if field.shape is Shape.LIST and field.name == "vat":
        return [value[0] | {"rate": Decimal(rate)} for rate in range(25, 0, -3)]
    return value


def _nothing_sent(field: Field, value: Any) -> Any:
    return [] if field.shape is Shape.LIST and field.name in ("shipments", "payments", "notes") else value


def _blank_labels(field: Field, value: Any) -> Any:
    if field.shape is Shape.LIST and field.name == "labels":
        return [{**value[0], "is_blank": True}] * 5 + value
    return value


_CASES: tuple[tuple[str, str | Promise, Change, str], ...] = (
    ("usual", _("an ordinary order"), _same, "en"),
    ("many-lines", _("300 lines"), _many, "nl"),
    ("long", _("very long names and addresses"), _typed_as(LONG), "sv"),
    ("right-to-left", _("names from right to left"), _typed_as(RIGHT_TO_LEFT), "en"),
    ("hostile", _("names that look like HTML and Liquid"), _typed_as(HOSTILE), "en"),
    ("empty", _("everything empty that may be"), _empty, "nl"),
    ("credit", _("amounts below zero"), _credit, "sv"),
    ("free", _("nothing to be paid"), _free, "en"),
    ("large", _("large amounts in another currency"), _large, "nl"),
    ("rates", _("many VAT rates"), _rates, "en"),
    ("nothing-sent", _("no shipment, payment or note yet"), _nothing_sent, "sv"),
    ("blank-labels", _("a sheet that begins with used labels"), _blank_labels, "en"),
)
