"""What a split of an order comes to. Nothing here changes anything."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from orders import display, money
from orders.models import Address, Order, OrderLine, RefundLine, ReturnLine
from orders.services.acceptance import LARGEST_QUANTITY
from orders.services.place import SAME_ON_ORDER, payment_status_of, store_totals
from orders.services.status import ALREADY_DONE, counts_of
from orders.waiting import WORK
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus

# With what stays, nine columns.
MOST_NEW_ORDERS = 8
# The name under which an error stands that is about the split as a whole.
WHOLE = ""
# What a part of a line has in proportion, or as it was counted.
CUT_FIELDS = """
    quantity quantity_picked discount discount_share total_ex total_vat total weight_g volume_cm3
""".split()  # noqa: SIM905

# What of an order depends on which lines and payments it has.
SUMMED_FIELDS = """
    discount lines_total total_ex total_vat total vat_totals paid_total weight_g volume_cm3 number_of_lines
    number_of_lines_done number_of_lines_backordered fulfilment_status fulfilment_own_status_id payment_status
    payment_own_status_id
""".split()  # noqa: SIM905
UNPAID = {
    PaymentStatus.OPEN,
    PaymentStatus.AWAITING,
    PaymentStatus.FAILED,
    PaymentStatus.CANCELLED,
    PaymentStatus.EXPIRED,
}


@dataclass
class Piece:
    """One of the orders that come of a split, with the lines it will have; nothing of it is stored."""

    order: Order
    lines: list[OrderLine]
    # Counted over from what the first order was paid.
    moved: Decimal = money.ZERO


@dataclass
class SplitPlan:
    """`pieces` are what stays and the new orders, in their order; empty with `errors`, {field: [sentence, …]}.

    Fields are named `part2.3`: what goes to the second new order of the line at position 3.
    """

    pieces: list[Piece] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def moved(self) -> Decimal:
        return sum((piece.moved for piece in self.pieces), money.ZERO)

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, []).append(sentence)


def lines_to_split(order: Order) -> QuerySet[OrderLine]:
    """The lines as `plan_split` takes them: each knows whether a refund or a return names it, as `is_bound`."""
    of_line = {"line": OuterRef("pk")}
    bound = Exists(RefundLine.objects.filter(**of_line)) | Exists(ReturnLine.objects.filter(**of_line))
    return order.lines.annotate(is_bound=bound)


def movable(line: OrderLine) -> Decimal:
    """How much of a line of `lines_to_split` may go to another order: nothing that was sent or is being settled."""
    if line.quantity <= 0 or line.status in ALREADY_DONE or getattr(line, "is_bound", False):
        return Decimal(0)
    gone = line.quantity_shipped + max(line.quantity_credited, line.quantity_returned)
    return max(Decimal(0), line.quantity - gone)


def why_it_stays(line: OrderLine) -> str:
    """Why nothing of a line can go to another order."""
    if getattr(line, "is_bound", False):
        return _("It is part of a refund or a return.")
    if line.quantity <= 0:
        return _("It gives the customer money.")
    if line.quantity_shipped:
        return _("%(number)s were shipped already.") % {"number": display.quantity(line.quantity_shipped)}
    return str(LineStatus(line.status).label)


def plan_split(order: Order, lines: Sequence[OrderLine], wishes: Sequence[Mapping[int, Decimal]]) -> SplitPlan:
    """What comes of moving quantities to new orders, `wishes` being {line position: quantity} for each of them.

    A new order for which nothing is wished is left out. `order` comes with its shop, `lines` are those of
    `lines_to_split`; no query is made.
    """
    plan = SplitPlan()
    if sentence := _refusal(order):
        plan.refuse(WHOLE, sentence)
        return plan
    chosen = _checked(lines, wishes, plan)
    if not plan.errors:
        _cut(order, lines, chosen, plan)
    if not plan.errors:
        _count_over(order, plan)
    if plan.errors:
        plan.pieces = []
    return plan


def _refusal(order: Order) -> str:
    if order.deleted_at is not None:
        return _("This order is in Deleted. Restore it first.")
    if order.fulfilment_status not in WORK:
        status = FulfilmentStatus(order.fulfilment_status).label
        return _("An order that is %(status)s cannot be split.") % {"status": status}
    return ""


def _checked(
    lines: Sequence[OrderLine], wishes: Sequence[Mapping[int, Decimal]], plan: SplitPlan
) -> list[dict[int, Decimal]]:
    """What is wished for each new order that gets anything."""
    if len(wishes) > MOST_NEW_ORDERS:
        plan.refuse(WHOLE, _("At most %(number)d new orders.") % {"number": MOST_NEW_ORDERS})
        return []
    by_position = {line.position: line for line in lines}
    moving: dict[int, Decimal] = dict.fromkeys(by_position, Decimal(0))
    for number, wish in enumerate(wishes, start=1):
        for position, quantity in wish.items():
            name = f"part{number}.{position}"
            if position not in by_position:
                plan.refuse(WHOLE, _("There is no such line any more."))
            elif not quantity.is_finite() or not 0 <= quantity <= LARGEST_QUANTITY or quantity != round(quantity, 3):
                plan.refuse(name, _("A quantity from zero up, with at most three decimals."))
            else:
                moving[position] += quantity
                _refuse_too_much(by_position[position], moving[position], quantity, name, plan)
    chosen = [{position: quantity for position, quantity in wish.items() if quantity} for wish in wishes]
    chosen = [wish for wish in chosen if wish]
    if not plan.errors and not chosen:
        plan.refuse(WHOLE, _("Say what goes to the new order."))
    elif not plan.errors and all(moving[line.position] == line.quantity for line in lines):
        plan.refuse(WHOLE, _("Something has to stay in this order."))
    return chosen


def _refuse_too_much(line: OrderLine, moving: Decimal, quantity: Decimal, name: str, plan: SplitPlan) -> None:
    most = movable(line)
    if not quantity or moving <= most:
        return
    if most:
        plan.refuse(name, _("Only %(number)s can go to another order.") % {"number": display.quantity(most)})
    else:
        plan.refuse(name, _("Nothing of this line can go to another order any more."))


def _cut(order: Order, lines: Sequence[OrderLine], chosen: list[dict[int, Decimal]], plan: SplitPlan) -> None:
    """Make the pieces with their lines, totals and statuses."""
    first = Piece(copy(order), [])
    parts = [Piece(_part_of(order), []) for _wish in chosen]
    for line in lines:
        _cut_line(line, [wish.get(line.position, Decimal(0)) for wish in chosen], order, [first, *parts])
    for piece in (first, *parts):
        piece.order.discount = sum((line.discount_share for line in piece.lines), money.ZERO)
        store_totals(piece.order, piece.lines)
        for name, number in counts_of(piece.lines).items():
            setattr(piece.order, name, number)
        _set_status(piece, order, is_first=piece is first)
    plan.pieces = [first, *parts]


def _cut_line(line: OrderLine, moving: list[Decimal], order: Order, pieces: list[Piece]) -> None:
    """Give each piece what it gets of a line. Whole lines move as they are, with all that hangs on them."""
    wanted = [line.quantity - sum(moving), *moving]
    getting = [(piece, quantity) for piece, quantity in zip(pieces, wanted, strict=True) if quantity]
    if len(getting) == 1:
        getting[0][0].lines.append(copy(line))
        return
    cuts = money.cut_line(line, [quantity for _piece, quantity in getting], includes_vat=order.prices_include_vat)
    picked, weight, volume = line.quantity_picked, line.weight_g, line.volume_cm3
    left = line.quantity
    for number, ((piece, quantity), cut) in enumerate(zip(getting, cuts, strict=True)):
        mine = copy(line)
        for name, value in vars(cut).items():
            setattr(mine, name, value)
        mine.quantity_picked = min(picked, quantity)
        mine.weight_g, mine.volume_cm3 = (int(whole * quantity / left) for whole in (weight, volume))
        picked, weight, volume = picked - mine.quantity_picked, weight - mine.weight_g, volume - mine.volume_cm3
        left -= quantity
        if number:
            mine.pk = None
            mine._state.adding = True
            mine.quantity_shipped = mine.quantity_credited = mine.quantity_returned = Decimal(0)
        piece.lines.append(mine)


def _part_of(order: Order) -> Order:
    """A new order of the same customer; shipping cost, payment fee and the customer's words stay with the first."""
    part = Order(shop=order.shop, split_from=order, folder_id=order.folder_id)
    for name in SAME_ON_ORDER:
        setattr(part, name, getattr(order, name))
    for part_of_address in Address.__dataclass_fields__:
        for kind in ("billing", "shipping"):
            name = f"{kind}_{part_of_address}"
            setattr(part, name, getattr(order, name))
    part.customer_message = ""
    part.shipping_cost = part.payment_fee = money.ZERO
    part.internal_status_id = order.internal_status_id
    return part


