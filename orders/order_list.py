"""The order list's page: which orders, in which order, with what around them. A known number of queries.

Pages are found by keyset: an opaque cursor holds the last row's sort value and id, and the next page starts right
behind it, however deep it is. The condition is written `value <= x AND (value < x OR id < y)`, because a plain OR
does not seek on SQLite.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.models import Shop, StaffMember, User
from orders import display
from orders.columns import COLUMNS, ROW_FIELDS, WAITING_COLUMNS, CellContext, Column, gather, known_columns, row_class
from orders.filters import OrderFilter
from orders.list_query import columns_in, default_columns, density_in
from orders.models import Order, StatusCount, WaitingFor
from orders.search import is_too_short
from orders.waiting import WORK
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind

PAGE_SIZE = 50
# Counting further costs more than anybody wants to know; the active view is counted from the counters instead.
COUNT_CAP = 10_000
DEFAULT_SORT = "-placed"
# Parameters of the list that are no filters; a form of filters hands them on.
PASSED_ON = ("sort", "columns", "density")
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
# As many orders are sorted at once without an index.
SORTED_AT_MOST = 1000


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


@dataclass(frozen=True)
class Tab:
    """A view of the list under a name; `count` is None where it is not known for nothing."""

    key: str
    label: str | Promise
    query: str
    count: str | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter in use: what it says and the query without it."""

    name: str
    label: str | Promise
    operator: str | Promise
    text: str
    query_without: str


@dataclass(frozen=True)
class Choice:
    """One of a few looks, as a link."""

    label: str | Promise
    query: str
    is_current: bool


@dataclass(frozen=True)
class Heading:
    """One column head; `query` sorts by it, `direction` is set when the list is sorted by it."""

    column: Column
    query: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Row:
    """One order; each cell comes with the attributes of its column."""

    number: str
    css: str
    cells: list[tuple[SafeString, SafeString | str]]


@dataclass
class OrderList:
    """Everything the template shows; `notes` are sentences about what was left out of the request."""

    headings: list[Heading]
    rows: list[Row]
    count: str
    tabs: list[Tab]
    chips: list[Chip]
    filter: OrderFilter
    # The query that means this view, and the one that means this page of it.
    query: str
    here_query: str
    newer_query: str = ""
    older_query: str = ""
    notes: list[str] = field(default_factory=list)
    wanted: str = ""
    wants_deleted: bool = False
    # The query with the columns named, whoever chose them.
    columns_query: str = ""
    # "" for the person's own row height.
    density: str = ""
    densities: list[Choice] = field(default_factory=list)
    # More columns than the page has room for by itself.
    is_wide: bool = False

    @property
    def is_filtered(self) -> bool:
        return bool(self.chips)

    @property
    def query_unfiltered(self) -> str:
        """The query without its filters."""
        return urlencode([pair for pair in parse_qsl(self.query) if pair[0] in PASSED_ON])

    @property
    def unfiltered_url(self) -> str:
        return f"?{self.query_unfiltered}"


