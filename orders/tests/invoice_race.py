"""Writers that issue invoices at once, roll back and are killed: is every number there, and there once?

    DATABASE_URL=sqlite:////some/new.sqlite3 python -m orders.tests.invoice_race [numbers] [writers]

migrates that database and prints the holes and doubles that were left, and those of two twins: one that counts without
the lock, and one that takes its number in a transaction of its own. Ten thousand numbers by fifty writers, on a
PostgreSQL that is gone afterwards:

    python -m backoffice.tests.servers python -m orders.tests.invoice_race 10000 50
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from unittest import mock

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.tests.settings")
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from backoffice.tests.factories import make_shop
from orders.models import Invoice, NumberSeries, Order
from orders.services import NewPayment, changing, place_orders
from orders.services.invoices import InvoiceRefused, issue_invoice
from orders.services.numbers import lock_series
from orders.tests.factories import new_order

WRITERS_A_PROCESS = 10
AT_ONCE = 500
NOON = datetime(2026, 3, 22, 11, 0, tzinfo=UTC)


class Broken(Exception):
    """Something that goes wrong after the number was taken."""


def issue(order: Order, *, breaks: bool) -> None:
    """Issue as everything does here; when it breaks, the transaction is rolled back with its number."""
    try:
        with changing(order.shop, by=SYSTEM):
            issue_invoice(order, by=SYSTEM)
            if breaks:
                raise Broken
    except Broken:
        issue_invoice(order, by=SYSTEM)
    except InvoiceRefused:
        return  # a writer that was killed had issued it


def paid_orders(shop: Shop, number: int) -> list[int]:
    payment = NewPayment(Decimal("12.10"), "iDEAL", "paid", NOON, paid_at=NOON)
    for start in range(0, number, AT_ONCE):
        news = [new_order(payments=[payment]) for _ in range(min(AT_ONCE, number - start))]
        place_orders(news, shop=shop, by=SYSTEM)
    return list(Order.objects.for_shop(shop).order_by("pk").values_list("pk", flat=True))


def work(shop: Shop, keys: Iterable[int], writers: int) -> None:
    """Issue the invoices of orders by `writers` threads; one in five breaks once."""
    dice = random.Random(7)
    orders = [(order, dice.random() < 0.2) for order in Order.objects.select_related("shop").filter(pk__in=list(keys))]
    # It is the numbers that race; making the papers would take most of the time.
    with mock.patch("orders.services.invoices.ring_for_file"), ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda each: _closing(lambda: issue(each[0], breaks=each[1])), orders))


def race_with_kills(shop: Shop, keys: list[int], writers: int) -> None:
    """Writers in processes of their own; the first lot is killed in the middle of its work."""
    processes = max(1, writers // WRITERS_A_PROCESS)
    for is_killed in (True, False):
        left = Order.objects.filter(pk__in=keys, invoices=None).values_list("pk", flat=True)
        todo = [sorted(left)[number::processes] for number in range(processes)]
        started = [_start(shop, each, min(writers, WRITERS_A_PROCESS)) for each in todo if each]
        if is_killed:
            _wait_for_half(keys)
            for process in started:
                process.send_signal(signal.SIGKILL)
        for process in started:
            if process.wait() not in {0, -signal.SIGKILL}:
                raise RuntimeError("A writer failed.")


def _start(shop: Shop, keys: list[int], writers: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-m", "orders.tests.invoice_race", "work", shop.number, str(writers)],
        stdin=subprocess.PIPE,
    )
    if process.stdin is None:
        raise RuntimeError("A process without an entrance.")
    process.stdin.write(json.dumps(keys).encode())
    process.stdin.close()
    return process


def _wait_for_half(keys: list[int]) -> None:
    for _second in range(3000):
        if Invoice.objects.filter(order__in=keys).count() >= len(keys) // 2:
            return
        time.sleep(0.1)
    raise TimeoutError("The writers do not write.")


def found(numbers: Iterable[int]) -> dict[str, int]:
    """How many numbers are missing up to the highest, and how many are there again."""
    times = Counter(numbers)
    highest = max(times, default=0)
    return {
        "numbers": sum(times.values()),
        "holes": highest - len(times),
        "doubles": sum(number - 1 for number in times.values()),
    }


# --- the twins ------------------------------------------------------------------------------------


def take_without_the_lock(shop: Shop) -> int:
    """The twin that looks first and writes later."""
    series = NumberSeries.objects.get(shop=shop, name="twin")
    time.sleep(0.002)
    NumberSeries.objects.filter(pk=series.pk).update(next_number=series.next_number + 1)
    return series.next_number


def take_in_its_own_transaction(shop: Shop) -> int:
    """The twin that works like a database's sequence: what is rolled back later has used its number."""
    with transaction.atomic():
        series = lock_series(shop, "twin")
        number = series.next_number
        series.next_number += 1
        series.save(update_fields=["next_number"])
    return number


def twin(shop: Shop, take: Callable[[Shop], int], *, numbers: int = 100) -> dict[str, int]:
    NumberSeries.objects.update_or_create(shop=shop, name="twin", defaults={"next_number": 1})
    dice = random.Random(7)
    breaks = [dice.random() < 0.2 for _ in range(numbers)]

    def one(breaks: bool) -> int | None:
        number = take(shop)
        return None if breaks else number

    with ThreadPoolExecutor(WRITERS_A_PROCESS) as pool:
        taken = list(pool.map(lambda each: _closing(lambda: one(each)), breaks))
    return found(number for number in taken if number is not None)


def _closing(piece: Callable):
    """Work in a thread and give its database connection back."""
    try:
        return piece()
    finally:
        connection.close()


def races(shop: Shop, *, numbers: int, writers: int) -> dict[str, dict[str, int]]:
    keys = paid_orders(shop, numbers)
    race_with_kills(shop, keys, writers)
    issued = Invoice.objects.filter(shop=shop).values_list("sequence", flat=True)
    return {
        "with the lock": found(issued),
        "without the lock": twin(shop, take_without_the_lock),
        "in its own transaction": twin(shop, take_in_its_own_transaction),
    }


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["work"]:
        work(Shop.objects.get(number=arguments[1]), json.load(sys.stdin), int(arguments[2]))
        return
    call_command("migrate", verbosity=0)
    numbers, writers = [int(each) for each in arguments] or [200, 20]
    print(json.dumps(races(make_shop(), numbers=numbers, writers=writers)))  # noqa: T201  (the answer of the command)


if __name__ == "__main__":
    main(sys.argv[1:])
