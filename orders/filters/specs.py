"""The shapes a filter can have: what it asks for, what the database is asked, and what its chip says.

A filter named `status` reads the parameters `status` and `status__is`, which turns it around (`not`) or asks for
nothing there (`empty`). Days and amounts read `…_from` and `…_to`. Facts of lines, shipments and refunds are asked
by EXISTS, so no row comes twice and none has to be made distinct.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders import display
from orders.filters.context import FilterContext

Text = str | Promise
Values = dict[str, Any]
Filters = dict[str, django_filters.Filter]

NOT, EMPTY = "not", "empty"
OPERATORS = {NOT: gettext_lazy("is not"), EMPTY: gettext_lazy("is empty")}
MOST_WORDS = 50
LONGEST_WORDS = 500
# Days further off would leave what a date can hold once they are turned into UTC.
FIRST_DAY, LAST_DAY = date(1980, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Spec:
    """One filter. Subclasses say how it is asked; `values` are always cleaned ones, by parameter name."""

    key: str
    label: Text

    def filters(self, at: FilterContext) -> Filters:
        """The form fields of this filter by parameter name."""
        raise NotImplementedError

    def is_used(self, values: Values) -> bool:
        return any(_is_given(values.get(name)) for name in self.names)

    def kept(self, values: Values) -> dict[str, Any]:
        """The parameters that say the same as `values`, without those that say nothing."""
        return {name: values[name] for name in self.names if _is_given(values.get(name))}

    def condition(self, values: Values, at: FilterContext) -> Q:
        raise NotImplementedError

    def operator(self, values: Values) -> Text:
        return ""

    def words(self, values: Values, at: FilterContext) -> str:
        """The values as a person reads them."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key,)


@dataclass(frozen=True)
class _Negatable(Spec):
    """A filter with several values, that can be turned around, and asked for nothing when `empty` is given."""

    empty: Callable[[FilterContext], Q] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key, f"{self.key}__is")

    def operators(self) -> list[tuple[str, Text]]:
        return [(code, label) for code, label in OPERATORS.items() if code == NOT or self.empty]

    def operator_filter(self) -> django_filters.Filter:
        return django_filters.ChoiceFilter(label=self.label, choices=self.operators(), empty_label=_("is"))

    def is_used(self, values: Values) -> bool:
        return self._is(values) == EMPTY or _is_given(values.get(self.key))

    def kept(self, values: Values) -> dict[str, Any]:
        if self._is(values) == EMPTY:
            return {f"{self.key}__is": EMPTY}
        return super().kept(values)

    def condition(self, values: Values, at: FilterContext) -> Q:
        meant = self._is(values)
        if meant == EMPTY and self.empty is not None:
            return self.empty(at)
        condition = self.any_of(values[self.key], at)
        return ~condition if meant == NOT else condition

    def any_of(self, asked: Any, at: FilterContext) -> Q:
        raise NotImplementedError

    def operator(self, values: Values) -> Text:
        return OPERATORS.get(self._is(values), "")

    def _is(self, values: Values) -> str:
        return values.get(f"{self.key}__is") or ""


@dataclass(frozen=True)
class Choices(_Negatable):
    """Several of a closed list. `choices(at)` gives (value, label), `match(values, at)` the condition."""

    choices: Callable[[FilterContext], list[tuple[str, Text]]] = lambda at: []
    match: Callable[[list[str], FilterContext], Q] = lambda values, at: Q()

    def filters(self, at: FilterContext) -> Filters:
        asked = django_filters.MultipleChoiceFilter(
            label=self.label, choices=self.choices(at), widget=forms.CheckboxSelectMultiple
        )
        return {self.key: asked, f"{self.key}__is": self.operator_filter()}

    def any_of(self, asked: list[str], at: FilterContext) -> Q:
        return self.match(asked, at)

    def words(self, values: Values, at: FilterContext) -> str:
        if self._is(values) == EMPTY:
            return ""
        labels = dict(self.choices(at))
        return ", ".join(str(labels[value]) for value in values[self.key])


