"""The filters there are, by group, in the order in which they are offered."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.filters.context import FilterContext
from orders.filters.specs import Choices, Days, Number, Range, Search, Spec, Words, YesNo, same_text
from orders.models import OrderLine, OrderTag, Refund, RefundState, Shipment, Source
from orders.search import with_any_text
from statuses.kinds import FulfilmentStatus, Kind, PaymentStatus

UNPAID = (PaymentStatus.OPEN, PaymentStatus.AWAITING, PaymentStatus.PARTLY_PAID, PaymentStatus.FAILED)
# Nobody waits for money for these.
CLOSED = (FulfilmentStatus.ABORTED, FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED)


def _of_order(rows: QuerySet) -> Q:
    return Q(Exists(rows.filter(order=OuterRef("pk"))))


# --- statuses -------------------------------------------------------------------------------------


def _statuses(kind: str) -> Callable[[FilterContext], list]:
    return lambda at: at.catalogue.choices(kind)


def _order_status(kind: str) -> Callable[[list[str], FilterContext], Q]:
    return lambda codes, at: at.any_status(kind, codes, builtin=f"{kind}_status", own=f"{kind}_own_status")


def _internal_status(codes: list[str], at: FilterContext) -> Q:
    return Q(internal_status__in=[row.pk for row in at.catalogue.own(Kind.INTERNAL) if row.code in codes])


def _line_status(codes: list[str], at: FilterContext) -> Q:
    return _of_order(OrderLine.objects.filter(at.any_status(Kind.LINE, codes, builtin="status", own="own_status")))


# --- texts ----------------------------------------------------------------------------------------


def _text(key: str, label: Promise, field: str = "", *, known: bool = True) -> Words:
    """A text of the order that is compared as a whole; recent values of it are offered when `known`."""
    field = field or key
    return Words(
        key,
        label,
        empty=lambda at: Q(**{field: ""}),
        match=lambda texts, at: same_text(field, texts),
        known=field if known else "",
    )


def _seldom_text(key: str, label: Promise, field: str) -> Words:
    """As `_text`, of a text that few orders have: its index holds those alone."""
    return Words(
        key,
        label,
        empty=lambda at: Q(**{field: ""}),
        match=lambda texts, at: same_text(field, texts) & ~Q(**{field: ""}),
        known=field,
    )


def _indexed_text(field: str) -> Callable[[list[str], FilterContext], Q]:
    """As `same_text`, found by the search index first: one customer among a million orders."""
    return lambda texts, at: with_any_text(texts, at.shop) & same_text(field, texts)


def _sku(texts: list[str], at: FilterContext) -> Q:
    return with_any_text(texts, at.shop) & _of_order(OrderLine.objects.filter(same_text("sku", texts)))


def _tracking_code(texts: list[str], at: FilterContext) -> Q:
    return with_any_text(texts, at.shop) & _of_order(Shipment.objects.filter(same_text("tracking_code", texts)))


def _location(texts: list[str], at: FilterContext) -> Q:
    return _of_order(OrderLine.objects.filter(same_text("location", texts)))


def _carrier(texts: list[str], at: FilterContext) -> Q:
    return _of_order(Shipment.objects.filter(same_text("carrier", texts)))


# --- closed lists ---------------------------------------------------------------------------------


def _target_shops(at: FilterContext) -> list[tuple[str, str]]:
    return [(shop.number, shop.name) for shop in [*at.shop.targets(), at.shop]]


def _target_shop(numbers: list[str], at: FilterContext) -> Q:
    ids = [shop.pk for shop in at.shop.targets() if shop.number in numbers]
    condition = Q(target_shop__in=ids)
    return condition | Q(target_shop=None) if at.shop.number in numbers else condition


def _folders(at: FilterContext) -> list[tuple[str, str]]:
    return [(str(folder.pk), folder.name) for folder in at.folders]


def _no_folder(at: FilterContext) -> Q:
    # Orders of a deleted folder still point to it: what counts is the folders there are.
    return ~Q(folder__in=[folder.pk for folder in at.folders])


def _tags(at: FilterContext) -> list[tuple[str, str]]:
    return [(str(tag.pk), tag.name) for tag in at.tags]


def _tagged(keys: Iterable[int | str]) -> Q:
    return _of_order(OrderTag.objects.filter(tag__in=list(keys)))


MESSAGES = {
    "unread": (_("unread"), Q(message_read_at=None) & ~Q(customer_message="")),
    "read": (_("read"), Q(message_read_at__isnull=False) & ~Q(customer_message="")),
    "none": (pgettext_lazy("customer message", "none"), Q(customer_message="")),
}
REFUNDS = {
    "due": (
        _("must still be paid out"),
        lambda: _of_order(Refund.objects.filter(state=RefundState.TO_PAY_OUT)),
    ),
    "done": (_("paid out"), lambda: _of_order(Refund.objects.filter(state=RefundState.PAID_OUT))),
}


def _message(codes: list[str], at: FilterContext) -> Q:
    condition = Q()
    for code in codes:
        condition |= MESSAGES[code][1]
    return condition


def _refund(codes: list[str], at: FilterContext) -> Q:
    condition = Q()
    for code in codes:
        condition |= REFUNDS[code][1]()
    return condition


def _no_refund(at: FilterContext) -> Q:
    return ~_of_order(Refund.objects.all())


def _goods(codes: list[str], at: FilterContext) -> Q:
    return _of_order(OrderLine.objects.filter(kind__in=codes))


# --- numbers --------------------------------------------------------------------------------------


def _late(number_of_days: int, at: FilterContext) -> Q:
    before = timezone.now() - timedelta(days=number_of_days)
    return Q(payment_status__in=UNPAID, placed_at__lt=before) & ~Q(fulfilment_status__in=CLOSED)


GROUPS: list[tuple[Promise, list[Spec]]] = [
    (
        _("Status"),
        [
            Choices("status", _("Order status"), choices=_statuses(Kind.FULFILMENT), match=_order_status("fulfilment")),
            Choices("payment", _("Payment status"), choices=_statuses(Kind.PAYMENT), match=_order_status("payment")),
            Choices(
                "internal",
                _("Internal status"),
                empty=lambda at: Q(internal_status=None),
                choices=_statuses(Kind.INTERNAL),
                match=_internal_status,
            ),
            Choices("line", _("Line status"), choices=_statuses(Kind.LINE), match=_line_status),
            YesNo("backordered", _("Has backordered lines"), yes=lambda at: Q(number_of_lines_backordered__gt=0)),
        ],
    ),
    (
        _("Dates"),
        [
            Days("placed", _("Ordered"), _("Ordered from"), _("Ordered to"), "placed_at"),
            Days("changed", _("Changed"), _("Changed from"), _("Changed to"), "changed_at"),
            YesNo("printed", _("Printed"), yes=lambda at: Q(printed_at__isnull=False)),
            YesNo("mailed", _("Mailed"), yes=lambda at: Q(mailed_at__isnull=False)),
            YesNo("deleted", _("Deleted"), yes=lambda at: Q(deleted_at__isnull=False), no=False),
        ],
    ),
    (
        _("Amount and payment"),
        [
            Range("total", _("Total"), "total", decimals=2),
            _text("currency", _("Currency")),
            _text("method", _("Payment method"), "payment_method"),
            YesNo(
                "owes",
                _("Something is still to be paid"),
                yes=lambda at: Q(total__gt=F("paid_total")),
            ),
            Number("late", _("Unpaid for more than … days"), _("%(number)d days"), match=_late),
            Choices(
                "refund",
                _("Refund"),
                empty=_no_refund,
                choices=lambda at: [(code, label) for code, (label, _condition) in REFUNDS.items()],
                match=_refund,
            ),
        ],
    ),
    (
        _("Customer"),
        [
            Words(
                "email",
                _("E-mail address"),
                empty=lambda at: Q(customer_email=""),
                match=_indexed_text("customer_email"),
            ),
            Words(
                "customer",
                _("Customer number"),
                empty=lambda at: Q(customer_number=""),
                match=_indexed_text("customer_number"),
            ),
            _text("language", _("Language"), "customer_language"),
            _text("country", _("Country"), "shipping_country"),
            YesNo("business", _("Company"), yes=lambda at: ~Q(customer_company="") | ~Q(vat_number="")),
            Choices(
                "message",
                _("Message from customer"),
                choices=lambda at: [(code, label) for code, (label, _condition) in MESSAGES.items()],
                match=_message,
            ),
            YesNo("note", _("Internal note"), yes=lambda at: Q(has_internal_note=True)),
        ],
    ),
    (
        _("Origin"),
        [
            Choices("target", _("Target shop"), choices=_target_shops, match=_target_shop),
            Choices(
                "source",
                _("Source"),
                choices=lambda at: list(Source.choices),
                match=lambda codes, at: Q(source__in=codes),
            ),
            _seldom_text("marketplace", _("Marketplace"), "source_name"),
            _seldom_text("affiliate", _("Affiliate"), "affiliate"),
        ],
    ),
    (
        _("Goods and shipping"),
        [
            Words("sku", _("Product number (SKU)"), match=_sku),
            Words("location", _("Warehouse location"), match=_location),
            Choices(
                "goods",
                _("Kind of goods"),
                choices=lambda at: list(OrderLine.Kind.choices),
                match=_goods,
            ),
            Range("lines", _("Number of lines"), "number_of_lines"),
            _text("shipping", _("Shipping method"), "shipping_method"),
            Words("carrier", _("Carrier"), match=_carrier),
            YesNo(
                "tracked",
                _("Has a tracking code"),
                yes=lambda at: _of_order(Shipment.objects.exclude(tracking_code="")),
            ),
            Words("tracking", _("Tracking code"), match=_tracking_code),
        ],
    ),
    (
        _("Filing"),
        [
            Choices(
                "folder",
                _("Folder"),
                empty=_no_folder,
                choices=_folders,
                match=lambda keys, at: Q(folder__in=keys),
            ),
            Choices(
                "tag",
                _("Tag"),
                empty=lambda at: ~_tagged(tag.pk for tag in at.tags),
                choices=_tags,
                match=lambda keys, at: _tagged(keys),
            ),
            Search("q", _("Search")),
        ],
    ),
]
SPECS: dict[str, Spec] = {spec.key: spec for _label, specs in GROUPS for spec in specs}
