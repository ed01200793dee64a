"""How PostgreSQL answers the list's questions: by index, reading a handful of pages however many orders there are."""

import json

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.models import Shop
from backoffice.tests.factories import make_staff
from orders.generate import generate_orders
from orders.models import Order, OrderLine, Refund, Shipment
from orders.models.order import OPEN
from orders.order_list import Cursor, order_list
from orders.search import READ_AT_MOST, number_matching
from orders.services.merging import open_orders_of_customer

NUMBER_OF_ORDERS = 30_000
# Of the largest shop, which has three orders in ten.
NUMBER_OF_PARTS = 3

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


@pytest.fixture(scope="module")
def many_orders(django_db_setup, django_db_blocker):
    """Thirty thousand orders in five shops, for all stories of this module; taken away afterwards."""
    with django_db_blocker.unblock():
        shops = generate_orders(NUMBER_OF_ORDERS, number_of_shops=5)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        yield max(shops, key=lambda shop: shop.orders.count())
        names = [f'"{model._meta.db_table}"' for model in (Shop,)]
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")


def plan_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        answer = cursor.fetchone()[0]
    return (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]


def nodes_of(plan):
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes_of(below)


def pages_read(plan):
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def page_query(shop, query):
    """The plan of the query that fetches the page's rows."""
    staff = shop.staff.first() or make_staff(shop)
    with CaptureQueriesContext(connection) as captured:
        order_list(Shop.objects.get(pk=shop.pk), QueryDict(query), staff=staff)
    rows = [each["sql"] for each in captured if 'FROM "orders_order"' in each["sql"] and "LIMIT 51" in each["sql"]]
    assert len(rows) == 1, rows
    return plan_of(rows[0])


def assert_by_index(plan, most_pages):
    scans = [node for node in nodes_of(plan) if node["Node Type"] == "Seq Scan"]
    assert [node["Relation Name"] for node in scans if node["Relation Name"].startswith("orders_")] == []
    assert pages_read(plan) <= most_pages


def test_the_first_page_reads_a_handful_of_pages(many_orders):
    # Fifty rows in a heap that is in order of time lie on about as many pages as they fill.
    assert_by_index(page_query(many_orders, ""), most_pages=60)


@pytest.mark.parametrize("depth", [100, 5000])
def test_a_deep_page_costs_what_the_first_costs(many_orders, depth):
    first = pages_read(page_query(many_orders, ""))
    order = many_orders.orders.order_by("-placed_at", "-id")[depth]

    deep = page_query(many_orders, f"at={Cursor(order.placed_at, order.pk).pack()}")

    assert_by_index(deep, most_pages=1.5 * first)


@pytest.mark.parametrize(
    "query",
    [
        "status=ready",
        "status=ready&placed_from=2026-02-20",
        "payment=awaiting",
        "status=new&status=ready&status=in_progress&status=on_hold&status=backordered",
        "sort=-changed",
        "sort=number",
    ],
)
def test_common_filters_and_sorts_go_by_index(many_orders, query):
    assert_by_index(page_query(many_orders, query), most_pages=1200)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("status=completed&placed_from=2020-01-01", "order_by_fulfilment"),
        ("payment=paid&placed_from=2020-01-01", "order_by_payment"),
        ("placed_from=2020-01-01", "order_newest"),
    ],
)
def test_thousands_are_counted_by_an_index_alone(many_orders, query, index):
    staff = many_orders.staff.first() or make_staff(many_orders)
    with CaptureQueriesContext(connection) as captured:
        order_list(Shop.objects.get(pk=many_orders.pk), QueryDict(query), staff=staff)

    (counted,) = [each["sql"] for each in captured if "LIMIT 10000" in each["sql"]]
    plan = plan_of(counted)
    assert_by_index(plan, most_pages=120)
    (scan,) = [node for node in nodes_of(plan) if node["Node Type"] == "Index Only Scan"]
    assert scan["Index Name"] == index


@pytest.mark.parametrize(("query", "index"), [("deleted=1", "order_deleted"), ("message=unread", "order_unread")])
def test_seldom_orders_have_an_index_of_their_own(many_orders, query, index):
    plan = page_query(many_orders, query)

    assert_by_index(plan, most_pages=120)
    assert index in {node.get("Index Name") for node in nodes_of(plan)}


def test_a_customer_and_a_product_are_found_through_the_search_index(many_orders):
    order = many_orders.orders.exclude(customer_email="").order_by("pk")[77]

    assert_by_index(page_query(many_orders, f"email={order.customer_email}"), most_pages=1200)


def search_plan(shop, needle):
    """The plan of the query that asks the search index."""
    with CaptureQueriesContext(connection) as captured:
        number_matching(needle, Shop.objects.get(pk=shop.pk))
    (asked,) = [each["sql"] for each in captured if "orders_search_keys" in each["sql"]]
    return plan_of(asked)


