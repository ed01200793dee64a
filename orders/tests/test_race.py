"""No poller ever loses an order, and the twin without the shop's clock shows that the test could tell.

On PostgreSQL transactions really overlap, so they last up to two seconds here. SQLite has one writer at a time
(BEGIN IMMEDIATE): there nothing can be lost between a stamp and its commit, but everything can between a time that
was taken and the lock that came later; so it is the waiting that is long.
"""

import json
import os
import subprocess
import sys

import pytest

from backoffice.tests.factories import make_shop
from orders.tests.race import change_by_the_service, change_without_the_clock, orders_lost

LENGTHS = {"longest": 2.0, "evenness": 12}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f40_no_change_is_lost_while_transactions_overlap():
    assert orders_lost(make_shop(), change_by_the_service, **LENGTHS) == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f40_without_the_clock_changes_are_lost():
    assert orders_lost(make_shop(), change_without_the_clock, **LENGTHS) > 0


@pytest.mark.faults
def test_f40_on_sqlite_no_change_is_lost_and_without_the_clock_some_are(tmp_path):
    # A process of its own, because the database of the tests lives in memory, where SQLite locks by other rules.
    race = subprocess.run(
        [sys.executable, "-m", "orders.tests.race"],
        env=os.environ
        | {
            "DATABASE_URL": f"sqlite:///{tmp_path / 'race.sqlite3'}",
            "DJANGO_SETTINGS_MODULE": "backoffice.tests.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert race.returncode == 0, race.stderr
    lost = json.loads(race.stdout)
    assert lost["with"] == 0
    assert lost["without"] > 0
