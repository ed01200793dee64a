"""The benches of order pull measure what they say, with few orders."""

import pytest

from orderpull import page_benches
from orderpull.benches import pull_of_nothing
from orders import benches


@pytest.fixture(autouse=True)
def no_shops_kept():
    """The benches keep their shops for the length of a run; here each story has a database of its own."""
    yield
    benches.shop_with.cache_clear()
    benches.owner_of.cache_clear()


@pytest.mark.django_db(transaction=True)  # else queries would include savepoints
def test_a_pull_of_nothing_is_measured():
    measured = {each.what: each for each in pull_of_nothing(3)}

    assert measured["nothing changed among 3 orders"].is_held
    assert measured["nothing changed among 3 orders against 1"].value > 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_pages_beside_pollers_are_measured_in_a_real_server(monkeypatch):
    for name in ("SECONDS", "ROUNDS", "SECONDS_TO_WARM_UP"):
        monkeypatch.setattr(page_benches, name, 1)

    [measured] = page_benches.pages_beside_pollers(3)

    assert measured.what == "p95 of pages of 40 staff beside 200 pollers each minute"
    assert measured.value > 0
