"""One picture of an order: what XML, XLSX, PDF, mail and order pull are all written from.

Plain, frozen data: texts, decimals, whole numbers and aware times in UTC, safe to hand to a stranger's template.
Amounts have two places in `OrderDocument.currency`, unit prices four, quantities three, VAT rates are percentages.

Left out on purpose: the personal number, because every look at one is logged and a document is copied without a
trace, and the caller's IP address, which serves the review of fraud and no shipment or booking. Staff's own notes,
folder and log stay inside as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import translation

from backoffice.models import Shop
from orders.keys import among, in_chunks
from orders.models import (
    Address,
    Order,
    OrderLine,
    OrderNote,
    Payment,
    Refund,
    Shipment,
    ShipmentLine,
)
from orders.money import still_open
from statuses.catalogue import catalogue_of
from statuses.kinds import BUILTIN, Kind

CHUNK = 500
# For an answer that somebody waits for: with a small first chunk it begins at once.
FIRST_CHUNK = 10


@dataclass(frozen=True, slots=True)
class StatusDocument:
    """A built-in status: its stable code and what the shop calls it, in the shop's language."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class OwnStatusDocument:
    """A status of the shop's own; `kind` is payment, fulfilment, internal or line."""

    kind: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class LineDocument:
    """A line as charged. `discount` is its own, `discount_share` its part of the order's; weight is of all pieces."""

    status: StatusDocument
    own_status: OwnStatusDocument | None
    position: int
    kind: str
    sku: str
    name: str
    options: str
    quantity: Decimal
    unit_price_ex: Decimal
    unit_price_incl: Decimal
    vat_rate: Decimal
    discount: Decimal
    discount_share: Decimal
    total_ex: Decimal
    total_vat: Decimal
    total: Decimal
    location: str
    weight_g: int
    volume_cm3: int
    is_backordered: bool
    expected_on: date | None
    quantity_picked: Decimal
    quantity_shipped: Decimal
    quantity_credited: Decimal
    quantity_returned: Decimal


@dataclass(frozen=True, slots=True)
class PaymentDocument:
    """Money paid or tried to pay; `state` is pending, paid, failed, cancelled or expired."""

    amount: Decimal
    method: str
    provider: str
    provider_reference: str
    state: str
    created_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundDocument:
    """Money to give back; `state` is to_pay_out or paid_out."""

    amount: Decimal
    reason: str
    state: str
    created_at: datetime
    paid_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShippedLineDocument:
    """How much of the line at `position` is in a shipment."""

    position: int
    sku: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ShipmentDocument:
    carrier: str
    tracking_code: str
    tracking_url: str
    number_of_parcels: int
    weight_g: int
    shipped_at: datetime
    lines: tuple[ShippedLineDocument, ...]


@dataclass(frozen=True, slots=True)
class NoteDocument:
    """Words of staff for the customer."""

    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    name: str
    company: str
    email: str
    phone: str
    number: str
    language: str
    vat_number: str


@dataclass(frozen=True, slots=True)
class RateDocument:
    """All that was charged at one VAT rate."""

    rate: Decimal
    ex: Decimal
    vat: Decimal
    incl: Decimal


@dataclass(frozen=True, slots=True)
class TotalsDocument:
    """Amounts as charged. Lines, discount, shipping cost and payment fee are in the sense of `prices_include_vat`.

    `lines` is after discounts; `open` is what is still to be paid, negative when too much was.
    """

    prices_include_vat: bool
    lines: Decimal
    discount: Decimal
    shipping_cost: Decimal
    shipping_vat_rate: Decimal
    payment_fee: Decimal
    payment_fee_vat_rate: Decimal
    ex: Decimal
    vat: Decimal
    incl: Decimal
    paid: Decimal
    refunded: Decimal
    open: Decimal
    by_rate: tuple[RateDocument, ...]


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """One order. `id` is what other systems know it by (`12345_00012`), `number` what people call it (`00012`)."""

    id: str
    number: str
    version: int
    placed_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    source: str
    source_name: str
    source_id: str
    target_shop: str
    payment: StatusDocument
    fulfilment: StatusDocument
    own_statuses: tuple[OwnStatusDocument, ...]
    payment_method: str
    shipping_method: str
    customer: CustomerDocument
    billing: Address
    shipping: Address
    customer_message: str
    affiliate: str
    currency: str
    exchange_rate: Decimal
    totals: TotalsDocument
    weight_g: int
    volume_cm3: int
    lines: tuple[LineDocument, ...]
    payments: tuple[PaymentDocument, ...]
    refunds: tuple[RefundDocument, ...]
    shipments: tuple[ShipmentDocument, ...]
    notes: tuple[NoteDocument, ...]


