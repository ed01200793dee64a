"""What a pull costs: when nothing changed, which is what most find, and when everything did; and that none loses.

The race makes as many changes as it is told orders: `loss --postgres --orders 100000` is the full one.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import median

import django
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

if __name__ == "__main__":
    django.setup()

from backoffice.benches import Measured, bench, memory_kib, rows_examined, seconds_in_turns, tidy_tables
from backoffice.models import Shop
from orderpull.calls import ListCall
from orderpull.models import PullCall, PullSettings
from orderpull.services import issue_rpc_id
from orderpull.tests.race import change_with_the_clock, changes_lost, lost_by_the_twin
from orders.benches import FEW, MANY, copy_both_tables, shop_with
from orders.generate import generate_orders

KEY = "bench"


@bench("pull")
def pull_of_nothing(size: int) -> Iterator[Measured]:
    few, most = shop_with(FEW), shop_with(size)
    for shop in (few, most):
        open_pull(shop)
    base, measured = seconds_in_turns([partial(pull, signed_call(shop)) for shop in (few, most)], times=21)
    asked = queries_of(partial(pull, signed_call(most)))
    yield Measured(f"nothing changed among {size:,} orders", len(asked), 6, unit="queries")
    if connection.vendor == "postgresql":
        # The calls of the last minute were all made by this bench: a caller that polls has one or two.
        PullCall.objects.all().delete()
        read = [query for query in asked if query.startswith("SELECT")]
        yield Measured("the same: rows of any table looked at", rows_examined(read), 5, unit="rows")
    yield Measured(f"nothing changed among {size:,} orders against {FEW}", measured / base, 1.3)


def queries_of(work: Callable[[], object]) -> list[str]:
    """BEGIN and COMMIT around the clock are no queries."""
    with CaptureQueriesContext(connection) as queries:
        work()
    return [query["sql"] for query in queries.captured_queries if not query["sql"].startswith(("BEGIN", "COMMIT"))]


def signed_call(shop: Shop, change_time: str = "", rpc_id: str = "") -> dict[str, str]:
    """The parameters of a second step; without a moment it asks what changes after tomorrow: nothing has."""
    now = timezone.now()
    change_time = change_time or (now + timedelta(days=1)).strftime("%Y%m%d%H%M%S")
    call = ListCall(shop.number, change_time, rpc_id or issue_rpc_id(shop, at=now), pk="")
    pk = call.signature(KEY)
    return {"shop": shop.number, "pk": pk, "change_time": change_time, "rpc_id": call.rpc_id}


def pull(parameters: dict[str, str]) -> None:
    response = Client().get("/RPC/orders/list", parameters)
    body = b"".join(response.streaming_content)
    if b' count="0"' not in body:
        raise RuntimeError("Something changed.")


@bench("pull of all", is_for_postgresql=True)
def pull_of_everything(size: int) -> Iterator[Measured]:
    shop = shop_with(size)
    open_pull(shop)
    tidy_tables()
    firsts: list[float] = []
    works = [partial(copy_both_tables, shop), partial(pull_all, shop, firsts)]
    copied, pulled = seconds_in_turns(works, times=3)
    remark = f"{size / pulled:,.0f} orders/s, receipts included"
    yield Measured(f"pull of {size:,} orders against COPY of orders and lines", pulled / copied, 6.0, remark=remark)
    yield Measured("of its time until the first byte", 100 * median(firsts), 1.0, unit="%")


def open_pull(shop: Shop) -> None:
    PullSettings.objects.update_or_create(shop=shop, defaults={"is_on": True, "key": KEY})


def pull_all(shop: Shop, firsts: list[float] | None = None) -> int:
    """Pull the whole shop; returns the KiB at its peak, adds the share of the time until the first byte."""
    started = time.perf_counter()
    response = Client().get("/RPC/orders/list", signed_call(shop, "20000101000000"))
    peak = first = 0.0
    for piece in response.streaming_content:
        first = first or time.perf_counter() - started
        peak = max(peak, memory_kib()) if firsts is None else peak
        if not piece:
            raise RuntimeError("An empty piece.")
    if firsts is not None:
        firsts.append(first / (time.perf_counter() - started))
    return int(peak)


@bench("pull memory")
def memory_of_pull(size: int) -> Iterator[Measured]:
    few, most = (_peak_of_pull(shop_with(number)) for number in (MANY, size))
    yield Measured(
        f"peak of pulling {size:,} against {MANY:,} orders", most / few, 1.2, remark=f"{most / 1024:.0f} MiB"
    )


def _peak_of_pull(shop: Shop) -> int:
    """KiB at the peak of a process that does nothing but this pull."""
    open_pull(shop)
    child = [sys.executable, "-m", "orderpull.benches", shop.number]
    return int(subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603


CHANGES_AT_ONCE = 50
# So many changes are enough for the twin to lose some.
CHANGES_OF_TWIN = 400


@bench("loss")
def changes_missed(size: int) -> Iterator[Measured]:
    """Twenty business systems of three habits beside eight writers with transactions of 0 to 10 s, nine in ten of them
    bulk jobs; then a twin of our clock that does not wait for open transactions.

    On SQLite one transaction at a time writes to the whole database, and the others wait 20 s at most: there the
    longest takes a twentieth of a second.
    """
    longest, evenness = (10.0, 400) if connection.vendor == "postgresql" else (0.05, 4)
    race = {"pollers": 20, "longest": longest, "evenness": evenness, "pause": 2.0}
    lost = changes_lost(_new_shop(), change_with_the_clock, changes=size, at_once=CHANGES_AT_ONCE, **race)
    for habit, number in lost.items():
        yield Measured(f"of {size:,} changes, missed by who {habit.replace('_', ' ')}", number, 0, unit="changes")
    lost = lost_by_the_twin(_new_shop(), changes=CHANGES_OF_TWIN, **race | {"evenness": 12, "pause": 0.05})
    yield Measured(
        f"of {CHANGES_OF_TWIN}, missed with a clock that waits for nobody", sum(lost.values()), unit="changes"
    )


def _new_shop() -> Shop:
    (shop,) = generate_orders(FEW)
    return shop


def main(shop_number: str) -> None:
    print(pull_all(Shop.objects.get(number=shop_number)))  # noqa: T201  (the answer of the child)


if __name__ == "__main__":
    main(sys.argv[1])
