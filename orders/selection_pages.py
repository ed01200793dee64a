"""Pages that apps above the orders offer for the selected orders: they register a button, the list's bar shows it.

The button keeps the page's ticks and goes on to the registered page, which finds the orders with
`orders.selection.load(request).orders(request.shop)`.
"""

from dataclasses import dataclass

from django.utils.functional import Promise

from backoffice.models import StaffMember
from backoffice.roles import Permission


@dataclass(frozen=True)
class SelectionPage:
    """A button of the bar; `key` is what its form sends, `url_name` a page of the shop without further parts.

    `shortcut` is a letter that presses it while orders are selected.
    """

    key: str
    label: str | Promise
    icon: str
    url_name: str
    permission: Permission
    shortcut: str = ""


_pages: dict[str, SelectionPage] = {}


def register_selection_page(page: SelectionPage) -> None:
    _pages[page.key] = page


def selection_page(key: str) -> SelectionPage | None:
    return _pages.get(key)


def selection_pages_for(staff: StaffMember) -> tuple[SelectionPage, ...]:
    """The pages this member of staff may open, in the order they were registered."""
    return tuple(page for page in _pages.values() if staff.may(page.permission))
