"""The order list's page: which orders, in which order, with what around them. A known number of queries."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from django.db.models import QuerySet, Subquery
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import Shop, StaffMember, User
from orders import display
from orders.columns import (
    COLUMNS,
    ROW_FIELDS,
    WAITING_COLUMNS,
    CellContext,
    Column,
    escape,
    gather,
    known_columns,
    row_class,
)
from orders.filters import OrderFilter
from orders.keys import among
from orders.keyset import SORTS, Cursor, SortField, behind, in_order
from orders.list_query import columns_in, default_columns, density_in
from orders.models import Order, SavedView, WaitingFor
from orders.saved_views import EXACT, VIEW, ListState, Pairs, viewed
from orders.search import READ_AT_MOST, is_too_short, number_matching, windows
from orders.tabs import Counts, Tab, all_wait, builtin_tabs, known_count, status_counts, with_saved
from statuses.catalogue import Catalogue, catalogue_of

PAGE_SIZE = 50
# Counting further costs more than anybody wants to know; the active view is counted from the counters instead.
COUNT_CAP = 10_000
NEWER_CAP = 100
DEFAULT_SORT = "-placed"
# As many orders are sorted at once without an index.
SORTED_AT_MOST = 1000
# Parameters of the list that are no filters; a form of filters hands them on.
PASSED_ON = ("view", "exact", "sort", "columns", "density")
# More views than this stand under More.
MOST_IN_BAR = 12


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
    """One order; `cells` is the HTML of all its cells, because a template tag for each takes most of a page's time."""

    number: str
    css: str
    cells: SafeString


@dataclass
class OrderList:
    """Everything the template shows; `notes` are sentences about what was left out of the request."""

    headings: tuple[Heading, ...]
    rows: list[Row]
    count: str
    tabs: list[Tab]
    chips: list[Chip]
    filter: OrderFilter
    # The query that means this view, and the one that means this page of it.
    query: str
    here_query: str
    # Where the menu of a row is, with `{}` in place of the order's number.
    menu_url: str
    newer_query: str = ""
    older_query: str = ""
    notes: list[str] = field(default_factory=list)
    wanted: str = ""
    wants_deleted: bool = False
    # The query with the columns named, whoever chose them.
    columns_query: str = ""
    # On the first page of the newest: the query by which the page asks how many are newer than its first row.
    watch_query: str = ""
    # When this was shown, for the printed sheet.
    shown_at: str = ""
    # "" for the person's own row height.
    density: str = ""
    densities: tuple[Choice, ...] = ()
    # More columns than the page has room for by itself.
    is_wide: bool = False
    # The saved view this is, whether it was changed since, and whether this person may save it.
    view: SavedView | None = None
    is_edited: bool = False
    may_save: bool = False

    @property
    def bar(self) -> tuple[Tab, ...]:
        """The tabs that are always to be seen, the current one among them."""
        return (*self.tabs[:MOST_IN_BAR], *(tab for tab in self.tabs[MOST_IN_BAR:] if tab.is_current))

    @property
    def bar_more(self) -> tuple[Tab, ...]:
        return tuple(tab for tab in self.tabs[MOST_IN_BAR:] if not tab.is_current)

    @property
    def address_query(self) -> str:
        """What the address says: a view as it is kept needs no more than its key."""
        if self.view is None or self.is_edited:
            return self.here_query
        return urlencode([pair for pair in parse_qsl(self.here_query) if pair[0] in ("view", "at")])

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
    """The page of the list that `query` asks for, as `staff` likes it; what makes no sense is dropped with a note.

    Raises Http404 when the query names a saved view that is not there for this person.
    """
    catalogue = catalogue_of(shop)
    seen = viewed(query, staff)
    asked = _read(seen.query, shop, catalogue, staff)
    orders, sort = asked.filtered.orders, SORTS[asked.sort_key]
    counts, chosen = status_counts(shop), asked.filtered.chosen()
    tabs = builtin_tabs(catalogue, counts, chosen)
    if asked.sort_key == "waiting" and all_wait(tabs, catalogue):
        # Says nothing new, but the database need not walk past all that is finished to find the last page.
        orders = orders.filter(waiting_for__lt=WaitingFor.NOTHING)
    places = _places_of(asked, shop)
    page, has_newer, has_older = _page_of(
        orders if places is None else asked.filtered.orders_of_any_text,
        asked.columns,
        sort,
        asked.descending,
        asked.cursor,
        places,
    )
    count = _count(orders, shop, counts, catalogue, chosen)
    is_edited = seen.view is not None and asked.state(staff).is_edited(seen.view, staff)
    kept = [*_kept_view(seen.view), *asked.kept(staff)]
    here_query = urlencode([*kept, ("at", asked.cursor.pack())] if asked.cursor else kept)
    return OrderList(
        headings=tuple(_heading(column, kept, asked.sort_key, asked.descending) for column in asked.columns),
        rows=_rows(page, asked.columns, shop, catalogue, kept),
        count=count,
        tabs=with_saved(tabs, seen.views, seen.view, count),
        chips=_chips(asked.filtered, kept),
        filter=asked.filtered,
        query=urlencode(kept),
        here_query=here_query,
        menu_url=_url_of_each("orders:row-menu", shop, here_query),
        newer_query=_cursor_query(kept, page[0], sort, back=True) if has_newer else "",
        older_query=_cursor_query(kept, page[-1], sort, back=False) if has_older else "",
        notes=[*seen.notes, *asked.notes],
        watch_query=_watch_query(asked, kept, page),
        shown_at=display.date_time(timezone.now(), shop.zone),
        wanted=chosen.get("q", ""),
        wants_deleted="deleted" in chosen,
        columns_query=_columns_query(asked.columns, kept),
        density=asked.density,
        densities=_densities(asked.density or staff.user.density, kept, staff),
        is_wide=any("f-x" in column.css.split() for column in asked.columns),
        view=seen.view,
        is_edited=is_edited,
        may_save=is_edited and seen.view.may_be_changed_by(staff),
    )


