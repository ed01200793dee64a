"""What people type in about invoices: the list's filter, a credit note, how a shop invoices, its company."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop, ShopLogo
from layouts.uploads import Upload, UploadRefused, checked_file
from orders import display
from orders.amount_field import AmountField, amount_of, number_of
from orders.filters.specs import FIRST_DAY, LAST_DAY
from orders.invoicing.left import Left, LeftRow
from orders.invoicing.listing import Wanted
from orders.models import Invoice, InvoiceKind, InvoiceSettings, NumberSeries
from orders.money import ZERO
from orders.services.acceptance import ILLEGAL_CHARACTERS
from orders.services.credit_notes import CreditWish, RowWish

LARGEST_NUMBER = 10**12
LOGO_TYPES = {"image/png", "image/jpeg"}
LARGEST_LOGO = 500_000


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class InvoiceFilterForm(forms.Form):
    """The filter of the list; what makes no sense narrows nothing."""

    q = forms.CharField(label=gettext_lazy("Number, order or customer"), required=False, max_length=80)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("All")), *InvoiceKind.choices]
    )
    issued_from = _day(gettext_lazy("From"))
    issued_to = _day(gettext_lazy("To"))
    before = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)

    def wanted(self) -> Wanted:
        self.full_clean()
        said = self.cleaned_data
        days = {name: said.get(name) for name in ("issued_from", "issued_to")}
        return Wanted(
            words=ILLEGAL_CHARACTERS.sub("", said.get("q", "")).strip(),
            kind=said.get("kind", ""),
            before=said.get("before"),
            **{name: day if day and FIRST_DAY <= day <= LAST_DAY else None for name, day in days.items()},
        )


class CreditForm(forms.Form):
    """A credit note over what is `left` of an invoice; quantities and amounts of rows are read beside the fields."""

    WHOLE, PART = "whole", "part"
    what = forms.ChoiceField(
        label=gettext_lazy("What to credit"),
        choices=[
            (WHOLE, gettext_lazy("All that is left; then the order can be changed and invoiced anew")),
            (PART, gettext_lazy("Lines or an amount")),
        ],
        widget=forms.RadioSelect,
        initial=WHOLE,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("Stands on the credit note.")
    )
    seen = forms.DecimalField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, left: Left):
        super().__init__(data, initial={"seen": left.total})
        self.left = left
        self.fields["free"] = AmountField(
            currency=left.invoice.currency,
            label=_("Amount incl. VAT"),
            required=False,
            help_text=_("Spread over the VAT rates of the invoice."),
        )

    def clean(self) -> dict[str, Any]:
        self.wishes: dict[str, RowWish] = {}
        for row in self.left.rows:
            quantity = self._typed(f"quantity.{row.key}", number_of)
            amount = self._typed(f"amount.{row.key}", lambda text: amount_of(text, self.left.invoice.currency))
            if quantity or amount:
                self.wishes[row.key] = RowWish(quantity or Decimal(0), amount)
        if self.cleaned_data.get("what") == self.WHOLE and (self.wishes or self.cleaned_data.get("free")):
            # Else somebody who filled in one line would take back the whole invoice.
            self.add_error("what", _("You filled in lines or an amount: choose that, or empty them."))
        return self.cleaned_data

    def _typed(self, name: str, read: Any) -> Decimal | None:
        text = self.data.get(name, "").strip()
        if not text:
            return None
        try:
            return read(text)
        except ValidationError as refusal:
            self.refuse({name: refusal.messages})
            return None

    def wish(self) -> CreditWish:
        """What a valid form asks for."""
        said = self.cleaned_data
        common = {"reason": said["reason"], "seen_left": said["seen"]}
        if said["what"] == self.WHOLE:
            return CreditWish(whole=True, **common)
        return CreditWish(rows=self.wishes, free=said["free"] or ZERO, **common)

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Show errors of rows beside them, all others at their field."""
        for name, sentences in errors.items():
            for sentence in sentences:
                if name in self.fields:
                    self.add_error(name, sentence)
                elif name:
                    self.add_error(None, ValidationError(sentence, params={"row": name}))
                else:
                    self.add_error(None, sentence)

    def rows(self) -> list[dict[str, Any]]:
        """The rows with what was typed and what is wrong with it, for the template."""
        return [self._row(row) for row in self.left.rows if row.left.incl or row.quantity]

    def _row(self, row: LeftRow) -> dict[str, Any]:
        wrong = [error for error in self.non_field_errors().as_data() if error.params]
        return {
            "key": row.key,
            "name": row.line["name"] or row.line["sku"] or _("No description"),
            "sku": row.line["sku"],
            "left": display.quantity(row.quantity),
            "amount_left": display.money(row.left.incl, self.left.invoice.currency),
            **{
                name: {
                    "value": self.data.get(f"{name}.{row.key}", ""),
                    "errors": [str(error.message) for error in wrong if error.params["row"] == f"{name}.{row.key}"],
                }
                for name in ("quantity", "amount")
            },
        }

    def hidden(self) -> list[tuple[str, str]]:
        """All that was typed, to be sent once more by the page that asks to confirm."""
        names = ["what", "reason", "seen", "free"]
        names += [f"{part}.{row.key}" for row in self.left.rows for part in ("quantity", "amount")]
        return [(name, self.data[name]) for name in names if self.data.get(name)]


