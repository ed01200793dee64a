"""The orders a person has ticked in the list, kept on the server over pages and sorting.

Kept in the session, per shop. A selection belongs to the filter it was made in; under another filter the list says
so and lets the person keep or clear it. "All matching" keeps the query and the count it had when it was chosen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from backoffice.models import Shop
from orders.filters import OrderFilter
from orders.models import Order
from statuses.catalogue import catalogue_of

MOST_SINGLE_ORDERS = 5000
ORDER_NUMBER = re.compile("[0-9]{1,18}")


class TooManySelected(Exception):
    """More single orders than a selection keeps; choosing all matching has no limit."""


@dataclass
class Selection:
    """Ticked order numbers, or with `all_count` every order that `query` matches."""

    query: str = ""
    numbers: set[int] = field(default_factory=set)
    # How many matched when "all matching" was chosen; None for single orders.
    all_count: int | None = None

    def __bool__(self) -> bool:
        return bool(self.numbers) or self.all_count is not None

    def __len__(self) -> int:
        return len(self.numbers) if self.all_count is None else self.all_count

    def orders(self, shop: Shop) -> QuerySet[Order]:
        """The orders of this shop that are meant now; what is not there any more is not there."""
        if self.all_count is not None:
            filtered = OrderFilter(QueryDict(self.query), shop=shop, catalogue=catalogue_of(shop))
            # A filter that makes no sense any more would otherwise widen what was chosen to the whole shop.
            return filtered.orders.none() if filtered.dropped else filtered.orders
        return Order.objects.for_shop(shop).filter(number__in=self.numbers)

    def holds(self, number: int, query: str) -> bool:
        """Whether the row with that number shows a tick in the list of `query`."""
        return number in self.numbers or (self.all_count is not None and query == self.query)


@dataclass(frozen=True)
class ListSelection:
    """A selection as one page of the list shows it."""

    query: str
    ticked: frozenset[str]
    shown: str
    # Selected orders that are not on this page.
    elsewhere: int
    is_all: bool
    total: int
    # How many are selected under another filter.
    foreign: int

    @property
    def number(self) -> int:
        return len(self.ticked) + self.elsewhere


def on_list(selection: Selection, filtered: OrderFilter, numbers: list[str]) -> ListSelection:
    """How `selection` shows on the list of `filtered` with these rows."""
    query = filter_query(filtered)
    is_own = selection.query == query
    ticked = frozenset(number for number in numbers if is_own and selection.holds(int(number), query))
    return ListSelection(
        query=query,
        ticked=ticked,
        shown=",".join(numbers),
        elsewhere=max(len(selection) - len(ticked), 0) if is_own else 0,
        is_all=is_own and selection.all_count is not None,
        total=len(selection),
        foreign=0 if is_own else len(selection),
    )


def filter_query(filtered: OrderFilter) -> str:
    """What a list is narrowed by, without its sort, page and looks."""
    return urlencode(sorted(filtered.pairs()))


def load(request: HttpRequest) -> Selection:
    kept = request.session.get(_key(request.shop))
    if not kept:
        return Selection()
    return Selection(kept["query"], set(kept["numbers"]), kept["all_count"])


def save(request: HttpRequest, selection: Selection) -> None:
    """Raises TooManySelected and keeps what was."""
    if len(selection.numbers) > MOST_SINGLE_ORDERS:
        raise TooManySelected
    key = _key(request.shop)
    if selection:
        request.session[key] = {
            "query": selection.query,
            "numbers": sorted(selection.numbers),
            "all_count": selection.all_count,
        }
    elif key in request.session:
        del request.session[key]


def clear(request: HttpRequest) -> None:
    save(request, Selection())


def with_page(selection: Selection, query: str, shown: Iterable[str], ticked: Iterable[str]) -> Selection:
    """The selection after a page of the list was sent: its ticks count for the rows it showed, the rest stays.

    What was ticked under another filter is not mixed in: whoever ticks here would act on orders that do not show.
    """
    now = numbers_in(ticked)
    if selection.query != query:
        return Selection(query, now)
    on_page = numbers_in(shown)
    if selection.all_count is not None:
        if on_page <= now:
            return selection
        # Taking one tick out of "all" leaves what is ticked on the page.
        return Selection(query, now)
    return Selection(query, (selection.numbers - on_page) | now)


def numbers_in(values: Iterable[str]) -> set[int]:
    """Order numbers among what a form sent; anything else is not there."""
    return {int(value) for value in values if ORDER_NUMBER.fullmatch(value)}


def _key(shop: Shop) -> str:
    return f"selection:{shop.number}"
