"""Cards that apps above the orders add to the order page: they register a source, the page asks each for its card."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backoffice.models import Shop
from orders.models import Order


@dataclass(frozen=True)
class OrderPanel:
    """A card: `template` shows `content`, which it finds as `panel.content` beside `shop`."""

    template: str
    content: Any


PanelSource = Callable[[Order, Shop], OrderPanel | None]
SOURCES: list[PanelSource] = []


def register_panel(source: PanelSource) -> None:
    """Ask `source` for a card on every order page; None for orders without. Its queries count with the page's."""
    SOURCES.append(source)


def panels_of(order: Order, shop: Shop) -> list[OrderPanel]:
    panels = [source(order, shop) for source in SOURCES]
    return [panel for panel in panels if panel is not None]
