"""The one place where an order's amounts are computed.

VAT is rounded half up per line and then summed. Discounts on the whole order are spread over the lines by
largest remainder, so that the shares always add up to the discount. Nothing here reads the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


def rounded(amount: Decimal) -> Decimal:
    """`amount` in whole cents, half away from zero, so a credit mirrors its invoice."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Amount:
    """One amount with its VAT; `ex + vat == incl` to the cent."""

    ex: Decimal
    vat: Decimal
    incl: Decimal

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.ex + other.ex, self.vat + other.vat, self.incl + other.incl)


NOTHING = Amount(ZERO, ZERO, ZERO)


def with_vat(amount: Decimal, rate: Decimal, *, includes_vat: bool) -> Amount:
    """Split or raise a rounded `amount` at `rate` percent."""
    if includes_vat:
        vat = rounded(amount * rate / (HUNDRED + rate))
        return Amount(amount - vat, vat, amount)
    vat = rounded(amount * rate / HUNDRED)
    return Amount(amount, vat, amount + vat)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Cut `amount` into cents in proportion to `weights` (whole cents, ≥ 0); the parts add up to it exactly.

    Largest remainder; equal remainders go to the earlier part. With no weight at all nothing can be spread.
    """
    # Whole numbers: a quotient of decimals is rounded, and then the parts of large amounts miss the whole.
    units = [int(weight / CENT) for weight in weights]
    total = sum(units)
    if not total or not amount:
        return [ZERO for _ in weights]
    sign = -1 if amount < 0 else 1
    cents = int(abs(amount) / CENT)
    quotients = [divmod(cents * unit, total) for unit in units]
    parts = [whole for whole, _remainder in quotients]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-quotients[i][1], i))
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    return [sign * part * CENT for part in parts]


class PricedLine(Protocol):
    """What the computation reads of a line and sets on it."""

    quantity: Decimal
    unit_price_ex: Decimal
    unit_price_incl: Decimal
    vat_rate: Decimal
    discount: Decimal
    discount_share: Decimal
    total_ex: Decimal
    total_vat: Decimal
    total: Decimal


@dataclass(frozen=True)
class RateTotal:
    """All that was charged at one VAT rate."""

    rate: Decimal
    amount: Amount


@dataclass(frozen=True)
class Totals:
    lines: Amount
    shipping: Amount
    payment_fee: Amount
    by_rate: tuple[RateTotal, ...]
    total: Amount


def price_lines(lines: Iterable[PricedLine], *, discount: Decimal, includes_vat: bool) -> None:
    """Set each line's share of the order `discount` and its three totals.

    A discount is taken off what is sold; the negative discount of a credit is given back over what is credited.
    """
    lines = list(lines)
    before = [
        rounded(line.quantity * (line.unit_price_incl if includes_vat else line.unit_price_ex)) - line.discount
        for line in lines
    ]
    sign = -1 if discount < 0 else 1
    shares = spread(discount, [max(sign * amount, ZERO) for amount in before])
    for line, amount, share in zip(lines, before, shares, strict=True):
        charged = with_vat(amount - share, line.vat_rate, includes_vat=includes_vat)
        line.discount_share = share
        line.total_ex, line.total_vat, line.total = charged.ex, charged.vat, charged.incl


@dataclass(frozen=True)
class Cut:
    """What goes with a part of a line's quantity, in the sense of the fields of `PricedLine`."""

    quantity: Decimal
    discount: Decimal
    discount_share: Decimal
    total_ex: Decimal
    total_vat: Decimal
    total: Decimal


def cut_line(line: PricedLine, quantities: Sequence[Decimal], *, includes_vat: bool) -> list[Cut]:
    """Cut a priced line of more than nothing into `quantities` that add up to its own.

    Discount, share of the order's discount, net, VAT and gross of the parts add up to the line's to the cent. Priced
    anew each part would be rounded by itself: three parts of a cent of VAT would miss the whole by one.
    """
    price = line.unit_price_incl if includes_vat else line.unit_price_ex
    gross = [rounded(quantity * price) for quantity in quantities]
    weights = [max(amount, ZERO) for amount in gross]
    discounts = _apportioned(line.discount, weights)
    # What rounding each part makes of the whole's price is evened out where it shows least.
    largest = max(range(len(gross)), key=lambda i: weights[i])
    discounts[largest] += sum(gross) - rounded(line.quantity * price)
    shares = _apportioned(line.discount_share, weights)
    charged = [amount - own - share for amount, own, share in zip(gross, discounts, shares, strict=True)]
    vats = _apportioned(line.total_vat, [max(amount, ZERO) for amount in charged])
    return [
        Cut(quantity, own, share, amount - vat, vat, amount) if includes_vat else
        Cut(quantity, own, share, amount, vat, amount + vat)
        for quantity, own, share, amount, vat in zip(quantities, discounts, shares, charged, vats, strict=True)
    ]  # fmt: skip


def join_line(line: PricedLine, other: PricedLine, *, includes_vat: bool) -> None:
    """Add to `line` what was cut from it; the discount is what is missing to the price of them together."""
    line.quantity += other.quantity
    line.discount_share += other.discount_share
    line.total_ex += other.total_ex
    line.total_vat += other.total_vat
    line.total += other.total
    price = line.unit_price_incl if includes_vat else line.unit_price_ex
    charged = line.total if includes_vat else line.total_ex
    line.discount = rounded(line.quantity * price) - line.discount_share - charged


def _apportioned(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """As `spread`; what nothing has weight enough to take goes to the first part."""
    parts = spread(amount, weights)
    parts[0] += amount - sum(parts)
    return parts


def totals(order, lines: Iterable[PricedLine]) -> Totals:
    """Add up priced lines, shipping cost and payment fee of `order`, in all and per VAT rate."""
    shipping = with_vat(order.shipping_cost, order.shipping_vat_rate, includes_vat=order.prices_include_vat)
    fee = with_vat(order.payment_fee, order.payment_fee_vat_rate, includes_vat=order.prices_include_vat)
    by_rate: dict[Decimal, Amount] = defaultdict(lambda: NOTHING)
    lines_amount = NOTHING
    for line in lines:
        amount = Amount(line.total_ex, line.total_vat, line.total)
        lines_amount += amount
        by_rate[line.vat_rate.quantize(CENT)] += amount
    for amount, rate in ((shipping, order.shipping_vat_rate), (fee, order.payment_fee_vat_rate)):
        if amount != NOTHING:
            by_rate[rate.quantize(CENT)] += amount
    rates = tuple(RateTotal(rate, by_rate[rate]) for rate in sorted(by_rate, reverse=True))
    return Totals(lines_amount, shipping, fee, rates, lines_amount + shipping + fee)


def still_open(total: Decimal, paid: Decimal, refunded: Decimal) -> Decimal:
    """What an order still has to bring in; negative for what has still to be given back.

    A refund never makes a debt: what was given back is owed no more. It does settle what the shop owes, so an order
    that was paid too much, or a credit order (total below zero), is even once that amount went back.
    """
    due = total - paid
    return min(ZERO, due + refunded) if due < 0 else due


def other_price(price: Decimal, rate: Decimal, *, includes_vat: bool) -> Decimal:
    """The unit price in the other sense (ex for incl and back), four places."""
    factor = (HUNDRED + rate) / HUNDRED
    return (price / factor if includes_vat else price * factor).quantize(Decimal("0.0001"), ROUND_HALF_UP)
