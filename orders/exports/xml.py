"""The order XML: one streamed, namespace-free UTF-8 document. Its schema is `orders.xsd` beside this module.

Markup is made in this module only and every text passes `Escape`, so hostile words can neither break the document
nor add to it. All elements of an order are always there, in the same order, and empty when nothing is known; only
`<status>` (a status of the shop's own) appears where there is one. A deleted order is a tombstone without content.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backoffice.models import Shop
from orders.documents import (
    FIRST_CHUNK,
    LineDocument,
    NoteDocument,
    OrderDocument,
    OwnStatusDocument,
    PaymentDocument,
    RefundDocument,
    ShipmentDocument,
    TotalsDocument,
)
from orders.keys import in_chunks
from orders.models import Address

SCHEMA = Path(__file__).with_name("orders.xsd")
CONTENT_TYPE = "text/xml; charset=UTF-8"
ORDERS_PER_PIECE = 50
REPLACEMENT = "\ufffd"

# Everything XML 1.0 has no place for: control characters, lone surrogates, U+FFFE and U+FFFF.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SPECIAL = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')
# White space as references too: parsers fold line ends in texts and all of it in attributes.
REFERENCES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


class Escape:
    """The one way a text enters the document, as content or attribute value.

    Characters that XML cannot carry become U+FFFD; `number_replaced` counts them.
    """

    def __init__(self) -> None:
        self.number_replaced = 0

    def __call__(self, text: str) -> str:
        if SPECIAL.search(text) is None:
            return text
        text, number = ILLEGAL.subn(REPLACEMENT, text)
        self.number_replaced += number
        return text.translate(REFERENCES)


class WrittenOrder(NamedTuple):
    """One order as XML, with its number as it is shown, and how many characters were replaced in it."""

    number: str
    version: int
    text: str
    number_replaced: int = 0


def orders_of_documents(documents: Iterable[OrderDocument], shop: Shop) -> Iterator[WrittenOrder]:
    """Each document as XML, with times in the zone of `shop`."""
    escape = Escape()
    writer = OrderXml(shop.zone, escape)
    for document in documents:
        before = escape.number_replaced
        text = writer.order(document)
        yield WrittenOrder(document.number, document.version, text, escape.number_replaced - before)


def write_orders(
    orders: Iterable[WrittenOrder],
    *,
    shop: Shop,
    generated: datetime,
    count: int,
    change_time: str = "",
    next_change_time: datetime | None = None,
) -> Iterator[bytes]:
    """The document of `count` orders, in pieces of some dozens of them; times are in the zone of `shop`.

    The first piece holds orders already: what goes wrong with every order goes wrong before anything is written.

    `change_time` and `next_change_time` are for pulls: the moment as it was asked for and the one to ask for next.
    """
    head = OrderXml(shop.zone, Escape()).head(shop.number, generated, count, change_time, next_change_time)
    for piece in in_chunks(orders, first=FIRST_CHUNK, size=ORDERS_PER_PIECE):
        yield "".join([head, *(order.text for order in piece)]).encode()
        head = ""
    yield f"{head}</orders>\n".encode()


ADDRESS = (
    "<name>%s</name><company>%s</company><street>%s</street><extra>%s</extra>"
    "<postcode>%s</postcode><city>%s</city><region>%s</region><country>%s</country>"
)
ORDER = f"""\
<order id="%s" number="%s" version="%s">
<placed_at>%s</placed_at><changed_at>%s</changed_at>
<payment status="%s" label="%s"><method>%s</method><paid>%s</paid><refunded>%s</refunded><open>%s</open>\
<transactions>%s</transactions></payment>
<fulfilment status="%s" label="%s"/>%s
<customer><number>%s</number><name>%s</name><company>%s</company><email>%s</email><phone>%s</phone>\
<language>%s</language><vat_number>%s</vat_number></customer>
<billing_address>{ADDRESS}</billing_address>
<shipping_address>{ADDRESS}</shipping_address>
<customer_message>%s</customer_message>
<source name="%s" id="%s">%s</source><target_shop>%s</target_shop><affiliate>%s</affiliate>
<shipping_method>%s</shipping_method><weight_g>%s</weight_g><volume_cm3>%s</volume_cm3>
<lines>%s</lines>
<totals currency="%s" exchange_rate="%s" prices_include_vat="%s">%s</totals>
<shipments>%s</shipments>
<refunds>%s</refunds>
<notes>%s</notes>
</order>
"""
DELETED = '<order id="%s" number="%s" version="%s" changed_at="%s" deleted="yes"/>\n'
OWN_STATUS = '<status kind="%s" code="%s" label="%s"/>'
LINE = """
<line position="%s" kind="%s"><sku>%s</sku><name>%s</name><options>%s</options><quantity>%s</quantity>\
<unit_price_ex>%s</unit_price_ex><unit_price_incl>%s</unit_price_incl><vat_rate>%s</vat_rate>\
<discount>%s</discount><discount_share>%s</discount_share>\
<total_ex>%s</total_ex><total_vat>%s</total_vat><total_incl>%s</total_incl>\
<location>%s</location><weight_g>%s</weight_g><volume_cm3>%s</volume_cm3>\
<line_status status="%s" label="%s"/>%s<backordered>%s</backordered><expected_on>%s</expected_on>\
<picked>%s</picked><shipped>%s</shipped><credited>%s</credited><returned>%s</returned></line>"""
TRANSACTION = (
    '<transaction state="%s"><amount>%s</amount><method>%s</method><provider>%s</provider>'
    "<reference>%s</reference><created_at>%s</created_at><paid_at>%s</paid_at></transaction>"
)
REFUND = (
    '<refund state="%s"><amount>%s</amount><reason>%s</reason>'
    "<created_at>%s</created_at><paid_out_at>%s</paid_out_at></refund>"
)
SHIPMENT = (
    "<shipment><carrier>%s</carrier><tracking_code>%s</tracking_code><tracking_url>%s</tracking_url>"
    "<parcels>%s</parcels><weight_g>%s</weight_g><shipped_at>%s</shipped_at>"
    "<shipped_lines>%s</shipped_lines></shipment>"
)
SHIPPED_LINE = '<shipped_line position="%s" sku="%s" quantity="%s"/>'
NOTE = "<note><created_at>%s</created_at><text>%s</text></note>"
TOTALS = (
    "<lines>%s</lines><discount>%s</discount>"
    '<shipping_cost vat_rate="%s">%s</shipping_cost><payment_fee vat_rate="%s">%s</payment_fee>'
    "<ex>%s</ex><vat>%s</vat><incl>%s</incl><vat_rates>%s</vat_rates>"
)
RATE = '<rate percent="%s"><ex>%s</ex><vat>%s</vat><incl>%s</incl></rate>'


class OrderXml:
    """Writes the parts of a document; times in `zone`, texts through `escape`."""

    def __init__(self, zone: ZoneInfo, escape: Escape):
        self.zone = zone
        self.text = escape

    def head(
        self, shop_number: str, generated: datetime, count: int, change_time: str, next_change_time: datetime | None
    ) -> str:
        asked = f' change_time="{self.text(change_time)}"' if change_time else ""
        following = f' next_change_time="{self.time(next_change_time)}"' if next_change_time else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<orders shop="{self.text(shop_number)}" generated="{self.time(generated)}"{asked}{following}'
            f' count="{count}">\n'
        )

    def order(self, order: OrderDocument) -> str:
        text = self.text
        identity = (text(order.id), text(order.number), order.version)
        if order.deleted_at is not None:
            return DELETED % (*identity, self.time(order.changed_at))
        customer, totals = order.customer, order.totals
        return ORDER % (
            *identity,
            self.time(order.placed_at),
            self.time(order.changed_at),
            text(order.payment.code),
            text(order.payment.label),
            text(order.payment_method),
            totals.paid,
            totals.refunded,
            totals.open,
            "".join(map(self.transaction, order.payments)),
            text(order.fulfilment.code),
            text(order.fulfilment.label),
            "".join(map(self.own_status, order.own_statuses)),
            text(customer.number),
            text(customer.name),
            text(customer.company),
            text(customer.email),
            text(customer.phone),
            text(customer.language),
            text(customer.vat_number),
            *self.address(order.billing),
            *self.address(order.shipping),
            text(order.customer_message),
            text(order.source_name),
            text(order.source_id),
            text(order.source),
            text(order.target_shop),
            text(order.affiliate),
            text(order.shipping_method),
            order.weight_g,
            order.volume_cm3,
            "".join(map(self.line, order.lines)),
            text(order.currency),
            order.exchange_rate,
            yes_or_no(totals.prices_include_vat),
            self.totals(totals),
            "".join(map(self.shipment, order.shipments)),
            "".join(map(self.refund, order.refunds)),
            "".join(map(self.note, order.notes)),
        )

    def address(self, address: Address) -> tuple[str, ...]:
        text = self.text
        return (
            text(address.name),
            text(address.company),
            text(address.street),
            text(address.extra),
            text(address.postcode),
            text(address.city),
            text(address.region),
            text(address.country),
        )

    def own_status(self, status: OwnStatusDocument) -> str:
        return OWN_STATUS % (self.text(status.kind), self.text(status.code), self.text(status.label))

    def line(self, line: LineDocument) -> str:
        text = self.text
        return LINE % (
            line.position,
            text(line.kind),
            text(line.sku),
            text(line.name),
            text(line.options),
            line.quantity,
            line.unit_price_ex,
            line.unit_price_incl,
            line.vat_rate,
            line.discount,
            line.discount_share,
            line.total_ex,
            line.total_vat,
            line.total,
            text(line.location),
            line.weight_g,
            line.volume_cm3,
            text(line.status.code),
            text(line.status.label),
            self.own_status(line.own_status) if line.own_status else "",
            yes_or_no(line.is_backordered),
            day(line.expected_on),
            line.quantity_picked,
            line.quantity_shipped,
            line.quantity_credited,
            line.quantity_returned,
        )

    def transaction(self, payment: PaymentDocument) -> str:
        return TRANSACTION % (
            self.text(payment.state),
            payment.amount,
            self.text(payment.method),
            self.text(payment.provider),
            self.text(payment.provider_reference),
            self.time(payment.created_at),
            self.time(payment.paid_at),
        )

    def refund(self, refund: RefundDocument) -> str:
        return REFUND % (
            self.text(refund.state),
            refund.amount,
            self.text(refund.reason),
            self.time(refund.created_at),
            self.time(refund.paid_out_at),
        )

    def shipment(self, shipment: ShipmentDocument) -> str:
        return SHIPMENT % (
            self.text(shipment.carrier),
            self.text(shipment.tracking_code),
            self.text(shipment.tracking_url),
            shipment.number_of_parcels,
            shipment.weight_g,
            self.time(shipment.shipped_at),
            "".join(SHIPPED_LINE % (each.position, self.text(each.sku), each.quantity) for each in shipment.lines),
        )

    def note(self, note: NoteDocument) -> str:
        return NOTE % (self.time(note.created_at), self.text(note.text))

    def totals(self, totals: TotalsDocument) -> str:
        return TOTALS % (
            totals.lines,
            totals.discount,
            totals.shipping_vat_rate,
            totals.shipping_cost,
            totals.payment_fee_vat_rate,
            totals.payment_fee,
            totals.ex,
            totals.vat,
            totals.incl,
            "".join(RATE % (each.rate, each.ex, each.vat, each.incl) for each in totals.by_rate),
        )

    def time(self, moment: datetime | None) -> str:
        """`yyyymmddhhmmss` in the shop's zone; empty for none."""
        return wall_time(moment, self.zone) if moment else ""


def wall_time(moment: datetime, zone: ZoneInfo) -> str:
    """`yyyymmddhhmmss` in `zone`, cut to the second."""
    try:
        local = moment.astimezone(zone)
    except OverflowError:  # the last hours of the year 9999: a nonsense date must not stop everybody's export
        local = moment
    wall = local.isoformat()
    return wall[0:4] + wall[5:7] + wall[8:10] + wall[11:13] + wall[14:16] + wall[17:19]


def day(value: date | None) -> str:
    """`yyyymmdd`; empty for none."""
    return value.isoformat().replace("-", "") if value else ""


def yes_or_no(fact: bool) -> str:
    return "yes" if fact else "no"