def order_list(shop: Shop, query: QueryDict, *, staff: StaffMember) -> OrderList:
    """The page of the list that `query` asks for, as `staff` likes it; what makes no sense is dropped with a note."""
    catalogue = catalogue_of(shop)
    filtered = OrderFilter(query, shop=shop, catalogue=catalogue)
    notes = [
        _("The filter “%(name)s” had a value that makes no sense; it is left out.") % {"name": label}
        for label in filtered.dropped
    ]
    orders = filtered.orders
    sort_key, descending = _sort_of(query, orders, notes)
    cursor = _cursor_of(query, SORTS[sort_key], notes)
    columns = _columns_of(query, sort_key, staff, notes)
    chosen = filtered.chosen()
    counts = status_counts(shop)
    tabs = _tabs(catalogue, counts, chosen)
    if sort_key == "waiting" and _all_wait(tabs, catalogue):
        # Says nothing new, but the database need not walk past all that is finished to find the last page.
        orders = orders.filter(waiting_for__lt=WaitingFor.NOTHING)
    page, has_newer, has_older = _page_of(orders, columns, SORTS[sort_key], descending, cursor)
    density = density_in(query)
    kept = _kept_query(filtered, sort_key, descending) + _kept_looks(columns, density, sort_key, staff)
    if is_too_short(chosen.get("q", "")):
        notes.append(_("Type at least three letters to search in names; fewer are compared with order numbers."))
    return OrderList(
        headings=[_heading(column, kept, sort_key, descending) for column in columns],
        rows=_rows(page, columns, shop, catalogue, kept),
        count=_count(orders, tabs, counts, chosen),
        tabs=tabs,
        chips=_chips(filtered, kept),
        filter=filtered,
        query=urlencode(kept),
        here_query=urlencode([*kept, ("at", cursor.pack())] if cursor else kept),
        newer_query=_cursor_query(kept, page[0], SORTS[sort_key], back=True) if has_newer else "",
        older_query=_cursor_query(kept, page[-1], SORTS[sort_key], back=False) if has_older else "",
        notes=notes,
        wanted=chosen.get("q", ""),
        wants_deleted="deleted" in chosen,
        columns_query=_columns_query(columns, kept),
        density=density,
        densities=_densities(density or staff.user.density, kept, staff),
        is_wide=any("f-x" in column.css.split() for column in columns),
    )


def filtered_orders(shop: Shop, query: QueryDict) -> QuerySet[Order]:
    """The orders a list query means, newest first: for exports and whatever works on "all matching"."""
    return OrderFilter(query, shop=shop, catalogue=catalogue_of(shop)).orders.newest_first()


class Neighbours(NamedTuple):
    """The numbers before and after an order in a list; None at its ends."""

    newer: str | None
    older: str | None


def neighbours(order: Order, shop: Shop, query: QueryDict) -> Neighbours:
    """The orders beside `order` in the list that `query` shows, two index seeks."""
    filtered = OrderFilter(query, shop=shop, catalogue=catalogue_of(shop))
    sort_key, descending = _sort_of(query, filtered.orders, [])
    sort = SORTS[sort_key]
    here = getattr(order, sort.name)

    def beside(*, back: bool) -> str | None:
        cursor = Cursor(here, order.pk, back)
        found = _behind(filtered.orders, sort, descending, cursor).values_list("number", flat=True).first()
        return None if found is None else f"{found:05d}"

    return Neighbours(newer=beside(back=True), older=beside(back=False))


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


# --- the parts ------------------------------------------------------------------------------------


def _all_wait(tabs: list[Tab], catalogue: Catalogue) -> bool:
    """Whether this is the To do view, and a shop's own idea of to do holds no finished orders."""
    stands_for = {row.code: row.stands_for for row in catalogue.own(Kind.FULFILMENT)}
    words = {stands_for.get(code, code) for code in catalogue.todo_codes()}
    return any(tab.key == "todo" and tab.is_current for tab in tabs) and words <= WORK


def _sort_of(query: QueryDict, orders: QuerySet[Order], notes: list[str]) -> tuple[str, bool]:
    wanted = query.get("sort") or DEFAULT_SORT
    key, descending = wanted.removeprefix("-"), wanted.startswith("-")
    if key not in SORTS:
        notes.append(_("The list cannot be sorted by that; it shows the newest orders first."))
        return "placed", True
    if not SORTS[key].is_indexed and orders.order_by().values("id")[: SORTED_AT_MOST + 1].count() > SORTED_AT_MOST:
        notes.append(
            _("More than %(number)s orders match: narrow the list down to sort it by that. It shows the newest first.")
            % {"number": display.integer(SORTED_AT_MOST)}
        )
        return "placed", True
    return key, descending


