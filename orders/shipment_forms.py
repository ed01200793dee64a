"""What people type or scan when goods leave, checked before the service sees it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from orders import display, typed
from orders.labels import Label, label_of
from orders.models import Order, OrderLine, Shipment
from orders.services import Dispatch
from orders.services.acceptance import MOST_PARCELS
from orders.services.shipments import SENT, problem_with
from orders.services.shipping import left_of, lines_to_ship, proposed, seen_of, way_of
from orders.stranded import Stranded, news_of, stranded

GRAMS_PER_KG = 1000
HEAVIEST_KG = 100_000


class LabelForm(forms.Form):
    """Code and carrier of a parcel. What looks wrong about them is told, and kept only once it is accepted."""

    tracking_code = forms.CharField(
        label=_("Tracking code"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"data-key": "t", "autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    carrier = forms.CharField(
        label=_("Carrier"),
        max_length=60,
        required=False,
        help_text=_("Leave it empty when the code tells."),
        widget=forms.TextInput(attrs={"list": "carriers", "autocomplete": "off"}),
    )
    accepts_doubts = forms.BooleanField(label=_("Use the code as it is"), required=False)
    number_of_parcels = forms.IntegerField(label=_("Parcels"), min_value=1, max_value=MOST_PARCELS, initial=1)
    weight_kg = forms.DecimalField(
        label=_("Weight in kg"),
        min_value=0,
        max_value=HEAVIEST_KG,
        max_digits=9,
        decimal_places=3,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, order: Order, shipment: Shipment | None = None, **options
    ):
        super().__init__(data, **options)
        self.order = order
        self.shipment = shipment
        self.label = self._look()

    def _look(self) -> Label:
        """At what stands in the fields now, whether it is being kept or only looked at."""
        code, carrier = (str(self[name].value() or "") for name in ("tracking_code", "carrier"))
        return label_of(self.order, code[:80], carrier[:60], besides=self.shipment)

    @property
    def has_label(self) -> bool:
        return True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.has_label and self.label.question:
            self.add_error("carrier", self.label.question)
        if self.has_label and self.label.doubts and not cleaned.get("accepts_doubts"):
            for doubt in self.label.doubts:
                self.add_error("tracking_code", doubt)
        return cleaned

    @property
    def weight_g(self) -> int | None:
        kg = self.cleaned_data["weight_kg"]
        return None if kg is None else round(kg * GRAMS_PER_KG)


class ChangeForm(LabelForm):
    """A correction of a shipment, with what the person saw."""

    seen_carrier = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    seen_code = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, shipment: Shipment) -> dict[str, Any]:
        return {
            "tracking_code": shipment.tracking_code,
            "carrier": shipment.carrier,
            "number_of_parcels": shipment.number_of_parcels,
            "weight_kg": Decimal(shipment.weight_g) / GRAMS_PER_KG if shipment.weight_g else None,
            "seen_carrier": shipment.carrier,
            "seen_code": shipment.tracking_code,
        }

    @property
    def has_label(self) -> bool:
        """What was kept before is not doubted again."""
        was = (self.cleaned_data.get("seen_carrier"), self.cleaned_data.get("seen_code"))
        return was != (self.cleaned_data.get("carrier"), self.cleaned_data.get("tracking_code"))

    @property
    def seen(self) -> tuple[str, str]:
        return self.cleaned_data["seen_carrier"], self.cleaned_data["seen_code"]


class QuantityRow(NamedTuple):
    line: OrderLine
    left: str
    field: forms.BoundField


class ShipForm(LabelForm):
    """Which goods leave, how, and under which code. `all` in the data stands for everything that is proposed."""

    way = forms.ChoiceField(label=_("How it leaves"), choices=Shipment.Way.choices, widget=forms.RadioSelect)
    moves_status = forms.BooleanField(
        label=_("Set the order's status"),
        required=False,
        help_text=_("Shipped when nothing is left, otherwise Partly shipped; Delivered when it was handed over."),
    )
    seen = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, order: Order, initial: dict | None = None):
        self.lines = lines_to_ship(order.lines.all())
        shipments = list(order.shipments.all())
        usual = self._usual(order, shipments)
        if data is not None and "all" in data:
            data = _filled(data, usual)
        super().__init__(data, order=order, initial=usual | (initial or {}))
        for line in self.lines:
            self.fields[_name(line)] = _quantity_field(line)
        if order.fulfilment_status in SENT:
            del self.fields["moves_status"]

    def _usual(self, order: Order, shipments: list[Shipment]) -> dict[str, Any]:
        quantities = {_name(line): f"{proposed(line).normalize():f}" for line in self.lines}
        usual = {"way": way_of(order), "moves_status": True, "number_of_parcels": 1, "seen": seen_of(shipments)}
        return usual | quantities

    @property
    def stranded(self) -> list[Stranded]:
        """Also of a form that only looks: what was typed stands in `initial` then."""
        typed = {name: str(value) for name, value in (self.data or self.initial).items()}
        open_at = {line.position for line in self.lines}
        return stranded(typed, self.order.lines.all(), open_at=open_at, why=_("Nothing of this line is left to ship."))

    def rows(self) -> Iterator[QuantityRow]:
        for line in self.lines:
            yield QuantityRow(line, display.quantity(left_of(line)), self[_name(line)])

    @property
    def quantities_shown(self) -> dict[int, Decimal]:
        """{line position: how much of it leaves}, as far as what stands in the form now can be read."""
        shown = {line.position: typed.plain(str(self[_name(line)].value() or "0")) for line in self.lines}
        return {position: quantity for position, quantity in shown.items() if quantity}

    @property
    def way_shown(self) -> str:
        return str(self["way"].value() or "")

    @property
    def moves_status_shown(self) -> bool:
        return "moves_status" in self.fields and bool(self["moves_status"].value())

    @property
    def has_label(self) -> bool:
        """What is handed over in person has no code."""
        return self.cleaned_data.get("way") == Shipment.Way.CARRIER

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("seen") and cleaned["seen"] != self.initial["seen"]:
            # Somebody shipped meanwhile: that is the news, and the service tells it.
            return cleaned
        for sentence in news_of(self.stranded):
            self.add_error(None, sentence)
        for line in self.lines:
            problem = problem_with(line, cleaned.get(_name(line)) or Decimal(0))
            if problem:
                self.add_error(_name(line), problem)
        return cleaned

    def dispatch(self) -> Dispatch:
        """Once it is valid: what the service is told."""
        cleaned = self.cleaned_data
        quantities = {line.position: cleaned[_name(line)] or Decimal(0) for line in self.lines}
        return Dispatch(
            {position: quantity for position, quantity in quantities.items() if quantity},
            way=cleaned["way"],
            carrier=self.label.carrier,
            tracking_code=cleaned["tracking_code"],
            number_of_parcels=cleaned["number_of_parcels"],
            weight_g=self.weight_g,
            seen=cleaned["seen"],
        )

    def refuse(self, errors: dict[str, list[str]]) -> None:
        """Put what the service refused beside the fields."""
        for name, sentences in errors.items():
            field = "weight_kg" if name == "weight_g" else name
            for sentence in sentences:
                self.add_error(field if field in self.fields else None, sentence)


def _name(line: OrderLine) -> str:
    return f"quantity-{line.position}"


def _quantity_field(line: OrderLine) -> forms.DecimalField:
    return forms.DecimalField(
        label=line.name or line.sku,
        min_value=0,
        max_digits=12,
        decimal_places=3,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any", "max": f"{left_of(line).normalize():f}"}),
    )


def _filled(data: Mapping[str, Any], usual: Mapping[str, Any]) -> QueryDict:
    """The data with everything that is proposed."""
    filled = QueryDict(mutable=True)
    filled.update({name: value for name, value in usual.items() if value is not True})
    filled.setlist("moves_status", ["on"])
    for name in data:
        filled[name] = data[name]
    return filled
