"""Writers with transactions of all lengths against business systems that pull by the protocol, each with a habit.

    DATABASE_URL=sqlite:////some/new.sqlite3 python -m orderpull.tests.race

migrates that database, runs the race with the shop's clock and its twin without, and prints what each lost.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from unittest.mock import patch

import django

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from lxml import etree

from backoffice.actor import SYSTEM
from backoffice.models import Shop
from backoffice.tests.factories import make_shop
from orderpull.models import PullSettings
from orderpull.tests.client import KEY, Erp, body_of
from orders.models import Order, ShopClock
from orders.services import add_note, changing, set_status_of_many
from orders.tests.factories import make_order
from orders.tests.race import NUMBER_OF_WRITERS, change_without_the_clock
from statuses.kinds import Kind

LONG_AGO = "20000101000000"


@dataclass
class Poller:
    """One business system; `habit` takes the answer's root and returns the moment to ask for next time."""

    habit: Callable[[etree._Element, "Poller"], str]
    number: str
    cursor: str = LONG_AGO
    began: str = LONG_AGO
    versions: dict[str, int] = field(default_factory=dict)

    def poll(self, erp: Erp) -> None:
        self.began = wall_clock()
        response = erp.list(self.cursor)
        body = body_of(response)
        if response.status_code != 200:
            return  # busy or too quick: it asks again, from where it was
        root = etree.fromstring(body)
        for order in root:
            order_id = order.get("id")
            self.versions[order_id] = max(self.versions.get(order_id, 0), int(order.get("version")))
        self.cursor = self.habit(root, self)


def follows_the_answer(root: etree._Element, poller: Poller) -> str:
    return root.get("next_change_time")


def keeps_the_highest_time(root: etree._Element, poller: Poller) -> str:
    return max([poller.cursor, *(order.findtext("changed_at") for order in root)])


def goes_by_its_own_clock(root: etree._Element, poller: Poller) -> str:
    """When it began to ask, on a clock that goes as ours does."""
    return poller.began


HABITS = (follows_the_answer, keeps_the_highest_time, goes_by_its_own_clock)


def change_with_the_clock(orders: Sequence[Order], seconds: float) -> None:
    """A change that can be made again and again, of one order or as a bulk job makes it of many; the transaction goes
    on for a while after it."""
    shop = orders[0].shop
    with changing(shop, by=SYSTEM) as change:
        locked = change.lock_many(order.pk for order in orders)
        if len(locked) == 1:
            add_note(locked[0], "Changed", by=SYSTEM)
        else:
            worked_on = [order.pk for order in locked if order.fulfilment_status == "in_progress"]
            others = [order.pk for order in locked if order.fulfilment_status != "in_progress"]
            set_status_of_many(worked_on, Kind.FULFILMENT, "on_hold", shop=shop, by=SYSTEM)
            set_status_of_many(others, Kind.FULFILMENT, "in_progress", shop=shop, by=SYSTEM)
        time.sleep(seconds)


def change_the_first_without(orders: Sequence[Order], seconds: float) -> None:
    change_without_the_clock(orders[0], seconds)


def wall_clock() -> str:
    return f"{timezone.localtime(timezone.now(), Shop(time_zone='Europe/Amsterdam').zone):%Y%m%d%H%M%S}"


