"""Places between two rows of the list, and the rows behind them.

Pages are found by keyset: an opaque cursor holds the last row's sort value and id, and the next page starts right
behind it, however deep it is. The condition is written `value <= x AND (value < x OR id < y)`, because a plain OR
does not seek on SQLite.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from orders.models import Order

LONGEST_CURSOR = 800
CURSOR = re.compile(r"([bf])\|(.*)\|([0-9]{1,19})", re.DOTALL)


class SortField(NamedTuple):
    """A column's database field; a unique one needs no id behind it in the keyset.

    Without an index the list is sorted by it only while few orders match.
    """

    name: str
    read: Callable[[str], Any]
    is_unique: bool = False
    is_indexed: bool = True


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError("not a moment")
    return moment


def _amount(text: str) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    return Decimal(text)


def _whole(text: str) -> int:
    return _small(int(text))


def _name(text: str) -> str:
    if "\0" in text:
        raise ValueError("not a name")
    return text


SORTS = {
    "placed": SortField("placed_at", _moment),
    "changed": SortField("changed_at", _moment),
    "number": SortField("number", _whole, is_unique=True),
    "waiting": SortField("waiting_for", _whole),
    "total": SortField("total", _amount, is_indexed=False),
    "customer": SortField("customer_name", _name, is_indexed=False),
}
AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")


class Cursor(NamedTuple):
    """A place between two rows; `is_back` asks for the page before it."""

    value: datetime | int | Decimal | str
    id: int
    is_back: bool = False

    def pack(self) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else str(self.value)
        text = f"{'b' if self.is_back else 'f'}|{value}|{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def unpack(cls, packed: str, sort: SortField) -> "Cursor":
        """Raises ValueError for anything that `pack` did not make for this sort."""
        if len(packed) > LONGEST_CURSOR:
            raise ValueError("too long")
        try:
            text = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError) as problem:
            raise ValueError("not a cursor") from problem
        if (parts := CURSOR.fullmatch(text)) is None:
            raise ValueError("not a cursor")
        direction, value, pk = parts.groups()
        return cls(sort.read(value), _small(int(pk)), direction == "b")


def _small(number: int) -> int:
    if not -(2**63) < number < 2**63:
        raise ValueError("not a key")
    return number


def in_order(orders: QuerySet[Order], sort: str) -> QuerySet[Order]:
    """`orders` as a list sorted by `sort` (`-total`) shows them; newest first when there is no such sort."""
    key = sort.removeprefix("-")
    return behind(orders, SORTS.get(key, SORTS["placed"]), sort.startswith("-") or key not in SORTS, None)


def behind(orders: QuerySet[Order], sort: SortField, descending: bool, cursor: Cursor | None) -> QuerySet[Order]:
    """`orders` in list order from behind the cursor on; before it, nearest first, when it points back."""
    falls = descending if cursor is None or not cursor.is_back else not descending
    sign = "-" if falls else ""
    ordering = [f"{sign}{sort.name}"] if sort.is_unique else [f"{sign}{sort.name}", f"{sign}id"]
    orders = orders.order_by(*ordering)
    if cursor is None:
        return orders
    step = "lt" if falls else "gt"
    if sort.is_unique:
        return orders.filter(**{f"{sort.name}__{step}": cursor.value})
    return orders.filter(
        Q(**{f"{sort.name}__{step}e": cursor.value}),
        Q(**{f"{sort.name}__{step}": cursor.value}) | Q(**{f"id__{step}": cursor.id}),
    )
