"""A bulk job whose worker is killed goes on where it was: each order is changed once, none is left out."""

import json
import random
import signal

import pytest

from backoffice.tests.installation import Installation

NUMBER_OF_ORDERS = 1000

START = """
import json, uuid
from backoffice.actor import SYSTEM
from backoffice.models import Shop
from orders.jobs import start_bulk
from orders.models import Order
shop = Shop.objects.first()
job = start_bulk("internal:checked", "", Order.objects.for_shop(shop), shop=shop, by=SYSTEM, token=uuid.uuid4())
print(json.dumps({"job": job.pk}))
"""
PREPARE = """
from backoffice.models import Shop
from statuses.models import ShopStatus
ShopStatus.objects.create(shop=Shop.objects.first(), kind="internal", code="checked", name_en="Checked")
"""
LOOK = """
import json
from django.db.models import Count
from backoffice.models import Job
from orders.models import Order, OrderLogEntry
job = Job.objects.get()
entries = OrderLogEntry.objects.filter(act=job.act)
print(json.dumps({
    "state": job.state, "done": job.number_done, "failed": job.number_failed,
    "changed": Order.objects.exclude(internal_status=None).count(),
    "entries": entries.count(),
    "twice": entries.values("order").annotate(n=Count("id")).filter(n__gt=1).count(),
}))
"""
LAPSE = """
from datetime import timedelta
from django.utils import timezone
from backoffice.models import Job
Job.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now() - timedelta(seconds=1))
"""


@pytest.fixture
def installation(tmp_path):
    """An installation of its own with a thousand orders."""
    made = Installation(tmp_path)
    made.manage("migrate", "-v0")
    made.manage("generate_orders", "--orders", str(NUMBER_OF_ORDERS))
    made.python(PREPARE)
    return made


@pytest.mark.faults
def test_a_killed_worker_is_followed_by_another_that_goes_on_where_it_was(installation):
    job = str(json.loads(installation.python(START).stdout)["job"])
    chance = random.Random(7)

    for _kill in range(4):
        place = chance.choice(["jobs.before-settle", "jobs.between-chunks"])
        installation.manage("run_job", job, fault=f"{place}#{chance.randint(1, 2)}:exit9", ends=-signal.SIGKILL)
        installation.python(LAPSE)
    installation.manage("run_job", job)

    assert json.loads(installation.python(LOOK).stdout) == {
        "state": "done",
        "done": NUMBER_OF_ORDERS,
        "failed": 0,
        "changed": NUMBER_OF_ORDERS,
        "entries": NUMBER_OF_ORDERS,
        "twice": 0,
    }
