"""What every part of the order page is told: the order, who looks, and how the page was asked for."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise

from backoffice.models import Shop, StaffMember
from backoffice.roles import Permission
from orders import display
from orders.models import Order
from orders.timeline import Shown
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind

LONGEST_QUERY = 2000
# What `then` says where an action was chosen in the list and leads back to it.
TO_LIST = "list"


@dataclass(frozen=True)
class PageQuery:
    """What the address asks for; whatever makes no sense falls back to the usual."""

    lines: str = ""
    line: int | None = None
    log: Shown = Shown.ALL
    before: int | None = None
    list_query: str = ""
    # Whether what is done leads back to the list, and not to the page of the order.
    goes_to_list: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> "PageQuery":
        lines, log = query.get("lines", ""), query.get("log", "")
        return cls(
            lines=lines if lines in Shop.LineOrder.values else "",
            line=_small(query.get("line", "")),
            log=Shown(log) if log in set(Shown) else Shown.ALL,
            before=_small(query.get("before", "")),
            list_query=query.get("from", "")[:LONGEST_QUERY],
            goes_to_list=query.get("then") == TO_LIST,
        )

    def but(self, **other: str) -> str:
        """The query string of this page with other values; what is not set is left out."""
        log = "" if self.log == Shown.ALL else self.log
        then = TO_LIST if self.goes_to_list else ""
        values = {"lines": self.lines, "log": log, "from": self.list_query, "then": then} | other
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def _small(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class Rights:
    """What this member of staff may do with this order; in Deleted it can only be restored and noted."""

    change: bool
    pay: bool
    note: bool
    message: bool
    print: bool
    restore: bool
    see_personal_data: bool


@dataclass
class PageContext:
    """One order as one member of staff looks at it; made once a page."""

    order: Order
    shop: Shop
    staff: StaffMember
    query: PageQuery
    catalogue: Catalogue = field(init=False)
    rights: Rights = field(init=False)

    def __post_init__(self) -> None:
        self.catalogue = catalogue_of(self.shop)
        self.zone = self.shop.zone
        self.url = reverse("orders:detail", args=[self.shop.number, self.order.number])
        is_deleted = self.order.deleted_at is not None
        may_change = self.staff.may(Permission.CHANGE_ORDERS)
        self.rights = Rights(
            change=may_change and not is_deleted,
            pay=self.staff.may(Permission.CHANGE_PAYMENTS) and not is_deleted,
            message=self.staff.may(Permission.SEND_MESSAGES) and not is_deleted,
            print=self.staff.may(Permission.PRINT_PAPERS),
            note=self.staff.may(Permission.WRITE_NOTES),
            restore=may_change and is_deleted,
            see_personal_data=self.staff.may(Permission.VIEW_PERSONAL_DATA),
        )

    def may(self, kind: str) -> bool:
        """Whether statuses of a kind may be set."""
        return self.rights.pay if kind == Kind.PAYMENT else self.rights.change

    def action_url(self, name: str, *part: int) -> str:
        """Where a form of this page posts to; the page's own query goes along, so that it comes back as it was.

        `part` is the key of the refund or shipment that the address is about.
        """
        return reverse(f"orders:{name}", args=[self.shop.number, self.order.number, *part]) + self.query.but()

    def money(self, amount: Decimal) -> str:
        return display.money(amount, self.order.currency)

    def date_time(self, moment: datetime | None) -> str:
        return display.date_time(moment, self.zone) if moment else ""

    def short(self, moment: datetime) -> str:
        """The time on the order's own day, the day where it was another."""
        return display.short_time(moment, self.zone, self.order.placed_at.astimezone(self.zone).date())


def list_url(shop: Shop, query: PageQuery) -> str:
    """The list as it was left."""
    url = reverse("orders:list", args=[shop.number])
    return f"{url}?{query.list_query}" if query.list_query else url


def weight(grams: int) -> str:
    """Nothing where nobody weighed."""
    return display.weight(grams) if grams else ""


def dotted(*parts: str) -> str:
    """What is known, with dots between."""
    return " · ".join(filter(None, parts))


def named(what: str, name: str) -> str:
    return ", ".join(filter(None, [what, name]))
