import pytest
from django.core.management import call_command

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


@pytest.mark.django_db
def test_a_large_order_is_measured(capsys, monkeypatch):
    monkeypatch.setattr(page_benches, "MOST_LINES", 30)
    monkeypatch.setattr(page_benches, "SOME_LINES", 3)

    call_command("bench", "large order", here=True, orders=3)

    rows = capsys.readouterr().out
    assert "order page with 30 lines" in rows
    assert "live total of 30 lines against its page" in rows
