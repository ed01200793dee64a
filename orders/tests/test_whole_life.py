"""Orders that live through everything: whatever is done, money and goods hold together and the log tells all of it."""

from decimal import Decimal
from random import Random
from uuid import uuid4

import pytest
from django.utils import timezone

from orders import money
from orders.log_chain import Verified, faults_in
from orders.models import Order, OrderLogEntry, PaymentState, Refund
from orders.services import (
    ChangeRefused,
    Dispatch,
    Edit,
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
REFUND_FIELDS = ("pk", "payment_id", "amount", "reason", "state", "created_at")


def stored(order):
    fresh = Order.objects.get(pk=order.pk)
    return parts(fresh, fresh.lines, fresh.notes, fresh.shipments, fresh.payments, fresh.refunds)


def parts(order, lines, notes, shipments, payments, refunds):
    rows = [each if isinstance(each, list) else list(each.all()) for each in (lines, notes, shipments)]
    payments, refunds = (each if isinstance(each, list) else list(each.all()) for each in (payments, refunds))
    return all_of(order, *rows) | {
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


# --- what may be done


def refund_some(order, chance):
    """Pieces of a line, shipping and a bit more, as far as they go."""
    of = refundable(order)
    lines = {}
    if of.lines:
        line = chance.choice(of.lines)
        lines[line.line.position] = LineWish(min(line.quantity, Decimal(chance.randint(0, 2))))
    plan = RefundPlan(
        key=uuid4(),
        lines={position: wish for position, wish in lines.items() if wish.quantity},
        shipping=chance.choice([money.ZERO, of.shipping]),
        free=Decimal(chance.randint(0, 300)) / 100,
    )
    return lambda by: refund_order(order, plan, by=by)


def edit_some(order, chance):
    line = chance.choice(list(order.lines.all()))
    was = line_values(line, order)
    wish = Edit(
        lines={line.pk: {"quantity": Wish(was["quantity"], Decimal(chance.randint(1, 6)))}},
        order={"discount": Wish(order.discount, Decimal(chance.randint(0, 200)) / 100)},
    )
    return lambda by: edit_order(order, wish, by=by)


def split_some(order, chance):
    pieces = {line.position: movable(line) for line in lines_to_split(order)}
    taken = {position: Decimal(chance.randint(0, int(most))) for position, most in pieces.items() if most >= 1}
    return lambda by: split_order(order, [taken], by=by)


def merge_some(order, chance):
    other = chance.choice(list(Order.objects.for_shop(order.shop)))
    return lambda by: merge_orders(order, [other], by=by)


def pay_some(order, chance):
    amount = Decimal(chance.randint(1, 4000)) / 100
    return lambda by: record_payment(order, amount, method="Cash", paid_at=timezone.now(), by=by, may_exceed=True)


def ship_some(order, chance):
    line = chance.choice(list(order.lines.all()))
    return lambda by: add_shipment(order, Dispatch({line.position: Decimal(1)}), by=by)


def undo_some(order, chance):
    act = chance.choice(list(order.log.all()[:3])).act
    return lambda by: undo(act, shop=order.shop, by=by)


def last_note_goes(order, chance):
    note = order.notes.first()
    return lambda by: remove_note(note, by=by) if note else None


def last_shipment_goes(order, chance):
    shipment = order.shipments.last()
    return lambda by: remove_shipment(shipment, by=by) if shipment else None


ACTIONS = [
    refund_some,
    edit_some,
    edit_some,
    split_some,
    split_some,
    merge_some,
    merge_some,
    pay_some,
    ship_some,
    undo_some,
    undo_some,
    undo_some,
    last_note_goes,
    last_shipment_goes,
    lambda order, chance: lambda by: merge_back(order, by=by),
    lambda order, chance: lambda by: set_payment_status(order, chance.choice(["paid", "awaiting"]), by=by),
    lambda order, chance: lambda by: add_note(order, chance.choice(["Called.", "Wrote."]), by=by),
]


# --- what is always true


def hold_together(shop):
    for order in Order.objects.for_shop(shop):
        lines = list(order.lines.all())
        assert order.total == order.total_ex + order.total_vat
        assert order.lines_total == sum((line.total for line in lines), money.ZERO)
        assert order.discount == sum((line.discount_share for line in lines), money.ZERO)
        assert order.total_vat == sum((Decimal(row["vat"]) for row in order.vat_totals), money.ZERO)
        paid = sum((each.amount for each in order.payments.filter(state=PaymentState.PAID)), money.ZERO)
        back = sum((each.amount for each in order.refunds.all()), money.ZERO)
        assert (order.paid_total, order.refunded_total) == (paid, back)
        assert order.paid_total - order.refunded_total >= 0
        for line in lines:
            given = sum(line.refund_lines.values_list("amount", flat=True), money.ZERO)
            assert line.quantity_credited <= line.quantity
            assert given <= line.total or not line.quantity_credited
    for payment_refunds in Refund.objects.filter(order__shop=shop, payment__isnull=False):
        given = sum(payment_refunds.payment.refunds.values_list("amount", flat=True), money.ZERO)
        assert given <= payment_refunds.payment.amount


@pytest.mark.parametrize("seed", range(3, 9))
def test_whatever_is_done_holds_together_and_is_told(shop, actor, seed):
    chance = Random(seed)
    for number in range(3):
        make_order(
            shop,
            lines=[new_line(quantity=Decimal(4)), new_line(sku="LANTERN", is_backordered=number == 1)],
            shipping_cost=Decimal("4.95"),
            shipping_vat_rate=Decimal(21),
            customer_message="Ring twice." if number else "",
            placed_at=PLACED_AT,
        )
    states = {}
    done = set()

    for _step in range(30):
        order = chance.choice(list(Order.objects.for_shop(shop).filter(merged_into=None).order_by("pk")))
        action = chance.choice(ACTIONS)
        try:
            if order.lines.exists():
                action(order, chance)(actor)
        except ChangeRefused:
            continue
        done.add(action)
        hold_together(shop)
        for each in Order.objects.for_shop(shop):
            states[each.pk, each.log.first().pk] = stored(each)

    assert len(done) > 6
    entries = {entry.pk: entry for entry in OrderLogEntry.objects.all()}
    for (_order, pk), state in states.items():
        assert differing(pictured(entries[pk]), state) == [], entries[pk].action
    assert list(faults_in(OrderLogEntry.objects.all(), Verified())) == []
