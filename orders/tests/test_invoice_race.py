"""F45: whatever writers do and wherever they are killed, invoice numbers have neither a hole nor a double.

The twins without the lock and with a transaction of its own show that the race could tell.
"""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from backoffice.tests.factories import make_shop
from orders.models import Invoice
from orders.tests.invoice_race import (
    found,
    paid_orders,
    take_in_its_own_transaction,
    take_without_the_lock,
    twin,
    work,
)

NUMBERS, WRITERS = 200, 20


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f45_writers_that_roll_back_leave_no_hole_on_postgresql():
    shop = make_shop()

    work(shop, paid_orders(shop, NUMBERS), WRITERS)

    issued = Invoice.objects.filter(shop=shop).values_list("sequence", flat=True)
    assert found(issued) == {"numbers": NUMBERS, "holes": 0, "doubles": 0}
    assert twin(shop, take_without_the_lock)["doubles"] > 0
    assert twin(shop, take_in_its_own_transaction)["holes"] > 0


@pytest.mark.faults
def test_f45_writers_that_are_killed_leave_no_hole_on_sqlite(tmp_path):
    holds(run_race(f"sqlite:///{tmp_path / 'race.sqlite3'}"))


@pytest.mark.faults
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f45_writers_that_are_killed_leave_no_hole_on_postgresql():
    # In the database of the tests, which the fixture empties again.
    given = urlsplit(os.environ["DATABASE_URL"])
    holds(run_race(urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))))


def run_race(database):
    # A process of its own, because it is killed, and because the database of the tests may live in memory.
    race = subprocess.run(
        [sys.executable, "-m", "orders.tests.invoice_race", str(NUMBERS), str(WRITERS)],
        env=os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "backoffice.tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert race.returncode == 0, race.stderr
    return json.loads(race.stdout)


def holds(left):
    assert left["with the lock"] == {"numbers": NUMBERS, "holes": 0, "doubles": 0}
    assert left["without the lock"]["doubles"] > 0
    assert left["in its own transaction"]["holes"] > 0
