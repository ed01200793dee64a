"""Invoices and credit notes in the demo shops: some are there at once, each shop has another way of invoicing.

Numbers are given today and cannot be given in the past, so these come after the invented lives of the orders.
"""

from decimal import Decimal

from backoffice.models import Shop, StaffMember
from backoffice.roles import Role
from orders.demo.shops import GIFTS, SWEDISH, TEA
from orders.models import Invoice, InvoiceSettings, IssueWhen, Order
from orders.services.credit_notes import CreditWish, credit_invoice
from orders.services.invoices import issue_invoice
from statuses.kinds import FulfilmentStatus as F
from statuses.kinds import PaymentStatus as P

NUMBER_OF_INVOICES = 24
# Old enough that nobody who looks around wants to edit them.
DONE = {F.SHIPPED, F.DELIVERED, F.COMPLETED}
WAYS = {
    GIFTS: {"issue_when": IssueWhen.SHIPPED, "invoices_unpaid": True, "payment_days": 30},
    SWEDISH: {"issue_when": IssueWhen.PAID, "invoice_prefix": "F{year}-", "credit_note_prefix": "K{year}-"},
    TEA: {"is_small_business": True},
}
LARGE = Decimal(5)
WISHES = (
    CreditWish(free=LARGE, reason="Scratched in transit"),
    # So that its order can be changed and invoiced anew.
    CreditWish(whole=True, reason="Wrong address"),
)


def issue_some() -> int:
    """Set how each shop invoices and issue the newest orders that are done; returns how many documents there are."""
    for shop in Shop.objects.filter(number__in=WAYS):
        InvoiceSettings.objects.create(shop=shop, **WAYS[shop.number])
        staff = StaffMember.objects.filter(shop=shop, role__in=[Role.FINANCE, Role.OWNER]).order_by("role").first()
        if staff is None:
            continue
        by = staff.as_actor(None)
        done = Order.objects.for_shop(shop).visible().filter(fulfilment_status__in=DONE, payment_status=P.PAID)
        newest = done.filter(total__gt=LARGE, refunded_total=0).newest_first().select_related("shop")
        invoices = [issue_invoice(order, by=by) for order in reversed(newest[:NUMBER_OF_INVOICES])]
        for invoice, wish in zip(invoices, WISHES, strict=False):
            credit_invoice(invoice, wish, by=by)
    return Invoice.objects.count()