def _set_status(piece: Piece, order: Order, *, is_first: bool) -> None:
    """As the order was, unless that no longer is true of this piece."""
    status = order.fulfilment_status
    if status == FulfilmentStatus.PARTLY_SHIPPED:
        status = _after_sending(piece.lines) if is_first else ruled_status(piece.lines)
    elif status == FulfilmentStatus.BACKORDERED and order.shop.ready_rule:
        status = ruled_status(piece.lines)
    is_kept = status == order.fulfilment_status
    piece.order.fulfilment_status = str(status)
    piece.order.fulfilment_own_status_id = order.fulfilment_own_status_id if is_kept else None
    piece.order.hold_reason, piece.order.status_before_hold = order.hold_reason, order.status_before_hold


def ruled_status(lines: Iterable[OrderLine]) -> str:
    """The rule of new orders on lines that may have been worked on since."""
    lines = list(lines)
    if any(line.status == LineStatus.BACKORDERED for line in lines):
        return FulfilmentStatus.BACKORDERED
    is_goods = any(line.kind == OrderLine.Kind.PHYSICAL for line in lines)
    return FulfilmentStatus.READY if is_goods else FulfilmentStatus.NEW


def _after_sending(lines: Iterable[OrderLine]) -> str:
    goods = [line for line in lines if line.kind == OrderLine.Kind.PHYSICAL]
    is_all = all(line.quantity_shipped >= line.quantity for line in goods)
    return FulfilmentStatus.SHIPPED if is_all else FulfilmentStatus.PARTLY_SHIPPED


