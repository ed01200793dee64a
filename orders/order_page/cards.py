"""The cards beside the lines: customer, shipments, notes, and everything else that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import display
from orders.models import Address, OrderLine, OrderNote, Return, ReturnState, Shipment, Source
from orders.order_page.context import PageContext, dotted, weight
from orders.plausibility import customer_doubts
from orders.services.returns import NEXT_STATES
from orders.services.shipments import NEVER_SENT
from orders.services.shipping import lines_to_ship, proposed, seen_of, way_of
from orders.waiting import WORK
from statuses.kinds import Look


@dataclass(frozen=True)
class ShipmentRow:
    title: str
    about: str
    code: str
    url: str
    change_url: str
    lacks_code: bool


@dataclass(frozen=True)
class ShipCard:
    """The short way to send what is left; `number_left` of lines, back-ordered ones too."""

    url: str
    label: str
    number_proposed: int
    number_left: int
    asks_code: bool
    seen: str


@dataclass(frozen=True)
class ReturnRow:
    """A return and what can be done with it."""

    pk: int
    look: Look
    goods: str
    about: str
    can_receive: bool
    can_settle: bool
    can_refuse: bool
    refund_url: str


@dataclass(frozen=True)
class NoteRow:
    pk: int
    text: str
    about: str
    for_customer: bool


@dataclass(frozen=True)
class Fact:
    """A term and what is known about it; `rows` are its lines."""

    label: str
    rows: Sequence[str]
    kind: str = ""


def customer(at: PageContext) -> list[Fact]:
    order = at.order
    facts = [
        Fact(_("Name"), [order.customer_name or order.billing_name or _("Guest")]),
        Fact(_("Company"), [order.customer_company]),
        Fact(_("E-mail"), [order.customer_email], "mail"),
        Fact(_("Phone"), [order.customer_phone], "phone"),
        Fact(_("VAT number"), [order.vat_number], "mono"),
    ]
    return [fact for fact in facts if fact.rows[0]]


def doubts(at: PageContext) -> list[str]:
    """What looks wrong about customer and addresses, while something can still be done about it."""
    order = at.order
    if not at.rights.change or order.fulfilment_status not in WORK:
        return []
    return customer_doubts(
        email=order.customer_email,
        vat_number=order.vat_number,
        billing=order.billing_address,
        shipping=order.shipping_address,
    )


def customer_url(at: PageContext) -> str:
    """The customer's orders: whoever has the same address."""
    email = at.order.customer_email
    return reverse("orders:list", args=[at.shop.number]) + "?" + urlencode({"q": email}) if email else ""


def shipment_row(at: PageContext, shipment: Shipment) -> ShipmentRow:
    number = shipment.number_of_lines
    parcels = shipment.number_of_parcels
    by_carrier = shipment.way == Shipment.Way.CARRIER
    return ShipmentRow(
        title=shipment.carrier or (_("Shipment") if by_carrier else str(Shipment.Way(shipment.way).label)),
        about=dotted(
            display.date_time(shipment.shipped_at, at.zone),
            ngettext("%(number)s line", "%(number)s lines", number) % {"number": display.integer(number)},
            ngettext("%(number)s parcel", "%(number)s parcels", parcels) % {"number": parcels},
            weight(shipment.weight_g),
        ),
        code=shipment.tracking_code,
        # An import may bring anything; only what leads to a web page becomes a link.
        url=shipment.tracking_url if shipment.tracking_url.startswith(("https://", "http://")) else "",
        change_url=reverse("orders:change-shipment", args=[at.shop.number, at.order.number, shipment.pk])
        + at.query.but(),
        lacks_code=lacks_code(shipment),
    )


def lacks_code(shipment: Shipment) -> bool:
    return shipment.way == Shipment.Way.CARRIER and not shipment.tracking_code


