"""What people type in about money that came in or went out."""

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.amount_field import AmountField
from orders.models import Order


class DayForm(forms.Form):
    """A day on which money moved, today to begin with."""

    day = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data=None, *, zone: ZoneInfo, **options):
        today = {"day": timezone.localdate(timezone=zone)}
        super().__init__(data, initial=today | options.pop("initial", {}), **options)
        self.zone = zone

    def moment(self) -> datetime:
        """A time on that day: now when it is today, else noon in the shop's zone."""
        day: date = self.cleaned_data["day"]
        if day == timezone.localdate(timezone=self.zone):
            return timezone.now()
        return datetime.combine(day, time(12), tzinfo=self.zone)

    def take(self, errors: dict[str, list[str]]) -> None:
        """Show what a service refused, under the fields of this form."""
        for name, sentences in errors.items():
            field = {"paid_at": "day", "paid_out_at": "day"}.get(name, name)
            self.add_error(field if field in self.fields else None, sentences)


class PaymentForm(DayForm):
    """A payment that staff know of: cash, a bank transfer, a payment made at the provider."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    may_exceed = forms.BooleanField(label=_("It is right that more was paid than is open"), required=False)
    method = forms.CharField(label=_("Payment method"))
    reference = forms.CharField(label=_("Reference"), required=False)

    field_order = ["amount", "may_exceed", "method", "reference", "day"]

    def __init__(self, data=None, *, order: Order, zone: ZoneInfo):
        left = max(order.open_amount, Decimal(0))
        initial = {"key": uuid.uuid4(), "method": order.payment_method, "amount": f"{left}" if left else ""}
        super().__init__(data, zone=zone, initial=initial)
        self.fields["amount"] = AmountField(
            label=_("Amount"), currency=order.currency, help_text=_("In %(currency)s.") % {"currency": order.currency}
        )
        self.order_fields(self.field_order)


class PaidOutForm(DayForm):
    """When a refund went to the customer, and what the bank or provider calls it."""

    reference = forms.CharField(label=_("Reference"), required=False)
