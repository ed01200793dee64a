"""What a table of orders can hold: every value of an order and of its lines, defined once for XLSX and CSV.

The registry is closed: keys that a request names are looked up here or ignored. Keys are stable; labels are in the
language of whoever reads them, except that statuses say what the shop calls them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.documents import VALUE_PATHS, LineDocument, OrderDocument
from statuses.kinds import Kind


class ValueKind(StrEnum):
    """How a value is written: a text, a number, an amount with two places, a moment (aware) or a day."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    MOMENT = "moment"
    DAY = "day"


TEXT, NUMBER, MONEY, MOMENT, DAY = ValueKind


def local_time(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # the last hours of the year 9999: a nonsense date must not stop everybody's export
        return moment


class Heading(NamedTuple):
    label: str
    kind: ValueKind


@dataclass(frozen=True)
class ValueColumn:
    """One column. `value` reads it from a document; `parts` are the lists of the document it needs.

    `path` says where it stands there, or is empty when it is made of several things.
    """

    key: str
    label: str | Promise
    kind: ValueKind
    value: Callable[[Any], Any]
    parts: frozenset[str] = frozenset()
    path: str = ""

    def heading(self, *, is_stable: bool = False) -> Heading:
        return Heading(self.key if is_stable else str(self.label), self.kind)


def _read(key: str, label: str | Promise, kind: ValueKind, path: str) -> ValueColumn:
    return ValueColumn(key, label, kind, attrgetter(path), path=path)


def _made(
    key: str, label: str | Promise, kind: ValueKind, value: Callable[[OrderDocument], Any], *parts: str
) -> ValueColumn:
    return ValueColumn(key, label, kind, value, frozenset(parts))


def _own_status(kind: str) -> Callable[[OrderDocument], str]:
    def label(order: OrderDocument) -> str:
        return next((own.label for own in order.own_statuses if own.kind == kind), "")

    return label


def _vat_by_rate(order: OrderDocument) -> str:
    """`21.00 %: 4.20; 9.00 %: 0.90`"""
    return "; ".join(f"{each.rate} %: {each.vat}" for each in order.totals.by_rate)


def _joined(texts: Iterable[str]) -> str:
    """The texts that say something, each once."""
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _pieces(order: OrderDocument) -> Decimal:
    return sum((line.quantity for line in order.lines), Decimal(0))


def _address(prefix: str, whose: Promise) -> list[ValueColumn]:
    """The columns of an address, `billing_city` and its kin; `whose` says which address they are of."""
    parts = {
        "name": _("name"),
        "company": _("company"),
        "street": _("street"),
        "extra": _("address line 2"),
        "postcode": _("postcode"),
        "city": _("city"),
        "region": _("region"),
        "country": _("country"),
    }
    return [
        _read(f"{prefix}_{part}", format_lazy("{}: {}", whose, label), TEXT, f"{prefix}.{part}")
        for part, label in parts.items()
    ]


_OF_ORDERS = [
    _read("number", _("Order number"), TEXT, "number"),
    _read("id", _("Internal ID"), TEXT, "id"),
    _read("placed", _("Ordered"), MOMENT, "placed_at"),
    _read("changed", _("Changed"), MOMENT, "changed_at"),
    _read("deleted", _("Deleted"), MOMENT, "deleted_at"),
    _read("status", _("Order status"), TEXT, "fulfilment.label"),
    _read("status_code", _("Order status, code"), TEXT, "fulfilment.code"),
    _made("own_status", _("Own order status"), TEXT, _own_status(Kind.FULFILMENT)),
    _read("payment", _("Payment status"), TEXT, "payment.label"),
    _read("payment_code", _("Payment status, code"), TEXT, "payment.code"),
    _made("own_payment", _("Own payment status"), TEXT, _own_status(Kind.PAYMENT)),
    _made("internal", _("Internal status"), TEXT, _own_status(Kind.INTERNAL)),
    _read("source", _("Source"), TEXT, "source"),
    _read("source_name", _("Marketplace"), TEXT, "source_name"),
    _read("source_id", _("Number there"), TEXT, "source_id"),
    _read("target", _("Target shop"), TEXT, "target_shop"),
    _read("customer_number", _("Customer number"), TEXT, "customer.number"),
    _read("customer", _("Customer"), TEXT, "customer.name"),
    _read("company", _("Company"), TEXT, "customer.company"),
    _read("email", _("E-mail"), TEXT, "customer.email"),
    _read("phone", _("Phone"), TEXT, "customer.phone"),
    _read("language", _("Language"), TEXT, "customer.language"),
    _read("vat_number", _("VAT number"), TEXT, "customer.vat_number"),
    *_address("billing", _("Billing address")),
    *_address("shipping", _("Shipping address")),
    _read("message", _("Message from customer"), TEXT, "customer_message"),
    _read("affiliate", _("Affiliate"), TEXT, "affiliate"),
    _read("payment_method", _("Payment method"), TEXT, "payment_method"),
    _read("shipping_method", _("Shipping method"), TEXT, "shipping_method"),
    _read("currency", _("Currency"), TEXT, "currency"),
    _read("exchange_rate", _("Exchange rate"), NUMBER, "exchange_rate"),
    _read("lines_total", _("Lines"), MONEY, "totals.lines"),
    _read("discount", _("Discount"), MONEY, "totals.discount"),
    _read("shipping_cost", _("Shipping cost"), MONEY, "totals.shipping_cost"),
    _read("payment_fee", _("Payment fee"), MONEY, "totals.payment_fee"),
    _read("total_ex", _("Total excl. VAT"), MONEY, "totals.ex"),
    _read("total_vat", _("VAT"), MONEY, "totals.vat"),
    _read("total", _("Total"), MONEY, "totals.incl"),
    _made("vat_by_rate", _("VAT by rate"), TEXT, _vat_by_rate),
    _read("paid", _("Paid"), MONEY, "totals.paid"),
    _read("refunded", _("Refunded"), MONEY, "totals.refunded"),
    _read("open", _("Still to pay"), MONEY, "totals.open"),
    _read("weight", _("Weight (g)"), NUMBER, "weight_g"),
    _read("volume", _("Volume (cm³)"), NUMBER, "volume_cm3"),
    _made("lines", _("Number of lines"), NUMBER, lambda order: len(order.lines), "lines"),
    _made("pieces", _("Pieces"), NUMBER, _pieces, "lines"),
    _made("skus", _("Product numbers"), TEXT, lambda order: _joined(line.sku for line in order.lines), "lines"),
    _made(
        "locations",
        _("Warehouse locations"),
        TEXT,
        lambda order: _joined(line.location for line in order.lines),
        "lines",
    ),
    _made(
        "backordered",
        _("Lines backordered"),
        NUMBER,
        lambda order: sum(line.is_backordered for line in order.lines),
        "lines",
    ),
    _made("carriers", _("Carrier"), TEXT, lambda order: _joined(s.carrier for s in order.shipments), "shipments"),
    _made(
        "tracking",
        _("Tracking code"),
        TEXT,
        lambda order: _joined(s.tracking_code for s in order.shipments),
        "shipments",
    ),
    _made(
        "tracking_url",
        _("Tracking link"),
        TEXT,
        lambda order: _joined(s.tracking_url for s in order.shipments),
        "shipments",
    ),
    _made(
        "parcels", _("Parcels"), NUMBER, lambda order: sum(s.number_of_parcels for s in order.shipments), "shipments"
    ),
    _made(
        "shipped",
        _("Shipped"),
        MOMENT,
        lambda order: max((s.shipped_at for s in order.shipments), default=None),
        "shipments",
    ),
    _made(
        "references",
        _("Payment references"),
        TEXT,
        lambda order: _joined(payment.provider_reference for payment in order.payments),
        "payments",
    ),
    _made("notes", _("Notes to customer"), TEXT, lambda order: "\n".join(note.text for note in order.notes), "notes"),
]
_OF_LINES = [
    _read("line_position", _("Line"), NUMBER, "position"),
    _read("line_sku", _("Product number"), TEXT, "sku"),
    _read("line_name", _("Product"), TEXT, "name"),
    _read("line_options", pgettext_lazy("of a product", "Options"), TEXT, "options"),
    _read("line_kind", _("Kind"), TEXT, "kind"),
    _read("line_status", _("Line status"), TEXT, "status.label"),
    _read("line_status_code", _("Line status, code"), TEXT, "status.code"),
    ValueColumn(
        "line_own_status", _("Own line status"), TEXT, lambda line: line.own_status.label if line.own_status else ""
    ),
    _read("line_quantity", _("Quantity"), NUMBER, "quantity"),
    _read("line_unit_price_ex", _("Unit price excl. VAT"), NUMBER, "unit_price_ex"),
    _read("line_unit_price", _("Unit price incl. VAT"), NUMBER, "unit_price_incl"),
    _read("line_vat_rate", _("VAT %"), NUMBER, "vat_rate"),
    _read("line_discount", _("Line discount"), MONEY, "discount"),
    _read("line_discount_share", _("Share of the order's discount"), MONEY, "discount_share"),
    _read("line_total_ex", _("Line total excl. VAT"), MONEY, "total_ex"),
    _read("line_total_vat", _("Line VAT"), MONEY, "total_vat"),
    _read("line_total", _("Line total"), MONEY, "total"),
    _read("line_location", _("Warehouse location"), TEXT, "location"),
    _read("line_weight", _("Line weight (g)"), NUMBER, "weight_g"),
    _read("line_volume", _("Line volume (cm³)"), NUMBER, "volume_cm3"),
    _read("line_expected", _("Expected on"), DAY, "expected_on"),
    _read("line_picked", _("Picked"), NUMBER, "quantity_picked"),
    _read("line_shipped", _("Quantity shipped"), NUMBER, "quantity_shipped"),
    _read("line_credited", _("Quantity credited"), NUMBER, "quantity_credited"),
    _read("line_returned", _("Quantity returned"), NUMBER, "quantity_returned"),
]
ORDER_COLUMNS: dict[str, ValueColumn] = {column.key: column for column in _OF_ORDERS}
LINE_COLUMNS: dict[str, ValueColumn] = {column.key: column for column in _OF_LINES}


class Table:
    """The chosen columns over orders, one row per order or per line.

    `order_keys` are in the order wanted; unknown keys are left out. With a row per line all columns of lines follow,
    the order's values stand on each row, and an order without lines has one row.
    """

    def __init__(self, order_keys: Sequence[str], *, is_per_line: bool = False):
        self.of_order = [ORDER_COLUMNS[key] for key in order_keys if key in ORDER_COLUMNS]
        self.of_line = list(LINE_COLUMNS.values()) if is_per_line else []

    @property
    def parts(self) -> frozenset[str]:
        """The lists of a document that the rows need; the others need not be read."""
        own = frozenset({"lines"}) if self.of_line else frozenset()
        return own.union(*(column.parts for column in self.of_order))

    @property
    def paths(self) -> list[str] | None:
        """Where in a document each value of a row stands, None when that does not make the rows."""
        paths = [column.path for column in self.of_order]
        return paths if not self.of_line and VALUE_PATHS.issuperset(paths) else None

    def headings(self, *, is_stable: bool = False) -> list[Heading]:
        return [column.heading(is_stable=is_stable) for column in [*self.of_order, *self.of_line]]

    def rows(self, documents: Iterable[OrderDocument]) -> Iterator[list[Any]]:
        readers = [column.value for column in self.of_order]
        for order in documents:
            values = [read(order) for read in readers]
            if self.of_line:
                yield from self._line_rows(values, order.lines)
            else:
                yield values

    def _line_rows(self, values: list[Any], lines: Sequence[LineDocument]) -> Iterator[list[Any]]:
        readers = [column.value for column in self.of_line]
        for line in lines:
            yield [*values, *(read(line) for read in readers)]
        if not lines:
            yield [*values, *(None for _reader in readers)]


# Columns of the list that show several values or go by another name there. What staff keep to themselves, such as
# folders, is in no document and so in no export.
_VALUES_OF_LIST_COLUMNS = {
    "external_id": ("id",),
    "marketplace": ("source_name",),
    "marks": ("message",),
    "status": ("status", "own_status"),
    "payment": ("payment", "own_payment"),
    "items": ("lines", "pieces"),
    "customer": ("customer", "company", "email", "shipping_country"),
    "name": ("customer",),
    "ship_name": ("shipping_name",),
    "ship_street": ("shipping_street", "shipping_extra"),
    "ship_postcode": ("shipping_postcode",),
    "ship_city": ("shipping_city",),
    "ship_country": ("shipping_country",),
    "bill_name": ("billing_name",),
    "bill_city": ("billing_city",),
    "bill_country": ("billing_country",),
    "total": ("total", "currency"),
    "vat": ("total_vat",),
    "method": ("payment_method",),
    "shipping": ("shipping_method",),
    "carrier": ("carriers",),
}


def columns_of_list(list_keys: Iterable[str]) -> tuple[str, ...]:
    """The keys of values that columns of the list show, in their order; the order number at least."""
    keys = dict.fromkeys(key for column in list_keys for key in _VALUES_OF_LIST_COLUMNS.get(column, (column,)))
    return tuple(key for key in keys if key in ORDER_COLUMNS) or ("number",)
