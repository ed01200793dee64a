"""What a column of the list is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from orders.columns.markup import escape, format_html
from statuses.catalogue import Catalogue

Text = str | Promise


@dataclass(frozen=True)
class CellContext:
    """What cells need besides their row."""

    catalogue: Catalogue
    zone: ZoneInfo
    today: date
    # The order page's address with `{}` in place of the number, and the list's query to find the way back.
    order_url: str
    shop_number: str = ""
    # The one that is active: what is kept for many rows is kept for each.
    language: str = "en"
    # By the name of a gatherer: what was read from other tables for the orders of this page.
    gathered: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)
    # What cells made of a row's statuses: a few different ones stand on a page many times.
    made: dict[Any, SafeString] = field(default_factory=dict)

    @cached_property
    def order_href(self) -> SafeString:
        """`order_url` as it stands in an attribute."""
        return escape(self.order_url)


# A row holds the fields its columns need, by name.
Cell = Callable[[Any, CellContext], SafeString | str]


@dataclass(frozen=True)
class Column:
    """One column. `fields` are the order's own; `gather` names what is read from elsewhere, once for the page."""

    key: str
    label: Text
    fields: tuple[str, ...]
    cell: Cell
    css: str = "f-x"
    # The first sort direction a click gives, "+" or "-"; "" when the list cannot be sorted by it.
    sort: str = ""
    gather: str = ""
    label_is_hidden: bool = False

    @property
    def attributes(self) -> SafeString:
        """Of the column's cells: where they have no place of their own on a phone's card, they say what they are."""
        if "f-x" in self.css.split():
            return format_html('class="{}" data-label="{}"', self.css, self.label)
        return format_html('class="{}"', self.css)
