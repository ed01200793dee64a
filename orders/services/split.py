"""Splitting an order: goods, and what was paid for them, go to orders of their own."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import money
from orders.freezing import why_frozen
from orders.models import LogAction, Order, OrderLine, OrderTag, Payment, PaymentState
from orders.services.change import Change, Changes, changing, plain
from orders.services.errors import ChangeRefused
from orders.services.line_log import coming, differing, leaving, record_line, told
from orders.services.line_rows import save_lines
from orders.services.numbers import lock_series, next_in
from orders.services.search import refresh_search_text
from orders.services.splitting import CUT_FIELDS, SUMMED_FIELDS, WHOLE, Piece, SplitPlan, lines_to_split, plan_split


class SplitRefused(ChangeRefused):
    """`errors` is {field: [sentence, …]} as in `SplitPlan`."""

    def __init__(self, errors: dict[str, list[str]]):
        self.errors = errors
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))


def split_order(
    order: Order, parts: Sequence[Mapping[int, Decimal]], *, by: Actor, seen_version: int | None = None
) -> list[Order]:
    """Move quantities, {line position: quantity} for each new order, and return the new orders.

    Totals and payments of all of them add up to what they were, to the cent. Shipping cost, payment fee and what
    happened so far stay with the order; money that it no longer needs is counted over, as a pair of payments.
    Raises SplitRefused; then nothing changed. With `seen_version` it is refused too when the order is not as it was
    when the person looked, so that a form sent twice splits once.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        locked.shop = change.shop
        if seen_version is not None and locked.version != seen_version:
            raise SplitRefused({WHOLE: [_("This order was changed meanwhile. Look at it again.")]})
        if sentence := why_frozen(locked):
            raise SplitRefused({WHOLE: [sentence]})
        lines = list(lines_to_split(locked))
        plan = plan_split(locked, lines, parts)
        if plan.errors:
            raise SplitRefused(plan.errors)
        first, *new = plan.pieces
        _number(new, change)
        diff = change.set(locked, **{name: getattr(first.order, name) for name in SUMMED_FIELDS})
        _store_lines(plan, locked)
        _record(change, locked, diff, lines, plan)
        _count_over(locked, new)
        refresh_search_text([locked, *(piece.order for piece in new)], change.shop)
    return [piece.order for piece in new]


def _number(pieces: list[Piece], change: Change) -> None:
    """Store the new orders under the next numbers."""
    series = lock_series(change.shop)
    now = timezone.now()
    for piece in pieces:
        piece.order.number = next_in(series)
        piece.order.changed_at = now
        piece.order.save(force_insert=True)
        change.adopt(piece.order, is_new=True)
    series.save(update_fields=["next_number"])


def _record(change: Change, order: Order, diff: Changes, lines: list[OrderLine], plan: SplitPlan) -> None:
    """`diff` is what changed on the order, `lines` are as they were; the lines of the plan are stored by now."""
    first, *new = plan.pieces
    for piece in new:
        moved = {"paid_total": {"old": "0.00", "new": plain(piece.moved)}} if piece.moved else {}
        change.record(piece.order, LogAction.ORDER_SPLIT_OFF, moved, subject=order.display_number)
        for line in piece.lines:
            record_line(change, piece.order, line, coming(line))
    numbers = ", ".join(piece.order.display_number for piece in new)
    change.record(order, LogAction.ORDER_SPLIT, diff, subject=numbers)
    staying = {line.position: line for line in first.lines}
    for line in lines:
        if line.position not in staying:
            record_line(change, order, line, leaving(line))
        elif cut := differing(told(line), told(staying[line.position])):
            record_line(change, order, line, cut)


def _store_lines(plan: SplitPlan, order: Order) -> None:
    """Lines that are there already keep their rows, whichever order they are in now."""
    there: list[OrderLine] = []
    new: list[OrderLine] = []
    for piece in plan.pieces:
        owner = order if piece is plan.pieces[0] else piece.order
        for line in piece.lines:
            line.order = owner
            (new if line.pk is None else there).append(line)
    save_lines(there, ["order", *CUT_FIELDS])
    OrderLine.objects.bulk_create(new, batch_size=500)
    tags = list(OrderTag.objects.filter(order=order).values_list("tag", flat=True))
    OrderTag.objects.bulk_create(OrderTag(order=piece.order, tag_id=tag) for piece in plan.pieces[1:] for tag in tags)


def _count_over(order: Order, new: list[Piece]) -> None:
    """A pair of rows for each payment that some of the money came in with, from the newest on."""
    left = dict(reversed(money_left(order)))
    for piece in new:
        wanted = piece.moved
        for payment in left:
            amount = min(wanted, left[payment])
            if amount > 0:
                move_money(payment, amount, to=piece.order)
                left[payment] -= amount
                wanted -= amount


def money_left(order: Order) -> list[tuple[Payment, Decimal]]:
    """Payments that came in, and how much of each is still here: neither given back nor counted over."""
    payments = list(order.payments.filter(state=PaymentState.PAID, amount__gt=0))
    given: dict[int | None, Decimal] = {payment.pk: money.ZERO for payment in payments}
    for payment_id, amount in order.refunds.filter(payment__in=payments).values_list("payment", "amount"):
        given[payment_id] += amount
    moved = order.payments.filter(moved_from__in=payments, amount__lt=0)
    for moved_from, amount in moved.values_list("moved_from", "amount"):
        given[moved_from] -= amount
    return [(payment, payment.amount - given[payment.pk]) for payment in payments]


def move_money(payment: Payment, amount: Decimal, *, to: Order) -> None:
    """Count `amount` of a payment over to another order; the provider's reference goes along, for refunds."""
    now = timezone.now()
    same = {
        "method": payment.method,
        "provider": payment.provider,
        "provider_reference": payment.provider_reference,
        "state": PaymentState.PAID,
        "created_at": now,
        "paid_at": payment.paid_at,
        "moved_from": payment,
    }
    Payment.objects.bulk_create(
        [
            Payment(order=payment.order, amount=-amount, other_order=to, **same),
            Payment(order=to, amount=amount, other_order=payment.order, **same),
        ]
    )
