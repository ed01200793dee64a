"""What people type in about goods that come back."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import display
from orders.amount_field import number_of
from orders.models import OrderLine, ReturnReason
from orders.stranded import Stranded, news_of, stranded


@dataclass(frozen=True)
class QuantityRow:
    """A line in the form with what was typed for it."""

    position: int
    name: str
    sku: str
    left: str
    quantity: str
    errors: list[str]


class QuantitiesForm(forms.Form):
    """How many pieces of which lines; `left` is {position: at most}, `typed` what stands there to begin with."""

    def __init__(
        self,
        data=None,
        *,
        lines: list[OrderLine],
        left: Mapping[int, Decimal],
        typed: Mapping[int, Decimal] | None = None,
        **options,
    ):
        super().__init__(data, **options)
        self.of_order = lines
        self.lines = [line for line in lines if line.position in left]
        self.left, self.typed = left, typed or {}
        self.line_errors: dict[str, list[str]] = {}

    def clean(self) -> dict:
        cleaned = super().clean()
        quantities = {}
        for line in self.lines:
            name = f"quantity.{line.position}"
            text = self.data.get(name, "").strip()
            try:
                if text:
                    quantities[line.position] = number_of(text)
            except ValidationError as error:
                self.take({name: error.messages})
        for sentence in news_of(self.stranded):
            self.add_error(None, sentence)
        return cleaned | {"quantities": quantities}

    def take(self, errors: dict[str, list[str]]) -> None:
        """Show what was refused, at its line or field."""
        named = {f"quantity.{line.position}": line.sku or line.name for line in self.lines}
        for name, sentences in errors.items():
            if name in self.fields:
                self.add_error(name, sentences)
                continue
            self.line_errors[name] = sentences
            self.add_error(None, [f"{named[name]}: {each}" if name in named else each for each in sentences])

    @property
    def stranded(self) -> list[Stranded]:
        why = _("Nothing of this line can come back any more.")
        return stranded(self.data, self.of_order, open_at=self.left, why=why)

    @property
    def quantities_shown(self) -> dict[int, Decimal]:
        """{line position: how much}, as far as what stands in the form now can be read."""
        shown = {row.position: _readable(row.quantity) for row in self.rows()}
        return {position: quantity for position, quantity in shown.items() if quantity}

    def rows(self) -> list[QuantityRow]:
        return [self._row(line) for line in self.lines]

    def _row(self, line: OrderLine) -> QuantityRow:
        name, first = f"quantity.{line.position}", self.typed.get(line.position, Decimal(0))
        return QuantityRow(
            position=line.position,
            name=line.name or line.sku or _("No description"),
            sku=line.sku,
            left=display.quantity(self.left[line.position]),
            quantity=self.data.get(name, f"{first.normalize():f}" if first else ""),
            errors=self.line_errors.get(name, []),
        )


class ReturnForm(QuantitiesForm):
    """A return as the customer announces it."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=ReturnReason.choices)
    remark = forms.CharField(label=gettext_lazy("Remark"), required=False)

    def __init__(self, data=None, **options):
        super().__init__(data, initial={"key": uuid.uuid4()}, **options)


def _readable(text: str) -> Decimal:
    """The number, or zero for what is none."""
    try:
        return number_of(text)
    except ValidationError:
        return Decimal(0)
