from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from backoffice.tests.installation import Installation
from orders import benches, page_benches


@pytest.fixture(autouse=True)
def no_shops_kept():
    """The benches keep their shops for the length of a run; here each story has a database of its own."""
    yield
    benches.shop_with.cache_clear()
    benches.owner_of.cache_clear()
    page_benches.order_with.cache_clear()


@pytest.mark.django_db
def test_the_benches_measure_with_few_orders(capsys):
    call_command("bench", "queries", here=True, orders=3)

    rows = capsys.readouterr().out
    assert "orders:list at 3 orders" in rows
    assert "orders:detail at 3 orders" in rows


@pytest.mark.faults
def test_the_memory_of_a_print_job_is_measured_in_every_process(tmp_path):
    """The bench starts processes of its own, which have to find the orders: it needs a database that is a file."""
    few = "from orders.papers import benches; benches.FEW, benches.MANY = 2, 3;"
    installation = Installation(tmp_path)
    installation.manage("migrate", "-v0")

    measured = installation.python(few + "print(*(m.what for m in benches.memory_of_printing(0)), sep='\\n')")

    assert [line for line in measured.stdout.splitlines() if line.startswith("peak")] == [
        "peak of the worker of a print job, 3 against 2 orders",
        "peak of the renderer of a print job, 3 against 2 orders",
    ], measured.stderr


@pytest.mark.django_db
def test_a_large_order_is_measured(capsys, monkeypatch):
    monkeypatch.setattr(page_benches, "MOST_LINES", 30)
    monkeypatch.setattr(page_benches, "SOME_LINES", 3)

    # So few lines say nothing about the time.
    with suppress(CommandError):
        call_command("bench", "large order", here=True, orders=3)

    rows = capsys.readouterr().out
    assert "order page with 30 lines" in rows
    assert "live total of 30 lines against its page" in rows
