"""Orders that live through everything: whatever is done, money and goods hold together and the log tells all of it.

Hypothesis writes the lives: it draws what is done to which order, and makes the shortest life of one that goes wrong.
"""

from decimal import Decimal
from itertools import count
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders import money
from orders.log_chain import Verified, faults_in
from orders.models import Order, OrderLogEntry, PaymentState
from orders.services import (
    ChangeRefused,
    Dispatch,
    Edit,
    InputRefused,
    LineWish,
    RefundPlan,
    Wish,
    add_note,
    add_shipment,
    edit_order,
    merge_back,
    merge_orders,
    record_payment,
    refund_order,
    refundable,
    remove_note,
    remove_shipment,
    set_line_status,
    set_payment_status,
    split_order,
    undo,
)
from orders.services.editing import line_values
from orders.services.splitting import lines_to_split, movable
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.tests.test_time_machine import all_of, values_of
from orders.time_machine import picture_at

pytestmark = pytest.mark.django_db
PAYMENT_FIELDS = ("pk", "amount", "method", "state", "paid_at", "created_at")
PARTS = ("lines__refund_lines", "notes", "shipments", "payments__refunds", "refunds", "log")
REFUND_FIELDS = ("pk", "payment_id", "amount", "reason", "state", "created_at")
shop_numbers = count(80_001)

# Which of what is there, by its place; places beyond the last come round, so that every life can be shortened.
places = st.integers(0, 4)
pieces = st.integers(0, 4).map(Decimal)
small_amounts = st.integers(0, 300).map(lambda cents: Decimal(cents) / 100)
amounts = st.integers(0, 4000).map(lambda cents: Decimal(cents) / 100)
seldom = st.integers(0, 3).map(lambda number: number == 3)
rates = st.sampled_from([Decimal(21), Decimal(9), Decimal(0)])
new_orders = st.fixed_dictionaries(
    {
        "lines": st.lists(
            st.builds(
                new_line,
                sku=st.sampled_from(["CANDLE", "LANTERN"]),
                quantity=st.sampled_from([Decimal(1), Decimal(3), Decimal(7)]),
                unit_price=amounts.map(lambda amount: amount + Decimal("0.10")),
                vat_rate=rates,
                is_backordered=st.booleans(),
            ),
            min_size=1,
            max_size=3,
        ),
        "discount": st.sampled_from([Decimal("0.07"), Decimal("0.00")]),
        "shipping_cost": st.sampled_from([Decimal("0.00"), Decimal("4.95")]),
        "shipping_vat_rate": rates,
        "customer_message": st.sampled_from(["", "Ring twice."]),
    }
)


class Life(RuleBasedStateMachine):
    """Orders of one shop and customer. `states` are {(order, its last log entry then): how it was stored}."""

    def __init__(self):
        super().__init__()
        # One of its own: what earlier lives left behind would change what there is to choose from.
        self.shop = make_shop(str(next(shop_numbers)))
        self.states = {}

    @initialize(new=st.lists(new_orders, min_size=1, max_size=3), prices_include_vat=st.booleans(), is_unpaid=seldom)
    def place(self, new, prices_include_vat, is_unpaid):
        for values in new:
            order = make_order(self.shop, **values, prices_include_vat=prices_include_vat, placed_at=PLACED_AT)
            if not is_unpaid:
                self.pay(order, order.total)

    # --- what may be done; a refusal changes nothing, which is compared as well

    def order_at(self, place):
        there = list(Order.objects.for_shop(self.shop).filter(merged_into=None, number_of_lines__gt=0).order_by("pk"))
        return there[place % len(there)]

    def attempt(self, act, *what, **how):
        """Whether it was done."""
        try:
            act(*what, by=SYSTEM, **how)
        except (ChangeRefused, InputRefused):
            return False
        return True

    def pay(self, order, amount):
        self.attempt(record_payment, order, amount, method="Cash", paid_at=timezone.now(), may_exceed=True)

    @rule(order=places, cents=st.integers(1, 4000))
    def pay_some(self, order, cents):
        self.pay(self.order_at(order), Decimal(cents) / 100)

    @rule(order=places, line=places, quantity=pieces, with_shipping=st.booleans(), free=amounts)
    def refund_some(self, order, line, quantity, with_shipping, free):
        of = refundable(self.order_at(order))
        lines = {}
        if of.lines and quantity:
            left = of.lines[line % len(of.lines)]
            lines[left.line.position] = LineWish(min(left.quantity, quantity))
        shipping = of.shipping if with_shipping else money.ZERO
        self.attempt(refund_order, of.order, RefundPlan(key=uuid4(), lines=lines, shipping=shipping, free=free))

    @rule(order=places, line=places)
    def refund_a_line_piece_by_piece(self, order, line):
        of = refundable(self.order_at(order))
        if of.lines:
            piece = {of.lines[line % len(of.lines)].line.position: LineWish(Decimal(1))}
            while self.attempt(refund_order, of.order, RefundPlan(key=uuid4(), lines=piece)):
                pass

    @rule(order=places)
    def refund_what_is_left(self, order):
        of = refundable(self.order_at(order))
        lines = {each.line.position: LineWish(each.quantity) for each in of.lines}
        self.attempt(refund_order, of.order, RefundPlan(key=uuid4(), lines=lines, shipping=of.shipping))

    @rule(order=places, line=places, quantity=st.integers(1, 6).map(Decimal), discount=small_amounts)
    def edit_some(self, order, line, quantity, discount):
        order = self.order_at(order)
        lines = list(order.lines.all())
        line = lines[line % len(lines)]
        wish = Edit(
            lines={line.pk: {"quantity": Wish(line_values(line, order)["quantity"], quantity)}},
            order={"discount": Wish(order.discount, discount)},
        )
        self.attempt(edit_order, order, wish)

    @rule(order=places, taken=st.lists(pieces, min_size=1, max_size=3))
    def split_some(self, order, taken):
        order = self.order_at(order)
        part = {
            line.position: min(movable(line), quantity)
            for line, quantity in zip(lines_to_split(order), taken, strict=False)
        }
        self.attempt(split_order, order, [part])

    @rule(order=places, other=places)
    def merge_some(self, order, other):
        self.attempt(merge_orders, self.order_at(order), [self.order_at(other)])

    @rule(order=places)
    def merge_back(self, order):
        self.attempt(merge_back, self.order_at(order))

    @rule(order=places, line=places)
    def ship_a_piece(self, order, line):
        order = self.order_at(order)
        lines = list(order.lines.all())
        self.attempt(add_shipment, order, Dispatch({lines[line % len(lines)].position: Decimal(1)}))

    @rule(order=places)
    def last_shipment_goes(self, order):
        if shipment := self.order_at(order).shipments.last():
            self.attempt(remove_shipment, shipment)

    @rule(order=places, status=st.sampled_from(["paid", "awaiting"]))
    def payment_is_set(self, order, status):
        self.attempt(set_payment_status, self.order_at(order), status)

    @rule(order=places, status=st.sampled_from(["cancelled", "backordered", "ready"]))
    def lines_are_set(self, order, status):
        self.attempt(set_line_status, self.order_at(order), status)

    @rule(order=places, text=st.sampled_from(["Called.", "Wrote."]))
    def note(self, order, text):
        self.attempt(add_note, self.order_at(order), text)

    @rule(order=places)
    def last_note_goes(self, order):
        if note := self.order_at(order).notes.first():
            self.attempt(remove_note, note)

    @rule(order=places, back=st.integers(0, 2))
    def undo_some(self, order, back):
        log = list(self.order_at(order).log.all()[:3])
        self.attempt(undo, log[back % len(log)].act, shop=self.shop)

    # --- what is always true

    @invariant()
    def everything_holds_together(self):
        for order in Order.objects.for_shop(self.shop).order_by("pk").prefetch_related(*PARTS):
            assert_it_adds_up(order)
            assert_money_is_what_came_and_went(order)
            for line in order.lines.all():
                assert_parts_make_the_whole(line)
            # Nothing has changed without an entry that tells of it.
            state = stored(order)
            assert differing(state, self.states.setdefault((order.pk, order.log.all()[0].pk), state)) == []

    def teardown(self):
        """Each state on the way is what the log tells of that moment, and the log's chain is whole."""
        log = OrderLogEntry.objects.filter(order__shop=self.shop)
        entries = {entry.pk: entry for entry in log}
        for (_order, pk), state in self.states.items():
            assert differing(pictured(entries[pk]), state) == [], entries[pk].action
        assert list(faults_in(log, Verified())) == []


