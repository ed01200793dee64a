"""Issuing invoices: number, data and order's log in one transaction, the bytes right after it.

The number comes from a counter row that is locked from its taking to the commit, after the orders and before the
shop's clock, as everywhere: so there is neither a hole nor a double, whatever is rolled back or killed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import bells
from backoffice.actor import Actor
from backoffice.models import Shop
from orders.documents import OrderDocument, order_documents
from orders.freezing import freezes
from orders.invoicing.chain import seal
from orders.invoicing.content import Naming, invoice_content
from orders.invoicing.stored import to_json
from orders.models import (
    Invoice,
    InvoiceFile,
    InvoiceKind,
    InvoiceSettings,
    IssueWhen,
    LogAction,
    NumberSeries,
    Order,
)
from orders.papers.data import Data, paper_data
from orders.papers.language import language_of
from orders.papers.seller import seller_data
from orders.services.change import Change, changing
from orders.services.errors import ChangeRefused, OrderIsDeleted
from orders.services.numbers import lock_series, next_in
from statuses.catalogue import catalogue_of
from statuses.kinds import FulfilmentStatus

# What never became a sale, or is none any more.
NO_SALE = {FulfilmentStatus.ABORTED, FulfilmentStatus.CANCELLED, FulfilmentStatus.EXPIRED}


class InvoiceRefused(ChangeRefused):
    """The order gets no invoice, or the invoice no credit note; `str()` says why and what to do."""


class AlreadyInvoiced(InvoiceRefused):
    """An invoice stands; it is in `invoice`."""

    def __init__(self, invoice: Invoice):
        self.invoice = invoice
        super().__init__(_("Invoice %(number)s was issued already.") % {"number": invoice.number})


def settings_of(shop: Shop) -> InvoiceSettings:
    """How a shop invoices; a target shop as its base shop does. Not stored until somebody changes it."""
    owner = shop.base_shop or shop
    return InvoiceSettings.objects.filter(shop=owner).first() or InvoiceSettings(shop=owner)


def issue_invoice(order: Order, *, by: Actor) -> Invoice:
    """Issue the invoice of a whole order.

    Raises InvoiceRefused, AlreadyInvoiced or OrderIsDeleted. Not to be called inside a change that has set something
    on the order: the invoice is made of what is stored.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        return Issuing(change).issue([locked])[0]


class Issuing:
    """Issues invoices within one change, all of one shop; what they share is read once."""

    def __init__(self, change: Change):
        self.change = change
        self.settings = settings_of(change.shop)
        self.at = timezone.now()
        self.on = self.at.astimezone(change.shop.zone).date()
        self.catalogue = catalogue_of(change.shop)
        self._targets: dict[int | None, Shop] = {
            target.pk: target for target in change.shop.target_shops.select_related("base_shop")
        }
        self._sellers: dict[int, Data] = {}

    def issue(self, orders: Iterable[Order]) -> list[Invoice]:
        """An invoice for each of `orders`, which are locked. Raises as `issue_invoice` for the first refused."""
        orders = list(orders)
        for order in orders:
            refuse_invoice(order, self.settings)
        for invoice in standing_invoices(orders).values():
            raise AlreadyInvoiced(invoice)
        documents = order_documents([order.pk for order in orders], shop=self.change.shop)
        return [self._issue(order, document) for order, document in zip(orders, documents, strict=True)]

    def _issue(self, order: Order, document: OrderDocument) -> Invoice:
        if not document.lines and not document.totals.incl:
            raise InvoiceRefused(_("There is nothing on this order to invoice."))
        kind = InvoiceKind.CREDIT_NOTE if document.totals.incl < 0 else InvoiceKind.INVOICE
        shop = self._targets.get(order.target_shop_id, self.change.shop)
        language = language_of(order, shop)
        paper = paper_data(document, shop, language=language, seller=self._seller(shop), catalogue=self.catalogue)
        place = take_number(self.change.shop, self.settings, kind, self.on)
        content = invoice_content(document, shop, self.settings, paper, Naming(place.number, self.on, language))
        invoice = Invoice(
            order=order,
            kind=kind,
            customer_name=(order.billing_company or order.customer_company or order.customer_name),
            language=language,
            currency=order.currency,
            total_ex=document.totals.ex,
            total_vat=document.totals.vat,
            total=document.totals.incl,
        )
        return store(self.change, invoice, place, content, issued_at=self.at, issued_on=self.on)

    def _seller(self, shop: Shop) -> Data:
        if shop.pk not in self._sellers:
            self._sellers[shop.pk] = seller_data(shop)
        return self._sellers[shop.pk]


