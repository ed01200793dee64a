"""Money that came in, and the payment status that follows from money."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import display
from orders.models import LogAction, Order, Payment, PaymentState
from orders.services.acceptance import check_text, collect, longest
from orders.services.change import Change, Changes, changing
from orders.services.errors import InputRefused, OrderIsDeleted
from orders.services.place import payment_status_of
from orders.services.refunding import amount_error
from orders.services.search import refresh_search_text
from orders.services.status import values_of_status
from statuses.kinds import Kind, PaymentStatus
from statuses.transitions import may_follow


def record_payment(
    order: Order,
    amount: Decimal,
    *,
    method: str,
    paid_at: datetime,
    by: Actor,
    provider: str = "",
    reference: str = "",
    key: UUID | None = None,
    may_exceed: bool = False,
) -> Payment:
    """Note that ``amount``, in the order's currency, was paid; the payment status follows.

    Sent twice with the same ``key`` it is one payment. Raises OrderIsDeleted, or InputRefused with errors under the
    names of the parameters; more than is open is one of them unless ``may_exceed``.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if key is not None and (known := locked.payments.filter(key=key).first()):
            return known
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        payment = Payment(
            order=locked,
            amount=amount,
            method=method,
            provider=provider,
            provider_reference=reference,
            state=PaymentState.PAID,
            created_at=timezone.now(),
            paid_at=paid_at,
            key=key,
        )
        if errors := _errors_of(payment, paid_at, may_exceed=may_exceed):
            raise InputRefused(errors)
        payment.save()
        diff = change.set(locked, paid_total=locked.paid_total + amount) | follow_money(change, locked)
        change.record(locked, LogAction.PAYMENT_RECEIVED, diff, subject=f"{amount} {locked.currency}, {method}")
        if reference:
            refresh_search_text([locked], change.shop)
    return payment


def follow_money(change: Change, order: Order) -> Changes:
    """Set the payment status to what the money says, as far as the transition table knows a way there.

    Money that went back had come in: what may follow Paid may follow a status from which an order may become Paid.
    """
    return change.set(order, **values_by_money(order))


def values_by_money(order: Order) -> dict[str, Any]:
    """The payment status that `follow_money` sets; nothing where it stays as it is."""
    old, new = order.payment_status, payment_status_of(order)
    by_way_of_paid = all(
        may_follow(Kind.PAYMENT, *step) for step in ((old, PaymentStatus.PAID), (PaymentStatus.PAID, new))
    )
    if old == new or not (may_follow(Kind.PAYMENT, old, new) or by_way_of_paid):
        return {}
    return values_of_status(Kind.PAYMENT, new, None)


def _errors_of(payment: Payment, paid_at: datetime, *, may_exceed: bool) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    refuse = collect(errors)
    amount = payment.amount
    if sentence := amount_error(amount) or _too_little_or_much(payment.order, amount, may_exceed=may_exceed):
        refuse("amount", sentence)
    if paid_at > timezone.now():
        refuse("paid_at", _("This is still to come."))
    if not payment.method:
        refuse("method", _("Say how it was paid."))
    check_text(payment.method, longest(Payment, "method"), "method", refuse)
    check_text(payment.provider, longest(Payment, "provider"), "provider", refuse)
    check_text(payment.provider_reference, longest(Payment, "provider_reference"), "reference", refuse)
    return errors


def _too_little_or_much(order: Order, amount: Decimal, *, may_exceed: bool) -> str:
    left = max(order.open_amount, Decimal(0))
    if not amount:
        return _("An amount above zero.")
    if amount > left and not may_exceed:
        return _("Only %(amount)s is still open.") % {"amount": display.money(left, order.currency)}
    return ""
