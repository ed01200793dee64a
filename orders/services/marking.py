"""What it means to say by hand that an order is paid: the money that was still open came in."""

from decimal import Decimal

from django.utils import timezone

from orders.models import LogAction, Order, OrderLogEntry, Payment, PaymentState
from orders.services.change import Change, Changes, rule
from statuses.kinds import PaymentStatus

# Money that went back had come in: putting such a status right is about a word, not about another payment.
_STILL_TO_BE_PAID = set(PaymentStatus) - {
    PaymentStatus.PAID,
    PaymentStatus.PARTLY_REFUNDED,
    PaymentStatus.REFUNDED,
}


@rule
def follow_marking(change: Change) -> None:
    """Record a payment of what is open for every order that somebody set to Paid, with one INSERT for all.

    Taking a status back records none: then the order is as it was before.
    """
    set_by_hand = {entry.order_id for entry in change.entries if _says_paid(entry)}
    marked = [order for order in change.orders_with("payment_status") if order.pk in set_by_hand]
    payments = [_of_the_rest(order) for order in marked if order.open_amount > 0]
    for payment in Payment.objects.bulk_create(payments):
        order = payment.order
        diff = change.set(order, paid_total=order.paid_total + payment.amount)
        told = ", ".join(filter(None, [f"{payment.amount} {order.currency}", payment.method]))
        change.record(order, LogAction.PAYMENT_MARKED, diff, subject=told, subject_id=payment.pk)


def take_back_marking(change: Change, order: Order, entry: OrderLogEntry) -> Changes:
    """Cancel the payment that marking recorded, or let it count again; returns what that changes of the order."""
    state = PaymentState.CANCELLED if came_in(entry) else PaymentState.PAID
    order.payments.filter(pk=entry.subject_id or 0).update(state=state)
    return change.set(order, paid_total=Decimal(entry.changes["paid_total"]["old"]))


def came_in(entry: OrderLogEntry) -> bool:
    """Whether the payment of a PAYMENT_MARKED entry counts from then on, or not any more."""
    paid = entry.changes["paid_total"]
    return Decimal(paid["new"]) > Decimal(paid["old"])


def _says_paid(entry: OrderLogEntry) -> bool:
    if entry.action != LogAction.PAYMENT_CHANGED or entry.undoes is not None:
        return False
    status = entry.changes.get("payment_status", {"old": "", "new": ""})
    return status["new"] == PaymentStatus.PAID and status["old"] in _STILL_TO_BE_PAID


def _of_the_rest(order: Order) -> Payment:
    now = timezone.now()
    return Payment(
        order=order,
        amount=order.open_amount,
        method=order.payment_method,
        state=PaymentState.PAID,
        created_at=now,
        paid_at=now,
    )