# The lists of a document that have queries of their own.
PARTS = frozenset({"lines", "payments", "refunds", "shipments", "notes"})


def order_documents(
    order_ids: Iterable[int], *, shop: Shop, parts: frozenset[str] = PARTS, first: int = CHUNK
) -> Iterator[OrderDocument]:
    """The pictures of orders (keys) of `shop`, in the order of the keys; keys of other shops are left out.

    Whoever needs only some of the PARTS says so: the others are not read and stay empty.

    `shop` may be a target shop: then its language is used and only orders taken there are found. Memory does not
    grow with the number of orders: they are read in chunks, each with the same seven queries, the first of `first`.
    """
    labels = None
    for chunk in in_chunks(order_ids, first=first, size=CHUNK):
        labels = labels or Labels(shop)
        yield from _documents_of_chunk(chunk, shop, labels, parts)


class Labels:
    """A shop's statuses by code and by key, labels in the shop's language; read with one query."""

    def __init__(self, shop: Shop):
        with translation.override(shop.language):
            catalogue = catalogue_of(shop.base_shop or shop)
            self.builtin = {
                (kind, code): StatusDocument(code, str(catalogue.look(kind, code).label))
                for kind, words in BUILTIN.items()
                for code in words
            }
            self.own = {
                row.pk: OwnStatusDocument(row.kind, row.code, row.label) for row in catalogue.rows if not row.is_builtin
            }


LINE_COLUMNS = tuple(LineDocument.__dataclass_fields__)[2:]
PAYMENT_COLUMNS = tuple(PaymentDocument.__dataclass_fields__)
REFUND_COLUMNS = tuple(RefundDocument.__dataclass_fields__)
SHIPMENT_COLUMNS = tuple(ShipmentDocument.__dataclass_fields__)[:-1]
NOTE_COLUMNS = tuple(NoteDocument.__dataclass_fields__)
CUSTOMER_COLUMNS = [f"customer_{part}" for part in tuple(CustomerDocument.__dataclass_fields__)[:-1]] + ["vat_number"]
BILLING_COLUMNS = [f"billing_{part}" for part in Address.__dataclass_fields__]
SHIPPING_COLUMNS = [f"shipping_{part}" for part in Address.__dataclass_fields__]
ORDER_COLUMNS = [
    "id",
    "number",
    "version",
    "placed_at",
    "changed_at",
    "deleted_at",
    "source",
    "source_name",
    "source_id",
    "target_shop__number",
    "payment_status",
    "payment_own_status_id",
    "fulfilment_status",
    "fulfilment_own_status_id",
    "internal_status_id",
    "payment_method",
    "shipping_method",
    "customer_message",
    "affiliate",
    "currency",
    "exchange_rate",
    "prices_include_vat",
    "lines_total",
    "discount",
    "shipping_cost",
    "shipping_vat_rate",
    "payment_fee",
    "payment_fee_vat_rate",
    "total_ex",
    "total_vat",
    "total",
    "paid_total",
    "refunded_total",
    "vat_totals",
    "weight_g",
    "volume_cm3",
]
CUSTOMER = slice(len(ORDER_COLUMNS), len(ORDER_COLUMNS) + len(CUSTOMER_COLUMNS))
BILLING = slice(CUSTOMER.stop, CUSTOMER.stop + len(BILLING_COLUMNS))
SHIPPING = slice(BILLING.stop, BILLING.stop + len(SHIPPING_COLUMNS))


# Where a value of a document stands in the order's row, `{path: column}`; a path is what `attrgetter` takes.
PLAIN_PATHS: dict[str, str] = (
    {column: column for column in ORDER_COLUMNS if column in OrderDocument.__dataclass_fields__}
    | {f"customer.{part}": f"customer_{part}" for part in CustomerDocument.__dataclass_fields__}
    | {f"billing.{part}": f"billing_{part}" for part in Address.__dataclass_fields__}
    | {f"shipping.{part}": f"shipping_{part}" for part in Address.__dataclass_fields__}
    | {f"totals.{part}": part for part in TotalsDocument.__dataclass_fields__ if part in ORDER_COLUMNS}
    | {
        "customer.vat_number": "vat_number",
        "totals.lines": "lines_total",
        "totals.ex": "total_ex",
        "totals.vat": "total_vat",
        "totals.incl": "total",
        "totals.paid": "paid_total",
        "totals.refunded": "refunded_total",
    }
)