def changes_lost(
    shop: Shop,
    write: Callable[[Sequence[Order], float], None],
    *,
    changes: int,
    pollers: int,
    longest: float,
    evenness: int,
    at_once: int = 1,
    pause: float = 0.05,
) -> dict[str, int]:
    """How many orders' last version each habit never saw, {habit: number}, after `changes` changes.

    Eight writers change orders in turn, up to `at_once` in a transaction; transactions last up to `longest` seconds,
    the higher the `evenness` the more of them are short. Systems rest for `pause` seconds between two pulls.
    """
    PullSettings.objects.update_or_create(shop=shop, defaults={"is_on": True, "key": KEY})
    orders = [make_order(shop) for _ in range(min(changes, 16 * at_once if at_once > 1 else 400))]
    chance, done = random.Random(7), Event()
    batches = list(_batches(orders, changes, at_once, chance))
    systems = [Poller(HABITS[number % len(HABITS)], shop.number) for number in range(pollers)]
    with without_limits(), ThreadPoolExecutor(NUMBER_OF_WRITERS) as writing, ThreadPoolExecutor(pollers) as polling:
        running = [
            polling.submit(_closing, _poll_until, done, each, index, pause) for index, each in enumerate(systems)
        ]
        writers = [
            writing.submit(_closing, _until_made, write, batch, longest * chance.random() ** evenness)
            for batch in batches
        ]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        for each in running:
            each.result()
    versions = {order.external_id(shop): order.version for order in Order.objects.for_shop(shop)}
    if (made := sum(versions.values()) - len(versions)) < changes:
        raise RuntimeError(f"Only {made} changes were made.")
    lost: dict[str, int] = {}
    for system in systems:
        missed = sum(system.versions.get(order_id, 0) < version for order_id, version in versions.items())
        lost[system.habit.__name__] = lost.get(system.habit.__name__, 0) + missed
    return lost


def _batches(orders: list[Order], changes: int, at_once: int, chance: random.Random) -> Iterator[list[Order]]:
    """What each transaction changes, `changes` in all: mostly `at_once` orders, every tenth time a single one."""
    begin = made = 0
    while made < changes:
        size = min(at_once if chance.random() > 0.1 else 1, changes - made, len(orders) - begin)
        yield orders[begin : begin + size]
        begin, made = (begin + size) % len(orders), made + size


def _until_made(write: Callable[[Sequence[Order], float], None], batch: Sequence[Order], seconds: float) -> None:
    """Make a change again that could not begin: others held the database for longer than SQLite waits.

    Twenty tries are more than a busy machine needs; PostgreSQL keeps nobody waiting, so there it is a fault.
    """
    for _ in range(0 if connection.vendor == "postgresql" else 20):
        try:
            return write(batch, seconds)
        except OperationalError:
            continue
    return write(batch, seconds)


def _poll_until(done: Event, poller: Poller, index: int, pause: float) -> None:
    erp = Erp(poller.number, REMOTE_ADDR=f"192.0.2.{index + 1}")
    is_last = False
    while not is_last:
        is_last = done.wait(pause)
        poller.poll(erp)


@contextmanager
def without_limits() -> Iterator[None]:
    """Pollers here ask more often than any shop allows."""
    limits = ("orderpull.services.entry.IDS_ALLOWED", "orderpull.services.entry.FAILURES_ALLOWED")
    with patch(limits[0], 10**9), patch(limits[1], 10**9):
        yield


def settle_without_lock(shop: Shop):
    """The twin's reader: looks at the time and waits for nobody."""
    ShopClock.objects.get_or_create(shop=shop, defaults={"at": timezone.now()})
    return timezone.now()


def lost_by_the_twin(shop: Shop, **race) -> dict[str, int]:
    """The same race with writers that stamp before they commit and a reader that does not wait for them."""
    with patch("orderpull.services.answers.settle_clock", settle_without_lock):
        return changes_lost(shop, change_the_first_without, **race)


def _closing(work: Callable, *arguments):
    """Run a piece of work in a thread and give its database connection back."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def main(changes: int) -> None:
    call_command("migrate", verbosity=0)
    race = {"changes": changes, "pollers": 6, "longest": 0.01, "evenness": 1, "at_once": 3}
    lost = {
        "with": changes_lost(make_shop("12345"), change_with_the_clock, **race),
        "without": lost_by_the_twin(make_shop("54321"), **race | {"at_once": 1}),
    }
    print(json.dumps(lost))  # noqa: T201  (the answer of the command)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
