"""Money that goes back, and how it reaches the customer."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, Payment, Refund, RefundLine, RefundState
from orders.providers import Payout, PayoutFailed, adapter_for
from orders.services.acceptance import check_text, collect, longest
from orders.services.change import Change, changing, plain
from orders.services.errors import InputRefused, OrderIsDeleted, RefundedMeanwhile
from orders.services.payments import follow_money
from orders.services.refunding import LinePart, RefundPlan, RefundSum, refund_sum, refundable
from orders.services.returns import settle, to_settle
from orders.services.status import counts_of, move_line
from statuses.kinds import LineStatus


class Refunded(NamedTuple):
    """The parts of a refund, one a payment; `is_new` is False when it had been made before under the same key."""

    parts: list[Refund]
    is_new: bool


def refund_order(order: Order, plan: RefundPlan, *, by: Actor) -> Refunded:
    """Give back what ``plan`` says, credit its lines and let the payment status follow.

    What a provider can pay out by itself is asked of it after the commit; all else must still be paid out by hand,
    and so must what the provider refuses. Raises OrderIsDeleted, RefundedMeanwhile when more has been refunded than
    the plan's maker saw, or InputRefused with every error at once; then nothing is stored.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        # Read under the lock: of fifty that are sent at once the other forty-nine find the first one here.
        if known := list(locked.refunds.filter(key=plan.key)):
            return Refunded(known, is_new=False)
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        _refuse_if_refunded_meanwhile(locked, plan)
        of_return = to_settle(locked, plan.of_return)
        result = refund_sum(plan, refundable(locked))
        if result.errors:
            raise InputRefused(result.errors)
        parts = _store(locked, plan, result, by)
        if of_return is not None:
            settle(change, of_return, refund=parts[0])
        _credit(change, locked, result.lines)
        diff = change.set(locked, refunded_total=locked.refunded_total + result.total)
        diff |= follow_money(change, locked) | {"refund": {"old": None, "new": _logged(plan, result)}}
        change.record(locked, LogAction.REFUND_MADE, diff, subject=f"{result.total} {locked.currency}")
        for part in parts:
            if part.payment_id in plan.by_provider:
                _pay_out_after_commit(part, by)
    return Refunded(parts, is_new=True)


def pay_out(refund: Refund, *, by: Actor) -> bool:
    """Ask the provider to pay a refund out now; True when it did.

    Safe to call again: the provider gets the same key each time. What it refuses is noted in the timeline.
    """
    payment = refund.payment
    adapter = adapter_for(payment.provider) if payment else None
    if payment is None or adapter is None or refund.state == RefundState.PAID_OUT:
        return False
    try:
        reference = adapter.pay_out(_payout(refund, payment))
    except PayoutFailed as failure:
        _note_failure(refund, str(failure), by)
        return False
    mark_paid_out(refund, by=by, paid_out_at=timezone.now(), reference=reference[:80])
    return True


def mark_paid_out(refund: Refund, *, by: Actor, paid_out_at: datetime, reference: str = "") -> OrderLogEntry | None:
    """Note that the money of a refund went to the customer; None when it was noted before.

    Raises InputRefused for a time to come or a reference that is too long.
    """
    if errors := _payout_errors(paid_out_at, reference):
        raise InputRefused(errors)
    with changing(refund.order.shop, by=by) as change:
        locked = change.lock(refund.order_id)
        values = {"state": RefundState.PAID_OUT, "paid_out_at": paid_out_at, "reference": reference}
        # Two people may press it; whoever waited for the lock must not log it again.
        number_marked = locked.refunds.filter(pk=refund.pk, state=RefundState.TO_PAY_OUT).update(**values)
        if not number_marked:
            return None
        diff: dict[str, dict[str, Any]] = {
            "refund": {"old": RefundState.TO_PAY_OUT.value, "new": RefundState.PAID_OUT.value}
        }
        if reference:
            diff["reference"] = {"old": None, "new": reference}
        subject = f"{refund.amount} {locked.currency}"
        return change.record(locked, LogAction.REFUND_PAID_OUT, diff, subject=subject)