def order_values(order_ids: Iterable[int], *, shop: Shop, paths: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """What stands at `paths` in the pictures of orders, as `attrgetter(*paths)` would read it there.

    For tables of very many orders: only the columns needed are read, and no document is built. Every path must be in
    VALUE_PATHS; the orders are found as by `order_documents`.
    """
    values = None
    for chunk in in_chunks(order_ids, first=CHUNK, size=CHUNK):
        values = values or _Values(paths, shop)
        yield from values.of_chunk(chunk)


class _Values:
    """Reads the values at `paths` from orders of `shop`, a chunk at a time."""

    def __init__(self, paths: Sequence[str], shop: Shop):
        self.orders = Order.objects.filter(**_of_shop(shop))
        self.columns = ["id"]
        labels, prefix = Labels(shop), (shop.base_shop or shop).number
        self.readers = [self._reader(path, labels, prefix) for path in paths]

    def of_chunk(self, order_ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        rows = {row[0]: row for row in self.orders.filter(pk__in=among(order_ids)).values_list(*self.columns)}
        for order_id in order_ids:
            if order_id in rows:
                row = rows[order_id]
                yield tuple([read(row) for read in self.readers])

    def _reader(self, path: str, labels: Labels, prefix: str) -> Callable[[tuple], Any]:
        if path not in MADE_PATHS:
            return itemgetter(self._place_of(PLAIN_PATHS[path]))
        columns, make = MADE_PATHS[path]
        places = [self._place_of(column) for column in columns]
        return lambda row: make(labels, prefix, *[row[place] for place in places])

    def _place_of(self, column: str) -> int:
        if column not in self.columns:
            self.columns.append(column)
        return self.columns.index(column)


def _status_at(kind: str, part: str) -> Callable[[Labels, str, str], str]:
    read = attrgetter(part)
    return lambda labels, prefix, code: read(labels.builtin[kind, code])


# Values that are made of columns: which ones, and how, given the labels, the shop's number and the columns.
MADE_PATHS: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "id": (("number",), lambda labels, prefix, number: _external_id(prefix, number)),
    "number": (("number",), lambda labels, prefix, number: _shown(number)),
    "source_id": (("source_id",), lambda labels, prefix, source_id: source_id or ""),
    "target_shop": (("target_shop__number",), lambda labels, prefix, number: number or ""),
    "payment.code": (("payment_status",), _status_at(Kind.PAYMENT, "code")),
    "payment.label": (("payment_status",), _status_at(Kind.PAYMENT, "label")),
    "fulfilment.code": (("fulfilment_status",), _status_at(Kind.FULFILMENT, "code")),
    "fulfilment.label": (("fulfilment_status",), _status_at(Kind.FULFILMENT, "label")),
    "totals.open": (("total", "paid_total", "refunded_total"), lambda labels, prefix, *amounts: still_open(*amounts)),
}
VALUE_PATHS = PLAIN_PATHS.keys() | MADE_PATHS.keys()


def _shown(number: int) -> str:
    return f"{number:05d}"


def _external_id(prefix: str, number: int) -> str:
    return f"{prefix}_{_shown(number)}"


def _of_shop(shop: Shop) -> dict[str, Shop]:
    return {"target_shop": shop} if shop.base_shop_id else {"shop": shop}


def _documents_of_chunk(
    order_ids: Sequence[int], shop: Shop, labels: Labels, wanted: frozenset[str]
) -> Iterator[OrderDocument]:
    orders = Order.objects.filter(pk__in=among(order_ids), **_of_shop(shop))
    rows = {
        row.id: row
        for row in orders.values_list(
            *ORDER_COLUMNS, *CUSTOMER_COLUMNS, *BILLING_COLUMNS, *SHIPPING_COLUMNS, named=True
        )
    }
    parts = _parts_of(list(rows), labels, wanted)
    prefix = (shop.base_shop or shop).number
    for order_id in order_ids:
        if order_id in rows:
            yield _order_document(rows[order_id], prefix, labels, parts)


@dataclass(frozen=True)
class _Parts:
    """What hangs on the orders of a chunk, each {order id: [document, …]} in its reading order."""

    lines: dict[int, list[LineDocument]]
    payments: dict[int, list[PaymentDocument]]
    refunds: dict[int, list[RefundDocument]]
    shipments: dict[int, list[ShipmentDocument]]
    notes: dict[int, list[NoteDocument]]


def _parts_of(order_ids: list[int], labels: Labels, wanted: frozenset[str]) -> _Parts:
    def line_document(status: str, own_status_id: int | None, *columns: Any) -> LineDocument:
        return LineDocument(labels.builtin[Kind.LINE, status], labels.own.get(own_status_id), *columns)

    def of_orders(rows: type[Model], **conditions: Any) -> QuerySet:
        return rows._default_manager.filter(order__in=among(order_ids), **conditions)

    readers: dict[str, Callable[[], dict[int, list]]] = {
        "lines": lambda: _by_order(
            of_orders(OrderLine).order_by("position"), ("status", "own_status_id", *LINE_COLUMNS), line_document
        ),
        "payments": lambda: _by_order(of_orders(Payment), PAYMENT_COLUMNS, PaymentDocument),
        "refunds": lambda: _by_order(of_orders(Refund), REFUND_COLUMNS, RefundDocument),
        "shipments": lambda: _shipments_of(order_ids),
        "notes": lambda: _by_order(
            of_orders(OrderNote, audience=OrderNote.Audience.CUSTOMER).order_by("created_at", "id"),
            NOTE_COLUMNS,
            NoteDocument,
        ),
    }
    return _Parts(**{part: read() if part in wanted else {} for part, read in readers.items()})


def _by_order(rows: QuerySet, columns: Sequence[str], make: Callable[..., Any]) -> dict[int, list]:
    found = defaultdict(list)
    for order_id, *values in rows.values_list("order_id", *columns):
        found[order_id].append(make(*values))
    return found


def _shipments_of(order_ids: list[int]) -> dict[int, list[ShipmentDocument]]:
    contents = defaultdict(list)
    shipped = ShipmentLine.objects.filter(shipment__order__in=among(order_ids)).order_by("line__position", "id")
    for shipment_id, *values in shipped.values_list("shipment_id", "line__position", "line__sku", "quantity"):
        contents[shipment_id].append(ShippedLineDocument(*values))

    def shipment_document(shipment_id: int, *columns: Any) -> ShipmentDocument:
        return ShipmentDocument(*columns, tuple(contents[shipment_id]))

    return _by_order(Shipment.objects.filter(order__in=among(order_ids)), ("id", *SHIPMENT_COLUMNS), shipment_document)


def _order_document(row: Any, prefix: str, labels: Labels, parts: _Parts) -> OrderDocument:
    """`row` is a named row of the four column lists above, `prefix` the number of the shop that owns the order."""
    own = (row.payment_own_status_id, row.fulfilment_own_status_id, row.internal_status_id)
    return OrderDocument(
        id=_external_id(prefix, row.number),
        number=_shown(row.number),
        version=row.version,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        deleted_at=row.deleted_at,
        source=row.source,
        source_name=row.source_name,
        source_id=row.source_id or "",
        target_shop=row.target_shop__number or "",
        payment=labels.builtin[Kind.PAYMENT, row.payment_status],
        fulfilment=labels.builtin[Kind.FULFILMENT, row.fulfilment_status],
        own_statuses=tuple(labels.own[key] for key in own if key is not None),
        payment_method=row.payment_method,
        shipping_method=row.shipping_method,
        customer=CustomerDocument(*row[CUSTOMER]),
        billing=Address(*row[BILLING]),
        shipping=Address(*row[SHIPPING]),
        customer_message=row.customer_message,
        affiliate=row.affiliate,
        currency=row.currency,
        exchange_rate=row.exchange_rate,
        totals=_totals_document(row),
        weight_g=row.weight_g,
        volume_cm3=row.volume_cm3,
        lines=tuple(parts.lines.get(row.id, ())),
        payments=tuple(parts.payments.get(row.id, ())),
        refunds=tuple(parts.refunds.get(row.id, ())),
        shipments=tuple(parts.shipments.get(row.id, ())),
        notes=tuple(parts.notes.get(row.id, ())),
    )


def _totals_document(row: Any) -> TotalsDocument:
    return TotalsDocument(
        prices_include_vat=row.prices_include_vat,
        lines=row.lines_total,
        discount=row.discount,
        shipping_cost=row.shipping_cost,
        shipping_vat_rate=row.shipping_vat_rate,
        payment_fee=row.payment_fee,
        payment_fee_vat_rate=row.payment_fee_vat_rate,
        ex=row.total_ex,
        vat=row.total_vat,
        incl=row.total,
        paid=row.paid_total,
        refunded=row.refunded_total,
        open=still_open(row.total, row.paid_total, row.refunded_total),
        by_rate=tuple(
            RateDocument(Decimal(each["rate"]), Decimal(each["ex"]), Decimal(each["vat"]), Decimal(each["incl"]))
            for each in row.vat_totals
        ),
    )
