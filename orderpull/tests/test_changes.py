"""Whatever an order's XML holds, a change of it is pulled from its second on, and no more from the next.

Any sequence of services is tried; what they changed is seen in the document itself, so no list of fields is kept.
"""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from orderpull.tests.client import Erp, body_of, open_pull
from orders.models import Order, OrderNote
from orders.services import (
    ChangeRefused,
    NewNote,
    NewPayment,
    NewRefund,
    NewShipment,
    add_note,
    add_tracking,
    delete_orders,
    remove_note,
    restore_orders,
    set_fulfilment_status,
    set_internal_status,
    set_line_status,
    set_payment_status,
)
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)
THANKS = NewNote("Thank you", "Marit", NOON, OrderNote.Audience.CUSTOMER)


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
    Change("internal status", lambda order, by: set_internal_status(order, "", by=by)),
    Change("deleted", lambda order, by: delete_orders([order.pk], shop=order.shop, by=by)),
    Change("restored", lambda order, by: restore_orders([order.pk], shop=order.shop, by=by)),
]


def make_full(shop):
    return make_order(
        shop,
        lines=[new_line(quantity=Decimal(3)), new_line(sku="BOOK")],
        payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", NOON)],
        refunds=[NewRefund(Decimal("1.00"), "Scratch", "to_pay_out", NOON)],
        shipments=[NewShipment("PostNL", "", NOON, quantities={1: Decimal(1)})],
        notes=[THANKS],
    )


def shown(order):
    """What a pull of this order says, without the marks of the change itself."""
    erp = Erp()
    root = etree.fromstring(body_of(erp.list()))
    text = etree.tostring(next(each for each in root if each.get("id") == order.external_id(order.shop))).decode()
    return re.sub(r' version="\d+"|<changed_at>\d+</changed_at>| changed_at="\d+"', "", text)


def assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at):
    before, version = shown(order), Order.objects.get(pk=order.pk).version
    time_machine.move_to(at, tick=False)
    moment = f"{at.astimezone(shop.zone):%Y%m%d%H%M%S}"
    fresh = Order.objects.get(pk=order.pk)
    fresh.shop = shop
    try:
        change.do(fresh, actor)
    except ChangeRefused:
        # A refused change is none: it must have left nothing behind.
        assert shown(order) == before
        return
    if shown(order) != before:
        assert Order.objects.get(pk=order.pk).version > version
        assert order.external_id(shop) in Erp().ids(moment)
        after = at.replace(microsecond=0).timestamp() + 1
        later = datetime.fromtimestamp(after, tz=shop.zone)
        assert Erp().ids(f"{later:%Y%m%d%H%M%S}") == []


@pytest.mark.parametrize("seed", range(8))
def test_whatever_shows_is_pulled_from_its_second_on_and_not_from_the_next(shop, actor, time_machine, seed):
    chance = random.Random(seed)
    time_machine.move_to(datetime(2026, 3, 22, 9, tzinfo=UTC), tick=False)
    open_pull(shop)
    order = make_full(shop)

    for number, change in enumerate(chance.choices(CHANGES, k=6), start=1):
        at = datetime(2026, 3, 22, 9, 5 * number, 7, chance.randrange(1_000_000), tzinfo=UTC)
        assert_pulled_if_it_shows(shop, order, change, actor, time_machine, at)


def test_each_of_these_changes_shows_or_is_for_staff_alone(shop, actor):
    open_pull(shop)
    silent = []

    for change in CHANGES:
        order = make_order(shop, shipments=[NewShipment("PostNL", "", NOON)], notes=[THANKS])
        if change.name == "restored":
            delete_orders([order.pk], shop=shop, by=actor)
        if change.name == "payment status refunded":
            set_payment_status(order, "paid", by=actor)
        before = shown(order)
        change.do(order, actor)
        if shown(order) == before:
            silent.append(change.name)
        shop.pull_calls.all().delete()

    assert silent == ["internal note", "internal status"]
