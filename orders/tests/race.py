"""Writers with transactions of all lengths against a poller that asks for what changed since the last it saw.

    DATABASE_URL=sqlite:////some/new.sqlite3 python -m orders.tests.race

migrates that database, runs the race with the clock and its twin without, and prints how many orders each lost.
"""

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import django

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from backoffice.tests.factories import make_shop
from orders.models import Order
from orders.services import changing, set_fulfilment_status
from orders.services.change import settle_clock
from orders.tests.factories import make_order

NUMBER_OF_ORDERS = 400
NUMBER_OF_WRITERS = 8
SECONDS_BETWEEN_POLLS = 0.02
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

Write = Callable[[Order, float], None]


def change_by_the_service(order: Order, seconds: float) -> None:
    """Change an order as everything does here; the transaction goes on for a while after it."""
    with changing(order.shop, by=SYSTEM):
        set_fulfilment_status(order, "in_progress", by=SYSTEM)
        time.sleep(seconds)


def change_without_the_clock(order: Order, seconds: float) -> None:
    """The twin: stamps the time it is when the work begins, as `auto_now` and most shops do."""
    now = timezone.now()
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(
            fulfilment_status="in_progress", changed_at=now, version=F("version") + 1
        )
        time.sleep(seconds)


def orders_lost(shop: Shop, write: Write, *, longest: float, evenness: int) -> int:
    """Let eight writers change 400 orders beside one poller; returns how many changes it never saw.

    Transactions last up to `longest` seconds; the higher the `evenness`, the more of them are short.
    """
    lengths = random.Random(7)
    orders = [make_order(shop) for _ in range(NUMBER_OF_ORDERS)]
    done = Event()
    with ThreadPoolExecutor(NUMBER_OF_WRITERS + 1) as pool:
        poller = pool.submit(_closing, _poll_until, done, shop)
        writers = [pool.submit(_closing, write, order, longest * lengths.random() ** evenness) for order in orders]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        seen = poller.result()
    return len({order.pk for order in orders} - seen)


def _poll_until(done: Event, shop: Shop) -> set[int]:
    """Ask again and again from the highest time seen, cut to the second as the protocol cuts it.

    Returns the orders that came in their changed version; the last question is asked when all is done.
    """
    seen: set[int] = set()
    highest = LONG_AGO
    is_last = False
    while not is_last:
        is_last = done.wait(SECONDS_BETWEEN_POLLS)
        settle_clock(shop)
        changed = Order.objects.for_shop(shop).changed_since(highest.replace(microsecond=0))
        for pk, version, changed_at in changed.values_list("pk", "version", "changed_at"):
            highest = max(highest, changed_at)
            if version > 1:
                seen.add(pk)
    return seen


def _closing(work: Callable, *arguments):
    """Run a piece of work in a thread and give its database connection back."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def main() -> None:
    call_command("migrate", verbosity=0)
    # All transactions of SQLite queue up for one lock, so they are short: what is lost is lost while waiting.
    length = {"longest": 0.01, "evenness": 1}
    lost = {
        "with": orders_lost(make_shop("12345"), change_by_the_service, **length),
        "without": orders_lost(make_shop("54321"), change_without_the_clock, **length),
    }
    print(json.dumps(lost))  # noqa: T201  (the answer of the command)


if __name__ == "__main__":
    main()
