"""The list's views as tabs: those every shop has, with their numbers from the counters, and the saved ones."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from orders import display
from orders.models import SavedView, StatusCount
from orders.waiting import WORK
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind


@dataclass(frozen=True)
class Tab:
    """A view of the list under a name; `count` is None where it is not known for nothing."""

    key: str
    label: str | Promise
    query: str
    count: str | None = None
    is_current: bool = False


Counts = dict[tuple[str, str], int]


def status_counts(shop: Shop) -> Counts:
    """(kind, code) → number of orders, own statuses under `own:<id>`; read once a request."""
    return shop.once("status_counts", lambda: _read_counts(shop))


def _read_counts(shop: Shop) -> Counts:
    rows = StatusCount.objects.for_shop(shop).values_list("kind", "code", "number_of_orders")
    return {(kind, code): number for kind, code, number in rows}


def todo_count(shop: Shop) -> int:
    """How many orders wait for somebody: those in a status that counts as to do."""
    catalogue = catalogue_of(shop)
    return _sum_of(status_counts(shop), Kind.FULFILMENT, catalogue.todo_codes(), catalogue)


class TabSpec(NamedTuple):
    """A view every shop has; `status` and `payment` are built-in words, own ones that stand for them belong to it."""

    key: str
    label: Promise
    status: tuple[str, ...] = ()
    payment: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    deleted: bool = False
    sort: str = ""


TABS = [
    TabSpec("todo", gettext_lazy("To do"), sort="waiting"),
    TabSpec("new", gettext_lazy("New"), status=("new",)),
    TabSpec("unpaid", gettext_lazy("Unpaid"), payment=("open", "awaiting", "partly_paid", "failed")),
    TabSpec("backordered", gettext_lazy("Backordered"), status=("backordered",)),
    TabSpec("ready", gettext_lazy("Ready to ship"), status=("ready",)),
    TabSpec("message", gettext_lazy("Has message"), message=("unread",)),
    TabSpec("all", gettext_lazy("All orders")),
    TabSpec("aborted", gettext_lazy("Aborted at checkout"), status=("aborted",)),
    TabSpec("deleted", gettext_lazy("Deleted"), deleted=True),
]
# Saved views stand before the last two, which are seldom looked at.
NUMBER_AT_THE_END = 2


def builtin_tabs(catalogue: Catalogue, counts: Counts, chosen: dict) -> list[Tab]:
    """The views every shop has; the one that asks for just what is `chosen` is current."""
    return [_tab(spec, catalogue, counts, chosen) for spec in TABS]


def with_saved(tabs: list[Tab], views: list[SavedView], current: SavedView | None, count: str) -> list[Tab]:
    """The built-in tabs with the saved ones before those at the end; only one is current, and knows its number."""
    saved = [
        Tab(f"view-{view.pk}", view.name, f"view={view.pk}", count if view == current else None, view == current)
        for view in views
    ]
    if current is not None:
        tabs = [replace(tab, is_current=False) for tab in tabs]
    return [*tabs[:-NUMBER_AT_THE_END], *saved, *tabs[-NUMBER_AT_THE_END:]]


def _tab(spec: TabSpec, catalogue: Catalogue, counts: Counts, chosen: dict) -> Tab:
    status = catalogue.todo_codes() if spec.key == "todo" else _with_own(catalogue, Kind.FULFILMENT, spec.status)
    payment = _with_own(catalogue, Kind.PAYMENT, spec.payment)
    asked: dict[str, Any] = {"status": status, "payment": payment, "message": list(spec.message)}
    asked |= {"deleted": "1" if spec.deleted else ""}
    wanted = {name: value for name, value in asked.items() if value}
    number = known_count(counts, catalogue, wanted)
    count = None if number is None else display.integer(number)
    query = wanted | ({"sort": spec.sort} if spec.sort else {})
    return Tab(spec.key, spec.label, urlencode(query, doseq=True), count, _unordered(wanted) == _unordered(chosen))


def _unordered(values: dict[str, Any]) -> dict[str, Any]:
    return {name: set(value) if isinstance(value, list) else value for name, value in values.items()}


def _with_own(catalogue: Catalogue, kind: str, codes) -> list[str]:
    """Built-in codes with the shop's own ones that stand for them."""
    return [*codes, *(row.code for row in catalogue.own(kind) if row.stands_for in codes)]


def known_count(counts: Counts, catalogue: Catalogue, chosen: dict) -> int | None:
    """What the counters say of a view that is narrowed by nothing, one kind of status, or Deleted alone."""
    if not chosen:
        return sum(each for (kind, code), each in counts.items() if kind == Kind.FULFILMENT and code != "deleted")
    if chosen == {"deleted": "1"}:
        return counts.get((Kind.FULFILMENT, "deleted"), 0)
    for name, kind in (("status", Kind.FULFILMENT), ("payment", Kind.PAYMENT)):
        if chosen.keys() == {name}:
            return _sum_of(counts, kind, chosen[name], catalogue)
    return None


def _sum_of(counts: Counts, kind: str, codes: list[str], catalogue: Catalogue) -> int:
    own = {row.code: f"own:{row.pk}" for row in catalogue.own(kind)}
    return sum(counts.get((kind, own.get(code, code)), 0) for code in codes)


def all_wait(tabs: list[Tab], catalogue: Catalogue) -> bool:
    """Whether this is the To do view, and a shop's own idea of to do holds no finished orders."""
    stands_for = {row.code: row.stands_for for row in catalogue.own(Kind.FULFILMENT)}
    words = {stands_for.get(code, code) for code in catalogue.todo_codes()}
    return any(tab.key == "todo" and tab.is_current for tab in tabs) and words <= WORK
