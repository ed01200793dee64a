"""Before anything leaves: how many mails a bulk action sends, and the tick that keeps them back."""

import pytest
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import OutboxMail
from messaging.tests.factories import make_trigger
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def ship(client, shop, orders):
    numbers = [order.display_number for order in orders]
    data = {"action": "fulfilment:shipped", "shown": ",".join(numbers), "order": numbers, "filter": ""}
    return client.post(reverse("orders:bulk", args=[shop.number]), data)


def statuses(*orders):
    for order in orders:
        order.refresh_from_db()
    return [order.fulfilment_status for order in orders]


def test_several_mails_are_told_before_anything_is_written(clerk_client, shop):
    make_trigger(shop)
    first, second = make_order(shop), make_order(shop)
    without_address = make_order(shop, customer_email="")

    response = ship(clerk_client, shop, [first, second, without_address])

    shown = clerk_client.get(response["Location"]).content.decode()
    assert "Up to 2 mails go out." in shown
    assert statuses(first, second) == ["ready", "ready"]
    assert not OutboxMail.objects.exists()

    clerk_client.post(response["Location"])
    assert statuses(first, second) == ["shipped", "shipped"]
    assert OutboxMail.objects.exclude(recipient="").count() == 2


def test_do_not_notify_ships_without_a_word(clerk_client, shop):
    make_trigger(shop)
    orders = [make_order(shop), make_order(shop)]

    response = ship(clerk_client, shop, orders)
    clerk_client.post(response["Location"], {"quiet": "1"})

    assert statuses(*orders) == ["shipped", "shipped"]
    assert not OutboxMail.objects.exists()


def test_without_a_mail_tied_to_it_nothing_is_asked(clerk_client, shop):
    make_trigger(shop, is_on=False)
    orders = [make_order(shop), make_order(shop)]

    ship(clerk_client, shop, orders)

    assert statuses(*orders) == ["shipped", "shipped"]


@pytest.mark.parametrize(("quiet", "number"), [({}, 1), ({"quiet": "1"}, 0)])
def test_the_tick_beside_a_status_of_one_order_keeps_its_mail_back(clerk_client, shop, quiet, number):
    make_trigger(shop)
    order = make_order(shop)
    page = clerk_client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()
    assert 'name="quiet" value="1"' in page

    url = reverse("orders:set-fulfilment", args=[shop.number, order.number])
    clerk_client.post(url, {"status": "shipped", "seen": "ready"} | quiet)

    assert statuses(order) == ["shipped"]
    assert OutboxMail.objects.count() == number


def test_every_form_that_would_mail_has_the_tick(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    order = make_order(shop)
    forms = [
        reverse("orders:detail", args=[shop.number, order.number]),
        reverse("orders:ship", args=[shop.number, order.number]),
        reverse("orders:record-payment", args=[shop.number, order.number]),
        reverse("orders:new", args=[shop.number]),
    ]

    without = [url for url in forms if 'name="quiet" value="1"' not in client.get(url).content.decode()]

    assert without == []
