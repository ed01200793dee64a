"""Systems of every habit lose no change, and the twin without the shop's clock shows that the test could tell."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from lxml import etree

from backoffice.tests.factories import make_shop
from orderpull.tests.client import Erp, body_of, open_pull
from orderpull.tests.race import HABITS, Poller, change_with_the_clock, changes_lost, lost_by_the_twin, without_limits
from orders.services import add_note
from orders.tests.factories import make_order

NOTHING = {habit.__name__: 0 for habit in HABITS}
RACE = {"changes": 400, "pollers": 6, "longest": 2.0, "evenness": 12}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [1, 25])
def test_f40_no_system_loses_a_change_while_transactions_overlap(at_once):
    race = RACE | {"changes": RACE["changes"] * at_once, "at_once": at_once}

    assert changes_lost(make_shop(), change_with_the_clock, **race) == NOTHING


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f40_without_the_clock_systems_lose_changes():
    assert sum(lost_by_the_twin(make_shop(), **RACE).values()) > 0


@pytest.mark.faults
def test_f40_on_sqlite_no_system_loses_a_change(tmp_path):
    # A process of its own, because the database of the tests lives in memory, where SQLite locks by other rules.
    race = subprocess.run(
        [sys.executable, "-m", "orderpull.tests.race", "200"],
        env=os.environ
        | {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'race.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "backoffice.tests.settings",
            "LOG_LEVEL": "ERROR",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert race.returncode == 0, race.stderr
    lost = json.loads(race.stdout)
    assert lost["with"] == NOTHING
    assert sum(lost["without"].values()) > 0


SPRING, AUTUMN = datetime(2026, 3, 29, 0, 55, tzinfo=UTC), datetime(2026, 10, 25, 0, 55, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# How the machine's clock jumps, and before which change.
STEPS = {
    "forward": [(HOUR, 1)],
    "back": [(-HOUR, 1)],
    "forward and back": [(HOUR, 2), (-HOUR, 4)],
    "back and forward": [(-HOUR, 2), (HOUR, 4)],
}


@pytest.mark.django_db
@pytest.mark.parametrize("begin", [SPRING, AUTUMN, JUNE], ids=["spring", "autumn", "june"])
@pytest.mark.parametrize("steps", [[], *STEPS.values()], ids=["none", *STEPS])
def test_f30_clock_steps_and_the_nights_of_the_clock_change_lose_nothing(shop, actor, time_machine, begin, steps):
    """Whoever remembers a time that we told is safe whatever our clock does; who goes by a clock of their own, as
    long as ours is right."""
    time_machine.move_to(begin, tick=False)
    open_pull(shop)
    order = make_order(shop)
    habits = HABITS if not steps else HABITS[:2]
    systems = [Poller(habit, shop.number) for habit in habits]
    jumps = {number: jump for jump, number in steps}

    with without_limits():
        for number in range(8):
            time_machine.shift(timedelta(seconds=97.3) + jumps.get(number, timedelta(0)))
            add_note(order, f"Change {number}", by=actor)
            order.refresh_from_db()
            for system in systems:
                system.poll(Erp())
                assert system.versions[order.external_id(shop)] == order.version, (system.habit, number)


def number_of_open_files():
    """Without our own connection, which may have lived long enough to be closed, or not."""
    connection.close()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.django_db(transaction=True)  # hanging up ends the request, and with it the database connection
def test_a_system_that_hangs_up_fifty_times_leaves_nothing_behind(shop):
    """At the first piece of many: no open file, no generator, no row but the log's."""
    open_pull(shop)
    for _ in range(120):
        make_order(shop)
    erp = Erp()

    def hang_up():
        response = erp.get("orders/list", erp.call("20000101000000"))
        pieces = iter(response.streaming_content)
        next(pieces)
        next(pieces)
        response.close()

    with without_limits():
        hang_up()
        files = number_of_open_files()
        for _ in range(50):
            hang_up()

    assert number_of_open_files() == files
    calls = shop.pull_calls.filter(step="list")
    assert set(calls.values_list("outcome", flat=True)) == {"cut_off"}
    assert calls.count() == 51
    assert not calls.exclude(answer=None).exists()
    assert etree.fromstring(body_of(erp.list())).get("count") == "120"
