"""What the list can be narrowed by. Everything comes from the query string and is checked here."""

from datetime import datetime, time, timedelta

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from orders.models import Order
from orders.search import matching
from statuses.catalogue import Catalogue
from statuses.kinds import Kind


class OrderFilter(django_filters.FilterSet):
    """Filters of the list: statuses (several each), days in the shop's zone, target shop, words, Deleted.

    `dropped` names the parameters whose value made no sense; they are left out, the rest applies.
    """

    q = django_filters.CharFilter(label=_("Search"), method="narrow_by_words", max_length=200)
    target = django_filters.ChoiceFilter(label=_("Target shop"), method="narrow_by_target", empty_label=_("All"))
    placed_from = django_filters.DateFilter(
        label=_("Ordered from"),
        method="narrow_from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    placed_to = django_filters.DateFilter(
        label=_("Ordered to"),
        method="narrow_to",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    deleted = django_filters.ChoiceFilter(
        label=_("Deleted"), method="leave", choices=[("1", _("Yes"))], empty_label=_("No")
    )
    status = django_filters.MultipleChoiceFilter(
        label=_("Order status"), method="narrow_by_status", widget=forms.CheckboxSelectMultiple
    )
    payment = django_filters.MultipleChoiceFilter(
        label=_("Payment status"), method="narrow_by_payment", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, data, *, shop: Shop, catalogue: Catalogue):
        self.shop, self.catalogue = shop, catalogue
        super().__init__(data, queryset=Order.objects.for_shop(shop))
        self.filters["status"].extra["choices"] = catalogue.choices(Kind.FULFILMENT)
        self.filters["payment"].extra["choices"] = catalogue.choices(Kind.PAYMENT)
        self.filters["target"].extra["choices"] = [
            (target.number, target.name) for target in [*shop.targets(), shop]
        ]
        self.dropped = self._drop_senseless()

    def _drop_senseless(self) -> list[str]:
        """Take values that do not parse out of the data; returns the labels of what was dropped."""
        bad = list(self.form.errors)
        if not bad:
            return []
        self.data = self.data.copy()
        labels = []
        for name in bad:
            labels.append(str(self.form.fields[name].label))
            self.data.pop(name, None)
        del self._form
        return labels

    def chosen(self) -> dict:
        """The filters in use, name → cleaned value."""
        if not self.form.is_valid():
            raise AssertionError(f"A filter value was not dropped: {self.form.errors}")
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    @property
    def orders(self) -> QuerySet[Order]:
        """The orders that match, in no order yet."""
        wants_deleted = "deleted" in self.chosen()
        return self.qs.filter(deleted_at__isnull=not wants_deleted)

    def narrow_by_words(self, orders, name, value):
        return matching(value, orders, self.shop)

    def narrow_by_status(self, orders, name, values):
        return orders.filter(self._any_of(Kind.FULFILMENT, values))

    def narrow_by_payment(self, orders, name, values):
        return orders.filter(self._any_of(Kind.PAYMENT, values))

    def _any_of(self, kind: str, codes: list[str]) -> Q:
        """Orders with one of the codes; a built-in word means orders that show it, not the own ones behind it."""
        own = {row.code: row.pk for row in self.catalogue.own(kind)}
        own_ids = [own[code] for code in codes if code in own]
        builtin = [code for code in codes if code not in own]
        condition = Q()
        if builtin:
            condition |= Q(**{f"{kind}_status__in": builtin, f"{kind}_own_status": None})
        if own_ids:
            condition |= Q(**{f"{kind}_own_status__in": own_ids})
        return condition

    def narrow_from(self, orders, name, day):
        return orders.filter(placed_at__gte=self._midnight(day))

    def narrow_to(self, orders, name, day):
        # The whole last day belongs to the range.
        return orders.filter(placed_at__lt=self._midnight(day + timedelta(days=1)))

    def _midnight(self, day) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.shop.zone)

    def narrow_by_target(self, orders, name, number):
        if number == self.shop.number:
            return orders.filter(target_shop=None)
        return orders.filter(target_shop__number=number)

    def leave(self, orders, name, value):
        """Deleted is not a filter beside others: it says which half of the orders is meant, see `orders`."""
        return orders
