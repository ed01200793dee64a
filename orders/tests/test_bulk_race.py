"""Many orders changed at once by several, each in a thread with a connection of its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, transaction

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.models import LogAction, Order, OrderLogEntry
from orders.services import Dispatch, add_shipment, set_status_of_many
from orders.tests.factories import make_order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NUMBER_OF_ORDERS = 24


@pytest.fixture
def orders():
    shop = make_shop()
    return [make_order(shop, fulfilment_status="ready") for _ in range(NUMBER_OF_ORDERS)]


def at_once(*acts):
    """Run all acts at the same moment; the first error of any is raised."""
    start = Barrier(len(acts))

    def run(act):
        try:
            start.wait()
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result()


def move_all(orders):
    """As everything does here."""
    set_status_of_many([order.pk for order in orders], "fulfilment", "in_progress", shop=orders[0].shop, by=SYSTEM)


def move_all_without_the_lock(orders):
    """The twin that looks first and writes later."""
    keys = [order.pk for order in orders]
    moved = list(Order.objects.filter(pk__in=keys).exclude(fulfilment_status="in_progress"))
    time.sleep(0.3)
    with transaction.atomic():
        Order.objects.filter(pk__in=[order.pk for order in moved]).update(fulfilment_status="in_progress")
        for order in moved:
            OrderLogEntry.objects.create(
                order=order, action=LogAction.FULFILMENT_CHANGED, actor=SYSTEM.name, created_at=order.changed_at
            )


def moves_of(orders):
    """How often each order was moved, as the log tells."""
    return [order.log.filter(action=LogAction.FULFILMENT_CHANGED).count() for order in orders]


def test_f28_each_order_of_two_selections_is_moved_once(orders):
    at_once(lambda: move_all(orders[:16]), lambda: move_all(orders[8:]), lambda: move_all(orders[::-1]))

    assert moves_of(orders) == [1] * NUMBER_OF_ORDERS
    for order in orders:
        versions = list(order.log.order_by("id").values_list("version", flat=True))
        order.refresh_from_db()
        assert versions == list(range(1, order.version + 1))


def test_f28_without_the_lock_some_are_moved_twice(orders):
    at_once(*[lambda: move_all_without_the_lock(orders)] * 2)

    assert max(moves_of(orders)) > 1


def test_f23_a_selection_and_a_connection_that_meet_both_get_through(orders):
    """The connection reports parcels one by one from the other end, while the selection takes all orders at once."""

    def report():
        for order in reversed(orders):
            add_shipment(order, Dispatch({1: Decimal(1)}), by=SYSTEM, moves_status=False)

    at_once(report, *[lambda: move_all(orders), lambda: move_all(orders[::-1])] * 2)

    assert moves_of(orders) == [1] * NUMBER_OF_ORDERS
    assert [order.shipments.count() for order in orders] == [1] * NUMBER_OF_ORDERS
