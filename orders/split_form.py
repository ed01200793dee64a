"""What people type in to split an order: how much of each line goes where."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import display
from orders.amount_field import number_of
from orders.models import Order, OrderLine
from orders.services.splitting import (
    MOST_NEW_ORDERS,
    WHOLE,
    SplitPlan,
    lines_to_split,
    movable,
    plan_split,
    why_it_stays,
)
from orders.stranded import KEPT, Stranded, stranded
from statuses.kinds import LineStatus

SHIPMENT, NEW_ORDER = "shipment", "order"


@dataclass
class Cell:
    """How much of a line goes to one of the new orders, as it was typed. `kept` is the name under which it travels
    where the line takes nothing any more."""

    name: str
    number: int
    value: str
    kept: str
    errors: list[str] = field(default_factory=list)


@dataclass
class Row:
    """A line in the form; a thousand of them are too many for a thousand form fields."""

    name: str
    about: str
    most: str
    stays: str
    quantity: str
    cells: list[Cell]


@dataclass(frozen=True)
class Column:
    """What one of the orders comes to."""

    title: str
    number_of_lines: str
    shipping: str
    total: str
    paid: str


class SplitForm(forms.Form):
    """How an order is taken apart. `plan` is what that comes to, whatever was typed."""

    to = forms.ChoiceField(
        label=gettext_lazy("Where it goes"),
        choices=[
            (SHIPMENT, gettext_lazy("A second shipment in this order")),
            (NEW_ORDER, gettext_lazy("A new order, or several")),
        ],
        initial=SHIPMENT,
        widget=forms.RadioSelect,
    )
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    columns = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=MOST_NEW_ORDERS)

    def __init__(self, data=None, *, order: Order, backordered: bool = False):
        self.order = order
        self.lines = list(lines_to_split(order))
        self.plan = SplitPlan()
        self._errors_at: dict[str, list[str]] = {}
        self._preset = _backordered(self.lines) if backordered else {}
        initial = {"seen": order.version, "columns": 1, "to": NEW_ORDER if backordered else SHIPMENT}
        super().__init__(data, initial=initial)

    @property
    def number_of_columns(self) -> int:
        typed = str(self["columns"].value() or "")
        number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1
        return min(max(number, 1), MOST_NEW_ORDERS)

    def clean(self) -> dict:
        cleaned = super().clean()
        wishes = self.wishes()
        if not self._errors_at:
            self.plan = plan_split(self.order, self.lines, wishes)
        for name, sentences in self.plan.errors.items():
            if name == WHOLE:
                self.add_error(None, sentences)
            else:
                self._errors_at.setdefault(name, []).extend(sentences)
        by_position = {str(line.position): line for line in self.lines}
        for name, sentences in self._errors_at.items():
            line = by_position[name.split(".")[1]]
            for sentence in sentences:
                self.add_error(None, f"{line.sku or line.name}: {sentence}")
        return cleaned

    def wishes(self) -> list[dict[int, Decimal]]:
        """{line position: quantity} for each column."""
        self._errors_at = {}
        return [
            {line.position: self._quantity(f"part{number}.{line.position}") for line in self.lines}
            for number in range(1, self.number_of_columns + 1)
        ]

    def _quantity(self, name: str) -> Decimal:
        text = self.data.get(name, "").strip()
        try:
            return number_of(text) if text else Decimal(0)
        except ValidationError as error:
            self._errors_at[name] = error.messages
            return Decimal(0)

    def quantities_to_ship(self) -> dict[int, Decimal]:
        """What the first column asks for."""
        return {position: quantity for position, quantity in self.wishes()[0].items() if quantity}

    # --- showing ---------------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        for line in self.lines:
            yield Row(
                name=line.name or line.sku,
                about=" · ".join(filter(None, [line.sku if line.name else "", line.options])),
                most=_plain(movable(line)) if movable(line) else "",
                stays="" if movable(line) else why_it_stays(line),
                quantity=display.quantity(line.quantity),
                cells=[self._cell(number, line) for number in range(1, self.number_of_columns + 1)],
            )

    def _cell(self, number: int, line: OrderLine) -> Cell:
        name = f"part{number}.{line.position}"
        preset = self._preset.get(line.position) if number == 1 else None
        kept = KEPT + name
        value = self.data.get(name, self.data.get(kept, "")) if self.is_bound else _plain(preset) if preset else ""
        return Cell(name, number, value, kept, self._errors_at.get(name, []))

    @property
    def stranded(self) -> list[Stranded]:
        """What was typed at lines that were removed; what is in the order yet shows it in its own row."""
        return stranded(self.data, [], open_at={line.position for line in self.lines}, why="")

    def result(self) -> list[Column]:
        """The orders side by side; the order as it is while nothing can be said."""
        pieces = self.plan.pieces
        if not pieces:
            return [self._column(self.order, self.order.number_of_lines, _("This order"))]
        titles = [_("This order"), *(_("New order %(number)d") % {"number": n} for n in range(1, len(pieces)))]
        return [self._column(piece.order, len(piece.lines), title) for piece, title in zip(pieces, titles, strict=True)]

    def _column(self, order: Order, number_of_lines: int, title: str) -> Column:
        return Column(
            title=title,
            number_of_lines=display.integer(number_of_lines),
            shipping=display.money(order.shipping_cost, order.currency),
            total=display.money(order.total, order.currency),
            paid=display.money(order.paid_total, order.currency),
        )


def _backordered(lines: list[OrderLine]) -> dict[int, Decimal]:
    return {line.position: movable(line) for line in lines if line.status == LineStatus.BACKORDERED}


def _plain(quantity: Decimal) -> str:
    """As a field of a number wants it, in any language."""
    return f"{quantity.normalize():f}"