def assert_by_parts(plan):
    """By the trigrams of each part, and nothing sorted but the parts: so that a limit ends the search."""
    found = [node for node in nodes_of(plan) if node.get("Index Name") == "orders_search_keys"]
    assert [node["Node Type"] for node in found] == ["Bitmap Index Scan"]
    sorts = [node for node in nodes_of(plan) if node["Node Type"] == "Sort"]
    assert [node["Sort Key"][0].endswith("DESC") and node["Actual Rows"] <= NUMBER_OF_PARTS for node in sorts] == [True]


def test_a_rare_word_is_found_by_trigrams(many_orders):
    order = many_orders.orders.order_by("placed_at")[1234]
    tracked = many_orders.orders.exclude(customer_email="").order_by("pk")[77]

    for needle in (order.display_number, tracked.customer_email, "zzz nowhere"):
        plan = search_plan(many_orders, needle)
        assert_by_index(plan, most_pages=400)
        assert_by_parts(plan)
    for needle in (order.display_number, tracked.customer_email):
        assert_by_index(page_query(many_orders, f"q={needle}"), most_pages=400)


def test_a_common_word_is_found_in_the_newest_parts(many_orders):
    assert number_matching("example", many_orders) > READ_AT_MOST

    plan = search_plan(many_orders, "example")

    assert_by_index(plan, most_pages=250)
    assert_by_parts(plan)
    looked_into = [node for node in nodes_of(plan) if node.get("Index Name") == "orders_search_keys"]
    assert looked_into[0]["Actual Loops"] < NUMBER_OF_PARTS
    assert_by_index(page_query(many_orders, "q=example"), most_pages=1200)


def test_open_orders_of_a_customer_are_found_by_an_index_of_their_own(many_orders):
    order = many_orders.orders.filter(fulfilment_status__in=OPEN).exclude(customer_email="").order_by("pk")[7]

    with CaptureQueriesContext(connection) as captured:
        open_orders_of_customer(order, many_orders)

    plan = plan_of(captured[0]["sql"])
    assert_by_index(plan, most_pages=120)
    assert "order_open_by_email" in {node.get("Index Name") for node in nodes_of(plan)}


def test_a_carrier_seldom_used_is_found_by_index(many_orders):
    sent = list(Shipment.objects.filter(order__shop=many_orders).order_by("pk").values_list("pk", flat=True)[:3])
    Shipment.objects.filter(pk__in=sent).update(carrier="Homing pigeon")

    plan = page_query(many_orders, "carrier=homing+pigeon")

    assert_by_index(plan, most_pages=120)
    assert "shipment_by_carrier" in {node.get("Index Name") for node in nodes_of(plan)}


def test_refunds_to_pay_out_are_found_by_index(many_orders):
    orders = list(many_orders.orders.order_by("pk").values_list("pk", flat=True))
    Refund.objects.bulk_create(
        Refund(order_id=pk, amount=1, state="to_pay_out" if pk in orders[:3] else "paid_out", created_at=timezone.now())
        for pk in orders
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_refund")

    plan = page_query(many_orders, "refund=due")

    assert_by_index(plan, most_pages=120)
    assert "refund_to_pay_out" in {node.get("Index Name") for node in nodes_of(plan)}


@pytest.mark.parametrize(
    ("query", "field", "index"),
    [
        ("affiliate=partner+nine", "affiliate", "order_by_affiliate"),
        ("marketplace=partner+nine", "source_name", "order_by_marketplace"),
        ("method=partner+nine", "payment_method", "order_by_method"),
        ("country=li", "shipping_country", "order_by_country"),
    ],
)
def test_seldom_texts_are_found_by_index(many_orders, query, field, index):
    keys = list(many_orders.orders.order_by("pk").values_list("pk", flat=True)[:3])
    Order.objects.filter(pk__in=keys).update(**{field: query.partition("=")[2].replace("+", " ").capitalize()[:20]})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")

    plan = page_query(many_orders, query)

    assert_by_index(plan, most_pages=120)
    assert index in {node.get("Index Name") for node in nodes_of(plan)}


def test_a_place_where_few_goods_lie_is_found_by_index(many_orders):
    lines = OrderLine.objects.filter(order__shop=many_orders).order_by("pk")
    OrderLine.objects.filter(pk__in=list(lines.values_list("pk", flat=True)[:3])).update(location="Attic 9")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_orderline")

    plan = page_query(many_orders, "location=attic+9")

    assert_by_index(plan, most_pages=120)
    assert "line_by_location" in {node.get("Index Name") for node in nodes_of(plan)}
