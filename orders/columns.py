"""All that the order list can show, defined once: label, field names, sort and how a cell reads.

The registry is closed: what a request names is looked up here or ignored. Cells are made in Python, one string
each, because most of a list page's time is its template.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders import display, waiting
from orders.models import Source
from statuses.catalogue import Catalogue
from statuses.kinds import Kind, Look, RowLook


@dataclass(frozen=True)
class CellContext:
    """What cells need besides their row."""

    catalogue: Catalogue
    zone: ZoneInfo
    today: date
    # The order page's address with `{}` in place of the number, and the list's query to find the way back.
    order_url: str


# A row holds the fields its columns need, by name.
Cell = Callable[[Any, CellContext], SafeString | str]


@dataclass(frozen=True)
class Column:
    key: str
    label: str | Promise
    fields: tuple[str, ...]
    cell: Cell
    css: str = ""
    # The first sort direction a click gives, "+" or "-"; "" when the column cannot be sorted by an index.
    sort: str = ""
    label_is_hidden: bool = False

    @property
    def is_number(self) -> bool:
        return "num" in self.css.split()


def _order(row, at: CellContext) -> SafeString:
    number = f"{row.number:05d}"
    source = row.source_name or ("" if row.source == Source.WEBSHOP else _SOURCE_CODES[row.source])
    code = format_html('<span class="cc">{}</span>', source) if source else ""
    return format_html('<a class="id" href="{}">{}</a>{}', at.order_url.format(number), number, code)


_SOURCE_CODES = {
    Source.MARKETPLACE: pgettext_lazy("source of an order", "market"),
    Source.MANUAL: pgettext_lazy("source of an order", "by hand"),
    Source.IMPORT: pgettext_lazy("source of an order", "import"),
}


def _placed(row, at: CellContext) -> SafeString:
    return _time(row.placed_at, at)


def _changed(row, at: CellContext) -> SafeString:
    return _time(row.changed_at, at)


def _time(moment, at: CellContext) -> SafeString:
    local = moment.astimezone(at.zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        display.date_time(moment, at.zone),
        display.short_time(moment, at.zone, at.today),
    )


def _customer(row, at: CellContext) -> SafeString:
    name = row.customer_company or row.customer_name or row.customer_email
    country = format_html('<span class="cc">{}</span>', row.shipping_country) if row.shipping_country else ""
    if not name:
        return format_html('<span class="mut">{}</span>{}', _("Guest"), country)
    return format_html("{}{}", name, country)


def _marks(row, at: CellContext) -> SafeString:
    message = (
        _mark("bubble", _("Message from customer, unread"), "hot")
        if row.message_read_at is None
        else _mark("bubble", _("Message from customer"))
    )
    slots = [
        message if row.customer_message else _NO_MARK,
        _mark("note", _("Internal note")) if row.has_internal_note else _NO_MARK,
        _mark("print", _("Printed")) if row.printed_at else _NO_MARK,
        _mark("mail", _("Message sent")) if row.mailed_at else _NO_MARK,
    ]
    return mark_safe('<span class="marks">' + "".join(slots) + "</span>")  # noqa: S308  (built from escaped parts)


_NO_MARK = mark_safe('<span class="none"></span>')


def _mark(name: str, text: str, css: str = "") -> SafeString:
    return format_html(
        '<span class="{0}" title="{1}"><svg class="i" aria-hidden="true"><use href="{2}#{3}"/></svg>'
        '<span class="vh">{1}</span></span>',
        css,
        text,
        static("icons.svg"),
        name,
    )


def _status(row, at: CellContext) -> SafeString:
    look = at.catalogue.look(Kind.FULFILMENT, row.fulfilment_status, row.fulfilment_own_status_id)
    internal = ""
    if row.internal_status_id is not None:
        own = at.catalogue.look(Kind.INTERNAL, "", row.internal_status_id)
        internal = format_html(
            ' <span class="plain cut {} c-{}" title="{}">{}</span>', own.shape, own.colour, own.label, own.label
        )
    return format_html("{}{}", pill(look), internal)


def _payment(row, at: CellContext) -> SafeString:
    look = at.catalogue.look(Kind.PAYMENT, row.payment_status, row.payment_own_status_id)
    return format_html('<span class="plain {} c-{}">{}</span>', look.shape, look.colour, look.label)


def pill(look: Look) -> SafeString:
    return format_html('<span class="pill {} c-{}">{}</span>', look.shape, look.colour, look.label)


def _items(row, at: CellContext) -> SafeString:
    """How many of the lines need nothing more before they can leave."""
    total, done = row.number_of_lines, row.number_of_lines_done
    css = "done" if done >= total > 0 else "part" if row.number_of_lines_backordered else ""
    return format_html(
        '<span class="fill {}"><progress max="{}" value="{}" aria-hidden="true"></progress>{}/{}'
        '<span class="vh"> {}</span></span>',
        css,
        total or 1,
        done,
        done,
        total,
        _("lines ready"),
    )


def _shipping(row, at: CellContext) -> str:
    return escape(row.shipping_method)


def _waiting(row, at: CellContext) -> SafeString | str:
    """The reason, and what to do about it as a link to where it is done."""
    action = waiting.next_action(row)
    if action is None:
        return ""
    url = at.order_url.format(f"{row.number:05d}")
    reason = waiting.sentence(row, at.zone)
    return format_html('{} <a class="next" href="{}#waiting">{}</a>', reason, url, action.label)


def _total(row, at: CellContext) -> str:
    return escape(display.money(row.total, row.currency))


_STATUS_FIELDS = ("fulfilment_status", "fulfilment_own_status_id", "internal_status_id")
_REGISTRY = [
    Column("number", gettext_lazy("Order"), ("number", "source", "source_name"), _order, "f-id", sort="-"),
    Column("placed", gettext_lazy("Ordered"), ("placed_at",), _placed, "f-date mut", sort="-"),
    Column(
        "customer",
        gettext_lazy("Customer"),
        ("customer_name", "customer_company", "customer_email", "shipping_country"),
        _customer,
        "f-who who",
    ),
    Column(
        "marks",
        gettext_lazy("Marks"),
        ("customer_message", "message_read_at", "has_internal_note", "printed_at", "mailed_at"),
        _marks,
        "f-marks",
        label_is_hidden=True,
    ),
    Column("status", gettext_lazy("Status"), _STATUS_FIELDS, _status, "f-st"),
    Column("payment", gettext_lazy("Payment"), ("payment_status", "payment_own_status_id"), _payment, "f-pay"),
    Column(
        "items",
        gettext_lazy("Items"),
        ("number_of_lines", "number_of_lines_done", "number_of_lines_backordered"),
        _items,
        "f-fill",
    ),
    Column("shipping", gettext_lazy("Shipping"), ("shipping_method",), _shipping, "f-ship mut"),
    Column("total", gettext_lazy("Total"), ("total", "currency"), _total, "f-tot num"),
    Column("changed", gettext_lazy("Changed"), ("changed_at",), _changed, "f-chg mut num", sort="-"),
    Column(
        "waiting",
        gettext_lazy("Waiting for"),
        ("number", "waiting_for", "waiting_day", "placed_at", "hold_reason", "status_before_hold"),
        _waiting,
        "f-wait",
        sort="+",
    ),
]
COLUMNS: dict[str, Column] = {column.key: column for column in _REGISTRY}
# Why an order waits is shown where the list is about it.
DEFAULT_COLUMNS = tuple(key for key in COLUMNS if key != "waiting")
# Needed by every row whatever is shown: its key, checkbox and colour.
ROW_FIELDS = ("id", "number", "fulfilment_status", "fulfilment_own_status_id")


def row_class(row, catalogue: Catalogue) -> str:
    """The colour classes of a row, by the look of its order status."""
    look = catalogue.look(Kind.FULFILMENT, row.fulfilment_status, row.fulfilment_own_status_id)
    tint = {RowLook.EDGE: " edge", RowLook.ROW: " tint"}.get(look.row_look, "")
    return f"c-{look.colour}{tint}"
