"""Cards and menu entries that apps above the orders add to the order page: they register, the page asks each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from backoffice.models import Shop, StaffMember
from backoffice.roles import Permission
from orders.models import Order
from orders.timeline import Log


@dataclass(frozen=True)
class OrderPanel:
    """A card: `template` shows `content`, which it finds as `panel.content` beside `shop`."""

    template: str
    content: Any


PanelSource = Callable[[Order, Shop, Log], OrderPanel | None]
SOURCES: list[PanelSource] = []


def register_panel(source: PanelSource) -> None:
    """Ask `source` for a card on every order page; None for orders without. Its queries count with the page's."""
    SOURCES.append(source)


def panels_of(order: Order, shop: Shop, log: Log) -> list[OrderPanel]:
    panels = [source(order, shop, log) for source in SOURCES]
    return [panel for panel in panels if panel is not None]


@dataclass(frozen=True)
class MenuEntry:
    """A line of the page's menu; `url_name` is a page of the order, reached with a link, or with POST if it acts."""

    label: str | Promise
    icon: str
    url_name: str
    permission: Permission
    acts: bool = False
    # Wanted so often that the menu of a row of the list has it too.
    in_list: bool = False

    @property
    def prints(self) -> bool:
        """Whether it makes a paper: those have a menu of their own."""
        return self.icon == "print"


MENU: list[MenuEntry] = []


def register_menu_entry(entry: MenuEntry) -> None:
    """Put `entry` into the menu of every order that is not in Deleted, for whoever may."""
    MENU.append(entry)


def menu_for(staff: StaffMember) -> list[MenuEntry]:
    return [entry for entry in MENU if staff.may(entry.permission)]