def ship_card(at: PageContext, lines: Sequence[OrderLine], shipments: Sequence[Shipment]) -> ShipCard:
    can_leave = at.order.fulfilment_status not in NEVER_SENT
    number_left = len(lines_to_ship(lines)) if can_leave else 0
    number = sum(proposed(line) > 0 for line in lines) if can_leave else 0
    by_carrier = way_of(at.order) == Shipment.Way.CARRIER
    label = _("Handed over")
    if by_carrier:
        label = ngettext("Ship %(number)s line", "Ship %(number)s lines", number) % {"number": display.integer(number)}
    return ShipCard(
        url=at.action_url("ship"),
        label=label,
        number_proposed=number,
        number_left=number_left,
        asks_code=by_carrier,
        seen=seen_of(shipments),
    )


_RETURN_LOOKS = {
    ReturnState.ANNOUNCED: Look("announced", ReturnState.ANNOUNCED.label, "yellow", "open"),
    ReturnState.RECEIVED: Look("received", ReturnState.RECEIVED.label, "blue", "half"),
    ReturnState.SETTLED: Look("settled", ReturnState.SETTLED.label, "green", "full"),
    ReturnState.REFUSED: Look("refused", ReturnState.REFUSED.label, "grey", "stop"),
}


def return_row(at: PageContext, row: Return, lines: Mapping[int, OrderLine]) -> ReturnRow:
    """`row` comes with its lines, `lines` are the order's by their keys."""
    next_states = NEXT_STATES.get(ReturnState(row.state), set())
    goods = [
        f"{display.quantity(part.quantity_received or part.quantity)} × {lines[part.line_id].name}"
        for part in row.lines.all()
    ]
    return ReturnRow(
        pk=row.pk,
        look=_RETURN_LOOKS[ReturnState(row.state)],
        goods=", ".join(goods),
        about=dotted(row.get_reason_display(), row.remark, display.date_time(row.created_at, at.zone), row.created_by),
        can_receive=ReturnState.RECEIVED in next_states,
        can_settle=ReturnState.SETTLED in next_states,
        can_refuse=ReturnState.REFUSED in next_states,
        refund_url=reverse("orders:refund", args=[at.shop.number, at.order.number])
        + at.query.but(**{"return": str(row.pk)}),
    )


def note_row(at: PageContext, note: OrderNote) -> NoteRow:
    return NoteRow(
        pk=note.pk,
        text=note.text,
        about=dotted(note.author, display.date_time(note.created_at, at.zone), _rewritten(at, note)),
        for_customer=note.audience == OrderNote.Audience.CUSTOMER,
    )


def _rewritten(at: PageContext, note: OrderNote) -> str:
    if note.changed_at is None:
        return ""
    said = {"name": note.changed_by, "at": display.date_time(note.changed_at, at.zone)}
    return _("changed by %(name)s, %(at)s") % said


def more(at: PageContext) -> list[Fact]:
    order = at.order
    facts = [
        Fact(_("Internal ID"), [order.external_id(at.shop)], "mono"),
        Fact(_("Customer number"), [order.customer_number]),
        Fact(_("Currency"), [_("%(currency)s, rate %(rate)s") % {
            "currency": order.currency, "rate": display.exchange_rate(order.exchange_rate)
        }]),
        Fact(_("Source"), [dotted(str(Source(order.source).label), order.source_name)]),
        # Of an order that staff entered it is only the form's.
        Fact(_("Number there"), [(order.source_id or "") if order.source != Source.MANUAL else ""], "mono"),
        Fact(_("Shop"), [str(order.target_shop) if order.target_shop else ""]),
        Fact(_("Payment method"), [order.payment_method]),
        Fact(_("IP address"), [(order.ip_address or "") if at.rights.see_personal_data else ""], "mono"),
        Fact(_("Affiliate"), [order.affiliate]),
        Fact(_("Language"), [display.language_name(order.customer_language)]),
        Fact(_("Last change"), [dotted(display.date_time(order.changed_at, at.zone), order.changed_by)]),
    ]  # fmt: skip
    return [fact for fact in facts if fact.rows[0]]


def address_rows(address: Address) -> list[str]:
    """The address as it stands on an envelope, without empty lines."""
    rows = [
        address.company,
        address.name,
        address.street,
        address.extra,
        " ".join(filter(None, [address.postcode, address.city])),
        address.region,
        display.country(address.country),
    ]
    return [row for row in rows if row]
