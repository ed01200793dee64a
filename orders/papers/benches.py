"""What a print job holds in memory, in the worker and in its renderers, with many orders beside few."""

import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator

import django
from django.test import override_settings

if __name__ == "__main__":
    django.setup()

from backoffice import jobs
from backoffice.actor import SYSTEM
from backoffice.benches import Measured, bench, peak_kib
from backoffice.models import JobState, Shop
from layouts.kinds import Kind
from layouts.rendering.pool import POOL
from orders.benches import shop_with
from orders.models import Order
from orders.papers.jobs import start_printing
from orders.papers.wish import PICK_ROUND, Wish

FEW, MANY = 100, 1_000


@bench("print memory")
def memory_of_printing(_size: int) -> Iterator[Measured]:
    few, many = (_peaks_of_printing(shop_with(number)) for number in (FEW, MANY))
    for process in ("worker", "renderer"):
        remark = f"{many[process] / 1024:.0f} MiB"
        what = f"peak of the {process} of a print job, {MANY:,} against {FEW} orders"
        yield Measured(what, many[process] / few[process], 1.3, remark=remark)


def _peaks_of_printing(shop: Shop) -> dict[str, int]:
    """KiB at the peak of a worker that does nothing but this job, and of the larger one of its renderers."""
    child = [sys.executable, "-m", "orders.papers.benches", shop.number]
    done = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return json.loads(done.stdout.splitlines()[-1])


def main(shop_number: str) -> None:
    shop = Shop.objects.get(number=shop_number)
    orders = Order.objects.for_shop(shop).newest_first()
    wish = Wish((Kind.PACKING_SLIP, PICK_ROUND))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, override_settings(MEDIA_ROOT=folder):
        job = start_printing(wish, orders, shop=shop, by=SYSTEM, token=uuid.uuid4())
        jobs.run(job.pk)
        job.refresh_from_db()
        if (job.state, job.number_failed) != (JobState.DONE, 0):
            raise RuntimeError(f"The job is {job.state}: {job.number_failed} failed. {job.error}")
    peaks = {"worker": peak_kib(), "renderer": max(map(peak_kib, POOL.process_ids))}
    print(json.dumps(peaks))  # noqa: T201  (the answer of the child)


if __name__ == "__main__":
    main(sys.argv[1])
