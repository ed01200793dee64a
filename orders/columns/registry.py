"""The columns there are, by group. The registry is closed: what a request names is looked up here or ignored."""

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.columns import cells
from orders.columns.column import Column
from statuses.catalogue import Catalogue
from statuses.kinds import Kind, RowLook


def _text(key: str, label: Promise, field: str = "", css: str = "f-x") -> Column:
    return Column(key, label, (field or key,), cells.text(field or key), css)


def _moment(key: str, label: Promise, field: str, css: str = "f-x mut", sort: str = "") -> Column:
    return Column(key, label, (field,), cells.moment(field), css, sort=sort)


def _amount(key: str, label: Promise, field: str, css: str = "f-x num", sort: str = "") -> Column:
    return Column(key, label, (field, "currency"), cells.amount(field), css, sort=sort)


_STATUS_FIELDS = ("fulfilment_status", "fulfilment_own_status_id", "internal_status_id")
GROUPS: list[tuple[Promise, list[Column]]] = [
    (
        _("Order"),
        [
            Column("number", _("Order"), ("number", "source", "source_name"), cells.order, "f-id", sort="-"),
            Column("external_id", _("Order ID"), ("number",), cells.external_id),
            _moment("placed", _("Ordered"), "placed_at", "f-date mut", sort="-"),
            _moment("changed", _("Changed"), "changed_at", "f-chg mut num", sort="-"),
            _text("changed_by", _("Changed by")),
            Column("target", _("Target shop"), ("target_shop_id",), cells.target, gather="targets"),
            Column("source", _("Source"), ("source",), cells.source),
            _text("marketplace", _("Marketplace"), "source_name"),
            _text("source_id", _("Number at the source")),
            _text("affiliate", _("Affiliate")),
            Column("tags", _("Tags"), ("id",), cells.tags, gather="tags"),
            Column("folder", _("Folder"), ("folder_id",), cells.folder, gather="folders"),
            Column(
                "marks",
                _("Marks"),
                ("customer_message", "message_read_at", "has_internal_note", "printed_at", "mailed_at"),
                cells.marks,
                "f-marks",
                label_is_hidden=True,
            ),
            _moment("printed", _("Printed"), "printed_at"),
            _moment("mailed", _("Mailed"), "mailed_at"),
            Column("note_author", _("Last note by"), ("id",), cells.note_author, gather="note_authors"),
        ],
    ),
    (
        _("Status"),
        [
            Column("status", _("Status"), _STATUS_FIELDS, cells.status, "f-st"),
            Column("payment", _("Payment"), ("payment_status", "payment_own_status_id"), cells.payment, "f-pay"),
            Column("internal", _("Internal status"), ("internal_status_id",), cells.internal),
            Column(
                "waiting",
                _("Waiting for"),
                ("number", "waiting_for", "waiting_day", "placed_at", "hold_reason", "status_before_hold"),
                cells.waiting,
                "f-wait",
                sort="+",
            ),
            _text("hold_reason", _("On hold because")),
            Column(
                "items",
                _("Items"),
                ("number_of_lines", "number_of_lines_done", "number_of_lines_backordered"),
                cells.items,
                "f-fill",
            ),
        ],
    ),
    (
        _("Customer"),
        [
            Column(
                "customer",
                _("Customer"),
                ("customer_name", "customer_company", "customer_email", "shipping_country"),
                cells.customer,
                "f-who who",
                sort="+",
            ),
            _text("name", _("Name"), "customer_name"),
            _text("company", _("Company"), "customer_company"),
            _text("email", _("E-mail address"), "customer_email"),
            _text("phone", _("Phone"), "customer_phone"),
            _text("customer_number", _("Customer number")),
            Column("language", _("Language"), ("customer_language",), cells.language),
            _text("vat_number", _("VAT number")),
        ],
    ),
    (
        _("Addresses"),
        [
            _text("ship_name", _("Ship to"), "shipping_name"),
            _text("ship_street", _("Street"), "shipping_street"),
            _text("ship_postcode", _("Postcode"), "shipping_postcode"),
            _text("ship_city", _("City"), "shipping_city"),
            Column("ship_country", _("Country"), ("shipping_country",), cells.country("shipping_country")),
            _text("bill_name", _("Bill to"), "billing_name"),
            _text("bill_city", _("Billing city"), "billing_city"),
            Column("bill_country", _("Billing country"), ("billing_country",), cells.country("billing_country")),
        ],
    ),
    (
        _("Amounts"),
        [
            _amount("total", _("Total"), "total", "f-tot num", sort="-"),
            _amount("total_ex", _("Total excl. VAT"), "total_ex"),
            _amount("vat", _("VAT"), "total_vat"),
            _amount("discount", _("Discount"), "discount"),
            _amount("shipping_cost", _("Shipping cost"), "shipping_cost"),
            _amount("payment_fee", _("Payment fee"), "payment_fee"),
            _amount("paid", _("Paid"), "paid_total"),
            _amount("refunded", _("Refunded"), "refunded_total"),
            Column(
                "open",
                _("Still open"),
                ("total", "paid_total", "refunded_total", "currency"),
                cells.still_open,
                "f-x num",
            ),
            _text("currency", _("Currency")),
            _text("method", _("Payment method"), "payment_method"),
        ],
    ),
    (
        _("Goods and shipping"),
        [
            _text("shipping", _("Shipping"), "shipping_method", "f-ship mut"),
            Column("carrier", _("Carrier"), ("id",), cells.carrier, gather="parcels"),
            Column("tracking", _("Tracking code"), ("id",), cells.tracking, gather="parcels"),
            Column("shipped", _("Shipped"), ("id",), cells.shipped, "f-x mut", gather="parcels"),
            Column("skus", _("Product numbers"), ("id",), cells.skus, gather="goods"),
            Column("locations", _("Warehouse locations"), ("id",), cells.locations, gather="goods"),
            Column("lines", _("Lines"), ("number_of_lines",), cells.lines, "f-x num"),
            Column(
                "backordered", _("Lines backordered"), ("number_of_lines_backordered",), cells.backordered, "f-x num"
            ),
            Column("weight", _("Weight"), ("weight_g",), cells.weight, "f-x num"),
            Column("volume", _("Volume"), ("volume_cm3",), cells.volume, "f-x num"),
        ],
    ),
]
COLUMNS: dict[str, Column] = {column.key: column for _label, columns in GROUPS for column in columns}
DEFAULT_COLUMNS = (
    "number", "placed", "customer", "marks", "status", "payment", "items", "shipping", "total", "changed"
)  # fmt: skip
# What a list sorted by it shows: enough to decide, with room for the reason.
WAITING_COLUMNS = ("number", "placed", "customer", "marks", "status", "waiting", "payment", "total")
# Without its number an order could not be opened.
ALWAYS_SHOWN = "number"
# Needed by every row whatever is shown: its key, checkbox and colour.
ROW_FIELDS = ("id", "number", "fulfilment_status", "fulfilment_own_status_id")


def known_columns(keys: Iterable[str]) -> list[str]:
    """The keys that there are, each once, the order's number first."""
    return list(dict.fromkeys([ALWAYS_SHOWN, *(key for key in keys if key in COLUMNS)]))


def row_class(row: Any, catalogue: Catalogue) -> str:
    """The colour classes of a row, by the look of its order status."""
    look = catalogue.look(Kind.FULFILMENT, row.fulfilment_status, row.fulfilment_own_status_id)
    tint = {RowLook.EDGE: " edge", RowLook.ROW: " tint"}.get(look.row_look, "")
    return f"c-{look.colour}{tint}"