def _columns_of(query: QueryDict, sort_key: str, staff: StaffMember, notes: list[str]) -> list[Column]:
    asked = columns_in(query)
    if unknown := [key for key in asked if key not in COLUMNS]:
        notes.append(
            ngettext(
                "There is no column “%(names)s”; it is left out.",
                "There are no columns “%(names)s”; they are left out.",
                len(unknown),
            )
            % {"names": "”, “".join(key[:30] for key in unknown[:5])}
        )
    keys = known_columns(asked) if len(unknown) < len(asked) else _usual_columns(sort_key, staff)
    return [COLUMNS[key] for key in keys]


def _usual_columns(sort_key: str, staff: StaffMember) -> list[str]:
    """What this person sees; why an order waits is shown where the list is about it."""
    if sort_key != "waiting":
        return default_columns(staff)
    return known_columns([*staff.list_columns, "waiting"]) if staff.list_columns else list(WAITING_COLUMNS)


def _kept_looks(columns: list[Column], density: str, sort_key: str, staff: StaffMember) -> list[tuple[str, str]]:
    """Columns and row height as the address says them, where they differ from what this person sees anyway."""
    keys = [column.key for column in columns]
    looks = [("columns", ",".join(keys))] if keys != _usual_columns(sort_key, staff) else []
    return [*looks, ("density", density)] if density and density != staff.user.density else looks


def _columns_query(columns: list[Column], kept: list[tuple[str, str]]) -> str:
    rest = [pair for pair in kept if pair[0] != "columns"]
    return urlencode([*rest, ("columns", ",".join(column.key for column in columns))], safe=",")


def _densities(current: str, kept: list[tuple[str, str]], staff: StaffMember) -> list[Choice]:
    rest = [pair for pair in kept if pair[0] != "density"]
    return [
        Choice(label, urlencode(rest if value == staff.user.density else [*rest, ("density", value)]), value == current)
        for value, label in User.Density.choices
    ]


def _cursor_of(query: QueryDict, sort: SortField, notes: list[str]) -> Cursor | None:
    packed = query.get("at")
    if not packed:
        return None
    try:
        return Cursor.unpack(packed, sort)
    except ValueError:
        notes.append(_("That page of the list cannot be found; this is the first one."))
        return None


def _page_of(
    orders: QuerySet[Order], columns: list[Column], sort: SortField, descending: bool, cursor: Cursor | None
) -> tuple[list[Any], bool, bool]:
    """The page's rows in list order, and whether there are newer and older ones."""
    names = dict.fromkeys([*ROW_FIELDS, sort.name])
    for column in columns:
        names |= dict.fromkeys(column.fields)
    rows = list(_behind(orders, sort, descending, cursor).values_list(*names, named=True)[: PAGE_SIZE + 1])
    has_more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    if cursor is not None and cursor.is_back:
        return rows[::-1], has_more, bool(rows)
    return rows, cursor is not None and bool(rows), has_more


def _behind(orders: QuerySet[Order], sort: SortField, descending: bool, cursor: Cursor | None) -> QuerySet[Order]:
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


def _kept_query(filtered: OrderFilter, sort_key: str, descending: bool) -> list[tuple[str, str]]:
    """The query that survives paging and sorting: filters that made sense, and the sort unless it is the usual."""
    kept = filtered.pairs()
    sort = f"{'-' if descending else ''}{sort_key}"
    return kept if sort == DEFAULT_SORT else [*kept, ("sort", sort)]


def _cursor_query(kept: list[tuple[str, str]], row, sort: SortField, *, back: bool) -> str:
    cursor = Cursor(getattr(row, sort.name), row.id, back)
    return urlencode([*kept, ("at", cursor.pack())])


def _heading(column: Column, kept: list[tuple[str, str]], sort_key: str, descending: bool) -> Heading:
    if not column.sort:
        return Heading(column)
    is_current = column.key == sort_key
    sign = ("" if descending else "-") if is_current else column.sort.removeprefix("+")
    rest = [(name, value) for name, value in kept if name != "sort"]
    direction = ("descending" if descending else "ascending") if is_current else ""
    return Heading(column, urlencode([*rest, ("sort", f"{sign}{column.key}")]), direction)


