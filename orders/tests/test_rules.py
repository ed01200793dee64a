"""What happens by itself: back orders that come in, downloads that leave once they are paid."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import bulk
from orders.models import LogAction, Source
from orders.services import (
    ChangeRefused,
    NewPayment,
    Rule,
    set_fulfilment_status,
    set_line_status,
    set_payment_status,
    undo,
)
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db


def reread(order):
    order.refresh_from_db()
    return order


def statuses(order):
    """The order's status and those of its lines."""
    return reread(order).fulfilment_status, list(order.lines.values_list("status", flat=True))


def waiting_order(shop, **values):
    """Two candles on the shelf and two throws on their way."""
    return make_order(
        shop,
        lines=[
            new_line(sku="CANDLE"),
            new_line(sku="THROW", is_backordered=True),
            new_line(sku="RUG", is_backordered=True),
        ],
        **values,
    )


def line(order, sku):
    return order.lines.get(sku=sku)


# --- back orders


def test_the_last_back_ordered_line_makes_the_order_ready(shop, actor):
    order = waiting_order(shop)
    set_line_status(order, "ready", by=actor, line=line(order, "THROW"))
    assert reread(order).fulfilment_status == "backordered"

    set_line_status(order, "ready", by=actor, line=line(order, "RUG"))

    assert statuses(order) == ("ready", ["ready", "ready", "ready"])
    entry = order.log.first()
    assert (entry.action, entry.subject) == (LogAction.FULFILMENT_CHANGED, Rule.BACK_ORDERS)
    assert entry.actor == actor.name


def test_a_line_that_runs_out_makes_a_ready_order_wait(shop, actor):
    order = make_order(shop, lines=2)

    set_line_status(order, "backordered", by=actor, line=order.lines.get(position=1))

    assert statuses(order) == ("backordered", ["backordered", "ready"])
    assert order.log.first().subject == Rule.BACK_ORDERS


def test_an_order_that_somebody_works_on_stays_in_progress(shop, actor):
    order = waiting_order(shop)
    set_fulfilment_status(order, "in_progress", by=actor)

    set_line_status(order, "ready", by=actor)

    assert reread(order).fulfilment_status == "in_progress"


def test_an_order_with_nothing_left_to_send_is_not_ready(shop, actor):
    order = waiting_order(shop)

    set_line_status(order, "cancelled", by=actor)

    assert reread(order).fulfilment_status == "backordered"


def test_without_the_rule_nothing_moves(shop, actor):
    shop.ready_rule = False
    shop.save()
    order = waiting_order(shop, fulfilment_status="backordered")

    set_line_status(order, "ready", by=actor)

    assert reread(order).fulfilment_status == "backordered"


def test_undo_takes_back_the_line_and_what_followed(shop, actor):
    order = waiting_order(shop)
    set_line_status(order, "ready", by=actor)
    assert reread(order).fulfilment_status == "ready"

    undo(order.log.first().act, shop=shop, by=actor)

    assert statuses(order) == ("backordered", ["ready", "backordered", "backordered"])


@pytest.mark.parametrize("code", ["ready", "backordered"])
def test_the_rule_asks_no_more_for_many_orders_than_for_one(shop, actor, code):
    orders = [waiting_order(shop) for _ in range(4)]
    if code == "backordered":
        for order in orders:
            set_line_status(order, "ready", by=actor)
    action = bulk.action_of(f"line:{code}", shop)

    def queries(some):
        with CaptureQueriesContext(connection) as captured:
            bulk.run(action, [order.pk for order in some], shop=shop, by=actor)
        return len(captured)

    assert queries(orders[:1]) == queries(orders[1:])
    assert [reread(order).fulfilment_status for order in orders] == [code] * 4


# --- what leaves by itself


def download(**values):
    return new_line(sku="EBOOK", kind="digital", **values)


def gift_card(**values):
    return new_line(sku="GIFT", kind="gift_card", **values)


def paid(amount):
    return [NewPayment(Decimal(amount), "iDEAL", "paid", PLACED_AT, paid_at=PLACED_AT)]


def test_downloads_and_gift_cards_leave_when_the_order_is_paid(shop, actor):
    order = make_order(shop, lines=[download(quantity=Decimal(2)), gift_card()])
    assert statuses(order) == ("new", ["open", "open"])

    set_payment_status(order, "paid", by=actor)

    assert statuses(order) == ("completed", ["shipped", "shipped"])
    assert list(order.lines.values_list("quantity_shipped", flat=True)) == [2, 1]
    payment, completed, event, *_lines = order.log.all()
    assert payment.action == LogAction.PAYMENT_MARKED
    assert (completed.action, completed.subject) == (LogAction.FULFILMENT_CHANGED, Rule.DIGITAL)
    assert (event.action, event.subject) == (LogAction.DIGITAL_SENT, "EBOOK, GIFT")
    assert order.number_of_lines_done == 2


