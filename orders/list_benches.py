"""What the list, search and bulk work cost among very many orders: 1,000,000 in 200 shops with `--orders 1000000`.

Pages are compared with the same pages of a small shop; search and bulk work with the least the database could do.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import cycle
from statistics import median, quantiles
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path
from django.utils.html import escape

from backoffice import urls
from backoffice.access import requires
from backoffice.actor import SYSTEM
from backoffice.benches import Measured, bench, seconds_in_turns, tidy_tables
from backoffice.models import Shop
from backoffice.roles import Permission
from orders import bulk
from orders.benches import MANY, load, page_of, shop_with
from orders.generate import generate_orders
from orders.models import Order, OrderSearchText
from orders.order_list import Cursor

ORDERS_PER_SHOP = 5_000
DEPTH = 50_000
NUMBER_OF_NEEDLES = 395
ORDERS_AT_ONCE = 1_000
ROWS = 50
# Statements that find orders; the shell of every page asks for other tables, whatever is searched.
OF_ORDERS = re.compile("orders_order\\b|orders_ordersearchtext|orders_search_trigrams")


@cache
def largest_shop_among(number_of_orders: int) -> Shop:
    """The largest of many shops, with about a third of the orders; its tables are tidy, as a server keeps them."""
    shops = generate_orders(number_of_orders, number_of_shops=max(2, number_of_orders // ORDERS_PER_SHOP))
    tidy_tables()
    return max(shops, key=lambda shop: shop.orders.count())


@bench("pages")
def time_of_pages(size: int) -> Iterator[Measured]:
    """The list of the largest shop against that of a shop with a thousand orders, and deep pages against the first."""
    few, most = shop_with(MANY), largest_shop_among(size)
    number = most.orders.count()
    for words, query in [
        ("first page", ""),
        ("status filter", "?status=completed"),
        ("status and days", "?status=completed&placed_from=2025-11-01&placed_to=2026-03-31"),
    ]:
        base, measured = seconds_in_turns(
            [partial(load, shop, page_of(shop, "orders:list") + query) for shop in (few, most)], times=15
        )
        remark = f"{measured * 1000:.0f} ms"
        yield Measured(f"{words}: {number:,} of {size:,} against {MANY:,} orders", measured / base, 1.3, remark=remark)
    depth = min(DEPTH, number // 2)
    first, deep = seconds_in_turns(
        [partial(load, most, page_of(most, "orders:list") + query) for query in ("", _query_at(most, depth))], times=15
    )
    yield Measured(f"page at row {depth:,} against the first", deep / first, 1.4, remark=f"{deep * 1000:.0f} ms")
    with override_settings(ROOT_URLCONF=__name__):
        bare, whole = seconds_in_turns(
            [partial(load, most, f"/s/{most.number}/bare/"), partial(load, most, page_of(most, "orders:list"))],
            times=15,
        )
    yield Measured(
        "the list against the same rows in a bare f-string page", whole / bare, 3, remark=f"{bare * 1000:.1f} ms"
    )


def _query_at(shop: Shop, depth: int) -> str:
    order = Order.objects.for_shop(shop).newest_first()[depth]
    return f"?at={Cursor(order.placed_at, order.pk).pack()}"


@requires(Permission.VIEW_ORDERS)
def bare_page(request: HttpRequest) -> HttpResponse:
    """The least a page with these rows can cost behind the same sign-in: no shell, no filters, no templates."""
    rows = Order.objects.for_shop(request.shop).visible().newest_first().values_list(
        "number", "placed_at", "customer_name", "shipping_country", "fulfilment_status", "payment_status",
        "number_of_lines", "shipping_method", "total", "changed_at",
    )[:ROWS]  # fmt: skip
    cells = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>" for row in rows)
    return HttpResponse(f"<!doctype html><table>{cells}</table>")


urlpatterns = [path("s/<str:shop_number>/bare/", bare_page), *urls.urlpatterns]


@bench("search")
def time_of_search(size: int) -> Iterator[Measured]:
    """Needles drawn from the data; the database's time to find, count and read the page over fifty rows by key."""
    shop = largest_shop_among(size)
    load(shop, page_of(shop, "orders:list"))
    span = _span(shop)
    floors, seconds = [], []
    # In turns, so that what disturbs the machine disturbs both.
    for seed, needle in enumerate(_needles(shop)):
        page = f"{page_of(shop, 'orders:list')}?{urlencode({'q': needle})}"
        floors.append(_database_seconds(partial(_rows_by_key, span, seed)))
        seconds.append(_database_seconds(partial(load, shop, page)))
    floor = median(floors)
    seconds.sort()
    p95 = quantiles(seconds, n=20)[-1]
    remark = f"floor {floor * 1000:.2f} ms, p50 {median(seconds) / floor:.1f}×"
    yield Measured(f"{NUMBER_OF_NEEDLES} needles, p95 over the floor", p95 / floor, 40, remark=remark)
    yield Measured("the slowest of them", seconds[-1] / floor, 80, remark=f"{seconds[-1] * 1000:.0f} ms")


