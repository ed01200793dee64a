"""Over random sequences of edits: totals are the sums of their parts, and the log tells every state on the way."""

from collections import defaultdict
from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.actor import SYSTEM
from orders import money
from orders.models import Order, OrderLine
from orders.services import Edit, InputRefused, NewPayment, NewShipment, Wish, edit_order, undo
from orders.services.change import plain
from orders.services.edit import WHOLE_LINE
from orders.services.editing import COUNTS, DERIVED, ORDER_FIELDS, TOTALS, line_values
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
sometimes = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

cents = st.decimals(min_value=0, max_value=900, places=2)
prices = st.decimals(min_value=0, max_value=900, places=4)
quantities = st.decimals(min_value=Decimal("0.001"), max_value=40, places=3)
rates = st.sampled_from([Decimal("0.00"), Decimal("9.00"), Decimal("21.00")])
lines = st.builds(
    new_line,
    sku=st.sampled_from(["A", "B", "C"]),
    quantity=quantities,
    unit_price=prices,
    vat_rate=rates,
    weight_g=st.integers(0, 5000),
)
order_fields = st.fixed_dictionaries(
    {},
    optional={
        "discount": cents,
        "shipping_cost": cents,
        "shipping_vat_rate": rates,
        "payment_fee": cents,
        "payment_fee_vat_rate": rates,
        "shipping_city": st.sampled_from(["Delft", "Gent", "Åre"]),
        "customer_name": st.sampled_from(["Anna", "Bo"]),
    },
)
line_fields = st.fixed_dictionaries(
    {},
    optional={
        "quantity": quantities,
        "unit_price": prices,
        "vat_rate": rates,
        "discount": cents,
        "name": st.sampled_from(["Candle", "Wick"]),
    },
)
# What to do with the lines there are, by their place; places beyond the last come round.
edits = st.fixed_dictionaries(
    {
        "order": order_fields,
        "lines": st.dictionaries(st.integers(0, 4), line_fields, max_size=3),
        "removed": st.sets(st.integers(0, 4), max_size=1),
        "added": st.lists(lines, max_size=2),
    }
)
orders = st.fixed_dictionaries(
    {
        "lines": st.lists(lines, min_size=1, max_size=4),
        "prices_include_vat": st.booleans(),
        "shipping_cost": cents,
        "shipping_vat_rate": rates,
    }
)


def edit_of(order, wanted):
    """The edit of somebody who just looked at the order."""
    there = list(order.lines.all())
    removed = {there[place % len(there)] for place in wanted["removed"]}
    changed = {there[place % len(there)]: values for place, values in wanted["lines"].items()}
    return Edit(
        order={name: Wish(getattr(order, name), value) for name, value in wanted["order"].items()},
        lines={
            line.pk: {name: Wish(line_values(line, order)[name], value) for name, value in values.items()}
            for line, values in changed.items()
            if line not in removed
        },
        removed={line.pk: line_values(line, order) for line in removed},
        added=wanted["added"],
    )


def picture_of(order):
    """The order and its lines as the log would write them."""
    order = Order.objects.get(pk=order.pk)
    fields = {name: plain(getattr(order, name)) for name in (*ORDER_FIELDS, *TOTALS, *COUNTS, "payment_status")}
    of_lines = {
        line.pk: {name: plain(getattr(line, name)) for name in WHOLE_LINE if name not in DERIVED}
        for line in order.lines.all()
    }
    return fields, of_lines


def taken_back(picture, entries):
    """A picture before the log's `entries`, read from the log alone; newest first."""
    fields, of_lines = deepcopy(picture)
    for entry in entries:
        old = {name: values["old"] for name, values in entry.changes.items() if name not in DERIVED}
        if entry.line_id is None:
            fields |= {name: values["old"] for name, values in entry.changes.items()}
        elif old.get("position", 1) is None:
            del of_lines[entry.line_id]
        else:
            of_lines[entry.line_id] = of_lines.get(entry.line_id, {}) | old
    return fields, of_lines


def assert_adds_up(order):
    """Every stored amount is the sum of its parts."""
    order = Order.objects.get(pk=order.pk)
    rows = list(OrderLine.objects.filter(order=order))
    shipping, fee = (
        money.with_vat(getattr(order, name), getattr(order, f"{rate}_vat_rate"), includes_vat=order.prices_include_vat)
        for name, rate in (("shipping_cost", "shipping"), ("payment_fee", "payment_fee"))
    )
    assert order.total == sum(line.total for line in rows) + shipping.incl + fee.incl
    assert order.total_ex == sum(line.total_ex for line in rows) + shipping.ex + fee.ex
    assert order.total_ex + order.total_vat == order.total
    assert order.discount == sum(line.discount_share for line in rows)
    by_rate = defaultdict(Decimal)
    for row in order.vat_totals:
        by_rate["ex"] += Decimal(row["ex"])
        by_rate["vat"] += Decimal(row["vat"])
        by_rate["incl"] += Decimal(row["incl"])
    assert (by_rate["ex"], by_rate["vat"], by_rate["incl"]) == (order.total_ex, order.total_vat, order.total)
    assert order.weight_g == sum(line.weight_g for line in rows)
    assert order.number_of_lines == len(rows)
    assert all(line.quantity >= line.quantity_shipped for line in rows)


@sometimes
@given(new=orders, sequence=st.lists(edits, min_size=1, max_size=4), is_paid=st.booleans(), is_sent=st.booleans())
def test_any_edits_add_up_and_the_log_tells_them_back(shop, new, sequence, is_paid, is_sent):
    payments = [NewPayment(Decimal("30.00"), "iDEAL", "paid", PLACED_AT)] if is_paid else []
    first = new["lines"][0]
    sent = [NewShipment("PostNL", "3S", PLACED_AT, quantities={1: min(first.quantity, Decimal(1))})] if is_sent else []
    order = make_order(shop, **new, payments=payments, shipments=sent)
    pictures = [picture_of(order)]
    for wanted in sequence:
        order = Order.objects.get(pk=order.pk)
        try:
            edited = edit_order(order, edit_of(order, wanted), by=SYSTEM)
        except InputRefused:
            assert picture_of(order) == pictures[-1]
            continue
        assert_adds_up(order)
        if edited:
            pictures.append(picture_of(order))
    log = list(order.log.order_by("-id"))[:-1]
    versions = sorted({entry.version for entry in log}, reverse=True)
    assert len(versions) == len(pictures) - 1

    told = picture_of(order)
    for version, expected in zip(versions, pictures[-2::-1], strict=True):
        told = taken_back(told, [entry for entry in log if entry.version == version])
        assert told == expected


@sometimes
@given(new=orders, wanted=edits)
def test_any_edit_is_taken_back_to_the_cent(shop, new, wanted):
    order = make_order(shop, **new)
    before, lines_before = picture_of(order), list(order.lines.order_by("pk").values())
    try:
        edited = edit_order(order, edit_of(order, wanted), by=SYSTEM)
    except InputRefused:
        return
    if edited is None:
        return

    assert undo(edited.act, shop=shop, by=SYSTEM).refused == []

    assert picture_of(order) == before
    assert list(order.lines.order_by("pk").values()) == lines_before
