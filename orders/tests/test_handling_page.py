"""The page of settings that say how orders are handled."""

import pytest
from django.urls import reverse
from lxml import html

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client, shop):
    client.force_login(make_staff(shop, Role.MANAGER).user)
    return client


def settings_url(shop) -> str:
    return reverse("handling:settings", args=[shop.number])


def skus_on(response) -> list[str]:
    page = html.fromstring(response.content)
    return [cell.text_content() for cell in page.cssselect("td.sku")]


def three_lines(shop):
    return make_order(
        shop,
        lines=[
            new_line(sku="B-2", location="C-01"),
            new_line(sku="C-3", location="A-01"),
            new_line(sku="A-1", location=""),
        ],
    )


@pytest.mark.parametrize(
    ("line_order", "skus"),
    [
        ("location", ["C-3", "B-2", "A-1"]),
        ("sku", ["A-1", "B-2", "C-3"]),
        ("cart", ["B-2", "C-3", "A-1"]),
    ],
)
def test_li3_a_shop_chooses_the_order_of_lines_and_sees_it_on_a_real_order(office, shop, line_order, skus):
    order = three_lines(shop)

    response = office.post(settings_url(shop), {"line_order": line_order, "ready_rule": "on"}, follow=True)

    assert skus_on(response) == skus
    page = html.fromstring(office.get(reverse("orders:detail", args=[shop.number, order.display_number])).content)
    text = page.text_content()
    assert sorted(skus, key=text.index) == skus


def test_product_number_is_the_order_until_another_is_chosen(office, shop):
    page = html.fromstring(office.get(settings_url(shop)).content)

    assert page.xpath("//input[@name='line_order'][@checked]/@value") == ["sku"]


def test_a_shop_without_the_rule_lets_orders_start_as_new(office, shop, actor):
    office.post(settings_url(shop), {"line_order": "sku"})

    shop.refresh_from_db()
    assert shop.ready_rule is False
    assert make_order(shop).fulfilment_status == "new"


def test_what_is_no_order_of_lines_is_said_at_its_field_and_nothing_is_saved(office, shop):
    response = office.post(settings_url(shop), {"line_order": "price"})

    assert response.status_code == 422
    shop.refresh_from_db()
    assert (shop.line_order, shop.ready_rule) == ("sku", True)


def test_a_shop_without_orders_has_the_page_without_an_example(office, shop):
    assert skus_on(office.get(settings_url(shop))) == []