def _needles(shop: Shop) -> list[str]:
    """Parts of three to ten characters of what orders are found by; the same for the same data."""
    chosen = random.Random(395)  # noqa: S311
    first, last = _span(shop)
    needles: list[str] = []
    while len(needles) < NUMBER_OF_NEEDLES:
        text = OrderSearchText.objects.filter(shop=shop, order_id__gte=chosen.randint(first, last)).first()
        field = chosen.choice(text.text.split("\n")) if text else ""
        length = chosen.randint(3, 10)
        start = chosen.randint(0, max(0, len(field) - length))
        needle = field[start : start + length].strip()
        if len(needle) >= 3:
            needles.append(needle)
    return needles


def _span(shop: Shop) -> tuple[int, int]:
    ends = Order.objects.for_shop(shop).aggregate(first=Min("pk"), last=Max("pk"))
    return ends["first"], ends["last"]


def _rows_by_key(span: tuple[int, int], seed: int) -> None:
    keys = random.Random(seed).sample(range(*span), ROWS)  # noqa: S311
    list(Order.objects.filter(pk__in=keys).values_list("number", "customer_name", "total"))


def _database_seconds(work: Callable[[], object]) -> float:
    """How long the database was busy with orders for `work`: not with who is signed in, nor with Python."""
    spent = 0.0

    def watch(execute, sql, *arguments):
        nonlocal spent
        started = time.perf_counter()
        try:
            return execute(sql, *arguments)
        finally:
            spent += time.perf_counter() - started if OF_ORDERS.search(sql) else 0.0

    with connection.execute_wrapper(watch):
        work()
    return spent


@bench("bulk")
def cost_of_bulk(size: int) -> Iterator[Measured]:
    """Setting the status of a thousand orders, with log, marks and counters, against one bare UPDATE of them."""
    shop = largest_shop_among(size)
    keys = list(
        Order.objects.for_shop(shop).filter(fulfilment_status="completed").values_list("pk", flat=True)[:ORDERS_AT_ONCE]
    )
    codes = cycle(["fulfilment:shipped", "fulfilment:completed"])
    bare_codes = cycle(["delivered", "completed"])

    def change() -> None:
        bulk.run(bulk.action_of(next(codes), shop), keys, shop=shop, by=SYSTEM)

    def update() -> None:
        Order.objects.filter(pk__in=keys).update(fulfilment_status=next(bare_codes))

    with CaptureQueriesContext(connection) as captured:
        change()
    change()
    yield Measured(f"status of {len(keys):,} orders", len(captured), 20, unit="queries")
    bare, whole = seconds_in_turns([update, change], times=11)
    yield Measured("the same against one bare UPDATE", whole / bare, 5.0, remark=f"{whole * 1000:.0f} ms")
