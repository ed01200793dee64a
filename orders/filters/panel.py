"""What the panel of all filters shows: fields by group, and values that orders lately had to choose from."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.forms import BoundField

from backoffice.models import Shop
from orders.filters.order_filter import OrderFilter
from orders.filters.registry import GROUPS, SPECS
from orders.filters.specs import Spec, Text, Words
from orders.models import Order

# Enough to meet every method and language in daily use, and one short walk of an index.
RECENT_ORDERS = 400
MOST_KNOWN = 30


@dataclass(frozen=True)
class PanelField:
    """One filter of the panel: its operator where it has one, its controls, and values to offer."""

    key: str
    label: Text
    operator: BoundField | None
    controls: list[BoundField]
    known: list[str]
    is_open: bool

    @property
    def list_id(self) -> str:
        return f"known-{self.key}" if self.known else ""


@dataclass(frozen=True)
class PanelGroup:
    label: Text
    fields: list[PanelField]


def panel(filtered: OrderFilter, shop: Shop, wanted: str = "") -> list[PanelGroup]:
    """Every filter there is; those in use, and the `wanted` one, are open."""
    known = _recent_values(shop)
    used = {spec.key for spec in filtered.used()} | {wanted}
    return [
        PanelGroup(label, [_field(spec, filtered, known, spec.key in used) for spec in specs])
        for label, specs in GROUPS
    ]


def _field(spec: Spec, filtered: OrderFilter, known: dict[str, list[str]], is_open: bool) -> PanelField:
    operator = f"{spec.key}__is"
    return PanelField(
        key=spec.key,
        label=spec.label,
        operator=filtered.form[operator] if operator in spec.names else None,
        controls=[filtered.form[name] for name in spec.names if name != operator],
        known=known.get(getattr(spec, "known", ""), []),
        is_open=is_open,
    )


def _recent_values(shop: Shop) -> dict[str, list[str]]:
    """Field → the values it has in the shop's newest orders, in alphabetical order."""
    fields = [spec.known for spec in SPECS.values() if isinstance(spec, Words) and spec.known]
    rows = list(Order.objects.for_shop(shop).newest_first().values_list(*fields)[:RECENT_ORDERS])
    return {field: _distinct(row[i] for row in rows) for i, field in enumerate(fields)}


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})[:MOST_KNOWN]
