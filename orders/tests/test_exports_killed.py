"""A worker is killed in the middle of an export and the next one begins it again; real processes, own database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.faults]
ROOT = Path(__file__).resolve().parents[2]

SET_UP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orders.exports.jobs import ExportRequest, start_export
from orders.services import place_orders
from orders.tests.factories import new_order
shop = make_shop("12345")
place_orders([new_order(number=number) for number in range(1, 1201)], shop=shop, by=SYSTEM)
start_export(ExportRequest("csv"), shop=shop, by=SYSTEM)
"""
# As the sweep does once the lease of a dead worker has lapsed.
WORK = """
import django; django.setup()
from backoffice import jobs
from backoffice.models import Job
Job.objects.filter(leased_until__isnull=False).update(leased_until="2026-01-01T00:00Z")
jobs.run(Job.objects.get().pk)
job = Job.objects.get()
print(job.state, job.attempts, job.result.get("rows"), job.file.name)
"""


def run(code, folder, fault=""):
    """Run Python in a process of its own, over the database and the files in `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    environment |= {
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "FAULT": fault,
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def files_in(folder):
    return sorted(path.name for path in (folder / "media").rglob("*") if path.is_file())


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
    made = run(SET_UP, tmp_path)
    assert made.returncode == 0, made.stderr

    killed = run(WORK, tmp_path, fault)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [Path(name).suffix for name in files_in(tmp_path)] == left

    second = run(WORK, tmp_path)

    state, attempts, rows, name = second.stdout.split()
    assert (state, attempts, rows) == ("done", "2", "1200")
    lines = (tmp_path / "media" / name).read_text("utf-8-sig").splitlines()
    assert len(lines) == 1201
    assert len(files_in(tmp_path)) == 2  # the whole one and what is left for the sweep