def _pay_out_after_commit(refund: Refund, by: Actor) -> None:
    def doorbell() -> None:
        pay_out(refund, by=by)

    # robust: whatever an adapter does wrong, the refund is made and stays listed as to be paid out.
    transaction.on_commit(doorbell, robust=True)


def _refuse_if_refunded_meanwhile(order: Order, plan: RefundPlan) -> None:
    if plan.seen_refunded is None or plan.seen_refunded == order.refunded_total:
        return
    made = order.log.filter(action=LogAction.REFUND_MADE)
    raise RefundedMeanwhile(made.values_list("actor", flat=True).first() or order.changed_by)


def _store(order: Order, plan: RefundPlan, result: RefundSum, by: Actor) -> list[Refund]:
    now = timezone.now()
    parts = [
        Refund(
            order=order,
            payment=payment,
            amount=amount,
            reason=plan.reason,
            created_by=by.name,
            created_at=now,
            key=plan.key,
            part=number,
        )
        for number, (payment, amount) in enumerate(result.payments)
    ]
    first = parts[0]
    first.shipping_amount, first.free_amount = result.shipping, result.free
    first.restocks, first.wants_credit_note = plan.restocks, plan.wants_credit_note
    first.notifies_customer = plan.notifies_customer
    Refund.objects.bulk_create(parts)
    RefundLine.objects.bulk_create(
        RefundLine(refund=first, line=line, quantity=quantity, amount=amount) for line, quantity, amount in result.lines
    )
    return parts


def _credit(change: Change, order: Order, parts: Iterable[LinePart]) -> None:
    """Count what was credited of each line; a line that is credited whole gets that status."""
    credited = {part.line.pk: part.quantity for part in parts if part.quantity}
    if not credited:
        return
    lines = list(order.lines.all())
    moved = [line for line in lines if line.pk in credited]
    for line in moved:
        move_line(change, order, line, LogAction.LINE_CREDITED, values_of_credited(line, credited[line.pk]))
    OrderLine.objects.bulk_update(moved, ["quantity_credited", "status", "own_status"], batch_size=500)
    change.set(order, **counts_of(lines))


def values_of_credited(line: OrderLine, quantity: Decimal) -> dict[str, Any]:
    """The values of a line of which so much more is credited."""
    credited = line.quantity_credited + quantity
    whole = {"status": LineStatus.CREDITED.value, "own_status_id": None} if credited >= line.quantity else {}
    return {"quantity_credited": credited} | whole


def _logged(plan: RefundPlan, result: RefundSum) -> dict[str, Any]:
    """What the log keeps of a refund, enough to tell it again."""
    return {
        "amount": plain(result.total),
        "reason": plan.reason,
        "lines": [[part.line.position, plain(part.quantity), plain(part.amount)] for part in result.lines],
        "shipping": plain(result.shipping),
        "free": plain(result.free),
        "payments": [[part.payment.pk, plain(part.amount)] for part in result.payments],
        "restocks": plan.restocks,
        "wants_credit_note": plan.wants_credit_note,
        "notifies_customer": plan.notifies_customer,
    }


def _payout(refund: Refund, payment: Payment) -> Payout:
    return Payout(
        shop_number=refund.order.shop.number,
        payment_reference=payment.provider_reference,
        amount=refund.amount,
        currency=refund.order.currency,
        key=f"{refund.key}-{refund.part}",
    )


def _note_failure(refund: Refund, why: str, by: Actor) -> None:
    with changing(refund.order.shop, by=by) as change:
        locked = change.lock(refund.order_id)
        change.record(locked, LogAction.PAYOUT_FAILED, subject=why, moves_mark=False)


def _payout_errors(paid_out_at: datetime, reference: str) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if paid_out_at > timezone.now():
        errors["paid_out_at"] = [_("This is still to come.")]
    check_text(reference, longest(Refund, "reference"), "reference", collect(errors))
    return errors
