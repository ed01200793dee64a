"""How PostgreSQL answers the question that most pulls are: what changed? Nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.benches import rows_examined
from orderpull.models import PullCall
from orderpull.tests.client import Erp, body_of, open_pull
from orders.generate import generate_orders
from orders.models import Order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def test_nothing_changed_among_many_orders_looks_at_five_rows():
    (shop,) = generate_orders(2000)
    open_pull(shop)
    erp = Erp(shop.number)
    call = erp.call("20991231000000")
    body_of(erp.get("orders/list", call))  # the shop's clock is made by the first

    answer, asked = queries_of(lambda: body_of(erp.get("orders/list", call)))

    assert b' count="0"' in answer
    assert len(asked) == 6
    PullCall.objects.all().delete()  # it was not there yet when they were counted
    assert rows_examined(query for query in asked if query.startswith("SELECT")) <= 5


def test_the_yardstick_sees_what_is_looked_at_for_nothing():
    (shop,) = generate_orders(200)

    found, asked = queries_of(lambda: list(Order.objects.for_shop(shop).filter(affiliate="nobody")))

    assert found == []
    assert rows_examined(asked) == 200


def queries_of(work):
    with CaptureQueriesContext(connection) as queries:
        result = work()
    return result, [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
