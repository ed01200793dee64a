"""The form that asks what is to be printed."""

import uuid
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import StaffMember
from backoffice.roles import Permission
from layouts.kinds import Kind
from layouts.label_sheets import SHEETS
from orders.papers.wish import PAPERS, PICK_ROUND, Packing, Wish, label_of

MOST_LABELS = max(sheet.number_of_labels for sheet in SHEETS.values())
SHEET_CHOICES = [
    ("", gettext_lazy("As the layout says")),
    (gettext_lazy("Label printers"), [(key, sheet.name) for key, sheet in SHEETS.items() if sheet.is_roll]),
    (gettext_lazy("Sheets of A4"), [(key, sheet.name) for key, sheet in SHEETS.items() if not sheet.is_roll]),
]


class PrintForm(forms.Form):
    """`number` is how many orders are meant; what only many orders need is left out for one."""

    papers = forms.MultipleChoiceField(
        label=gettext_lazy("Papers"), widget=forms.CheckboxSelectMultiple, initial=[Kind.PACKING_SLIP]
    )
    issues_invoices = forms.BooleanField(
        label=gettext_lazy("Issue invoices that are missing"),
        required=False,
        help_text=gettext_lazy("An invoice gets its number for good. Without this, orders without one are named."),
    )
    sheet = forms.ChoiceField(label=gettext_lazy("Labels on"), choices=SHEET_CHOICES, required=False)
    first_label = forms.IntegerField(
        label=gettext_lazy("Begin at label"),
        min_value=1,
        max_value=MOST_LABELS,
        required=False,
        initial=1,
        help_text=gettext_lazy("Counted row by row, so that a started sheet can be used up."),
    )
    packing = forms.ChoiceField(
        label=gettext_lazy("File"), choices=Packing.choices, initial=Packing.PDF, widget=forms.RadioSelect
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, staff: StaffMember, number: int, chosen: str = ""):
        super().__init__(data, initial={"token": uuid.uuid4()})
        papers: list[str] = [*PAPERS, PICK_ROUND] if number > 1 else list(PAPERS)
        self.fields["papers"].choices = [(paper, label_of(paper)) for paper in papers]
        if chosen in papers:
            self.initial["papers"] = [chosen]
        if not staff.may(Permission.ISSUE_INVOICES):
            del self.fields["issues_invoices"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        sheet = SHEETS.get(cleaned.get("sheet", ""))
        first = cleaned.get("first_label") or 1
        if "sheet" in cleaned and Kind.ADDRESS_LABEL in cleaned.get("papers", []):
            if first > 1 and sheet is None:
                self.add_error("first_label", _("Choose the sheet that the labels are on."))
            elif sheet is not None and first > sheet.number_of_labels:
                words = _("This sheet has %(number)d labels.") % {"number": sheet.number_of_labels}
                self.add_error("first_label", words)
        return cleaned

    def wish(self) -> Wish:
        """What was asked for; the form is valid."""
        cleaned = self.cleaned_data
        return Wish(
            papers=tuple(cleaned["papers"]),
            packing=cleaned["packing"],
            sheet=cleaned["sheet"],
            first_label=cleaned["first_label"] or 1,
            issues_invoices=cleaned.get("issues_invoices", False),
        )
