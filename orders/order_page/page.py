"""The whole page, read with a known number of queries and handed to the template as text."""

from dataclasses import dataclass

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import ngettext

from backoffice.models import Shop, StaffMember
from orders import display, progress
from orders.mail_forecast import OrderForecast
from orders.models import Folder, Order
from orders.order_list import neighbours
from orders.order_page import amounts, cards, head, lines
from orders.order_page.context import Link, PageContext, PageQuery, Rights, list_url
from orders.order_page.panels import MenuEntry, OrderPanel, menu_for, panels_of
from orders.timeline import SHOWN_LABELS, Log, Timeline, Words, timeline
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import Kind, Look
from statuses.transitions import TABLES

# Statuses in which goods are with the customer, or were.
LEFT = {F.PARTLY_SHIPPED, F.SHIPPED, F.DELIVERED, F.COMPLETED, F.RETURNED}


@dataclass
class OrderPage:
    number: str
    rights: Rights
    url: str
    query: str
    back_url: str
    list_is_filtered: bool
    previous_url: str
    next_url: str
    merged_into: Link | None
    is_deleted: bool
    deleted_at: str
    is_on_hold: bool
    hold_reason: str
    may_hold: bool
    mails_if_released: int
    pills: list[Look]
    meta: list[str]
    total: str
    folder: str
    folders: list[head.FolderChoice]
    stations: list[progress.Station]
    primary: head.Button | None
    waiting: head.WaitingLine | None
    menus: list[head.StatusMenu]
    lines: list[lines.LineRow]
    number_of_lines: str
    open_line: int | None
    line_moves: head.LineMoves
    line_sorts: list[Link]
    size: str
    totals: list[amounts.Amount]
    message: str
    message_is_read: bool
    message_read_at: str
    customer: list[cards.Fact]
    customer_url: str
    customer_doubts: list[str]
    ship_to: list[str]
    bill_to: list[str]
    payments: list[amounts.MoneyRow]
    refunds_to_pay_out: list[amounts.ToPayOut]
    can_refund: bool
    returns: list[cards.ReturnRow]
    may_come_back: bool
    shipments: list[cards.ShipmentRow]
    ship: cards.ShipCard
    notes: list[cards.NoteRow]
    more: list[cards.Fact]
    panels: list[OrderPanel]
    menu: list[MenuEntry]
    print_menu: list[MenuEntry]
    timeline: Timeline
    timeline_tabs: list[Link]
    earlier_url: str
    has_personal_number: bool
    personal_number: str = ""


def order_page(
    order: Order, *, shop: Shop, staff: StaffMember, query: PageQuery, personal_number: str = ""
) -> OrderPage:
    """Read and lay out everything; `order` comes with `folder`, `target_shop` and `merged_into`,
    `personal_number` when it may show.

    Eleven queries, whatever the order holds, one more for refunds, one for the orders beside it, those of the
    registered panels, and one for an answer that a very long log has further back.
    """
    at = PageContext(order, shop, staff, query)
    order_lines = list(order.lines.all())
    by_key = {line.pk: line for line in order_lines}
    payments = list(order.payments.select_related("other_order"))
    refunds = list(order.refunds.select_related("payment")) if order.refunded_total else []
    # Counting drops the model's own order.
    shipments = list(order.shipments.annotate(number_of_lines=Count("lines")).order_by("shipped_at", "pk"))
    folders = list(Folder.objects.for_shop(shop).order_by("position", "name"))
    ship = cards.ship_card(at, order_lines, shipments)
    log = Log.of(order)
    told = timeline(
        log.page(shown=query.log, before=query.before),
        order,
        staff=staff,
        words=Words(at.catalogue, {folder.pk: folder.name for folder in folders}),
        zone=at.zone,
        shown=query.log,
        is_newest_page=query.before is None,
    )
    forecast = OrderForecast(order, order_lines)
    beside = neighbours(order, shop, QueryDict(query.list_query))
    ship_to, bill_to = order.shipping_address, order.billing_address
    entries = [] if order.deleted_at else menu_for(staff)
    return OrderPage(
        number=order.display_number,
        rights=at.rights,
        url=at.url + query.but(),
        query=query.but(),
        back_url=list_url(shop, query),
        list_is_filtered=bool(query.list_query),
        previous_url=head.order_url(at, beside.newer),
        next_url=head.order_url(at, beside.older),
        merged_into=_merged_into(order, at),
        is_deleted=order.deleted_at is not None,
        deleted_at=at.date_time(order.deleted_at),
        is_on_hold=order.fulfilment_status == F.ON_HOLD,
        hold_reason=head.hold_reason(at),
        may_hold=F.ON_HOLD in TABLES[Kind.FULFILMENT][order.fulfilment_status],
        mails_if_released=forecast.mails_if_released() if order.fulfilment_status == F.ON_HOLD else 0,
        pills=head.pills(at),
        meta=head.meta(at, order_lines),
        total=at.money(order.total),
        folder=order.folder.name if order.folder and order.folder.deleted_at is None else "",
        folders=head.folders(at, folders),
        stations=head.stations(at, payments, log.entries),
        primary=head.primary(at, progress.next_steps(order), ship, forecast),
        waiting=head.waiting_line(at, ship, refunds, shipments, forecast),
        menus=head.menus(at, forecast),
        lines=lines.line_rows(at, order_lines),
        number_of_lines=_number_of_lines(len(order_lines)),
        open_line=query.line,
        line_moves=head.line_moves(at, forecast),
        line_sorts=lines.line_sorts(at),
        size=lines.size(at),
        totals=amounts.totals(at),
        message=order.customer_message,
        message_is_read=order.message_read_at is not None,
        message_read_at=at.date_time(order.message_read_at),
        customer=cards.customer(at),
        customer_url=cards.customer_url(at),
        customer_doubts=cards.doubts(at),
        ship_to=cards.address_rows(ship_to),
        bill_to=cards.address_rows(bill_to) if bill_to != ship_to else [],
        payments=amounts.money_rows(at, payments, refunds),
        refunds_to_pay_out=amounts.still_to_pay_out(at, refunds),
        can_refund=order.paid_total > order.refunded_total,
        returns=[cards.return_row(at, each, by_key) for each in order.returns.prefetch_related("lines")],
        may_come_back=order.fulfilment_status in LEFT,
        shipments=[cards.shipment_row(at, each) for each in shipments],
        ship=ship,
        notes=[cards.note_row(at, each) for each in order.notes.all()],
        more=cards.more(at),
        panels=panels_of(order, shop, log),
        menu=[entry for entry in entries if not entry.prints],
        print_menu=[entry for entry in entries if entry.prints],
        timeline=told,
        timeline_tabs=[
            Link(label, f"{at.url}{query.but(log=shown)}#timeline", shown == query.log)
            for shown, label in SHOWN_LABELS.items()
        ],
        earlier_url=f"{at.url}{query.but(before=str(told.earlier))}#timeline" if told.earlier else "",
        has_personal_number=bool(order.personal_number) and at.rights.see_personal_data,
        personal_number=personal_number,
    )


def _merged_into(order: Order, at: PageContext) -> Link | None:
    other = order.merged_into
    return Link(other.display_number, head.order_url(at, other.display_number)) if other else None


def _number_of_lines(number: int) -> str:
    return ngettext("%(number)s line", "%(number)s lines", number) % {"number": display.integer(number)}
