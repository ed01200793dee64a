"""What people type in to give money back: lines, shipping, an amount, and which way it goes."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import display, money
from orders.amount_field import AmountField, amount_of, number_of
from orders.models import Payment
from orders.providers import adapter_for
from orders.services import LineWish, Refundable, RefundedMeanwhile, RefundPlan, RefundSum, refund_sum
from orders.services.refunding import WHOLE, RefundableLine
from orders.stranded import Stranded, news_of, stranded

PROVIDER, BY_HAND = "provider", "by_hand"


@dataclass
class LineRow:
    """A line in the form with what was typed; a thousand of them are too many for a thousand form fields."""

    position: int
    name: str
    sku: str
    left: str
    amount_left: str
    quantity: str
    amount: str
    comes_to: str = ""
    quantity_errors: list[str] = field(default_factory=list)
    amount_errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PaymentRow:
    """A payment in the form; `amount` is missing where there is only one, `way` where there is no choice."""

    title: str
    left: str
    by_hand: str
    amount: forms.BoundField | None
    way: forms.BoundField | None


class RefundForm(forms.Form):
    """A refund of what `of` says can be refunded. `result` is what it comes to, whatever was typed."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.DecimalField(widget=forms.HiddenInput)
    of_return = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, help_text=gettext_lazy("Shown to staff and in exports.")
    )
    restocks = forms.BooleanField(label=gettext_lazy("The goods go back into stock"), required=False)
    wants_credit_note = forms.BooleanField(label=gettext_lazy("A credit note is needed"), required=False)
    notifies_customer = forms.BooleanField(label=gettext_lazy("The customer is to be told"), required=False)

    def __init__(self, data=None, *, of: Refundable, quantities: Mapping[int, Decimal] | None = None, **options):
        self.of = of
        self.result = RefundSum()
        self._line_errors: dict[str, list[str]] = {}
        self._wishes: dict[int, LineWish] = {}
        self._prefilled = quantities or {}
        fresh = {"key": uuid.uuid4(), "seen": of.order.refunded_total}
        super().__init__(data, initial=fresh | options.pop("initial", {}), **options)
        self._add_amounts()

    def _add_amounts(self) -> None:
        currency = self.of.order.currency
        hint = _("At most %(amount)s.")
        self.fields["shipping"] = AmountField(
            label=_("Shipping"),
            currency=currency,
            required=False,
            help_text=hint % {"amount": self._money(self.of.shipping)},
        )
        self.fields["free"] = AmountField(label=_("Another amount"), currency=currency, required=False)
        for each in self.of.payments:
            name = f"payment.{each.payment.pk}"
            self.fields[name] = AmountField(label=_title(each.payment), currency=currency, required=False)
            if adapter_for(each.payment.provider):
                ways = [
                    (PROVIDER, _("Paid out by %(provider)s now") % {"provider": each.payment.provider}),
                    (BY_HAND, _must_be_processed(each.payment)),
                ]
                self.fields[f"way.{each.payment.pk}"] = forms.ChoiceField(
                    label=_("Way of %(payment)s") % {"payment": _title(each.payment)}, choices=ways, initial=PROVIDER
                )

    # --- checking --------------------------------------------------------------------------------

    def clean(self) -> dict:
        cleaned = super().clean()
        self._wishes = {line.line.position: wish for line in self.of.lines if (wish := self._wish(line))}
        self.result = refund_sum(self.plan(), self.of)
        for name, sentences in self.result.errors.items():
            if name == WHOLE:
                # What is missing or too much is said when the fields themselves are right.
                if not self.errors and not self._line_errors:
                    self.add_error(None, sentences)
            elif name in self.fields:
                self.add_error(name, sentences)
            else:
                self._line_errors.setdefault(name, []).extend(sentences)
        if cleaned.get("seen") not in (None, self.of.order.refunded_total):
            self.add_error(None, str(RefundedMeanwhile(self.of.order.changed_by)))
        for sentence in news_of(self.stranded):
            self.add_error(None, sentence)
        for line in self.of.lines:
            for part in ("quantity", "amount"):
                for sentence in self._line_errors.get(f"{part}.{line.line.position}", []):
                    self.add_error(None, f"{line.line.sku or line.line.name}: {sentence}")
        return cleaned

    def _wish(self, line: RefundableLine) -> LineWish | None:
        """What was typed for a line; None for nothing."""
        position = line.line.position
        quantity = self._typed(f"quantity.{position}", number_of)
        amount = self._typed(f"amount.{position}", lambda text: amount_of(text, self.of.order.currency))
        return None if quantity is None and amount is None else LineWish(quantity or Decimal(0), amount)

    def _typed(self, name: str, read) -> Decimal | None:
        text = self.data.get(name, "").strip()
        try:
            return read(text) if text else None
        except ValidationError as error:
            self._line_errors[name] = error.messages
            return None

    def plan(self) -> RefundPlan:
        """The refund that was typed in; what makes no sense is left out, `errors` tell of it."""
        cleaned = self.cleaned_data
        keys = [each.payment.pk for each in self.of.payments]
        return RefundPlan(
            key=cleaned.get("key") or uuid.uuid4(),
            lines=self._wishes,
            shipping=cleaned.get("shipping") or money.ZERO,
            free=cleaned.get("free") or money.ZERO,
            payments={key: amount for key in keys if (amount := cleaned.get(f"payment.{key}"))},
            by_provider=frozenset(key for key in keys if cleaned.get(f"way.{key}") == PROVIDER),
            reason=cleaned.get("reason", ""),
            restocks=cleaned.get("restocks", False),
            wants_credit_note=cleaned.get("wants_credit_note", False),
            notifies_customer=cleaned.get("notifies_customer", False),
            of_return=cleaned.get("of_return"),
            seen_refunded=cleaned.get("seen"),
        )

    # --- showing ---------------------------------------------------------------------------------

    @property
    def stranded(self) -> list[Stranded]:
        open_at = {line.line.position for line in self.of.lines}
        why = _("Nothing of this line can be refunded any more.")
        return stranded(self.data, self.of.order.lines.all(), open_at=open_at, why=why)

    def line_rows(self) -> list[LineRow]:
        comes_to = {part.line.position: self._money(part.amount) for part in self.result.lines}
        return [self._line_row(line, comes_to) for line in self.of.lines]

    def _line_row(self, line: RefundableLine, comes_to: Mapping[int, str]) -> LineRow:
        position = line.line.position
        prefilled = min(self._prefilled.get(position, Decimal(0)), line.quantity)
        return LineRow(
            position=position,
            name=line.line.name or line.line.sku or _("No description"),
            sku=line.line.sku,
            left=display.quantity(line.quantity),
            amount_left=self._money(line.amount),
            quantity=self.data.get(f"quantity.{position}", f"{prefilled.normalize():f}" if prefilled else ""),
            amount=self.data.get(f"amount.{position}", ""),
            comes_to=comes_to.get(position, ""),
            quantity_errors=self._line_errors.get(f"quantity.{position}", []),
            amount_errors=self._line_errors.get(f"amount.{position}", []),
        )

    def payment_rows(self) -> list[PaymentRow]:
        several = len(self.of.payments) > 1
        return [
            PaymentRow(
                title=_title(each.payment),
                left=self._money(each.left),
                by_hand=_must_be_processed(each.payment),
                amount=self[f"payment.{each.payment.pk}"] if several else None,
                way=self[f"way.{each.payment.pk}"] if f"way.{each.payment.pk}" in self.fields else None,
            )
            for each in self.of.payments
        ]

    def _money(self, amount: Decimal) -> str:
        return display.money(amount, self.of.order.currency)


