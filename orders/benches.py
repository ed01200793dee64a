"""What the list, the order page and the export cost, however many orders there are."""

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from functools import cache, partial

import django
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

if __name__ == "__main__":
    django.setup()

from backoffice.benches import Measured, bench, memory_kib, seconds_in_turns
from backoffice.models import Shop, StaffMember, User
from backoffice.roles import Role
from orders.exports.xml_orders import export_orders
from orders.generate import generate_orders
from orders.models import Order

FEW, SOME, MANY = 1, 100, 1_000
MOST_QUERIES = {"orders:list": 12, "orders:detail": 25}


@cache
def shop_with(number_of_orders: int) -> Shop:
    (shop,) = generate_orders(number_of_orders)
    return shop


@cache
def owner_of(shop: Shop) -> Client:
    user = User.objects.create_user(f"owner@{shop.number}.example", "bench", name="Owner", language="en")
    StaffMember.objects.create(shop=shop, user=user, role=Role.OWNER)
    client = Client()
    client.force_login(user)
    return client


def page_of(shop: Shop, name: str) -> str:
    if name == "orders:list":
        return reverse(name, args=[shop.number])
    return reverse(name, args=[shop.number, Order.objects.for_shop(shop).newest_first().first().display_number])


def load(shop: Shop, url: str) -> None:
    response = owner_of(shop).get(url)
    if response.status_code != 200:
        raise RuntimeError(f"{url} answers {response.status_code}.")


@bench("queries")
def queries_of_pages(size: int) -> Iterator[Measured]:
    for name, hold in MOST_QUERIES.items():
        counts = {}
        for number in (FEW, SOME, size):
            shop = shop_with(number)
            url = page_of(shop, name)
            load(shop, url)
            with CaptureQueriesContext(connection) as queries:
                load(shop, url)
            counts[number] = len(queries)
            yield Measured(f"{name} at {number:,} orders", len(queries), hold, unit="queries")
        yield Measured(f"{name}: most at {size:,} against {SOME}", counts[size] / counts[SOME], 1.0)


@bench("list")
def time_of_list(size: int) -> Iterator[Measured]:
    few, all_of_them = shop_with(MANY), shop_with(size)
    works = [partial(load, shop, page_of(shop, "orders:list")) for shop in (few, all_of_them)]
    base, measured = seconds_in_turns(works, times=21)
    yield Measured(
        f"list of {size:,} against {MANY:,} orders", measured / base, 1.3, remark=f"{measured * 1000:.0f} ms"
    )


@bench("export memory")
def memory_of_export(size: int) -> Iterator[Measured]:
    few, most = (_peak_of_export(shop_with(number)) for number in (MANY, size))
    remark = f"{most / 1024:.0f} MiB"
    yield Measured(f"peak of exporting {size:,} against {MANY:,} orders", most / few, 1.2, remark=remark)


def _peak_of_export(shop: Shop) -> int:
    """KiB at the peak of a process that does nothing but this export."""
    child = [sys.executable, "-m", "orders.benches", shop.number]
    return int(subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603


def export(shop: Shop) -> None:
    consume(export_orders(Order.objects.for_shop(shop).newest_first(), shop))


def consume(pieces: Iterator) -> None:
    deque(pieces, maxlen=0)


@bench("export", is_for_postgresql=True)
def time_of_export(size: int) -> Iterator[Measured]:
    shop = shop_with(size)
    copied, exported = seconds_in_turns([partial(copy_both_tables, shop), partial(export, shop)], times=5)
    remark = f"{size / exported:,.0f} orders/s"
    yield Measured(f"XML of {size:,} orders against COPY of orders and lines", exported / copied, 6.0, remark=remark)


def copy_both_tables(shop: Shop) -> None:
    """The least that reading the orders can cost: the database writes both tables out as they are."""
    orders = "SELECT * FROM orders_order WHERE shop_id = %s"
    lines = "SELECT line.* FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id WHERE o.shop_id = %s"
    with connection.cursor() as cursor:
        for query in (orders, lines):
            with cursor.copy(f"COPY ({query}) TO STDOUT", [shop.pk]) as rows:
                consume(rows)


def main(shop_number: str) -> None:
    shop = Shop.objects.get(number=shop_number)
    pieces = export_orders(Order.objects.for_shop(shop).newest_first(), shop)
    print(max(memory_kib() for _piece in pieces))  # noqa: T201  (the answer of the child)


if __name__ == "__main__":
    main(sys.argv[1])
