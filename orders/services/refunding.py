"""What can be given back of an order, and what a wish to give back comes to. Nothing here changes anything."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from orders import display, money
from orders.models import Order, OrderLine, Payment, PaymentState, Refund, RefundLine
from orders.services.acceptance import LARGEST_AMOUNT, LARGEST_QUANTITY, check_text, longest

# The name under which an error stands that is about the refund as a whole.
WHOLE = ""


@dataclass(frozen=True)
class RefundableLine:
    """A line of which something is left: pieces not credited yet, money (incl. VAT) not given back yet."""

    line: OrderLine
    quantity: Decimal
    amount: Decimal

    def amount_of(self, quantity: Decimal) -> Decimal:
        """What the next `quantity` pieces come to; given back one by one they add up to the line to the cent."""
        credited = self.line.quantity_credited
        return min(self._share(credited + quantity) - self._share(credited), self.amount)

    def _share(self, quantity: Decimal) -> Decimal:
        return money.rounded(self.line.total * quantity / self.line.quantity)


@dataclass(frozen=True)
class RefundablePayment:
    """A payment that was paid, and how much of it has not gone back."""

    payment: Payment
    left: Decimal


@dataclass(frozen=True)
class Refundable:
    """All that can be given back of an order; `left` is what was paid and has not gone back."""

    order: Order
    lines: list[RefundableLine]
    shipping: Decimal
    payments: list[RefundablePayment]
    left: Decimal


class LineWish(NamedTuple):
    """How many pieces to credit, and how much to give back; no amount means what the pieces come to."""

    quantity: Decimal
    amount: Decimal | None = None


@dataclass(frozen=True)
class RefundPlan:
    """A refund as somebody wants it. Amounts are in the order's currency and include VAT.

    `key` makes it one however often it is sent. `lines` is {position: wish}. `payments` is {payment id: amount},
    empty to give back over the payments from the oldest on; `by_provider` names those that the provider pays out by
    itself. `seen_refunded` is what had been refunded when the person looked.
    """

    key: UUID
    lines: Mapping[int, LineWish] = field(default_factory=dict)
    shipping: Decimal = money.ZERO
    free: Decimal = money.ZERO
    payments: Mapping[int, Decimal] = field(default_factory=dict)
    by_provider: frozenset[int] = frozenset()
    reason: str = ""
    restocks: bool = False
    wants_credit_note: bool = False
    notifies_customer: bool = False
    of_return: int | None = None
    seen_refunded: Decimal | None = None


class LinePart(NamedTuple):
    line: OrderLine
    quantity: Decimal
    amount: Decimal


class PaymentPart(NamedTuple):
    payment: Payment
    amount: Decimal


@dataclass
class RefundSum:
    """What a plan comes to. With `errors`, {field: [sentence, …]}, the amounts are only what is known so far.

    Fields are named quantity.3, amount.3 (line at position 3), shipping, free, payment.17 (its id), reason.
    """

    lines: list[LinePart] = field(default_factory=list)
    shipping: Decimal = money.ZERO
    free: Decimal = money.ZERO
    payments: list[PaymentPart] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        return sum((part.amount for part in self.lines), money.ZERO) + self.shipping + self.free

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, []).append(sentence)


def refundable(order: Order) -> Refundable:
    """What can be given back of an order, with four queries. Lines that gave the customer money are left out."""
    refunds = list(order.refunds.all())
    given: dict[int, Decimal] = defaultdict(lambda: money.ZERO)
    rows = RefundLine.objects.filter(refund__order=order)
    for line_id, amount in rows.values_list("line_id", "amount"):
        given[line_id] += amount
    lines = [_refundable_line(line, given[line.pk]) for line in order.lines.all()]
    payments = _refundable_payments(order, refunds)
    shipping = money.with_vat(order.shipping_cost, order.shipping_vat_rate, includes_vat=order.prices_include_vat).incl
    return Refundable(
        order=order,
        lines=[line for line in lines if line.amount > 0],
        shipping=max(money.ZERO, shipping - sum(refund.shipping_amount for refund in refunds)),
        payments=payments,
        left=sum((each.left for each in payments), money.ZERO),
    )


def _refundable_line(line: OrderLine, given: Decimal) -> RefundableLine:
    if line.quantity <= 0:
        return RefundableLine(line, Decimal(0), money.ZERO)
    return RefundableLine(line, max(Decimal(0), line.quantity - line.quantity_credited), line.total - given)


def _refundable_payments(order: Order, refunds: list[Refund]) -> list[RefundablePayment]:
    """Payments of which something is left, oldest first. Refunds that came with the order name no payment: they are
    taken off the oldest, all of them, so that no more is left than was paid and not refunded yet."""
    given: dict[int | None, Decimal] = defaultdict(lambda: money.ZERO)
    for refund in refunds:
        given[refund.payment_id] += refund.amount
    left = []
    paid = list(order.payments.filter(state=PaymentState.PAID))
    for payment in paid:
        # What was counted over to another order is given back there.
        if payment.amount < 0 and payment.moved_from_id is not None:
            given[payment.moved_from_id] -= payment.amount
    for payment in paid:
        rest = payment.amount - given[payment.pk]
        unnamed = max(money.ZERO, min(rest, given[None]))
        given[None] -= unnamed
        left.append(RefundablePayment(payment, rest - unnamed))
    return [each for each in left if each.left > 0]


def refund_sum(plan: RefundPlan, of: Refundable) -> RefundSum:
    """What `plan` comes to and everything that is wrong with it."""
    result = RefundSum()
    _add_lines(plan, of, result)
    result.shipping = _checked(plan.shipping, of.shipping, "shipping", of, result)
    result.free = _checked(plan.free, LARGEST_AMOUNT, "free", of, result)
    check_text(plan.reason, longest(Refund, "reason"), "reason", result.refuse)
    if result.errors:
        return result
    if not result.total:
        result.refuse(WHOLE, _("Say what to give back: lines, shipping or an amount."))
    elif result.total > of.left:
        words = _("%(total)s is more than the %(left)s that were paid and not refunded yet.")
        result.refuse(WHOLE, words % {"total": _said(result.total, of), "left": _said(of.left, of)})
    else:
        _divide(plan, of, result)
    return result


def _add_lines(plan: RefundPlan, of: Refundable, result: RefundSum) -> None:
    by_position = {each.line.position: each for each in of.lines}
    for position, wish in sorted(plan.lines.items()):
        line = by_position.get(position)
        if line is None:
            if wish.quantity or wish.amount:
                result.refuse(f"quantity.{position}", _("Nothing of this line can be refunded any more."))
            continue
        quantity = _checked_quantity(wish.quantity, line, result)
        amount = line.amount_of(quantity)
        if wish.amount is not None:
            amount = _checked(wish.amount, line.amount, f"amount.{position}", of, result)
        if quantity or amount:
            result.lines.append(LinePart(line.line, quantity, amount))


def _checked_quantity(quantity: Decimal, line: RefundableLine, result: RefundSum) -> Decimal:
    name = f"quantity.{line.line.position}"
    if not quantity.is_finite() or not 0 <= quantity <= LARGEST_QUANTITY or quantity != round(quantity, 3):
        result.refuse(name, _("A quantity from zero up, with at most three decimals."))
    elif quantity > line.quantity:
        words = _("Only %(number)s can still be credited.")
        result.refuse(name, words % {"number": display.quantity(line.quantity)})
    else:
        return quantity
    return Decimal(0)


def _checked(amount: Decimal, largest: Decimal, name: str, of: Refundable, result: RefundSum) -> Decimal:
    """The amount when it is one, at most `largest`; else zero and an error."""
    if sentence := amount_error(amount):
        result.refuse(name, sentence)
    elif amount > largest:
        result.refuse(name, _("Only %(amount)s can still be refunded here.") % {"amount": _said(largest, of)})
    else:
        return amount
    return money.ZERO


def amount_error(amount: Decimal) -> str:
    """What is wrong with an amount that goes in one direction only; empty when it is from zero up, in whole cents."""
    if not amount.is_finite() or amount > LARGEST_AMOUNT:
        return _("This is not an amount.")
    if amount < 0:
        return _("An amount cannot be below zero.")
    if amount != money.rounded(amount):
        return _("At most %(number)d decimals.") % {"number": 2}
    return ""


def _divide(plan: RefundPlan, of: Refundable, result: RefundSum) -> None:
    """Over which payments the total goes back: as it was wished, else from the oldest on."""
    known = {each.payment.pk for each in of.payments}
    if any(amount for key, amount in plan.payments.items() if key not in known):
        result.refuse(WHOLE, _("Nothing of that payment is left to refund."))
    if not any(plan.payments.values()):
        result.payments = _from_the_oldest_on(result.total, of)
        return
    for each in of.payments:
        name = f"payment.{each.payment.pk}"
        amount = _checked(plan.payments.get(each.payment.pk, money.ZERO), each.left, name, of, result)
        if amount:
            result.payments.append(PaymentPart(each.payment, amount))
    divided = sum((part.amount for part in result.payments), money.ZERO)
    if not result.errors and divided != result.total:
        words = _("The payments add up to %(divided)s, the refund is %(total)s.")
        result.refuse(WHOLE, words % {"divided": _said(divided, of), "total": _said(result.total, of)})


def _from_the_oldest_on(total: Decimal, of: Refundable) -> list[PaymentPart]:
    parts = []
    for each in of.payments:
        amount = min(total, each.left)
        if amount:
            parts.append(PaymentPart(each.payment, amount))
        total -= amount
    return parts


def _said(amount: Decimal, of: Refundable) -> str:
    return display.money(amount, of.order.currency)
