"""The order page as it was: what the time machine found, laid out by the same parts, with nothing to press."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import ngettext

from backoffice.models import Shop, StaffMember
from orders import display
from orders.models import LogAction, OrderLogEntry
from orders.order_page import amounts, cards, head, lines
from orders.order_page.context import Link, PageContext, PageQuery, Rights
from orders.time_machine import Picture
from statuses.kinds import Look


@dataclass
class PastPage:
    """What the parts of the order page need of an order's past; they find no right to anything in it."""

    number: str
    rights: Rights
    url: str
    query: str
    at: str
    by: str
    what: str
    now_url: str
    earlier_url: str
    later_url: str
    is_now: bool
    gaps: list[str]
    came_with_its_past: bool
    is_deleted: bool
    pills: list[Look]
    meta: list[str]
    total: str
    folder: str
    lines: list[lines.LineRow]
    number_of_lines: str
    line_sorts: list[Link]
    size: str
    totals: list[amounts.Amount]
    message: str
    message_is_read: bool
    message_read_at: str
    customer: list[cards.Fact]
    ship_to: list[str]
    bill_to: list[str]
    payments: list[amounts.MoneyRow]
    shipments: list[cards.ShipmentRow]
    notes: list[cards.NoteRow]


def past_page(picture: Picture, *, shop: Shop, staff: StaffMember, query: PageQuery) -> PastPage:
    """Lay out a picture; two queries for the entries before and after it."""
    at = PageContext(picture.order, shop, staff, query)
    now_url, at.url = at.url + query.but(), _url(at, picture.entry.pk)
    at.rights = Rights(**dict.fromkeys(vars(at.rights), False))
    order, entry = picture.order, picture.entry
    ship_to, bill_to = order.shipping_address, order.billing_address
    log = OrderLogEntry.objects.filter(order=order).values_list("pk", flat=True)
    earlier = log.filter(pk__lt=entry.pk).order_by("-pk").first()
    later = log.filter(pk__gt=entry.pk).order_by("pk").first()
    return PastPage(
        number=order.display_number,
        rights=at.rights,
        url=at.url,
        query=query.but(),
        at=at.date_time(entry.created_at),
        by=entry.actor,
        what=str(LogAction(entry.action).label),
        now_url=now_url,
        earlier_url=_url(at, earlier),
        later_url=_url(at, later),
        is_now=picture.is_now,
        gaps=[f"{at.date_time(gap.created_at)}: {LogAction(gap.action).label}" for gap in picture.gaps],
        came_with_its_past=picture.came_with_its_past,
        is_deleted=order.deleted_at is not None,
        pills=head.pills(at),
        meta=head.meta(at, picture.lines),
        total=at.money(order.total),
        folder=order.folder.name if order.folder else "",
        lines=lines.line_rows(at, picture.lines),
        number_of_lines=_number_of_lines(len(picture.lines)),
        line_sorts=lines.line_sorts(at),
        size=lines.size(at),
        totals=amounts.totals(at),
        message=order.customer_message,
        message_is_read=order.message_read_at is not None,
        message_read_at=at.date_time(order.message_read_at),
        customer=cards.customer(at),
        ship_to=cards.address_rows(ship_to),
        bill_to=cards.address_rows(bill_to) if bill_to != ship_to else [],
        payments=amounts.money_rows(at, picture.payments, picture.refunds),
        shipments=[cards.shipment_row(at, each) for each in picture.shipments],
        notes=[cards.note_row(at, each) for each in picture.notes],
    )


def _url(at: PageContext, entry: int | None) -> str:
    return reverse("orders:at", args=[at.shop.number, at.order.number, entry]) if entry else ""


def _number_of_lines(number: int) -> str:
    return ngettext("%(number)s line", "%(number)s lines", number) % {"number": display.integer(number)}
