"""Before mails leave, one of them is shown as it would read."""

import pytest
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from messaging.models import OutboxMail
from messaging.tests.factories import make_template, make_trigger
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(clerk_client, shop):
    """The page that says what setting these orders to Shipped would do."""

    def ask(*orders):
        numbers = [order.display_number for order in orders]
        data = {"action": "fulfilment:shipped", "shown": ",".join(numbers), "order": numbers, "filter": ""}
        response = clerk_client.post(reverse("orders:bulk", args=[shop.number]), data)
        return clerk_client.get(response["Location"])

    return ask


def test_bx3_a_sample_of_the_mails_is_shown_and_nothing_is_written(asked, shop):
    make_trigger(shop)
    orders = [make_order(shop, customer_name=name, customer_email=f"{name}@example.org") for name in ("ann", "bo")]

    page = asked(*orders)

    assertContains(page, f"Order {orders[1].display_number} is on its way")
    assertContains(page, "Dear bo")
    assertContains(page, "bo@example.org")
    assertNotContains(page, "Dear ann")
    assert not OutboxMail.objects.exists()


def test_the_sample_is_of_an_order_that_is_mailed(asked, shop):
    make_trigger(shop)
    first, second = make_order(shop, customer_name="ann"), make_order(shop, customer_name="bo")
    without_address = make_order(shop, customer_email="", customer_name="cy")
    cancelled = make_order(shop, fulfilment_status="cancelled", customer_name="di")

    assertContains(asked(first, second, without_address, cancelled), "Dear bo")


def test_the_sample_is_in_the_customers_language(asked, shop):
    template = make_template(shop)
    template.translations.create(language="nl", subject="Onderweg", html="<p>Beste {{ order.customer.name }}</p>")
    make_trigger(shop, template)

    assertContains(asked(*(make_order(shop, customer_language="nl") for _ in range(2))), "Beste Anna Jansen")


def test_what_a_customer_wrote_is_text_in_the_sample(asked, shop):
    make_trigger(shop)
    orders = [make_order(shop, customer_name="<script>x</script>") for _ in range(2)]

    assertNotContains(asked(*orders), "<script>x")


def test_a_text_with_a_fault_is_not_shown(asked, shop):
    make_trigger(shop, make_template(shop, html="<p>{{ order.nmber }}</p>"))

    page = asked(make_order(shop), make_order(shop))

    assertContains(page, "Up to 2 mails go out.")
    assertNotContains(page, "For instance to")
