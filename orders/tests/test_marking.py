"""To say that an order is paid is to say that its money came in: what is open becomes a payment."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders import bulk
from orders.models import LogAction
from orders.services import (
    NewPayment,
    NewRefund,
    NothingToUndo,
    record_payment,
    refundable,
    set_payment_status,
    undo,
)
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.time_machine import picture_at
from orders.timeline import rights_to_undo
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


def unpaid(shop, **values):
    """An order of 121.00 that the customer will transfer."""
    line = new_line(unit_price=Decimal("121.00"), vat_rate=Decimal("21"))
    return make_order(shop, lines=[line], payment_method="Bank transfer", **values)


def cash(amount):
    return NewPayment(amount=amount, method="Cash", state="paid", created_at=PLACED_AT)


def payments(order):
    return list(order.payments.values_list("amount", "method", "state"))


def reread(order):
    order.refresh_from_db()
    return order


def test_marking_an_order_paid_records_what_was_open(shop, actor):
    order = unpaid(shop)

    set_payment_status(order, "paid", by=actor)

    assert payments(order) == [(Decimal("121.00"), "Bank transfer", "paid")]
    assert (reread(order).paid_total, order.open_amount) == (Decimal("121.00"), 0)
    assert refundable(order).left == Decimal("121.00")
    noted = order.log.get(action=LogAction.PAYMENT_MARKED)
    assert noted.subject == "121.00 EUR, Bank transfer"
    assert noted.changes == {"paid_total": {"old": "0.00", "new": "121.00"}}
    assert noted.subject_id == order.payments.get().pk


def test_of_a_partly_paid_order_only_the_rest_is_recorded(shop, actor):
    order = unpaid(shop, payments=[cash(Decimal("100"))])

    set_payment_status(order, "paid", by=actor)

    assert payments(order) == [(Decimal("100.00"), "Cash", "paid"), (Decimal("21.00"), "Bank transfer", "paid")]
    assert reread(order).paid_total == Decimal("121.00")


def test_an_own_status_that_stands_for_paid_does_the_same(shop, actor):
    own = make_own_status(shop, "payment", "by_bank", stands_for="paid")
    order = unpaid(shop)

    set_payment_status(order, own.code, by=actor)

    assert reread(order).paid_total == Decimal("121.00")


def test_money_that_was_there_already_is_not_recorded_again(shop, actor):
    order = unpaid(shop, payments=[cash(Decimal("121"))])
    set_payment_status(order, "awaiting", by=actor)

    set_payment_status(order, "paid", by=actor)

    assert payments(order) == [(Decimal("121.00"), "Cash", "paid")]
    assert not order.log.filter(action=LogAction.PAYMENT_MARKED).exists()


def test_a_payment_that_is_recorded_is_not_marked_as_well(shop, actor):
    order = unpaid(shop)

    record_payment(order, Decimal("121.00"), method="Cash", paid_at=timezone.now(), by=actor)

    assert payments(order) == [(Decimal("121.00"), "Cash", "paid")]


def test_putting_a_refunded_order_right_records_no_payment(shop, actor):
    order = unpaid(
        shop,
        payments=[cash(Decimal("50"))],
        refunds=[NewRefund(amount=Decimal("50"), reason="", state="paid_out", created_at=PLACED_AT)],
        payment_status="refunded",
    )

    set_payment_status(order, "paid", by=actor)

    assert payments(order) == [(Decimal("50.00"), "Cash", "paid")]


def test_an_order_that_costs_nothing_is_paid_without_a_payment(shop, actor):
    order = make_order(shop, lines=[new_line(unit_price=Decimal("0"))], payment_status="awaiting")

    set_payment_status(order, "paid", by=actor)

    assert payments(order) == []


def test_undo_cancels_the_payment_and_a_second_undo_lets_it_count_again(shop, actor):
    order = unpaid(shop, payment_status="awaiting")
    marked = set_payment_status(order, "paid", by=actor)

    back = undo(marked.act, shop=shop, by=actor)

    assert payments(order) == [(Decimal("121.00"), "Bank transfer", "cancelled")]
    assert (reread(order).payment_status, order.paid_total) == ("awaiting", 0)
    assert refundable(order).left == 0

    undo(back.act, shop=shop, by=actor)

    assert payments(order) == [(Decimal("121.00"), "Bank transfer", "paid")]
    assert (reread(order).payment_status, order.paid_total) == ("paid", Decimal("121.00"))


def test_taking_back_that_an_order_was_set_unpaid_makes_no_payment(shop, actor):
    order = unpaid(shop, payment_status="paid")
    unset = set_payment_status(order, "awaiting", by=actor)

    undo(unset.act, shop=shop, by=actor)

    assert (reread(order).payment_status, payments(order)) == ("paid", [])


def test_when_more_money_came_in_marking_is_not_taken_back(shop, actor):
    order = unpaid(shop)
    marked = set_payment_status(order, "paid", by=actor)
    record_payment(order, Decimal("5"), method="Cash", paid_at=timezone.now(), by=actor, may_exceed=True)

    result = undo(marked.act, shop=shop, by=actor)

    assert [str(refusal) for _order, refusal in result.refused] == [str(NothingToUndo())]
    assert reread(order).paid_total == Decimal("126.00")
    assert {state for _amount, _method, state in payments(order)} == {"paid"}


def test_the_time_machine_knows_when_the_payment_counted(shop, actor):
    order = unpaid(shop, payment_status="awaiting", placed_at=datetime(2026, 1, 5, tzinfo=UTC))
    marked = set_payment_status(order, "paid", by=actor)
    undo(marked.act, shop=shop, by=actor)

    past = []
    for entry in order.log.order_by("pk"):
        picture = picture_at(entry)
        assert picture.gaps == []
        past.append((entry.action, picture.order.paid_total, [each.state for each in picture.payments]))

    assert past == [
        ("order.placed", 0, []),
        ("payment.changed", 0, ["cancelled"]),
        ("payment.marked", Decimal("121.00"), ["paid"]),
        ("payment.marked", 0, ["cancelled"]),
        ("payment.changed", 0, ["cancelled"]),
    ]


def test_marking_many_costs_as_many_queries_as_marking_a_few(shop, actor):
    few, many = [unpaid(shop).pk for _ in range(2)], [unpaid(shop).pk for _ in range(12)]
    action = bulk.action_of("payment:paid", shop)

    with CaptureQueriesContext(connection) as for_few:
        bulk.run(action, few, shop=shop, by=actor)
    with CaptureQueriesContext(connection) as for_many:
        result = bulk.run(action, many, shop=shop, by=actor)

    assert len(result.changed) == 12
    assert len(for_few) == len(for_many) < 16


def test_whoever_takes_marking_back_may_change_payments(shop):
    needed = rights_to_undo({LogAction.PAYMENT_MARKED})

    assert all(make_staff(shop, Role.FINANCE).may(right) for right in needed)
    assert not all(make_staff(shop, Role.WAREHOUSE).may(right) for right in needed)
