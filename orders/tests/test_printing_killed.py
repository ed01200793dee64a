"""A worker is killed in the middle of a print job and the next one goes on there; real processes, own database."""

import re
import shutil
import signal

import pytest
from pypdf import PdfReader

from backoffice.tests.installation import Installation
from orders.tests.processes import WORK

pytestmark = [pytest.mark.faults]
ORDERS = 60  # three parts

SET_UP = f"""
import uuid
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
TELL = """
print(job.state, job.attempts, job.number_done, job.file.name, job.error)
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    installation = Installation(folder)
    installation.manage("migrate", "-v0")
    installation.python(SET_UP)
    return folder


@pytest.fixture
def installation(prepared, tmp_path):
    """A database with a print job that waits, and room for its files."""
    return Installation(shutil.copytree(prepared, tmp_path / "own"), LOG_LEVEL="INFO")


def parts_kept(process):
    lines = (process.stderr + process.stdout).splitlines()
    return [re.search(r"\bnumber=(\d+)", line)[1] for line in lines if "part kept" in line]


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
    installation, fault, parts_of_the_first, parts_of_the_second
):
    media = installation.folder / "media"
    killed = installation.python(WORK + TELL, fault=fault, ends=-signal.SIGKILL)
    assert parts_kept(killed) == parts_of_the_first
    assert not list(media.glob("jobs/*/*.pdf")) or fault.startswith("papers.made")

    second = installation.python(WORK + TELL)

    assert second.stdout.split()[-4:-1] == ["done", "2", str(ORDERS)], second.stdout + second.stderr
    assert parts_kept(second) == parts_of_the_second
    whole = media / second.stdout.split()[-1]
    assert orders_in(whole) == list(range(1, ORDERS + 1))
    # The list to pick all of them by, with the orders of the first worker too.
    assert f"{ORDERS} orders" in PdfReader(whole).pages[0].extract_text()
    assert not list(media.rglob("*.papers"))
