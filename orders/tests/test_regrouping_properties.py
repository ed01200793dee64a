"""Over random splits and merges: nothing is won or lost, and Undo gives back what was."""

import uuid
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.models import Order, OrderLine, Payment, PaymentState, StatusCount
from orders.services import (
    MergeRefused,
    NewPayment,
    NothingToUndo,
    SplitRefused,
    merge_back,
    merge_orders,
    split_order,
    undo,
)
from orders.services.splitting import lines_to_split, movable
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.tests.test_bulk_properties import counted

pytestmark = pytest.mark.django_db
# A shop for each example: what earlier ones left behind would change what there is to draw from.
numbers = count(70_001)
STAMPS = {"version", "changed_at", "change_mark", "changed_by"}
FIELDS = [field.attname for field in Order._meta.concrete_fields if field.name not in STAMPS]
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

prices = st.decimals("0", "200", places=4)
lines = st.lists(
    st.builds(
        lambda **values: new_line(**values),
        quantity=st.one_of(st.integers(1, 9).map(Decimal), st.decimals("0.001", "9", places=3)),
        unit_price=prices,
        vat_rate=st.sampled_from([Decimal(0), Decimal("9.00"), Decimal("21.00")]),
        discount=st.sampled_from([Decimal("0.00"), Decimal("0.01"), Decimal("0.07")]),
        weight_g=st.integers(0, 1000),
        is_backordered=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
orders = st.fixed_dictionaries(
    {
        "lines": lines,
        "discount": st.sampled_from([Decimal("0.00"), Decimal("0.05")]),
        "shipping_cost": st.sampled_from([Decimal("0.00"), Decimal("4.95")]),
        "shipping_vat_rate": st.sampled_from([Decimal("9.00"), Decimal("21.00")]),
    }
)


@pytest.fixture
def new_shop(db):
    return lambda: make_shop(str(next(numbers)))


def place(shop, values, includes_vat, paid):
    payments = []
    if paid:
        payments = [NewPayment(Decimal(paid), "iDEAL", PaymentState.PAID, PLACED_AT, paid_at=PLACED_AT)]
    sold = sum(line.quantity * line.unit_price - line.discount for line in values["lines"])
    discount = values["discount"] if sold > 1 and all(line.unit_price > 1 for line in values["lines"]) else Decimal(0)
    return make_order(shop, prices_include_vat=includes_vat, payments=payments, **values | {"discount": discount})


def whole_of(shop):
    """What no split and no merge may change, over all orders of the shop."""
    found = list(Order.objects.for_shop(shop))
    rates = {}
    for order in found:
        for row in order.vat_totals:
            rates[row["rate"]] = rates.get(row["rate"], Decimal(0)) + Decimal(row["vat"])
    return {
        "amounts": [sum(getattr(order, name) for order in found) for name in ("total_ex", "total_vat", "total")],
        "vat": {rate: vat for rate, vat in rates.items() if vat},
        "paid": sum(order.paid_total for order in found),
        "weight": sum(order.weight_g for order in found),
        "goods": sum(line.quantity for line in OrderLine.objects.filter(order__shop=shop).exclude(kind="fee")),
    }


def hold_together(shop):
    """What is true of every order at any time."""
    for order in Order.objects.for_shop(shop):
        assert order.total == order.total_ex + order.total_vat
        rows = list(order.lines.all())
        assert order.discount == sum(line.discount_share for line in rows)
        assert all(line.quantity > 0 for line in rows)
        paid = Payment.objects.filter(order=order, state=PaymentState.PAID)
        assert order.paid_total == sum(payment.amount for payment in paid)
        assert order.paid_total >= 0
        assert (order.merged_into_id is None) or not rows
    kept = {(c.kind, c.code): c.number_of_orders for c in StatusCount.objects.for_shop(shop) if c.number_of_orders}
    assert kept == counted(shop)


def picture_of(order):
    return (
        Order.objects.filter(pk=order.pk).values(*FIELDS).get(),
        list(order.lines.values()),
        list(order.payments.values()),
    )


@given(st.data())
@few
def test_random_splits_and_merges_keep_every_cent_and_piece(new_shop, data):
    shop = new_shop()
    includes_vat = data.draw(st.booleans(), "prices with VAT")
    first = place(shop, data.draw(orders), includes_vat, data.draw(st.sampled_from(["", "3.00", "9999.00"])))
    place(shop, data.draw(orders), includes_vat, "")
    before = whole_of(shop)

    for _step in range(data.draw(st.integers(1, 4))):
        pick_and_regroup(shop, data)
        hold_together(shop)

        assert whole_of(shop) == before
    assert first.pk


def pick_and_regroup(shop, data):
    """One split, merge or merge back of whatever is there; a refusal changes nothing, which the sums show."""
    known = list(Order.objects.for_shop(shop).order_by("pk"))
    order = data.draw(st.sampled_from(known), "order")
    try:
        match data.draw(st.sampled_from(["split", "merge", "back"])):
            case "split":
                split_order(order, data.draw(parts_of(order)), by=SYSTEM)
            case "merge":
                merge_orders(order, [data.draw(st.sampled_from(known), "other")], by=SYSTEM)
            case "back":
                merge_back(order, by=SYSTEM)
    except (SplitRefused, MergeRefused):
        pass


def parts_of(order):
    pieces = [(line.position, movable(line)) for line in lines_to_split(order)]
    each = st.fixed_dictionaries(
        {position: st.decimals(0, most, places=3) for position, most in pieces if most},
    )
    return st.lists(each, min_size=1, max_size=3)


@given(st.data())
@few
def test_undo_of_a_split_gives_back_what_was(new_shop, data):
    shop = new_shop()
    paid = data.draw(st.sampled_from(["", "3.00", "9999.00"]))
    order = place(shop, data.draw(orders), data.draw(st.booleans()), paid)
    before = picture_of(order)
    try:
        split_order(order, data.draw(parts_of(order)), by=SYSTEM)
    except SplitRefused:
        assert picture_of(order) == before
        return

    undo(order.log.first().act, shop=shop, by=SYSTEM)

    assert picture_of(order) == before
    hold_together(shop)


@given(st.data())
@few
def test_undo_of_a_merge_gives_back_what_was(new_shop, data):
    shop = new_shop()
    includes_vat = data.draw(st.booleans())
    both = [place(shop, data.draw(orders), includes_vat, data.draw(st.sampled_from(["", "3.00"]))) for _ in range(2)]
    before = [picture_of(order) for order in both]

    act = merge_orders(both[0], [both[1]], by=SYSTEM)
    undo(act, shop=shop, by=SYSTEM)

    assert [picture_of(order) for order in both] == before
    hold_together(shop)


def test_an_unknown_act_is_nothing_to_undo(shop, actor):
    with pytest.raises(NothingToUndo):
        undo(uuid.uuid4(), shop=shop, by=actor)