def _rows(page, columns: list[Column], shop: Shop, catalogue: Catalogue, kept: list[tuple[str, str]]) -> list[Row]:
    order_url = reverse("orders:detail", args=[shop.number, "00000"]).replace("00000", "{}")
    if kept:
        # Braces of the query are escaped: the address goes through str.format.
        order_url += "?" + urlencode({"from": urlencode(kept)}).replace("{", "{{").replace("}", "}}")
    context = CellContext(
        catalogue,
        shop.zone,
        timezone.localdate(timezone=shop.zone),
        order_url,
        shop.number,
        gather({column.gather for column in columns if column.gather}, shop, [row.id for row in page]),
    )
    with_attributes = [(column.attributes, column) for column in columns]
    return [
        Row(
            number=f"{row.number:05d}",
            css=row_class(row, catalogue),
            cells=[(attributes, column.cell(row, context)) for attributes, column in with_attributes],
        )
        for row in page
    ]


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


def _tabs(catalogue: Catalogue, counts: Counts, chosen: dict) -> list[Tab]:
    return [_tab(spec, catalogue, counts, chosen) for spec in TABS]


def _tab(spec: TabSpec, catalogue: Catalogue, counts: Counts, chosen: dict) -> Tab:
    status = catalogue.todo_codes() if spec.key == "todo" else _with_own(catalogue, Kind.FULFILMENT, spec.status)
    payment = _with_own(catalogue, Kind.PAYMENT, spec.payment)
    wanted: dict[str, Any] = {}
    if status:
        wanted["status"] = status
    if payment:
        wanted["payment"] = payment
    if spec.message:
        wanted["message"] = list(spec.message)
    if spec.deleted:
        wanted["deleted"] = "1"
    number = _tab_count(spec, catalogue, counts, status, payment)
    same = {name: set(value) if isinstance(value, list) else value for name, value in wanted.items()} == {
        name: set(value) if isinstance(value, list) else value for name, value in chosen.items()
    }
    count = None if number is None else display.integer(number)
    query = wanted | ({"sort": spec.sort} if spec.sort else {})
    return Tab(spec.key, spec.label, urlencode(query, doseq=True), count, same)


def _with_own(catalogue: Catalogue, kind: str, codes) -> list[str]:
    """Built-in codes with the shop's own ones that stand for them."""
    return [*codes, *(row.code for row in catalogue.own(kind) if row.stands_for in codes)]


def _tab_count(
    spec: TabSpec, catalogue: Catalogue, counts: Counts, status: list[str], payment: list[str]
) -> int | None:
    """From the counters; None for what they do not know."""
    if spec.message:
        return None
    if spec.deleted:
        return counts.get((Kind.FULFILMENT, "deleted"), 0)
    if status:
        return _sum_of(counts, Kind.FULFILMENT, status, catalogue)
    if payment:
        return _sum_of(counts, Kind.PAYMENT, payment, catalogue)
    return sum(number for (kind, code), number in counts.items() if kind == Kind.FULFILMENT and code != "deleted")


def _sum_of(counts: Counts, kind: str, codes: list[str], catalogue: Catalogue) -> int:
    own = {row.code: f"own:{row.pk}" for row in catalogue.own(kind)}
    return sum(counts.get((kind, own.get(code, code)), 0) for code in codes)


def _count(orders: QuerySet[Order], tabs: list[Tab], counts, chosen: dict) -> str:
    """How many orders the view has: from the counters where it is a tab, else counted up to a cap."""
    for tab in tabs:
        if tab.is_current and tab.count is not None:
            return tab.count
    number = orders.order_by().values("id")[:COUNT_CAP].count()
    return f"{display.integer(COUNT_CAP - 1)}+" if number >= COUNT_CAP else display.integer(number)


def _chips(filtered: OrderFilter, kept: list[tuple[str, str]]) -> list[Chip]:
    return [
        Chip(
            asked.key,
            asked.label,
            asked.operator,
            asked.text,
            urlencode([pair for pair in kept if pair[0] not in asked.spec.names]),
        )
        for asked in filtered.asked()
    ]
