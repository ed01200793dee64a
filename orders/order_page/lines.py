"""The lines of an order in the order they are walked, typed or bought."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders import display
from orders.models import OrderLine
from orders.order_page.context import Link, PageContext, dotted, weight
from orders.papers.data import sorted_lines
from statuses.kinds import Kind, LineStatus, Look

# Beyond this a line's menu is opened by its link: a thousand menus are ten thousand buttons nobody looks at.
LINES_WITH_MENUS = 100
OFF = {LineStatus.CANCELLED, LineStatus.CREDITED, LineStatus.RETURNED}


@dataclass(frozen=True)
class LineRow:
    position: int
    name: str
    about: str
    look: Look
    css: str
    location: str
    weight: str
    volume: str
    quantity: str
    so_far: str
    price_ex: str
    # The price and its VAT in words, for a page too narrow for their columns.
    each: str
    price_incl: str
    vat_rate: str
    total: str
    has_menu: bool
    menu_url: str


def line_rows(at: PageContext, lines: list[OrderLine]) -> list[LineRow]:
    return [_line(at, line, len(lines)) for line in sorted_lines(lines, at.query.lines or at.shop.line_order)]


def line_sorts(at: PageContext) -> list[Link]:
    chosen = at.query.lines or at.shop.line_order
    return [
        Link(label, f"{at.url}{at.query.but(lines=value)}", value == chosen) for value, label in Shop.LineOrder.choices
    ]


def size(at: PageContext) -> str:
    order = at.order
    parts = []
    if order.weight_g:
        parts.append(_("Weight %(weight)s") % {"weight": display.weight(order.weight_g)})
    if order.volume_cm3:
        parts.append(_("volume %(volume)s") % {"volume": display.volume(order.volume_cm3)})
    return dotted(*parts)


def _line(at: PageContext, line: OrderLine, number_of_lines: int) -> LineRow:
    is_waiting = line.status == LineStatus.BACKORDERED
    price_ex = _unit_price(at, line.unit_price_ex, is_quoted=not at.order.prices_include_vat)
    price_incl = _unit_price(at, line.unit_price_incl, is_quoted=at.order.prices_include_vat)
    vat_rate = display.rate(line.vat_rate)
    return LineRow(
        position=line.position,
        name=line.name or line.sku or _("No description"),
        about=dotted(line.sku if line.name else "", line.options, _line_news(at, line)),
        look=at.catalogue.look(Kind.LINE, line.status, line.own_status_id),
        css="bo" if is_waiting else "off" if line.status in OFF else "",
        location=line.location,
        weight=weight(line.weight_g),
        volume=display.volume(line.volume_cm3) if line.volume_cm3 else "",
        quantity=display.quantity(line.quantity),
        so_far=_so_far(line),
        price_ex=price_ex,
        each=_("%(ex)s ex VAT, %(incl)s incl. VAT %(rate)s") % {"ex": price_ex, "incl": price_incl, "rate": vat_rate},
        price_incl=price_incl,
        vat_rate=vat_rate,
        total=at.money(line.total),
        has_menu=at.rights.change and (number_of_lines <= LINES_WITH_MENUS or line.position == at.query.line),
        menu_url=f"{at.url}{at.query.but(line=str(line.position))}#line-{line.position}",
    )


def _unit_price(at: PageContext, price: Decimal, *, is_quoted: bool) -> str:
    """As it was quoted, to the last of its places; the one computed from it in cents."""
    return (display.price if is_quoted else display.money)(price, at.order.currency)


def _line_news(at: PageContext, line: OrderLine) -> str:
    news = []
    if line.status == LineStatus.BACKORDERED and line.expected_on:
        news.append(_("expected %(day)s") % {"day": display.day(line.expected_on)})
    taken_off = line.discount + line.discount_share
    if taken_off:
        news.append(_("discount %(amount)s") % {"amount": at.money(taken_off)})
    return dotted(*news)


def _so_far(line: OrderLine) -> str:
    """How much of the line is on its way or came back, in words; empty for the plain case."""
    parts = [
        (line.quantity_shipped, _("%(number)s shipped")),
        (line.quantity_picked, _("%(number)s picked")),
        (line.quantity_credited, _("%(number)s credited")),
        (line.quantity_returned, _("%(number)s returned")),
    ]
    return ", ".join(words % {"number": display.quantity(number)} for number, words in parts if number)
