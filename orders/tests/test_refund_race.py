"""However often and by however many a refund is asked for at once: one per button, and never more than was paid.

The twins without the lock and without the key show that the race could tell.
"""

import json
import os
import subprocess
import sys

import pytest

from backoffice.tests.factories import make_shop
from orders.tests.refund_race import PRESSES, races


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_t34_f26_fifty_presses_make_one_refund_on_postgresql():
    holds(races(make_shop()))


@pytest.mark.faults
def test_t34_f26_fifty_presses_make_one_refund_on_sqlite(tmp_path):
    # A process of its own, because the database of the tests lives in memory, where SQLite locks by other rules.
    race = subprocess.run(
        [sys.executable, "-m", "orders.tests.refund_race"],
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
    holds(json.loads(race.stdout))


def holds(made):
    """What each of the races left."""
    assert made["one button"] == ["1.00"]
    assert made["fifty people"] == ["1.00"] * 12  # of 12.10 that was paid
    assert len(made["one button without the key"]) == 12 < PRESSES
    assert len(made["one button without the lock"]) > 1
    assert len(made["fifty people without the lock"]) > 1  # each of them all that was paid
