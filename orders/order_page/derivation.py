"""Why an order comes to its total: every step from quantity and price to the sum, as it was charged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from orders import display, money
from orders.models import Order, OrderLine
from orders.order_page.context import named


@dataclass(frozen=True)
class Step:
    """One thing that is charged: how the amount comes about, what VAT it bears, and what that makes of it."""

    name: str
    sum: str
    less: list[str]
    charged: str
    rate: str
    ex: str
    vat: str
    incl: str


@dataclass(frozen=True)
class RateSum:
    """All that is charged at one VAT rate; without a rate it is the total."""

    rate: str
    ex: str
    vat: str
    incl: str


@dataclass(frozen=True)
class Derivation:
    """`rules` say how it was computed. `missing` is empty unless what is stored is not what comes out."""

    rules: list[str]
    steps: list[Step]
    by_rate: list[RateSum]
    total: RateSum
    missing: str


def derivation(order: Order, lines: Sequence[OrderLine]) -> Derivation:
    """Read from what is stored; nothing is rounded or spread anew, so every cent is the one that was charged."""
    totals = money.totals(order, lines)
    return Derivation(
        rules=_rules(order),
        steps=[*(_line(order, line) for line in lines), *_extras(order, totals)],
        by_rate=[_sum(order, display.rate(each.rate), each.amount) for each in totals.by_rate],
        total=_sum(order, "", totals.total),
        missing=_missing(order, totals),
    )


def _rules(order: Order) -> list[str]:
    if order.prices_include_vat:
        first = _("Prices include VAT. The VAT in an amount is amount × rate ÷ (100 + rate).")
    else:
        first = _("Prices are without VAT. The VAT on an amount is amount × rate ÷ 100.")
    rules = [first, _("Each line is rounded to the cent, half up; then the lines are added up.")]
    if order.discount:
        words = _(
            "The discount of %(amount)s on the order is shared out over the lines by what they cost, to the cent."
        )
        rules.append(words % {"amount": display.money(order.discount, order.currency)})
    return rules


def _line(order: Order, line: OrderLine) -> Step:
    price = line.unit_price_incl if order.prices_include_vat else line.unit_price_ex
    before = money.rounded(line.quantity * price)
    less = [(_("discount"), line.discount), (_("share of the order's discount"), line.discount_share)]
    words = _("%(quantity)s × %(price)s = %(amount)s")
    shown = {
        "quantity": display.quantity(line.quantity),
        "price": display.price(price, order.currency),
        "amount": _money(order, before),
    }
    return Step(
        name=named(line.sku, line.name),
        sum=words % shown,
        less=[f"− {_money(order, amount)} {name}" for name, amount in less if amount],
        charged=_money(order, before - line.discount - line.discount_share),
        rate=display.rate(line.vat_rate),
        ex=_money(order, line.total_ex),
        vat=_money(order, line.total_vat),
        incl=_money(order, line.total),
    )


def _extras(order: Order, totals: money.Totals) -> Iterable[Step]:
    charged = (
        (named(_("Shipping"), order.shipping_method), order.shipping_cost, order.shipping_vat_rate, totals.shipping),
        (named(_("Payment fee"), order.payment_method), order.payment_fee, order.payment_fee_vat_rate,
         totals.payment_fee),
    )  # fmt: skip
    for name, amount, rate, with_vat in charged:
        if amount:
            of_rate = _sum(order, display.rate(rate), with_vat)
            yield Step(name, "", [], _money(order, amount), of_rate.rate, of_rate.ex, of_rate.vat, of_rate.incl)


def _sum(order: Order, rate: str, amount: money.Amount) -> RateSum:
    return RateSum(rate, _money(order, amount.ex), _money(order, amount.vat), _money(order, amount.incl))


def _missing(order: Order, totals: money.Totals) -> str:
    stored = money.Amount(order.total_ex, order.total_vat, order.total)
    if totals.total == stored:
        return ""
    words = _("The parts add up to %(parts)s, the order says %(total)s.")
    return words % {"parts": _money(order, totals.total.incl), "total": _money(order, order.total)}


def _money(order: Order, amount: Decimal) -> str:
    return display.money(amount, order.currency)
