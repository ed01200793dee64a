"""The filters a query string asks for, checked and applied."""

from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict

from backoffice.models import Shop
from orders.filters.context import FilterContext
from orders.filters.registry import SPECS
from orders.filters.specs import Spec, Text
from orders.models import Order
from orders.search import matching
from statuses.catalogue import Catalogue

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """One filter in use: how its chip reads, and the parameters that say it."""

    spec: Spec
    operator: Text
    text: str
    pairs: Pairs

    @property
    def key(self) -> str:
        return self.spec.key

    @property
    def label(self) -> Text:
        return self.spec.label


class OrderFilter(django_filters.FilterSet):
    """The orders of a shop narrowed by `data`; with `everything` its form has every field there is, for the panel.

    `dropped` names the filters whose value made no sense; they are left out whole, because half of what was asked
    may mean the contrary. The rest applies.
    """

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, shop: Shop, catalogue: Catalogue, everything: bool = False):
        super().__init__(data, queryset=Order.objects.for_shop(shop))
        self.context = FilterContext(shop, catalogue)
        # Fields that nobody asks for cost as much as those in use, so they are not made.
        self.specs = [spec for spec in SPECS.values() if everything or any(data.get(name) for name in spec.names)]
        self._fields_of = {spec.key: spec.filters(self.context) for spec in self.specs}
        for spec_filters in self._fields_of.values():
            for name, each in spec_filters.items():
                each.model, each.parent = Order, self
                self.filters[name] = each
        self.dropped = self._drop_senseless()

    def _drop_senseless(self) -> list[str]:
        """Take filters whose values do not parse out of the data; returns the labels of the fields at fault."""
        bad = set(self.form.errors)
        if not bad:
            return []
        labels = [str(self.form.fields[name].label) for name in self.form.errors]
        self.data = self.data.copy()
        for spec in self.specs:
            if bad & set(spec.names):
                for name in spec.names:
                    self.data.pop(name, None)
        del self._form
        return list(dict.fromkeys(labels))

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned values by parameter, those of unused filters too."""
        if not self.form.is_valid():
            raise AssertionError(f"A filter value was not dropped: {self.form.errors}")
        return self.form.cleaned_data

    def used(self) -> list[Spec]:
        return [spec for spec in self.specs if spec.is_used(self.values)]

    def chosen(self) -> dict[str, Any]:
        """The parameters that narrow the list, cleaned."""
        return {name: value for spec in self.used() for name, value in spec.kept(self.values).items()}

    def asked(self) -> list[Asked]:
        """The filters in use as chips show them."""
        return [
            Asked(spec, spec.operator(self.values), spec.words(self.values, self.context), _pairs(spec, self.values))
            for spec in self.used()
        ]

    def pairs(self) -> Pairs:
        """The parameters of all filters in use, as they stand in an address."""
        return [pair for spec in self.used() for pair in _pairs(spec, self.values)]

    @property
    def orders(self) -> QuerySet[Order]:
        """The orders that match, in no order yet; deleted ones only when they are asked for.

        A saved view is known by what the list says it is: the key alone means nothing here, and must not mean
        everything.
        """
        if "view" in self.data and "exact" not in self.data:
            return self.queryset.none()
        return self._shown(self.qs)

    @property
    def orders_of_any_text(self) -> QuerySet[Order]:
        """The same whatever is searched for, for whoever knows where the matches are."""
        return self._shown(self._filtered(self.queryset.all()))

    def _shown(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        return orders if "deleted" in self.chosen() else orders.filter(deleted_at=None)

    def _filtered(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        for spec in self.used():
            orders = orders.filter(spec.condition(self.values, self.context))
        return orders

    def filter_queryset(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        orders = self._filtered(orders)
        if wanted := self.values.get("q"):
            orders = matching(wanted, orders, self.context.shop)
        return orders


def _pairs(spec: Spec, values: dict[str, Any]) -> Pairs:
    return [
        (name, str(each))
        for name, value in spec.kept(values).items()
        for each in (value if isinstance(value, list) else [value])
    ]
