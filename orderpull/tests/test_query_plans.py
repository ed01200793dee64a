"""How PostgreSQL answers the question that most pulls are: what changed? Nothing."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.benches import rows_examined
from backoffice.tests.factories import make_shop
from orderpull.models import PullCall
from orderpull.tests.client import Erp, body_of, open_pull
from orders.generate import generate_orders
from orders.models import Order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def test_nothing_changed_among_many_orders_looks_at_five_rows():
    (shop,) = generate_orders(2000)
    for each in [shop, *(make_shop(str(number)) for number in range(80_001, 80_200))]:
        open_pull(each)
    analyze()
    erp = Erp(shop.number)
    call = erp.call("20991231000000")
    body_of(erp.get("orders/list", call))  # the shop's clock is made by the first

    answer, asked = queries_of(lambda: body_of(erp.get("orders/list", call)))

    assert b' count="0"' in answer
    assert len(asked) == 6
    PullCall.objects.all().delete()  # it was not there yet when they were counted
    assert rows_examined(query for query in asked if query.startswith("SELECT")) <= 5


def test_what_changed_is_found_in_its_order_from_an_index_alone():
    (shop,) = generate_orders(200)
    open_pull(shop)
    erp = Erp(shop.number)

    _answer, asked = queries_of(lambda: body_of(erp.list()))

    (finding,) = [query for query in asked if "int8send" in query]
    assert [(node["Node Type"], node.get("Index Name")) for node in plan_among_many(finding)] == [
        ("Aggregate", None),
        ("Index Only Scan", "order_by_change"),
    ]


def plan_among_many(query):
    """The nodes of its plan, from the top; small tables would be read and sorted as a whole, so that is turned off."""
    with transaction.atomic(), connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}")
        (answer,) = cursor.fetchone()
    plans = json.loads(answer) if isinstance(answer, str) else answer
    nodes = [plans[0]["Plan"]]
    while "Plans" in nodes[-1]:
        nodes += nodes[-1]["Plans"]
    return nodes


def test_the_yardstick_sees_what_is_looked_at_for_nothing():
    (shop,) = generate_orders(200)

    found, asked = queries_of(lambda: list(Order.objects.for_shop(shop).filter(hold_reason="nobody")))

    assert found == []
    assert rows_examined(asked) == 200


def analyze():
    """Else plans follow what stood in the tables in the tests before; of a single shop they read all tables anyway."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def queries_of(work):
    with CaptureQueriesContext(connection) as queries:
        result = work()
    return result, [query["sql"] for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]
