"""What the page of a very large order costs, and what its live total costs beside the page it stands on."""

import re
from collections.abc import Iterator
from functools import cache, partial
from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.actor import SYSTEM
from backoffice.benches import Measured, bench, seconds_in_turns
from backoffice.models import Shop
from orders.benches import FEW, MOST_QUERIES, load, owner_of, shop_with
from orders.models import Order
from orders.services import place_order
from orders.tests.factories import new_order

# The largest of the real invoices that the demo is made of.
MOST_LINES = 1_114
SOME_LINES = 100
FIELD = re.compile(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"')


@cache
def order_with(number_of_lines: int) -> Order:
    return place_order(new_order(lines=number_of_lines), shop=shop_with(FEW), by=SYSTEM).order


def url_of(shop: Shop, name: str, number_of_lines: int) -> str:
    return reverse(f"orders:{name}", args=[shop.number, order_with(number_of_lines).display_number])


@bench("large order")
def time_of_large_order(size: int) -> Iterator[Measured]:
    """`size` is of no concern: one order is looked at."""
    shop = shop_with(FEW)
    pages = [url_of(shop, "detail", number) for number in (SOME_LINES, MOST_LINES)]
    load(shop, pages[1])
    with CaptureQueriesContext(connection) as queries:
        load(shop, pages[1])
    yield Measured(f"order page with {MOST_LINES:,} lines", len(queries), MOST_QUERIES["orders:detail"], unit="queries")
    some, most = seconds_in_turns([partial(load, shop, url) for url in pages], times=9)
    yield Measured(
        f"order page, each of {MOST_LINES:,} lines against each of {SOME_LINES}",
        (most / MOST_LINES) / (some / SOME_LINES),
        1.0,
        remark=f"{most * 1000:.0f} ms",
    )
    editing, total = url_of(shop, "edit", MOST_LINES), url_of(shop, "edit-total", MOST_LINES)
    typed = fields_of(shop, editing)
    page, live = seconds_in_turns([partial(load, shop, editing), partial(recalculate, shop, total, typed)], times=9)
    yield Measured(
        f"live total of {MOST_LINES:,} lines against its page", live / page, 0.8, remark=f"{live * 1000:.0f} ms"
    )


def fields_of(shop: Shop, url: str) -> dict[str, str]:
    """What a browser would send of the page as it was opened."""
    text = owner_of(shop).get(url).content.decode()
    return {unescape(name): unescape(value) for name, value in FIELD.findall(text)}


def recalculate(shop: Shop, url: str, typed: dict[str, str]) -> None:
    response = owner_of(shop).post(url, typed)
    if response.status_code != 200 or b"<html" in response.content:
        raise RuntimeError(f"{url} answers {response.status_code}, or a whole page.")