@pytest.mark.timeout(600)  # to make the shortest life of one that goes wrong
def test_whatever_is_done_holds_together_and_is_told(db):
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=30,
            stateful_step_count=12,
            deadline=None,
            phases=set(Phase) - {Phase.explain},
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


# --- what adds up


def assert_it_adds_up(order):
    lines = list(order.lines.all())
    sold = [line.total if order.prices_include_vat else line.total_ex for line in lines]
    assert order.total == order.total_ex + order.total_vat
    assert order.lines_total == sum(sold, money.ZERO)
    assert order.discount == sum((line.discount_share for line in lines), money.ZERO)
    assert order.total_vat == sum((Decimal(row["vat"]) for row in order.vat_totals), money.ZERO)


def assert_money_is_what_came_and_went(order):
    paid = sum((each.amount for each in order.payments.all() if each.state == PaymentState.PAID), money.ZERO)
    back = sum((each.amount for each in order.refunds.all()), money.ZERO)
    assert (order.paid_total, order.refunded_total) == (paid, back)
    assert order.paid_total - order.refunded_total >= 0
    for payment in order.payments.all():
        assert sum((refund.amount for refund in payment.refunds.all()), money.ZERO) <= max(payment.amount, money.ZERO)


def assert_parts_make_the_whole(line):
    """However a line was given back, its parts come to no more than the line, and to the line once all is back."""
    parts = list(line.refund_lines.all())
    given = sum((part.amount for part in parts), money.ZERO)
    assert line.quantity_credited == sum((part.quantity for part in parts), Decimal(0))
    assert line.quantity_credited <= line.quantity
    assert given <= line.total or not parts
    if parts and line.quantity_credited == line.quantity:
        assert given == line.total


# --- pictures to compare


def stored(order):
    of = (order.lines, order.notes, order.shipments, order.payments, order.refunds)
    return parts(order, *(list(each.all()) for each in of))


def parts(order, lines, notes, shipments, payments, refunds):
    return all_of(order, lines, notes, shipments) | {
        "payments": [values_of(payment, PAYMENT_FIELDS) for payment in payments],
        "refunds": [values_of(refund, REFUND_FIELDS) for refund in refunds],
    }


def differing(told, was):
    """What the two pictures say differently, as (of what, told, was)."""
    found = []
    for name, now in was.items():
        rows = zip([told[name]], [now], strict=True) if name == "order" else zip(told[name], now, strict=False)
        for each, there in rows:
            found += [(f"{name}.{key}", each[key], there[key]) for key in there if each[key] != there[key]]
        if name != "order" and len(told[name]) != len(now):
            found.append((name, told[name], now))
    return found


def pictured(entry):
    past = picture_at(entry)
    assert past.gaps == []
    return parts(past.order, past.lines, past.notes, past.shipments, past.payments, past.refunds)