def refuse_invoice(order: Order, settings: InvoiceSettings) -> None:
    """Raise where an order gets no invoice for what is in its own row: InvoiceRefused or OrderIsDeleted."""
    if order.deleted_at is not None:
        raise OrderIsDeleted
    if order.merged_into_id is not None:
        raise InvoiceRefused(_("This order was merged into another: that one gets the invoice."))
    if order.fulfilment_status in NO_SALE:
        words = _("An order that is %(status)s gets no invoice.")
        raise InvoiceRefused(words % {"status": FulfilmentStatus(order.fulfilment_status).label})
    takes_unpaid = settings.invoices_unpaid or settings.issue_when == IssueWhen.PLACED
    if order.open_amount > 0 and not takes_unpaid:
        raise InvoiceRefused(_("This order is not paid yet. Settings, Invoices can allow invoices for unpaid orders."))


def standing_invoices(orders: Iterable[Order]) -> dict[int, Invoice]:
    """{order id: the invoice that stands} of those that have one, in one query."""
    standing = Invoice.objects.standing().filter(order__in=[order.pk for order in orders]).defer("data")
    return {invoice.order_id: invoice for invoice in standing}


@dataclass(frozen=True)
class Place:
    """A number that was taken: its series, its place there and how it is written."""

    series: str
    sequence: int
    number: str


def take_number(shop: Shop, settings: InvoiceSettings, kind: str, on: date) -> Place:
    """The next number for a document of `kind`; the counter is locked to the end of the transaction.

    Raises InvoiceRefused when that number is in use already, because the way of numbering was changed.
    """
    series: NumberSeries = lock_series(shop, settings.series_of(kind, on.year))
    number = settings.number_of(kind, series.next_number, on.year)
    if Invoice.objects.for_shop(shop).filter(number=number).exists():
        words = _("Number %(number)s is in use already. Change what stands before the numbers in Settings, Invoices.")
        raise InvoiceRefused(words % {"number": number})
    # Taken last: whoever catches a refusal has lost no number by it.
    sequence = next_in(series)
    series.save(update_fields=["next_number"])
    return Place(series.name, sequence, number)


def store(
    change: Change, invoice: Invoice, place: Place, content: Data, *, issued_at: datetime, issued_on: date
) -> Invoice:
    """Save a document with its number and its data, log it, and have its bytes made after the commit."""
    invoice.shop = change.shop
    invoice.series, invoice.sequence, invoice.number = place.series, place.sequence, place.number
    invoice.issued_at, invoice.issued_on, invoice.issued_by = issued_at, issued_on, change.by.name
    invoice.data = to_json(content)
    seal(invoice)
    invoice.save(force_insert=True)
    InvoiceFile.objects.create(invoice=invoice, due_at=issued_at)
    action = LogAction.CREDIT_NOTE_ISSUED if invoice.is_credit_note else LogAction.INVOICE_ISSUED
    told = {"number": invoice.number, "total": f"{invoice.amount_on_paper}", "currency": invoice.currency}
    if invoice.corrects is not None:
        told["corrects"] = invoice.corrects.number
    changes = {name: {"old": None, "new": value} for name, value in told.items()}
    change.record(invoice.order, action, changes, subject=invoice.number, subject_id=invoice.pk)
    transaction.on_commit(partial(ring_for_file, invoice.pk))
    return invoice


def ring_for_file(invoice_id: int) -> None:
    """Have the bytes of an invoice made; a bell that is not heard is made up for by the sweep."""
    # The tasks import this module, so the bell is fetched when it is rung.
    from orders.tasks import make_invoice_file

    bells.ring(make_invoice_file, invoice_id)


@freezes
def invoiced(order: Order) -> str:
    """Amounts that stand on an invoice are final."""
    invoice = Invoice.objects.standing().filter(order=order.pk).only("number").first()
    if invoice is None:
        return ""
    words = _("Invoice %(number)s was issued: its amounts are final. Credit it first, then change and invoice anew.")
    return words % {"number": invoice.number}
