"""The form that asks for an export: which orders, as what, in which columns."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.models import Shop
from orders.exports.formats import Format, Layout
from orders.exports.jobs import ExportRequest
from orders.exports.table import columns_of_list
from orders.filters import OrderFilter
from orders.list_query import columns_in
from orders.selection import Selection
from statuses.catalogue import catalogue_of
from statuses.kinds import Kind

VIEW, SELECTION, PERIOD, EVERYTHING = "view", "selection", "period", "everything"
PER_ORDER, PER_LINE = "order", "line"
OF_VIEW, ALL = "view", "all"


def _date(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class ExportForm(forms.Form):
    """`view` is the list's query that the person came from, `selection` what they ticked there; both may be empty.

    `default_columns` are those of the list where its query names none.
    """

    which = forms.ChoiceField(label=gettext_lazy("Which orders"), widget=forms.RadioSelect)
    status = forms.MultipleChoiceField(
        label=gettext_lazy("Order status"), required=False, widget=forms.CheckboxSelectMultiple
    )
    placed_from = _date(gettext_lazy("Ordered from"))
    placed_to = _date(gettext_lazy("Ordered to"))
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=Format.choices, initial=Format.XLSX, widget=forms.RadioSelect
    )
    rows = forms.ChoiceField(
        label=gettext_lazy("Rows"),
        choices=[(PER_ORDER, gettext_lazy("One per order")), (PER_LINE, gettext_lazy("One per order line"))],
        initial=PER_ORDER,
        widget=forms.RadioSelect,
    )
    columns = forms.ChoiceField(
        label=gettext_lazy("Columns"),
        choices=[(ALL, gettext_lazy("All columns")), (OF_VIEW, gettext_lazy("Those of the list"))],
        widget=forms.RadioSelect,
        help_text=gettext_lazy("What staff keep to themselves, such as folders and notes, is never exported."),
    )
    has_stable_headings = forms.BooleanField(
        label=gettext_lazy("Headings for programs, the same in every language"), required=False
    )
    name = forms.CharField(label=gettext_lazy("Name of the file"), required=False, max_length=60)
    query = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        shop: Shop,
        view: QueryDict,
        selection: Selection,
        default_columns: list[str],
    ):
        self.shop, self.selection = shop, selection
        self.list_columns = columns_in(view) or default_columns
        self.sort = view.get("sort", "")
        self.catalogue = catalogue_of(shop)
        self.view = OrderFilter(view, shop=shop, catalogue=self.catalogue)
        super().__init__(data, initial={"token": uuid.uuid4(), "query": view.urlencode()})
        self.fields["status"].choices = self.catalogue.choices(Kind.FULFILMENT)
        self.fields["which"].choices = self._choices()
        self.initial["columns"] = OF_VIEW if columns_in(view) else ALL
        self.initial["which"] = self.fields["which"].choices[0][0]

    def _choices(self) -> list[tuple[str, str]]:
        """What there is to choose; counts stand beside it where they are known."""
        choices = []
        if self.selection:
            number = len(self.selection)
            text = ngettext("The %(number)d selected order", "The %(number)d selected orders", number)
            choices.append((SELECTION, text % {"number": number}))
        if self.view.asked():
            choices.append((VIEW, _("The list: %(filters)s") % {"filters": words_of(self.view)}))
        choices.append((EVERYTHING, _("All orders")))
        choices.append((PERIOD, _("By status and date")))
        return choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("placed_from"), cleaned.get("placed_to")
        if cleaned.get("which") == PERIOD and not self.errors and not (cleaned["status"] or first or last):
            self.add_error("which", _("Choose a status or a date, or all orders."))
        if first and last and first > last:
            self.add_error("placed_to", _("This day is before the first one."))
        return cleaned

    def request(self) -> ExportRequest:
        """What was asked for; the form is valid."""
        cleaned = self.cleaned_data
        query, numbers, words = self._chosen()
        columns = columns_of_list(self.list_columns) if cleaned["columns"] == OF_VIEW else ()
        return ExportRequest(
            format=cleaned["format"],
            query=query,
            numbers=numbers,
            layout=Layout(columns, cleaned["rows"] == PER_LINE, cleaned["has_stable_headings"]),
            words=words,
            name=cleaned["name"],
            sort=self.sort,
        )

    def _chosen(self) -> tuple[str, tuple[int, ...] | None, str]:
        """Query, numbers and words of the orders chosen."""
        which = self.cleaned_data["which"]
        if which == SELECTION and self.selection.all_count is None:
            words = dict(self.fields["which"].choices)[SELECTION]
            return "", tuple(sorted(self.selection.numbers)), words
        query = {
            SELECTION: self.selection.query,
            VIEW: urlencode(self.view.pairs()),
            PERIOD: self._period(),
            EVERYTHING: "",
        }[which]
        return query, None, words_of(OrderFilter(QueryDict(query), shop=self.shop, catalogue=self.catalogue))

    def _period(self) -> str:
        """A query of the list, so that days mean the same there and here."""
        days = {name: self.cleaned_data[name] for name in ("placed_from", "placed_to") if self.cleaned_data[name]}
        return urlencode({"status": self.cleaned_data["status"], **days}, doseq=True)


def words_of(filtered: OrderFilter) -> str:
    """`Order status: Ready; Ordered: 1 Mar 2026 – 31 Mar 2026`, or `All orders`."""
    parts = [" ".join(filter(None, [f"{each.label}:", str(each.operator), each.text])) for each in filtered.asked()]
    return "; ".join(parts) or _("All orders")
