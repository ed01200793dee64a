"""Invoices and credit notes that follow by themselves, as the shop has set: noted with the change, issued after it."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone, translation

from backoffice import bells
from backoffice.actor import SYSTEM
from backoffice.models import Shop
from orders.models import (
    Invoice,
    InvoiceDue,
    InvoiceSettings,
    IssueWhen,
    LogAction,
    Order,
    OrderLogEntry,
    Refund,
    Source,
)
from orders.services.change import Change, changing, order_changed
from orders.services.credit_notes import credit_refund
from orders.services.errors import ChangeRefused
from orders.services.invoices import NO_SALE, AlreadyInvoiced, Issuing
from statuses.kinds import FulfilmentStatus, PaymentStatus

log = structlog.get_logger("orders.invoices")

PAID = {PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED, PaymentStatus.REFUNDED}
SENT = {FulfilmentStatus.SHIPPED, FulfilmentStatus.DELIVERED, FulfilmentStatus.COMPLETED}
# After which entries an order may have come to where the shop invoices.
MOVES = {
    LogAction.ORDER_PLACED,
    LogAction.PAYMENT_CHANGED,
    LogAction.PAYMENT_RECEIVED,
    LogAction.FULFILMENT_CHANGED,
    LogAction.SHIPMENT_ADDED,
}
REFUNDS = {LogAction.REFUND_MADE}
AT_ONCE = 500
LONGEST_REFUSAL = 250


def note_due(shop: Shop, entries: Iterable[OrderLogEntry]) -> None:
    """Note the orders and refunds among `entries` that call for a document; called inside the change."""
    entries = list(entries)
    moved = {entry.order_id for entry in entries if entry.action in MOVES}
    refunded = {entry.order_id for entry in entries if entry.action in REFUNDS and _wants_credit_note(entry)}
    due: list[InvoiceDue] = []
    now = timezone.now()
    if moved:
        due += [InvoiceDue(order_id=pk, since=now) for pk in _to_invoice(shop, moved)]
    if refunded:
        rows = Refund.objects.filter(order__in=refunded, wants_credit_note=True, part=0, credit_note=None)
        invoiced = rows.filter(order__in=Invoice.objects.standing().filter(order__in=refunded).values("order"))
        due += [InvoiceDue(order_id=each.order_id, refund=each, since=now) for each in invoiced]
    if due:
        InvoiceDue.objects.bulk_create(due, ignore_conflicts=True)
        transaction.on_commit(partial(ring, shop.pk))


def ring(shop_id: int) -> None:
    """Have what is due in a shop issued; a bell that is not heard is made up for by the sweep."""
    # The tasks import this module, so the bell is fetched when it is rung.
    from orders.tasks import issue_due_invoices

    bells.ring(issue_due_invoices, shop_id)


def issue_due(shop_id: int | None = None) -> int:
    """Issue what is due, of one shop or of all; returns how many. Safe to run at any time, any number of times."""
    rows = InvoiceDue.objects.filter(refusal="")
    if shop_id is not None:
        rows = rows.filter(order__shop=shop_id)
    number = 0
    for due in rows.select_related("order__shop", "refund").order_by("pk")[:AT_ONCE]:
        try:
            number += _issue(due)
        except Exception:  # the edge: what is wrong with one order must not keep the others waiting
            log.exception("invoice not issued", order=due.order_id)
    return number


def _issue(due: InvoiceDue) -> bool:
    shop = due.order.shop
    try:
        # A refusal is kept for whoever looks after what is missing, so it is in the words of the shop.
        with translation.override(shop.language), changing(shop, by=SYSTEM) as change:
            order = change.lock(due.order_id)
            # Another worker may have been here while this one waited for the order.
            if not InvoiceDue.objects.filter(pk=due.pk).delete()[0]:
                return False
            _issue_one(change, order, due.refund)
    except AlreadyInvoiced:
        InvoiceDue.objects.filter(pk=due.pk).delete()
        return False
    except ChangeRefused as refusal:
        InvoiceDue.objects.filter(pk=due.pk).update(refusal=str(refusal)[:LONGEST_REFUSAL])
        return False
    return True


def _issue_one(change: Change, order: Order, refund: Refund | None) -> None:
    if refund is None:
        Issuing(change).issue([order])
        return
    invoice = Invoice.objects.standing().filter(order=order).select_related("shop").first()
    if invoice is not None:
        credit_refund(refund, invoice, by=SYSTEM)


def _wants_credit_note(entry: OrderLogEntry) -> bool:
    made = entry.changes.get("refund", {}).get("new")
    return isinstance(made, dict) and bool(made.get("wants_credit_note"))


def _to_invoice(shop: Shop, orders: set[int]) -> list[int]:
    """Which of `orders` have come to where `shop` invoices and have no invoice yet."""
    settings = InvoiceSettings.objects.filter(shop=shop.pk).exclude(issue_when=IssueWhen.BY_HAND).first()
    if settings is None:
        return []
    standing = Invoice.objects.filter(order=OuterRef("pk"))
    rows = Order.objects.for_shop(shop).visible().filter(_reached(settings), ~Exists(standing), pk__in=orders)
    # What came as it was before has been invoiced where it came from.
    return list(rows.exclude(source=Source.IMPORT).values_list("pk", flat=True))


def _reached(settings: InvoiceSettings) -> Q:
    sale = ~Q(fulfilment_status__in=NO_SALE)
    if settings.issue_when == IssueWhen.PLACED:
        return sale
    is_paid = Q(payment_status__in=PAID)
    if settings.issue_when == IssueWhen.PAID:
        return sale & is_paid
    shipped = sale & Q(fulfilment_status__in=SENT)
    return shipped if settings.invoices_unpaid else shipped & (is_paid | Q(total__lte=F("paid_total")))


def listen() -> None:
    """Hear every change from now on."""
    order_changed.connect(_heard, dispatch_uid="orders.invoices_due")


def _heard(*, shop: Shop, entries: list[OrderLogEntry], **_signal: Any) -> None:
    note_due(shop, entries)
