"""What a customer sees of an order, behind a link that is signed, expires and is for this order alone."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.urls import reverse
from django.utils import translation

from backoffice.models import Shop
from orders import display
from orders.models import Order, OrderLine, OrderNote, Shipment
from orders.papers.language import language_of as customers_language
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind, LineStatus

LINK_LIFE = timedelta(days=90)
EXTERNAL_ID = re.compile(r"([1-9][0-9]{0,11})_([0-9]{1,18})", re.ASCII)
# A point can stand neither in an order's id nor in a signature, and needs no escape in an address.
_signer = signing.TimestampSigner(sep=".", salt="orders.status-page")


class LinkRefused(LookupError):
    """The link is forged or too old, or its order is gone. Nobody is told which."""


@dataclass(frozen=True)
class LineForCustomer:
    """A line without prices; `status` is empty where the shop keeps it to itself."""

    name: str
    options: str
    quantity: str
    status: str
    expected: str


@dataclass(frozen=True)
class Parcel:
    """`url` follows the parcel at its carrier; empty when nobody knows where."""

    carrier: str
    code: str
    url: str
    shipped_on: str


@dataclass(frozen=True)
class Message:
    text: str
    at: str


@dataclass(frozen=True)
class StatusPage:
    """No name, address or price: a link is forwarded easily, and whoever has it is let in."""

    shop: Shop
    number: str
    placed_on: str
    status: str
    lines: list[LineForCustomer]
    parcels: list[Parcel]
    messages: list[Message]


def status_url(order: Order, shop: Shop) -> str:
    """The address of the order's status page, good for 90 days from now."""
    return status_url_of(order.external_id(shop))


def status_url_of(external_id: str) -> str:
    """As `status_url`, for the order with that id (`12345_00012`)."""
    return reverse("order-status", args=[_signer.sign(external_id)])


def order_of(token: str) -> Order:
    """The order that a link is for, with its shop. Raises LinkRefused."""
    try:
        named = EXTERNAL_ID.fullmatch(_signer.unsign(token, max_age=LINK_LIFE))
    except (signing.BadSignature, UnicodeError) as refusal:
        raise LinkRefused from refusal
    if named is None:
        raise LinkRefused
    orders = Order.objects.select_related("shop").filter(shop__number=named[1], number=int(named[2]))
    order = orders.visible().first()
    if order is None:
        raise LinkRefused
    return order


def language_of(order: Order) -> str:
    """The customer's language where the pages speak it, else the shop's."""
    return customers_language(order, order.shop)


def status_page(order: Order) -> StatusPage:
    """All that the page shows, in the current language, with four queries."""
    shop, catalogue = order.shop, catalogue_of(order.shop)
    language = translation.get_language() or shop.language
    sold = order.lines.exclude(kind=OrderLine.Kind.FEE)
    for_customer = order.notes.filter(audience=OrderNote.Audience.CUSTOMER)
    return StatusPage(
        shop=shop,
        number=order.display_number,
        placed_on=display.day(order.placed_at.astimezone(shop.zone).date()),
        status=catalogue.name_for_customer(
            Kind.FULFILMENT, order.fulfilment_status, order.fulfilment_own_status_id, language
        ),
        lines=[_line(line, catalogue, language) for line in sold],
        parcels=[_parcel(shipment, shop) for shipment in order.shipments.all()],
        messages=[Message(note.text, display.date_time(note.created_at, shop.zone)) for note in for_customer],
    )


def _line(line: OrderLine, catalogue: Catalogue, language: str) -> LineForCustomer:
    waits = line.status == LineStatus.BACKORDERED and line.expected_on is not None
    return LineForCustomer(
        name=line.name or line.sku,
        options=line.options,
        quantity=display.quantity(line.quantity),
        status=catalogue.name_for_customer(Kind.LINE, line.status, line.own_status_id, language),
        expected=display.day(line.expected_on) if waits else "",
    )


def _parcel(shipment: Shipment, shop: Shop) -> Parcel:
    # An import may bring anything; only what leads to a web page becomes a link.
    url = shipment.tracking_url if shipment.tracking_url.startswith(("https://", "http://")) else ""
    shipped_on = shipment.shipped_at.astimezone(shop.zone).date()
    return Parcel(shipment.carrier, shipment.tracking_code, url, display.day(shipped_on))
