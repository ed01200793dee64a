"""A worker is killed in the middle of a print job and the next one goes on there; real processes, own database."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

pytestmark = [pytest.mark.faults]
ROOT = Path(__file__).resolve().parents[2]
ORDERS = 60  # three parts

SET_UP = f"""
import django, uuid; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from layouts.tests.factories import make_version
from orders.models import Order
from orders.papers.jobs import start_printing
from orders.papers.wish import Wish
from orders.services import place_orders
from orders.tests.factories import new_order
shop = make_shop("12345")
make_version(shop, "packing_slip", html="<p>Order {{{{ order.number }}}}.", css="@page {{ size: A6 }}")
place_orders([new_order(number=number) for number in range(1, {ORDERS + 1})], shop=shop, by=SYSTEM)
start_printing(
    Wish(("packing_slip", "pick_round")), Order.objects.order_by("number"), shop=shop, by=SYSTEM, token=uuid.uuid4()
)
"""
# As the sweep does once the lease of a dead worker has lapsed.
WORK = """
import django; django.setup()
from backoffice import jobs
from backoffice.models import Job
Job.objects.filter(leased_until__isnull=False).update(leased_until="2026-01-01T00:00Z")
jobs.run(Job.objects.get().pk)
job = Job.objects.get()
print(job.state, job.attempts, job.number_done, job.file.name, job.error)
"""


def run(code, folder, fault=""):
    """Run Python in a process of its own, over the database and the files in `folder`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    environment |= {
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "FAULT": fault,
        "LOG_LEVEL": "INFO",
    }
    return subprocess.run(
        [sys.executable, "-u", "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    made = run(SET_UP, folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def folder(prepared, tmp_path):
    """A database with a print job that waits, and room for its files."""
    return shutil.copytree(prepared, tmp_path / "own")


def parts_kept(process):
    lines = (process.stderr + process.stdout).splitlines()
    return [re.search(r"\bnumber=(\d+)", line)[1] for line in lines if "part kept" in line]


def files_in(folder):
    return sorted(path.name for path in (folder / "media").rglob("*") if path.is_file())


def orders_in(path):
    """Numbers on the slips, in the order of their pages."""
    words = " ".join(page.extract_text() for page in PdfReader(path).pages)
    return [int(number) for number in re.findall(r"Order (\d+)\.", words)]


@pytest.mark.parametrize(
    ("fault", "parts_of_the_first", "parts_of_the_second"),
    [
        ("papers.part-kept#2:exit9", ["0", "1"], ["2"]),
        ("papers.part-written#2:exit9", ["0"], ["1", "2"]),
        ("job-files.written:exit9", ["0", "1", "2"], []),
        ("papers.made:exit9", ["0", "1", "2"], []),
    ],
)
def test_f33_a_print_job_whose_worker_is_killed_goes_on_where_it_was(
    folder, fault, parts_of_the_first, parts_of_the_second
):
    killed = run(WORK, folder, fault)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert parts_kept(killed) == parts_of_the_first
    assert not list((folder / "media").glob("jobs/*/*.pdf")) or fault.startswith("papers.made")

    second = run(WORK, folder)

    assert second.stdout.split()[-4:-1] == ["done", "2", str(ORDERS)], second.stdout + second.stderr
    assert parts_kept(second) == parts_of_the_second
    whole = folder / "media" / second.stdout.split()[-1]
    assert orders_in(whole) == list(range(1, ORDERS + 1))
    # The list to pick all of them by, with the orders of the first worker too.
    assert f"{ORDERS} orders" in PdfReader(whole).pages[0].extract_text()
    assert not list((folder / "media").rglob("*.papers"))