def _title(payment: Payment) -> str:
    return ", ".join(filter(None, [payment.method, payment.provider]))


def _must_be_processed(payment: Payment) -> str:
    if payment.provider:
        return _("You must still process this at %(provider)s") % {"provider": payment.provider}
    return _("You must still pay this out to the customer")


# --- what is about to happen, in words --------------------------------------------------------------


@dataclass(frozen=True)
class Confirmation:
    """The refund as it will be made, to be read once more before it is."""

    button: str
    rows: list[tuple[str, str]]
    ways: list[tuple[str, str]]
    choices: list[str]
    hidden: list[tuple[str, str]]


def confirmation_of(form: RefundForm) -> Confirmation:
    """`form` is valid. `hidden` is all that was typed, to be sent again."""
    plan, result, currency = form.plan(), form.result, form.of.order.currency

    def said(amount: Decimal) -> str:
        return display.money(amount, currency)

    rows = [(_line_words(part.line, part.quantity), said(part.amount)) for part in result.lines]
    rows += [(words, said(amount)) for words, amount in
             ((_("Shipping"), result.shipping), (_("Another amount"), result.free)) if amount]  # fmt: skip
    names = ", ".join(dict.fromkeys(payment.method for payment, _amount in result.payments))
    ways = [(f"{said(amount)}, {_title(payment)}", _way(payment, plan)) for payment, amount in result.payments]
    return Confirmation(
        button=_("Refund %(amount)s to %(methods)s") % {"amount": said(result.total), "methods": names},
        rows=rows,
        ways=ways,
        choices=[str(form.fields[name].label) for name in CHOICES if getattr(plan, name)],
        hidden=[
            (name, text) for name, text in form.data.items() if text and name not in {"step", "csrfmiddlewaretoken"}
        ],
    )


CHOICES = ("restocks", "wants_credit_note", "notifies_customer")


def _line_words(line, quantity: Decimal) -> str:
    name = line.name or line.sku
    return f"{display.quantity(quantity)} × {name}" if quantity else _("Compensation for %(line)s") % {"line": name}


def _way(payment: Payment, plan: RefundPlan) -> str:
    if payment.pk in plan.by_provider:
        return _("Paid out by %(provider)s now") % {"provider": payment.provider}
    return _must_be_processed(payment)
