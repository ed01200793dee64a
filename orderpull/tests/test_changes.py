"""Whatever an order's XML holds, a change of it is pulled from its second on, and no more from the next.

Any sequence of services is tried; what they changed is seen in the document itself, so no list of fields is kept.
"""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from lxml import etree

from orderpull.tests.client import Erp, body_of, open_pull
from orders.models import Order, OrderNote, Tag
from orders.services import (
    ChangeRefused,
    Dispatch,
    Edit,
    LineWish,
    NewNote,
    NewPayment,
    NewRefund,
    NewShipment,
    RefundPlan,
    add_note,
    add_shipment,
    add_tag,
    add_tracking,
    announce_return,
    change_note,
    change_shipment,
    delete_orders,
    edit_order,
    mark_paid_out,
    merge_back,
    merge_orders,
    receive_return,
    record_payment,
    refund_order,
    remove_note,
    remove_shipment,
    restore_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
    split_order,
    undo,
)
from orders.tests.factories import make_order, new_line
from orders.tests.test_edit_service import of_line, of_order, without

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
THANKS = NewNote("Thank you", "Marit", NOON, OrderNote.Audience.CUSTOMER)


MARKS = re.compile(r' version="\d+"|<changed_at>\d+</changed_at>| changed_at="\d+"')
OF_UNPAID = {"payment status awaiting", "payment status failed"}
FOR_STAFF = {"internal note", "internal status", "tag"}


@dataclass(frozen=True)
class Change:
    """A service that changes something the XML shows."""

    name: str
    do: object

    def __repr__(self):
        return self.name


CHANGES = [
    *(
        Change(f"order status {code}", lambda order, by, code=code: set_fulfilment_status(order, code, by=by))
        for code in ("in_progress", "on_hold", "shipped", "cancelled", "completed")
    ),
    *(
        Change(f"payment status {code}", lambda order, by, code=code: set_payment_status(order, code, by=by))
        for code in ("awaiting", "paid", "failed", "refunded")
    ),
    *(
        Change(f"line status {code}", lambda order, by, code=code: set_line_status(order, code, by=by))
        for code in ("backordered", "complaint", "cancelled")
    ),
    Change("one line", lambda order, by: set_line_status(order, "returned", by=by, line=order.lines.first())),
    Change("note", lambda order, by: add_note(order, "Soon", by=by, audience=OrderNote.Audience.CUSTOMER)),
    Change("internal note", lambda order, by: add_note(order, "Hm", by=by)),
    Change("note removed", lambda order, by: [remove_note(note, by=by) for note in order.notes.all()[:1]]),
    Change("tracking code", lambda order, by: add_tracking(order, "3SNEW", carrier="PostNL", by=by)),
    Change("note changed", lambda order, by: [change_note(note, "Sooner", by=by) for note in notes_of(order)[:1]]),
    Change("payment", lambda order, by: pay(order, by)),
    Change("refund", lambda order, by: refund_order(order, RefundPlan(uuid4(), free=Decimal("0.50")), by=by)),
    Change("refund of a line", lambda order, by: refund_line(order, by)),
    Change("paid out", lambda order, by: [pay_by_hand(each, by) for each in order.refunds.all()[:1]]),
    Change("return received", lambda order, by: bring_back(order, by)),
    Change("shipment", lambda order, by: add_shipment(order, Dispatch({1: Decimal(1)}, carrier="DHL"), by=by)),
    Change("shipment changed", lambda order, by: [rename(each, by) for each in order.shipments.all()[:1]]),
    Change("shipment removed", lambda order, by: [remove_shipment(each, by=by) for each in order.shipments.all()[:1]]),
    Change("address", lambda order, by: edit_order(order, of_order(order, shipping_city="Ede"), by=by)),
    Change("shipping cost", lambda order, by: edit_order(order, of_order(order, shipping_cost=Decimal(9)), by=by)),
    Change("price", lambda order, by: [reprice(line, by) for line in order.lines.all()[:1]]),
    Change("line added", lambda order, by: edit_order(order, Edit(added=[new_line(sku="LAMP")]), by=by)),
    Change("line removed", lambda order, by: [take_out(line, by) for line in order.lines.filter(sku="BOOK")]),
    Change("split", lambda order, by: split_order(order, [{1: Decimal(1)}], by=by)),
    Change("merge", lambda order, by: merge_orders(order, [make_order(order.shop)], by=by)),
    Change("merged into another", lambda order, by: merge_orders(make_order(order.shop), [order], by=by)),
    Change("brought back", lambda order, by: merge_back(order, by=by)),
    Change("undone", lambda order, by: undo(order.log.first().act, shop=order.shop, by=by)),
    Change("tag", lambda order, by: add_tag([order.pk], make_tag(order.shop), shop=order.shop, by=by)),
    Change("internal status", lambda order, by: set_internal_status(order, "", by=by)),
    Change("deleted", lambda order, by: delete_orders([order.pk], shop=order.shop, by=by)),
    Change("restored", lambda order, by: restore_orders([order.pk], shop=order.shop, by=by)),
]