class InvoiceSettingsForm(forms.ModelForm):
    """How a shop invoices. The first number of a series can be chosen while nothing in it was issued."""

    class Meta:
        model = InvoiceSettings
        fields = (
            "issue_when",
            "invoices_unpaid",
            "payment_days",
            "invoice_prefix",
            "credit_note_prefix",
            "padding",
            "resets_yearly",
            "is_small_business",
            "footer",
        )
        widgets = {"issue_when": forms.RadioSelect, "footer": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *arguments: Any, year: int, **options: Any):
        super().__init__(*arguments, **options)
        self.year = year
        for kind, label in (
            (InvoiceKind.INVOICE, _("Next number of an invoice")),
            (InvoiceKind.CREDIT_NOTE, _("Next number of a credit note")),
        ):
            self.fields[f"next_{kind}"] = forms.IntegerField(
                label=label,
                required=False,
                min_value=1,
                max_value=LARGEST_NUMBER,
                help_text=_("Only while none was issued in this series, for instance to go on from another system."),
            )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        prefixes = {name: said.get(f"{name}_prefix", "") for name in ("invoice", "credit_note")}
        if said.get("resets_yearly"):
            for name, prefix in prefixes.items():
                if "{year}" not in prefix:
                    self.add_error(f"{name}_prefix", _("A series that begins anew each year needs {year} here."))
        if prefixes["invoice"] == prefixes["credit_note"]:
            self.add_error("credit_note_prefix", _("Invoices and credit notes must not get the same numbers."))
        for name in ("invoice", "credit_note"):
            if said.get(f"next_{name}") is not None:
                self._check_next(name, said)
        return said

    def _check_next(self, kind: str, said: dict[str, Any]) -> None:
        series = InvoiceSettings(resets_yearly=said.get("resets_yearly", True)).series_of(kind, self.year)
        next_number = _next_number(self.instance.shop, series)
        if said[f"next_{kind}"] == next_number:
            return
        if Invoice.objects.for_shop(self.instance.shop).filter(series=series).exists():
            self.add_error(
                f"next_{kind}", _("This series has begun: its next number is %(number)d.") % {"number": next_number}
            )

    def save(self, commit: bool = True) -> InvoiceSettings:
        settings = super().save(commit)
        for kind in InvoiceKind.values:
            if (number := self.cleaned_data.get(f"next_{kind}")) is not None:
                series = settings.series_of(kind, self.year)
                NumberSeries.objects.update_or_create(shop=settings.shop, name=series, defaults={"next_number": number})
        return settings


def _next_number(shop: Shop, series: str) -> int:
    row = NumberSeries.objects.filter(shop=shop, name=series).first()
    return row.next_number if row else 1


class CompanyForm(forms.ModelForm):
    """Who the shop is on its papers and in its mails."""

    # Declared here: the model's own would take a bare host for http.
    website = forms.URLField(label=gettext_lazy("website"), required=False, max_length=200, assume_scheme="https")
    logo = forms.FileField(
        label=gettext_lazy("Logo"), required=False, help_text=gettext_lazy("PNG or JPEG, at most 500 kB.")
    )
    removes_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)

    class Meta:
        model = Shop
        fields = (
            "company",
            "street",
            "postcode",
            "city",
            "country",
            "vat_number",
            "registration_number",
            "iban",
            "bic",
            "email",
            "phone",
        )

    upload: Upload | None = None

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.initial.setdefault("website", self.instance.website)

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if not re.fullmatch("[A-Z]{2}", country) or display.country(country) == country:
            raise ValidationError(_("A country as two letters, for instance NL."))
        return country

    def clean_iban(self) -> str:
        iban = re.sub(r"\s", "", self.cleaned_data["iban"]).upper()
        if iban and not is_iban(iban):
            raise ValidationError(_("This IBAN cannot be right: its check digits do not fit."))
        return iban

    def clean_bic(self) -> str:
        bic = re.sub(r"\s", "", self.cleaned_data["bic"]).upper()
        if bic and not re.fullmatch("[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", bic):
            raise ValidationError(_("A BIC has 8 or 11 letters and digits."))
        return bic

    def clean_vat_number(self) -> str:
        return re.sub(r"\s", "", self.cleaned_data["vat_number"]).upper()

    def clean_logo(self) -> None:
        uploaded = self.cleaned_data["logo"]
        if not uploaded:
            return
        try:
            self.upload = checked_file(uploaded)
        except UploadRefused as refusal:
            raise ValidationError(refusal.message) from refusal
        if self.upload.content_type not in LOGO_TYPES or len(self.upload.content) > LARGEST_LOGO:
            raise ValidationError(_("PNG or JPEG, at most 500 kB."))

    def save(self, commit: bool = True) -> Shop:
        self.instance.website = self.cleaned_data["website"]
        # Only these fields: somebody may be at the other settings of the shop.
        self.instance.save(update_fields=[*self.Meta.fields, "website"])
        if self.upload is not None:
            values = {"content_type": self.upload.content_type, "data": self.upload.content}
            ShopLogo.objects.update_or_create(shop=self.instance, defaults=values)
        elif self.cleaned_data["removes_logo"]:
            ShopLogo.objects.filter(shop=self.instance).delete()
        return self.instance


def is_iban(iban: str) -> bool:
    """Whether the check digits of ISO 13616 fit (mod 97)."""
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", iban):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
