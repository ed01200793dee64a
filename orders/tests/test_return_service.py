"""Goods that come back: announced, received, settled with money or without, or refused."""

import uuid
from decimal import Decimal

import pytest

from orders.models import LogAction, Return
from orders.services import (
    InputRefused,
    LineWish,
    NewPayment,
    RefundPlan,
    announce_return,
    delete_orders,
    receive_return,
    refund_order,
    refuse_return,
    returnable,
    set_line_status,
    settle_return,
)
from orders.services.errors import OrderIsDeleted
from orders.services.returns import ReturnMoved
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
TWO, THREE = Decimal(2), Decimal(3)


@pytest.fixture
def order(shop, actor):
    """Three candles and a fee, shipped and paid."""
    lines = [new_line(quantity=THREE), new_line(sku="WRAP", kind="fee", unit_price=Decimal("1.00"))]
    order = make_order(shop, lines=lines, payments=[NewPayment(Decimal("37.30"), "iDEAL", "paid", PLACED_AT)])
    set_line_status(order, "shipped", by=actor, line=order.lines.first())
    return order


def announce(order, actor, quantity=TWO, **values):
    return announce_return(order, {1: quantity}, by=actor, **{"reason": "damaged"} | values)


def state_of(announced):
    announced.refresh_from_db()
    return announced.state


def candles(order):
    line = order.lines.first()
    return line.quantity_returned, line.quantity_credited, line.status


def test_a_return_is_announced_received_and_settled_with_a_refund(order, actor):
    announced = announce(order, actor, THREE, remark="Box crushed")
    assert state_of(announced) == "announced"
    assert candles(order) == (0, 0, "shipped")

    receive_return(announced, by=actor)
    assert state_of(announced) == "received"
    assert candles(order) == (3, 0, "returned")

    wish = RefundPlan(key=uuid.uuid4(), lines={1: LineWish(THREE)}, of_return=announced.pk)
    (refund,) = refund_order(order, wish, by=actor).parts
    assert state_of(announced) == "settled"
    assert (announced.refund, announced.closed_at is not None) == (refund, True)
    assert candles(order) == (3, 3, "credited")
    assert [entry.action for entry in reversed(order.log.all()[:7])] == [
        LogAction.LINE_CHANGED, LogAction.RETURN_ANNOUNCED, LogAction.LINE_RETURNED, LogAction.RETURN_RECEIVED,
        LogAction.RETURN_SETTLED, LogAction.LINE_CREDITED, LogAction.REFUND_MADE,
    ]  # fmt: skip


def test_less_may_come_than_was_announced(order, actor):
    announced = announce(order, actor, THREE)

    receive_return(announced, by=actor, quantities={1: TWO})

    assert candles(order) == (2, 0, "shipped")
    assert returnable(order) == {1: 1}
    assert [(row.quantity, row.quantity_received) for row in announced.lines.all()] == [(3, 2)]


def test_what_is_on_its_way_back_cannot_be_announced_again(order, actor):
    announce(order, actor)

    with pytest.raises(InputRefused) as refusal:
        announce(order, actor)

    assert list(refusal.value.errors) == ["quantity.1"]
    assert Return.objects.count() == 1


def test_a_refused_announcement_leaves_the_goods_with_the_customer(order, actor):
    announced = announce(order, actor)

    refuse_return(announced, by=actor)

    assert state_of(announced) == "refused"
    assert candles(order) == (0, 0, "shipped")
    assert returnable(order) == {1: 3}


def test_goods_that_are_refused_after_a_look_go_to_the_customer_again(order, actor):
    announced = announce(order, actor, THREE)
    receive_return(announced, by=actor)

    refuse_return(announced, by=actor)

    assert candles(order) == (0, 0, "shipped")
    assert order.log.first().action == LogAction.RETURN_REFUSED


def test_an_exchange_is_settled_without_money(order, actor):
    announced = announce(order, actor)
    receive_return(announced, by=actor)

    settle_return(announced, by=actor)

    assert (state_of(announced), announced.refund) == ("settled", None)
    order.refresh_from_db()
    assert order.refunded_total == 0


def test_a_return_goes_only_forward(order, actor):
    announced = announce(order, actor)
    with pytest.raises(ReturnMoved):
        settle_return(announced, by=actor)
    receive_return(announced, by=actor)
    with pytest.raises(ReturnMoved):
        receive_return(announced, by=actor)
    settle_return(announced, by=actor)
    for move in (receive_return, refuse_return, settle_return):
        with pytest.raises(ReturnMoved):
            move(announced, by=actor)
    with pytest.raises(ReturnMoved):
        refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal(1), of_return=announced.pk), by=actor)

    assert candles(order) == (2, 0, "shipped")


def test_an_announcement_that_is_sent_twice_is_one(order, actor):
    key = uuid.uuid4()

    assert announce(order, actor, Decimal(1), key=key) == announce(order, actor, Decimal(1), key=key)

    assert returnable(order) == {1: 2}


@pytest.mark.parametrize(
    ("quantities", "values", "fields"),
    [
        ({}, {}, [""]),
        ({1: "0"}, {}, [""]),
        ({1: "-1"}, {}, ["quantity.1"]),
        ({1: "NaN"}, {}, ["quantity.1"]),
        ({1: "1e309"}, {}, ["quantity.1"]),
        ({1: "4"}, {}, ["quantity.1"]),
        ({2: "1"}, {}, ["quantity.2"]),  # a fee is no goods
        ({9: "1"}, {}, ["quantity.9"]),
        ({1: "1"}, {"reason": "bored", "remark": "\x0b"}, ["reason", "remark"]),
        ({1: "1"}, {"remark": "x" * 251}, ["remark"]),
    ],
)
def test_what_cannot_come_back_is_refused_and_changes_nothing(order, actor, quantities, values, fields):
    version = order.version

    with pytest.raises(InputRefused) as refusal:
        announce_return(
            order, {key: Decimal(number) for key, number in quantities.items()}, by=actor,
            **{"reason": "damaged"} | values,
        )  # fmt: skip

    assert list(refusal.value.errors) == fields
    order.refresh_from_db()
    assert order.version == version + 1  # the status that the fixture set
    assert not order.returns.exists()


def test_nothing_comes_back_to_a_deleted_order(order, actor):
    announced = announce(order, actor)
    delete_orders([order.pk], shop=order.shop, by=actor)

    for act in (lambda: announce(order, actor), lambda: receive_return(announced, by=actor)):
        with pytest.raises(OrderIsDeleted):
            act()