def number_newer(shop: Shop, query: QueryDict, *, staff: StaffMember) -> int:
    """How many orders of the list came in before the place that `query` holds, counted up to NEWER_CAP."""
    asked = _read(viewed(query, staff).query, shop, catalogue_of(shop), staff)
    if asked.cursor is None or not asked.cursor.is_back:
        return 0
    found = behind(asked.filtered.orders, SORTS[asked.sort_key], asked.descending, asked.cursor)
    return found.values("id")[:NEWER_CAP].count()


def state_of(shop: Shop, query: QueryDict, *, staff: StaffMember) -> ListState:
    """What the list of `query` would be saved as."""
    seen = viewed(query, staff)
    return _read(seen.query, shop, catalogue_of(shop), staff).state(staff)


def filtered_orders(shop: Shop, query: QueryDict) -> QuerySet[Order]:
    """The orders a list query means, sorted as it says: for exports and whatever works on "all matching"."""
    return in_order(OrderFilter(query, shop=shop, catalogue=catalogue_of(shop)).orders, query.get("sort", ""))


def in_list_order(orders: QuerySet[Order], query: QueryDict) -> QuerySet[Order]:
    """`orders` sorted as the list of `query` shows them."""
    sort_key, descending = _sort_of(query, orders, [])
    return behind(orders, SORTS[sort_key], descending, None)


class Neighbours(NamedTuple):
    """The numbers before and after an order in a list; None at its ends."""

    newer: str | None
    older: str | None


def neighbours(order: Order, shop: Shop, query: QueryDict) -> Neighbours:
    """The orders beside `order` in the list that `query` shows: one query of two index seeks."""
    filtered = OrderFilter(query, shop=shop, catalogue=catalogue_of(shop))
    sort_key, descending = _sort_of(query, filtered.orders, [])
    sort = SORTS[sort_key]
    here = getattr(order, sort.name)

    def beside(*, back: bool) -> Subquery:
        return Subquery(behind(filtered.orders, sort, descending, Cursor(here, order.pk, back)).values("number")[:1])

    both = Order.objects.filter(pk=order.pk).values_list(beside(back=True), beside(back=False))
    newer, older = (None if number is None else f"{number:05d}" for number in both.get())
    return Neighbours(newer=newer, older=older)