@dataclass(frozen=True)
class Words(_Negatable):
    """Texts with commas between them, compared as a whole without regard to case. `match(texts, at)` is the condition.

    `known` names the order's field whose recent values are offered.
    """

    match: Callable[[list[str], FilterContext], Q] = lambda texts, at: Q()
    known: str = ""

    def filters(self, at: FilterContext) -> Filters:
        asked = django_filters.CharFilter(label=self.label, max_length=LONGEST_WORDS)
        return {self.key: asked, f"{self.key}__is": self.operator_filter()}

    def is_used(self, values: Values) -> bool:
        return self._is(values) == EMPTY or bool(self._texts(values))

    def any_of(self, asked: str, at: FilterContext) -> Q:
        return self.match(_split(asked), at)

    def words(self, values: Values, at: FilterContext) -> str:
        return "" if self._is(values) == EMPTY else ", ".join(self._texts(values))

    def _texts(self, values: Values) -> list[str]:
        return _split(values.get(self.key) or "")


@dataclass(frozen=True)
class YesNo(Spec):
    """A fact that is so or not. With `no=False` only Yes can be asked."""

    yes: Callable[[FilterContext], Q] = lambda at: Q()
    no: bool = True

    def filters(self, at: FilterContext) -> Filters:
        return {self.key: django_filters.ChoiceFilter(label=self.label, choices=self.choices(), empty_label=_("All"))}

    def choices(self) -> list[tuple[str, Text]]:
        yes, no = ("1", gettext_lazy("Yes")), ("0", gettext_lazy("No"))
        return [yes, no] if self.no else [yes]

    def condition(self, values: Values, at: FilterContext) -> Q:
        return self.yes(at) if values[self.key] == "1" else ~self.yes(at)

    def words(self, values: Values, at: FilterContext) -> str:
        return str(dict(self.choices())[values[self.key]])


@dataclass(frozen=True)
class Days(Spec):
    """Days of the shop, from and to, or a named stretch such as `last7`; `field` is a moment of the order."""

    label_from: Text = ""
    label_to: Text = ""
    field: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.key, f"{self.key}_from", f"{self.key}_to")

    def filters(self, at: FilterContext) -> Filters:
        return {
            self.key: django_filters.ChoiceFilter(label=self.label, choices=_stretches(), empty_label=_("Any time")),
            f"{self.key}_from": _day(self.label_from),
            f"{self.key}_to": _day(self.label_to),
        }

    def condition(self, values: Values, at: FilterContext) -> Q:
        first, last = values.get(f"{self.key}_from"), values.get(f"{self.key}_to")
        if stretch := values.get(self.key):
            begins, ends = STRETCHES[stretch][1](at.today)
            # Both may be asked; then the days must lie in both.
            first, last = max(first or begins, begins), min(last or ends, ends)
        condition = Q()
        if first:
            condition &= Q(**{f"{self.field}__gte": at.midnight(first)})
        if last:
            # The whole last day belongs to the range.
            condition &= Q(**{f"{self.field}__lt": at.midnight(last + timedelta(days=1))})
        return condition

    def words(self, values: Values, at: FilterContext) -> str:
        stretch = values.get(self.key)
        days = _from_to(values.get(f"{self.key}_from"), values.get(f"{self.key}_to"), display.day)
        return ", ".join(filter(None, [str(STRETCHES[stretch][0]) if stretch else "", days]))


@dataclass(frozen=True)
class Range(Spec):
    """From and to, both included. `field` is a number of the order; `decimals` 2 for amounts in its own currency."""

    field: str = ""
    decimals: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def filters(self, at: FilterContext) -> Filters:
        labels = (_("%(name)s from"), _("%(name)s to"))
        return {
            name: _number(label % {"name": self.label}, self.decimals)
            for name, label in zip(self.names, labels, strict=True)
        }

    def condition(self, values: Values, at: FilterContext) -> Q:
        condition = Q()
        for name, step in zip(self.names, ("gte", "lte"), strict=True):
            if values.get(name) is not None:
                condition &= Q(**{f"{self.field}__{step}": values[name]})
        return condition

    def words(self, values: Values, at: FilterContext) -> str:
        low, high = (values.get(name) for name in self.names)
        return _from_to(low, high, display.quantity)


