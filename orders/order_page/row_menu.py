"""What is done most to an order, as a menu at its row of the list: its next steps, its papers, a message."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from backoffice.models import Shop, StaffMember
from orders import progress, waiting
from orders.mail_forecast import OrderForecast
from orders.models import Order
from orders.order_page import cards, head
from orders.order_page.context import PageContext, PageQuery, list_url
from orders.order_page.panels import MenuEntry, menu_for


@dataclass(frozen=True)
class RowStep:
    """A form of one button where it `acts`, else a link to the page on which the step is done."""

    button: head.Button
    acts: bool


@dataclass(frozen=True)
class RowMenu:
    """Only what this person may do with the order as it is now; `query` leads what is done back to the list."""

    number: str
    url: str
    query: str
    back_url: str
    waiting: str
    steps: list[RowStep]
    entries: list[MenuEntry]


def row_menu(order: Order, *, shop: Shop, staff: StaffMember, query: PageQuery) -> RowMenu:
    """Read as much of `order` as its next steps depend on: at most five queries, whatever it holds."""
    at = PageContext(order, shop, staff, replace(query, goes_to_list=True))
    is_deleted = order.deleted_at is not None
    return RowMenu(
        number=order.display_number,
        url=at.url + query.but(then=""),
        query=at.query.but(),
        back_url=list_url(shop, query),
        waiting=waiting.sentence(order, at.zone),
        steps=[_restore(at)] if at.rights.restore else list(_steps(at)),
        entries=[] if is_deleted else [entry for entry in menu_for(staff) if entry.in_list],
    )


def _restore(at: PageContext) -> RowStep:
    return RowStep(head.Button(_("Restore"), "undo", at.action_url("restore")), acts=True)


def _steps(at: PageContext) -> Iterator[RowStep]:
    """What its reason to wait asks for, then the likeliest step where that is another."""
    if not (at.rights.change or at.rights.pay):
        return
    order = at.order
    lines = list(order.lines.all())
    refunds = list(order.refunds.all()) if order.refunded_total else []
    shipments = list(order.shipments.order_by("shipped_at", "pk"))
    ship, forecast = cards.ship_card(at, lines, shipments), OrderForecast(order, lines)
    line = head.waiting_line(at, ship, refunds, shipments, forecast)
    first = line and (line.link or line.button)
    if line and first:
        yield RowStep(first, acts=first is line.button)
    likeliest = head.primary(at, progress.next_steps(order), ship, forecast)
    if likeliest and not (first and (first.url, first.status) == (likeliest.url, likeliest.status)):
        yield RowStep(likeliest, acts=bool(likeliest.status))