# --- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """A list query without its view, read and checked; `notes` tell what was left out."""

    filtered: OrderFilter
    sort_key: str
    descending: bool
    cursor: Cursor | None
    columns: list[Column]
    density: str
    notes: list[str]

    def kept(self, staff: StaffMember) -> Pairs:
        """The query that survives paging and sorting: what made sense and is not as usual."""
        state = self.state(staff)
        columns = [("columns", ",".join(state.columns))] if state.columns else []
        return [*state.pairs, *columns, *([("density", state.density)] if state.density else [])]

    def state(self, staff: StaffMember) -> ListState:
        keys = [column.key for column in self.columns]
        sort = f"{'-' if self.descending else ''}{self.sort_key}"
        return ListState(
            pairs=[*self.filtered.pairs(), *([] if sort == DEFAULT_SORT else [("sort", sort)])],
            columns=[] if keys == _usual_columns(self.sort_key, staff) else keys,
            density="" if self.density == staff.user.density else self.density,
        )


def _read(query: QueryDict, shop: Shop, catalogue: Catalogue, staff: StaffMember) -> _Asked:
    filtered = OrderFilter(query, shop=shop, catalogue=catalogue)
    notes = [
        _("The filter “%(name)s” had a value that makes no sense; it is left out.") % {"name": label}
        for label in filtered.dropped
    ]
    if is_too_short(filtered.chosen().get("q", "")):
        notes.append(_("Type at least three letters to search in names; fewer are compared with order numbers."))
    sort_key, descending = _sort_of(query, filtered.orders, notes)
    cursor = _cursor_of(query, SORTS[sort_key], notes)
    columns = _columns_of(query, sort_key, staff, notes)
    return _Asked(filtered, sort_key, descending, cursor, columns, density_in(query), notes)


def _kept_view(view: SavedView | None) -> Pairs:
    """What links say of a view: which tab is current. All else they say themselves."""
    return [] if view is None else [(VIEW, str(view.pk)), (EXACT, "1")]


# --- the parts ------------------------------------------------------------------------------------


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


def _columns_query(columns: list[Column], kept: Pairs) -> str:
    rest = [pair for pair in kept if pair[0] != "columns"]
    return urlencode([*rest, ("columns", ",".join(column.key for column in columns))], safe=",")


def _densities(current: str, kept: Pairs, staff: StaffMember) -> tuple[Choice, ...]:
    rest = [pair for pair in kept if pair[0] != "density"]
    return tuple(
        Choice(label, urlencode(rest if value == staff.user.density else [*rest, ("density", value)]), value == current)
        for value, label in User.Density.choices
    )


def _cursor_of(query: QueryDict, sort: SortField, notes: list[str]) -> Cursor | None:
    packed = query.get("at")
    if not packed:
        return None
    try:
        return Cursor.unpack(packed, sort)
    except ValueError:
        notes.append(_("That page of the list cannot be found; this is the first one."))
        return None


def _places_of(asked: _Asked, shop: Shop) -> Iterator[list[int]] | None:
    """Where to look for the page when all matches of its search are known by their place in this order."""
    chosen, cursor = asked.filtered.chosen(), asked.cursor
    if "q" not in chosen or asked.sort_key != "placed":
        return None
    return windows(
        chosen["q"],
        shop,
        newest_first=asked.descending != (cursor is not None and cursor.is_back),
        start=cursor and (cursor.value, cursor.id),
        is_alone=chosen.keys() == {"q"},
    )


def _page_of(
    orders: QuerySet[Order],
    columns: list[Column],
    sort: SortField,
    descending: bool,
    cursor: Cursor | None,
    places: Iterator[list[int]] | None,
) -> tuple[list[Any], bool, bool]:
    """The page's rows in list order, and whether there are newer and older ones."""
    names = dict.fromkeys([*ROW_FIELDS, sort.name])
    for column in columns:
        names |= dict.fromkeys(column.fields)
    following = behind(orders, sort, descending, cursor).values_list(*names, named=True)
    rows = list(following[: PAGE_SIZE + 1]) if places is None else _rows_at(places, following)
    has_more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    if cursor is not None and cursor.is_back:
        return rows[::-1], has_more, bool(rows)
    return rows, cursor is not None and bool(rows), has_more