@dataclass(frozen=True)
class Number(Spec):
    """One whole number, `unit % number` on the chip."""

    unit: Text = ""
    match: Callable[[int, FilterContext], Q] = lambda number, at: Q()
    largest: int = 3650

    def filters(self, at: FilterContext) -> Filters:
        return {self.key: _number(self.label, 0, self.largest)}

    def condition(self, values: Values, at: FilterContext) -> Q:
        return self.match(int(values[self.key]), at)

    def words(self, values: Values, at: FilterContext) -> str:
        return str(self.unit) % {"number": int(values[self.key])}


@dataclass(frozen=True)
class Search(Spec):
    """Words to look for; it narrows the query by itself, see `OrderFilter.filter_queryset`."""

    def filters(self, at: FilterContext) -> Filters:
        return {self.key: django_filters.CharFilter(label=self.label, max_length=200)}

    def condition(self, values: Values, at: FilterContext) -> Q:
        return Q()

    def words(self, values: Values, at: FilterContext) -> str:
        return values[self.key]


# --- stretches of days ----------------------------------------------------------------------------


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _last_month(today: date) -> tuple[date, date]:
    last = _first_of_month(today) - timedelta(days=1)
    return _first_of_month(last), last


# What it is called, and its first and last day seen from today.
STRETCHES: dict[str, tuple[Text, Callable[[date], tuple[date, date]]]] = {
    "today": (pgettext_lazy("days", "today"), lambda today: (today, today)),
    "yesterday": (
        pgettext_lazy("days", "yesterday"),
        lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    ),
    "last7": (gettext_lazy("last 7 days"), lambda today: (today - timedelta(days=6), today)),
    "last30": (gettext_lazy("last 30 days"), lambda today: (today - timedelta(days=29), today)),
    "month": (gettext_lazy("this month"), lambda today: (_first_of_month(today), today)),
    "last-month": (gettext_lazy("last month"), _last_month),
    "last365": (gettext_lazy("last 12 months"), lambda today: (today - timedelta(days=364), today)),
}


def _stretches() -> list[tuple[str, Text]]:
    return [(code, label) for code, (label, _days) in STRETCHES.items()]


# --- fields ---------------------------------------------------------------------------------------


class _NumberFilter(django_filters.Filter):
    field_class = forms.DecimalField


def _number(label: Text, decimals: int, largest: int = 999_999_999) -> django_filters.Filter:
    step = "0.01" if decimals else "1"
    return _NumberFilter(
        label=label,
        decimal_places=decimals,
        max_digits=9 + decimals,
        min_value=-largest if decimals else 0,
        max_value=largest,
        widget=forms.NumberInput(attrs={"step": step}),
    )


def _day(label: Text) -> django_filters.Filter:
    return django_filters.DateFilter(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )


def _split(text: str) -> list[str]:
    parts = (part.strip() for part in text.split(","))
    return list(dict.fromkeys(part for part in parts if part))[:MOST_WORDS]


def _from_to(low: Any, high: Any, shown: Callable[[Any], str]) -> str:
    if low is not None and high is not None:
        return shown(low) if low == high else f"{shown(low)} – {shown(high)}"
    if low is not None:
        return _("from %(value)s") % {"value": shown(low)}
    return _("up to %(value)s") % {"value": shown(high)} if high is not None else ""


def _is_given(value: Any) -> bool:
    return value is not None and value != "" and value != []


def same_text(field: str, texts: Iterable[str]) -> Q:
    """Rows whose `field` is one of the texts, whatever their case."""
    condition = Q()
    for text in texts:
        condition |= Q(**{f"{field}__iexact": text})
    return condition
