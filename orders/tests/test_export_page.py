import pytest
from django.urls import reverse
from lxml import etree

from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def export(client, shop, query=""):
    response = client.get(reverse("orders:export", args=[shop.number]) + f"?{query}")
    return response, etree.fromstring(b"".join(response.streaming_content))


def test_the_export_holds_the_orders_of_the_filter(clerk_client, shop, other_shop):
    make_order(shop, number=1, payment_status="paid")
    make_order(shop, number=2, payment_status="open")
    make_order(other_shop, number=3, payment_status="paid")

    response, document = export(clerk_client, shop, "payment=paid")

    assert [order.get("id") for order in document] == ["12345_00001"]
    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert response["Content-Disposition"].startswith('attachment; filename="orders-12345-')
    assert response["Cache-Control"] == "no-store, private"


def test_a_filter_that_makes_no_sense_is_left_out_as_in_the_list(clerk_client, shop):
    make_order(shop, number=1)

    _response, document = export(clerk_client, shop, "status=nonsense&placed_from=x")

    assert len(document) == 1
