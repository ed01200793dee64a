"""Invoices as rows to look through, newest first."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse

from backoffice.models import Shop
from orders import display
from orders.models import Invoice

PAGE_SIZE = 50


@dataclass(frozen=True)
class InvoiceRow:
    url: str
    number: str
    kind: str
    is_credit_note: bool
    is_reversed: bool
    issued_on: str
    order: str
    order_url: str
    customer: str
    total: str
    corrects: str


@dataclass(frozen=True)
class InvoiceList:
    """`earlier` is the key to ask for the invoices before, None when all are here."""

    rows: list[InvoiceRow]
    earlier: int | None


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; `words` are looked for in number, customer and order number."""

    words: str = ""
    kind: str = ""
    issued_from: date | None = None
    issued_to: date | None = None
    before: int | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.kind or self.issued_from or self.issued_to)


def invoice_list(shop: Shop, wanted: Wanted) -> InvoiceList:
    """One page of invoices, with one query and one more to find the place."""
    found = list(_found(shop, wanted)[: PAGE_SIZE + 1])
    earlier = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return InvoiceList([_row(invoice, shop) for invoice in found[:PAGE_SIZE]], earlier)


def _found(shop: Shop, wanted: Wanted) -> QuerySet[Invoice]:
    rows = Invoice.objects.for_shop(shop).select_related("order", "corrects").defer("data", "corrects__data")
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.issued_from:
        rows = rows.filter(issued_on__gte=wanted.issued_from)
    if wanted.issued_to:
        rows = rows.filter(issued_on__lte=wanted.issued_to)
    if wanted.words:
        rows = rows.filter(_naming(wanted.words))
    if wanted.before is not None:
        at = Invoice.objects.for_shop(shop).filter(pk=wanted.before).values_list("issued_at", flat=True).first()
        if at is None:
            return rows.none()
        # The first condition seeks in the index, the second parts those of one moment.
        rows = rows.filter(Q(issued_at__lt=at) | Q(pk__lt=wanted.before), issued_at__lte=at)
    return rows.order_by("-issued_at", "-id")


def _naming(words: str) -> Q:
    wanted = Q(number__icontains=words) | Q(customer_name__icontains=words)
    digits = words.lstrip("#0")
    if digits.isascii() and digits.isdigit() and len(digits) <= 18:
        wanted |= Q(order__number=int(digits))
    return wanted


def _row(invoice: Invoice, shop: Shop) -> InvoiceRow:
    return InvoiceRow(
        url=reverse("invoices:show", args=[shop.number, invoice.pk]),
        number=invoice.number,
        kind=str(invoice.get_kind_display()),
        is_credit_note=invoice.is_credit_note,
        is_reversed=invoice.reversed_at is not None,
        issued_on=display.day(invoice.issued_on),
        order=invoice.order.display_number,
        order_url=reverse("orders:detail", args=[shop.number, invoice.order.display_number]),
        customer=invoice.customer_name,
        total=display.money(invoice.total, invoice.currency),
        corrects=invoice.corrects.number if invoice.corrects else "",
    )