def _count_over(order: Order, plan: SplitPlan) -> None:
    """Money that the first order no longer needs goes with the goods; nothing is asked of the customer twice."""
    is_by_money = says_what_was_paid(order)
    first, *parts = plan.pieces
    spare = order.paid_total - max(first.order.total, money.ZERO)
    for part in parts:
        part.moved = max(money.ZERO, min(part.order.total, spare))
        part.order.paid_total = part.moved
        spare -= part.moved
    first.order.paid_total = order.paid_total - plan.moved
    if first.order.paid_total < order.refunded_total:
        plan.refuse(WHOLE, _("So much was given back that the rest does not pay for both. Split off less."))
    for piece in plan.pieces:
        status = status_by_money(piece.order, before=order.payment_status) if is_by_money else order.payment_status
        is_kept = status == order.payment_status
        piece.order.payment_status = status
        piece.order.payment_own_status_id = order.payment_own_status_id if is_kept else None


def says_what_was_paid(order: Order) -> bool:
    """Whether the payment status is what the recorded payments say, not set by hand without them."""
    return order.payment_status == status_by_money(order, before=order.payment_status)


def status_by_money(order: Order, *, before: str) -> str:
    """The payment status that the money says; why nothing came in is known to `before` alone."""
    status = payment_status_of(order)
    return before if status == PaymentStatus.OPEN and before in UNPAID else str(status)
