"""Redis is away: each process remembers by itself, and pages answer as always."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from backoffice.limits import is_too_often
from backoffice.tests.factories import PASSWORD
from backoffice.tests.servers import free_port
from orders.status_page import status_url
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_redis(settings, no_tries_counted):
    """A Redis that nobody started."""
    redis = {"BACKEND": "backoffice.cache.SteadyRedisCache", "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": redis}


def test_the_process_remembers_by_itself():
    cache.set("a", 1)

    assert cache.get("a") == 1
    assert cache.add("a", 2) is False
    assert cache.incr("a") == 2
    assert cache.delete("a") is True
    assert cache.get("a", "nothing") == "nothing"


def test_tries_are_counted_still():
    assert [is_too_often("door", "203.0.113.7", limit=2, seconds=3600) for _ in range(3)] == [False, False, True]


def test_staff_sign_in_and_a_wrong_password_is_told(client, clerk):
    sign_in = reverse("account_login")

    wrong = client.post(sign_in, {"login": clerk.user.email, "password": "something-else"})
    right = client.post(sign_in, {"login": clerk.user.email, "password": PASSWORD})

    assert wrong.status_code == 200
    assert wrong.context["form"].errors
    assert right.status_code == 302


def test_a_customer_sees_the_order(client, shop):
    order = make_order(shop)

    assert client.get(status_url(order, shop)).status_code == 200


@pytest.mark.parametrize(
    ("name", "args", "method"), [("download", ["nonsense"], "get"), ("mail-reports", ["12345"], "post")]
)
def test_a_link_that_does_not_work_is_refused_as_always(client, shop, name, args, method):
    assert 400 <= getattr(client, method)(reverse(name, args=args)).status_code < 500


def test_a_form_of_somebody_who_was_signed_out_is_kept(client, shop):
    order = make_order(shop)

    response = client.post(reverse("orders:add-note", args=[shop.number, order.display_number]), {"text": "Call her"})

    assert response.status_code == 302
    assert "kept_form" in client.session


def test_whoever_asks_whether_all_is_well_is_told(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()["cache"]) == (200, "away")