def test_goods_of_the_same_order_wait_for_somebody(shop, actor):
    order = make_order(shop, lines=[download(), new_line()])

    set_payment_status(order, "paid", by=actor)

    assert statuses(order) == ("ready", ["shipped", "ready"])


def test_goods_that_are_ready_and_unsent_do_not_complete_an_order(shop, actor):
    order = make_order(shop, lines=[download(), new_line()])
    set_line_status(order, "ready", by=actor, line=order.lines.get(position=2))

    set_payment_status(order, "paid", by=actor)

    assert reread(order).fulfilment_status == "ready"


def test_an_order_that_comes_in_paid_sends_at_once(shop):
    order = make_order(shop, lines=[gift_card()], payments=paid("12.10"))

    assert statuses(order) == ("completed", ["shipped"])
    assert list(order.log.values_list("action", flat=True)) == [
        LogAction.FULFILMENT_CHANGED, LogAction.DIGITAL_SENT, LogAction.LINE_CHANGED, LogAction.ORDER_PLACED,
    ]  # fmt: skip


@pytest.mark.parametrize("past", [{"source": Source.IMPORT}, {"fulfilment_status": "in_progress"}])
def test_an_order_that_comes_with_its_past_sends_nothing_again(shop, past):
    order = make_order(shop, lines=[gift_card()], payments=paid("12.10"), **past)

    assert list(order.lines.values_list("status", flat=True)) == ["open"]
    assert list(order.log.values_list("action", flat=True)) == [LogAction.ORDER_PLACED]


def test_a_hold_keeps_a_gift_card_until_it_is_released(shop, actor):
    order = make_order(shop, lines=[gift_card()])
    bulk.run(bulk.action_of("hold:", shop, "Looks like fraud"), [order.pk], shop=shop, by=actor)
    set_payment_status(order, "paid", by=actor)
    assert statuses(order) == ("on_hold", ["open"])

    bulk.run(bulk.action_of("release:", shop), [order.pk], shop=shop, by=actor)

    assert statuses(order) == ("completed", ["shipped"])


@pytest.mark.parametrize("stopped", ["on_hold", "cancelled", "expired"])
def test_whatever_stopped_an_order_keeps_a_gift_card_until_it_goes_on(shop, actor, stopped):
    order = make_order(shop, lines=[gift_card()])
    set_fulfilment_status(order, stopped, by=actor)
    set_payment_status(order, "paid", by=actor)
    assert statuses(order) == (stopped, ["open"])

    set_fulfilment_status(order, "in_progress", by=actor)

    assert statuses(order) == ("completed", ["shipped"])


def test_a_checkout_that_was_given_up_and_paid_sends_once_it_is_an_order(shop, actor):
    order = make_order(shop, lines=[gift_card()], fulfilment_status="aborted")
    set_payment_status(order, "paid", by=actor)

    set_fulfilment_status(order, "new", by=actor)

    assert statuses(order) == ("completed", ["shipped"])


def test_a_hold_from_the_menu_of_statuses_lets_go_too(shop, actor):
    order = make_order(shop, lines=[gift_card()])
    set_fulfilment_status(order, "on_hold", by=actor)
    set_payment_status(order, "paid", by=actor)

    bulk.run(bulk.action_of("release:", shop), [order.pk], shop=shop, by=actor)

    assert statuses(order) == ("completed", ["shipped"])


def test_a_partly_paid_or_cancelled_order_sends_nothing(shop, actor):
    partly, cancelled = make_order(shop, lines=[gift_card()]), make_order(shop, lines=[gift_card()])
    set_fulfilment_status(cancelled, "cancelled", by=actor)

    set_payment_status(partly, "partly_paid", by=actor)
    set_payment_status(cancelled, "paid", by=actor)

    assert statuses(partly) == ("new", ["open"])
    assert statuses(cancelled) == ("cancelled", ["open"])


def test_paid_again_sends_nothing_twice(shop, actor):
    order = make_order(shop, lines=[gift_card()])
    set_payment_status(order, "paid", by=actor)
    set_payment_status(order, "open", by=actor)

    set_payment_status(order, "paid", by=actor)

    assert order.log.filter(action=LogAction.DIGITAL_SENT).count() == 1


def test_what_was_sent_cannot_be_undone(shop, actor):
    order = make_order(shop, lines=[gift_card()])
    entry = set_payment_status(order, "paid", by=actor)

    with pytest.raises(ChangeRefused):
        undo(entry.act, shop=shop, by=actor)

    assert statuses(order) == ("completed", ["shipped"])
