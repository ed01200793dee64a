"""Over random selections: what is predicted is what happens, and Undo gives back what was."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.actor import SYSTEM
from orders import bulk
from orders.models import Order, OrderLine, OrderLogEntry, StatusCount
from orders.services import changing, undo
from orders.tests.factories import make_order
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus

pytestmark = pytest.mark.django_db

STAMPS = {"version", "changed_at", "change_mark", "changed_by"}
FIELDS = [field.attname for field in Order._meta.concrete_fields if field.name not in STAMPS]
# By hand nobody sets "aborted", so it is among what is refused.
ACTIONS = st.one_of(
    st.sampled_from(FulfilmentStatus.values).map("fulfilment:{}".format),
    st.sampled_from(PaymentStatus.values).map("payment:{}".format),
    st.sampled_from(LineStatus.values).map("line:{}".format),
    st.sampled_from(["hold:", "release:", "delete:", "restore:", "printed:", "folder:", "internal:"]),
)
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def orders(shop):
    """One order in each order status, with payment statuses that go round."""
    payments = PaymentStatus.values
    with changing(shop, by=SYSTEM):
        return [
            make_order(shop, fulfilment_status=status, payment_status=payments[i % len(payments)], lines=1 + i % 2)
            for i, status in enumerate(FulfilmentStatus.values)
        ]


def picture_of(shop):
    """Everything about the orders but their version and stamps, and what the tabs count."""
    return (
        list(Order.objects.for_shop(shop).order_by("pk").values_list(*FIELDS)),
        list(OrderLine.objects.order_by("pk").values_list("status", "own_status", "is_backordered")),
        {(c.kind, c.code): c.number_of_orders for c in StatusCount.objects.for_shop(shop) if c.number_of_orders},
    )


def counted(shop):
    """What the counters should say, counted from the orders."""
    counts = Counter()
    for order in Order.objects.for_shop(shop):
        if order.deleted_at:
            counts["fulfilment", "deleted"] += 1
        else:
            counts["fulfilment", order.fulfilment_status] += 1
            counts["payment", order.payment_status] += 1
    return dict(counts)


STEPS = st.lists(
    st.tuples(ACTIONS, st.sets(st.integers(0, len(FulfilmentStatus.values) - 1), min_size=1), st.booleans()),
    min_size=1,
    max_size=5,
)


@few
@given(steps=STEPS)
def test_what_is_predicted_happens_and_undo_gives_back_what_was(shop, orders, steps):
    for key, indexes, is_undone in steps:
        chosen = [orders[i].pk for i in indexes]
        action = bulk.action_of(key, shop, "because")
        before, log_before = picture_of(shop), OrderLogEntry.objects.count()

        forecast = action.forecast(Order.objects.for_shop(shop).filter(pk__in=chosen))
        assert (picture_of(shop), OrderLogEntry.objects.count()) == (before, log_before)

        result = bulk.run(action, chosen, shop=shop, by=SYSTEM)
        assert (forecast.changed, forecast.unchanged) == (len(result.changed), len(result.unchanged))
        assert forecast.refused == Counter(str(reason) for _order, reason in result.refused)
        assert picture_of(shop)[2] == counted(shop)

        if result.changed and is_undone:
            undo(result.act, shop=shop, by=SYSTEM)
            assert picture_of(shop) == before
