"""Properties of the one computation: whatever is sold, the parts add up to the whole."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import CENT, ZERO, other_price, price_lines, rounded, spread, still_open, totals, with_vat


@dataclass
class Line:
    quantity: Decimal
    unit_price_ex: Decimal
    unit_price_incl: Decimal
    vat_rate: Decimal
    discount: Decimal = ZERO
    discount_share: Decimal = ZERO
    total_ex: Decimal = ZERO
    total_vat: Decimal = ZERO
    total: Decimal = ZERO


@dataclass
class Basket:
    """What `totals` reads of an order."""

    lines: list[Line]
    discount: Decimal
    prices_include_vat: bool
    shipping_cost: Decimal
    shipping_vat_rate: Decimal
    payment_fee: Decimal
    payment_fee_vat_rate: Decimal

    def price(self):
        price_lines(self.lines, discount=self.discount, includes_vat=self.prices_include_vat)
        return totals(self, self.lines)


def a_line(quantity="1", price="12.10", rate="21.00", discount="0.00"):
    return Line(Decimal(quantity), Decimal(price), Decimal(price), Decimal(rate), Decimal(discount))


def a_basket(lines, *, discount="0.00", includes_vat=True, shipping="0.00", fee="0.00"):
    return Basket(
        lines, Decimal(discount), includes_vat, Decimal(shipping), Decimal("21.00"), Decimal(fee), Decimal("21.00")
    )


amounts = st.decimals(min_value=0, max_value=10**8, places=2)
rates = st.decimals(min_value=0, max_value=100, places=2)
prices = st.decimals(min_value=0, max_value=100_000, places=4)
quantities = st.decimals(min_value="0.001", max_value=100_000, places=3)
lines = st.builds(lambda quantity, price, rate: Line(quantity, price, price, rate), quantities, prices, rates)


@st.composite
def baskets(draw):
    return Basket(
        draw(st.lists(lines, min_size=1, max_size=8)),
        draw(st.decimals(min_value=0, max_value=1000, places=2)),
        draw(st.booleans()),
        draw(st.decimals(min_value=0, max_value=1000, places=2)),
        draw(rates),
        draw(st.decimals(min_value=0, max_value=1000, places=2)),
        draw(rates),
    )


def credit_of(basket):
    """The same basket taken back: negative quantities, costs and discounts."""
    taken_back = [
        Line(-line.quantity, line.unit_price_ex, line.unit_price_incl, line.vat_rate, -line.discount)
        for line in basket.lines
    ]
    return Basket(
        taken_back,
        -basket.discount,
        basket.prices_include_vat,
        -basket.shipping_cost,
        basket.shipping_vat_rate,
        -basket.payment_fee,
        basket.payment_fee_vat_rate,
    )


@given(amounts, rates, st.booleans())
def test_net_and_vat_add_up_to_gross_to_the_cent(amount, rate, includes_vat):
    charged = with_vat(amount, rate, includes_vat=includes_vat)

    assert charged.ex + charged.vat == charged.incl
    assert amount == (charged.incl if includes_vat else charged.ex)
    assert charged.vat == rounded(charged.vat)


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2), st.lists(amounts, min_size=1, max_size=50))
def test_the_shares_of_a_discount_always_add_up_to_it(amount, weights):
    shares = spread(amount, weights)

    assert sum(shares) == (amount if any(weights) else 0)
    assert all(share == rounded(share) for share in shares)
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


@given(amounts, st.lists(amounts, min_size=1, max_size=20).filter(any))
def test_no_share_is_a_cent_or_more_away_from_its_part(amount, weights):
    for share, weight in zip(spread(amount, weights), weights, strict=True):
        assert abs(share - amount * weight / sum(weights)) < CENT + Decimal("1e-9")


def test_equal_lines_give_the_odd_cents_to_the_first():
    assert spread(Decimal("0.05"), [Decimal(1)] * 3) == [Decimal("0.02"), Decimal("0.02"), Decimal("0.01")]


@given(baskets())
def test_totals_are_the_sum_of_their_parts_and_of_their_vat_rates(basket):
    computed = basket.price()

    parts = [computed.lines, computed.shipping, computed.payment_fee]
    for share in ("ex", "vat", "incl"):
        whole = getattr(computed.total, share)
        assert sum(getattr(part, share) for part in parts) == whole
        assert sum(getattr(each.amount, share) for each in computed.by_rate) == whole
    assert computed.total.ex + computed.total.vat == computed.total.incl
    assert sum(line.total for line in basket.lines) == computed.lines.incl
    assert [each.rate for each in computed.by_rate] == sorted({each.rate for each in computed.by_rate}, reverse=True)


@given(baskets())
def test_what_the_customer_was_quoted_is_charged_to_the_cent(basket):
    computed = basket.price()

    quoted = [rounded(line.quantity * line.unit_price_incl) for line in basket.lines]
    taken_off = basket.discount if any(quoted) else 0
    charged = computed.lines.incl if basket.prices_include_vat else computed.lines.ex
    assert charged == sum(quoted) - taken_off


@given(baskets())
def test_a_credit_mirrors_its_invoice(basket):
    invoice, credit = basket.price(), credit_of(basket).price()

    for share in ("ex", "vat", "incl"):
        assert getattr(credit.total, share) == -getattr(invoice.total, share)
        assert getattr(credit.lines, share) == -getattr(invoice.lines, share)
    assert [(each.rate, -each.amount.incl) for each in credit.by_rate] == [
        (each.rate, each.amount.incl) for each in invoice.by_rate
    ]


@given(prices, rates)
def test_a_price_in_the_other_sense_comes_back(price, rate):
    incl = other_price(price, rate, includes_vat=False)

    assert abs(other_price(incl, rate, includes_vat=True) - price) <= Decimal("0.0001")


def test_halves_are_rounded_away_from_zero():
    assert [rounded(Decimal(each)) for each in ("0.005", "-0.005", "1.994", "2.675")] == [
        Decimal("0.01"),
        Decimal("-0.01"),
        Decimal("1.99"),
        Decimal("2.68"),
    ]


def test_vat_is_rounded_per_line_and_then_summed():
    computed = a_basket([a_line(price="0.99", rate="21.00") for _ in range(3)], includes_vat=False).price()

    # 0.2079 three times is 0.62 when summed first; per line it is 0.21.
    assert computed.total.vat == Decimal("0.63")


def test_a_discount_on_the_order_lowers_the_vat_of_each_rate():
    high, low = a_line(price="121.00", rate="21.00"), a_line(price="109.00", rate="9.00")

    computed = a_basket([high, low], discount="23.00").price()

    assert (high.discount_share, low.discount_share) == (Decimal("12.10"), Decimal("10.90"))
    assert [(each.rate, each.amount.ex, each.amount.vat) for each in computed.by_rate] == [
        (Decimal("21.00"), Decimal("90.00"), Decimal("18.90")),
        (Decimal("9.00"), Decimal("90.00"), Decimal("8.10")),
    ]


def test_shipping_and_fee_stand_in_the_vat_totals_and_nothing_does_not():
    with_costs = a_basket([a_line(rate="9.00")], shipping="6.05", fee="1.21").price()
    without = a_basket([a_line(rate="9.00")]).price()

    assert [each.rate for each in with_costs.by_rate] == [Decimal("21.00"), Decimal("9.00")]
    assert with_costs.by_rate[0].amount.incl == Decimal("7.26")
    assert [each.rate for each in without.by_rate] == [Decimal("9.00")]


@pytest.mark.parametrize(
    ("total", "paid", "refunded", "left"),
    [
        ("12.10", "0", "0", "12.10"),
        ("12.10", "10.00", "0", "2.10"),
        ("12.10", "12.10", "0", "0"),
        ("12.10", "12.10", "12.10", "0"),  # given back, so owed no more
        ("12.10", "10.00", "10.00", "2.10"),
        ("12.10", "15.00", "0", "-2.90"),  # paid too much
        ("12.10", "15.00", "1.00", "-1.90"),
        ("12.10", "15.00", "2.90", "0"),
        ("12.10", "15.00", "15.00", "0"),
        ("-5.00", "0", "0", "-5.00"),  # a credit order
        ("-5.00", "0", "5.00", "0"),
        ("-5.00", "0", "9.00", "0"),
    ],
)
def test_what_is_still_open_falls_with_money_and_never_rises_with_a_refund(total, paid, refunded, left):
    assert still_open(Decimal(total), Decimal(paid), Decimal(refunded)) == Decimal(left)


@given(*[st.decimals(-10_000, 10_000, places=2)] * 3)
def test_a_refund_only_brings_an_order_nearer_to_even(total, paid, refunded):
    before = still_open(total, paid, ZERO)
    after = still_open(total, paid, abs(refunded))

    assert abs(after) <= abs(before)
    assert before * after >= 0