def reprice(line, by):
    return edit_order(line.order, of_line(line, unit_price=Decimal("1.23")), by=by)


def take_out(line, by):
    return edit_order(line.order, without(line), by=by)


def notes_of(order):
    return order.notes.filter(audience=OrderNote.Audience.CUSTOMER)


def pay(order, by):
    return record_payment(order, Decimal("0.25"), method="bank", paid_at=order.placed_at, by=by, may_exceed=True)


def refund_line(order, by):
    return refund_order(order, RefundPlan(uuid4(), lines={1: LineWish(Decimal(1), Decimal(2))}), by=by)


def pay_by_hand(refund, by):
    return mark_paid_out(refund, by=by, paid_out_at=refund.order.placed_at)


def bring_back(order, by):
    receive_return(announce_return(order, {1: Decimal(1)}, reason="damaged", by=by), by=by)


def rename(shipment, by):
    return change_shipment(shipment, by=by, carrier="GLS", tracking_code="GLS-1")


def make_tag(shop):
    return Tag.objects.get_or_create(shop=shop, name="Gift")[0]


def make_full(shop):
    return make_order(
        shop,
        lines=[new_line(quantity=Decimal(3)), new_line(sku="BOOK")],
        payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", NOON)],
        refunds=[NewRefund(Decimal("1.00"), "Scratch", "to_pay_out", NOON)],
        shipments=[NewShipment("PostNL", "", NOON, quantities={1: Decimal(1)})],
        notes=[THANKS],
    )


def shown():
    """What a pull of everything says of each order, without the marks of the change itself."""
    root = etree.fromstring(body_of(Erp().list()))
    return {order.get("id"): MARKS.sub("", etree.tostring(order).decode()) for order in root}


def assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at):
    before, versions = shown(), versions_in(shop)
    time_machine.move_to(at, tick=False)
    moment = f"{at.astimezone(shop.zone):%Y%m%d%H%M%S}"
    fresh = Order.objects.get(pk=order.pk)
    fresh.shop = shop
    try:
        change.do(fresh, actor)
    except ChangeRefused:
        # A refused change is none: it must have left nothing behind.
        assert {order_id: text for order_id, text in shown().items() if order_id in before} == before
        return False
    told = {order_id for order_id, text in shown().items() if before.get(order_id) != text}
    assert told <= set(Erp().ids(moment))
    assert all(
        version > versions.get(order_id, -1) for order_id, version in versions_in(shop).items() if order_id in told
    )
    later = datetime.fromtimestamp(at.replace(microsecond=0).timestamp() + 1, tz=shop.zone)
    assert Erp().ids(f"{later:%Y%m%d%H%M%S}") == []
    return bool(told)


def versions_in(shop):
    return {order.external_id(shop): order.version for order in Order.objects.for_shop(shop)}


@pytest.mark.parametrize("seed", range(12))
def test_whatever_shows_is_pulled_from_its_second_on_and_not_from_the_next(shop, actor, time_machine, seed):
    chance = random.Random(seed)
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    open_pull(shop)
    order = make_full(shop)
    seen = []

    for number, change in enumerate(chance.choices(CHANGES, k=8), start=1):
        at = datetime(2026, 3, 22, 9, 5 * number, 7, chance.randrange(1_000_000), tzinfo=UTC)
        seen.append(assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at))

    assert any(seen)


@pytest.mark.parametrize("change", CHANGES, ids=repr)
def test_each_of_these_changes_shows_or_is_for_staff_alone(shop, actor, time_machine, change):
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    open_pull(shop)
    order = make_order(shop) if change.name in OF_UNPAID else make_full(shop)
    if change.name == "restored":
        delete_orders([order.pk], shop=shop, by=actor)
    if change.name == "payment status refunded":
        set_payment_status(order, "paid", by=actor)
    if change.name == "undone":
        set_fulfilment_status(order, "in_progress", by=actor)
    if change.name == "brought back":
        split_order(order, [{1: Decimal(1)}], by=actor)
    at = datetime(2026, 3, 22, 9, 5, 7, 500_000, tzinfo=UTC)

    told = assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at)

    assert told == (change.name not in FOR_STAFF)
