"""A worker is killed in the middle of an export and the next one begins it again; real processes, own database."""

import signal
from pathlib import Path

import pytest

from backoffice.tests.installation import Installation
from orders.tests.processes import WORK

pytestmark = [pytest.mark.faults]

SET_UP = """
from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.exports.jobs import ExportRequest, start_export
from orders.services import place_orders
from orders.tests.factories import new_order
shop = make_shop("12345")
place_orders([new_order(number=number) for number in range(1, 1201)], shop=shop, by=SYSTEM)
start_export(ExportRequest("csv"), shop=shop, by=SYSTEM)
"""
TELL = """
print(job.state, job.attempts, job.result.get("rows"), job.file.name)
"""


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("exports.reported#2:exit9", [".part"]),
        ("job-files.written:exit9", [".part"]),
        # Renamed, but not yet known to the job: nobody can download it, and the sweep takes it away.
        ("job-files.renamed:exit9", [".csv"]),
    ],
)
def test_an_export_whose_worker_is_killed_begins_again(tmp_path, fault, left):
    installation = Installation(tmp_path)
    installation.manage("migrate", "-v0")
    installation.python(SET_UP)

    installation.python(WORK + TELL, fault=fault, ends=-signal.SIGKILL)
    assert [Path(name).suffix for name in installation.files()] == left

    second = installation.python(WORK + TELL)

    state, attempts, rows, name = second.stdout.split()
    assert (state, attempts, rows) == ("done", "2", "1200")
    lines = (tmp_path / "media" / name).read_text("utf-8-sig").splitlines()
    assert len(lines) == 1201
    assert len(installation.files()) == 2  # the whole one and what is left for the sweep