def _rows_at(places: Iterator[list[int]], following: QuerySet) -> list[Any]:
    """The rows of a page, and one more where there is one, from as few places as will do."""
    rows: list[Any] = []
    for keys in places:
        rows += following.filter(pk__in=among(keys))[: PAGE_SIZE + 1 - len(rows)]
        if len(rows) > PAGE_SIZE:
            break
    return rows


def _cursor_query(kept: Pairs, row, sort: SortField, *, back: bool) -> str:
    cursor = Cursor(getattr(row, sort.name), row.id, back)
    return urlencode([*kept, ("at", cursor.pack())])


def _watch_query(asked: _Asked, kept: Pairs, page: list[Any]) -> str:
    is_newest_first = (asked.sort_key, asked.descending) == ("placed", True)
    if not page or asked.cursor is not None or not is_newest_first:
        return ""
    return _cursor_query(kept, page[0], SORTS["placed"], back=True)


def _heading(column: Column, kept: Pairs, sort_key: str, descending: bool) -> Heading:
    if not column.sort:
        return Heading(column)
    is_current = column.key == sort_key
    sign = ("" if descending else "-") if is_current else column.sort.removeprefix("+")
    rest = [(name, value) for name, value in kept if name != "sort"]
    direction = ("descending" if descending else "ascending") if is_current else ""
    return Heading(column, urlencode([*rest, ("sort", f"{sign}{column.key}")]), direction)


def _rows(page, columns: list[Column], shop: Shop, catalogue: Catalogue, kept: Pairs) -> list[Row]:
    context = CellContext(
        catalogue,
        shop.zone,
        timezone.localdate(timezone=shop.zone),
        _url_of_each("orders:detail", shop, urlencode(kept)),
        shop.number,
        display.language(),
        gather({column.gather for column in columns if column.gather}, shop, [row.id for row in page]),
    )
    with_attributes = [(f"<td {column.attributes}>", column.cell) for column in columns]
    return [
        Row(
            number=f"{row.number:05d}",
            css=row_class(row, catalogue),
            cells=SafeString("".join([f"{begin}{escape(cell(row, context))}</td>" for begin, cell in with_attributes])),
        )
        for row in page
    ]


def _url_of_each(name: str, shop: Shop, list_query: str) -> str:
    """A page of each order, `{}` in place of the number, that knows from which list somebody came."""
    # The last zeros are the order's: a shop's number may have as many.
    before, _zeros, after = reverse(name, args=[shop.number, "00000"]).rpartition("00000")
    # Braces of the query are escaped: the address goes through str.format.
    way_back = "?" + urlencode({"from": list_query}).replace("{", "{{").replace("}", "}}") if list_query else ""
    return f"{before}{{}}{after}{way_back}"


def body_of(rows: list[Row], ticked: Collection[str], menu_url: str) -> SafeString:
    """The table's rows, each with its box to tick and the way to its menu: for a template four hundred steps, and most
    of the page's time. `menu_url` has `{}` in place of the order's number."""
    label, actions, menu_href = escape(_("Select order")), escape(_("Actions for order")), escape(menu_url)
    return SafeString(
        "\n".join(
            [
                f'<tr class="{row.css}"><td class="sel"><label><input type="checkbox" name="order" value="{row.number}"'
                f' aria-label="{label} {row.number}"{" checked" if row.number in ticked else ""}></label></td>'
                f'{row.cells}<td class="act"><a class="dots" href="{menu_href.format(row.number)}"'
                f' aria-label="{actions} {row.number}"></a></td></tr>'
                for row in rows
            ]
        )
    )


def _count(orders: QuerySet[Order], shop: Shop, counts: Counts, catalogue: Catalogue, chosen: dict) -> str:
    """How many orders the view has: from the counters where they know it, else counted up to a cap."""
    number = known_count(counts, catalogue, chosen)
    if number is not None:
        return display.integer(number)
    if chosen.keys() == {"q"} and (number := number_matching(chosen["q"], shop)) is not None:
        return _capped(number, READ_AT_MOST)
    return _capped(orders.order_by().values("id")[:COUNT_CAP].count(), COUNT_CAP - 1)


def _capped(number: int, most: int) -> str:
    return f"{display.integer(most)}+" if number > most else display.integer(number)


def _chips(filtered: OrderFilter, kept: Pairs) -> list[Chip]:
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
