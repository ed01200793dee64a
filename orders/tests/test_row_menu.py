"""The menu of a row of the list: what is offered, to whom, and where it leads."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from orders.models import Order
from orders.services import NewPayment, delete_orders
from orders.tests.factories import PLACED_AT, make_order

pytestmark = pytest.mark.django_db
PAPERS = ["Print invoice", "Print packing slip", "Print pick list", "Print other papers…"]


def list_url(shop, query=""):
    return reverse("orders:list", args=[shop.number]) + (f"?{query}" if query else "")


def menu_link(client, shop, query=""):
    """Where the menu of the first row is."""
    page = html.fromstring(client.get(list_url(shop, query)).content)
    return page.cssselect("tbody a.dots")[0].get("href")


def menu_of(client, order):
    address = reverse("orders:row-menu", args=[order.shop.number, order.display_number])
    return html.fromstring(client.get(address, headers={"HX-Request": "true"}).content.decode())


def offered(client, order):
    """What the menu of an order offers, in its words."""
    return [re.sub(r"\s+", " ", each.text_content()).strip() for each in menu_of(client, order).cssselect("a, button")]


def paid(amount):
    return [NewPayment(Decimal(amount), "iDEAL", "paid", PLACED_AT, paid_at=PLACED_AT)]


def test_a_paid_order_is_shipped_printed_mailed_and_its_number_copied(clerk_client, shop):
    order = make_order(shop, payments=paid("12.10"))

    assert offered(clerk_client, order) == ["Ship 1 line", *PAPERS, "Write a message", "Copy number"]


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        ({"payment_status": "paid", "fulfilment_status": "new"}, ["Start"]),
        ({"payment_status": "paid", "fulfilment_status": "in_progress"}, ["Set ready"]),
        ({"payment_status": "paid", "fulfilment_status": "on_hold"}, ["Release"]),
        ({"payment_status": "paid", "fulfilment_status": "shipped"}, ["Complete"]),
        ({"payment_status": "paid", "fulfilment_status": "completed"}, []),
        ({"payment_status": "paid", "fulfilment_status": "cancelled"}, []),
        ({"payment_status": "open", "fulfilment_status": "ready"}, ["Mark paid"]),
        ({"payment_status": "paid", "customer_message": "Ring twice"}, ["Mark as read", "Ship 1 line"]),
    ],
)
def test_the_next_step_is_that_of_the_order(client, shop, values, steps):
    client.force_login(make_staff(shop, Role.OWNER).user)
    order = make_order(shop, **values)

    assert offered(client, order) == [*steps, *PAPERS, "Write a message", "Copy number"]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.READ_ONLY, ["Copy number"]),
        (Role.WAREHOUSE, ["Ship 1 line", *PAPERS, "Copy number"]),
        (Role.FINANCE, ["Mark paid", *PAPERS, "Write a message", "Copy number"]),
    ],
)
def test_nobody_is_offered_what_the_role_may_not(client, shop, role, expected):
    client.force_login(make_staff(shop, role).user)
    order = make_order(shop, payment_status="open")

    assert offered(client, order) == expected


def test_a_deleted_order_is_only_restored(clerk_client, shop, actor):
    order = make_order(shop, payments=paid("12.10"))
    delete_orders([order.pk], shop=shop, by=actor)

    assert offered(clerk_client, order) == ["Restore", "Copy number"]


def test_a_step_leads_back_to_the_row_on_the_page_it_was_taken_from(clerk_client, shop):
    order = make_order(shop, payment_status="paid", fulfilment_status="new")
    link = menu_link(clerk_client, shop, "payment=paid&sort=number")

    form = html.fromstring(clerk_client.get(link).content).cssselect(".row-menu form")[0]
    fields = {each.get("name"): each.get("value") for each in form.cssselect("[name]")}
    response = clerk_client.post(form.get("action"), fields)

    back = list_url(shop, "payment=paid&sort=number")
    assertRedirects(response, f"{back}#{order.display_number}", fetch_redirect_response=False)
    assert Order.objects.get().fulfilment_status == "in_progress"
    assertContains(clerk_client.get(back), f"Order {order.display_number}: In progress.")


def test_what_is_refused_is_told_in_the_list_with_its_order(clerk_client, shop):
    order = make_order(shop, payment_status="paid", fulfilment_status="cancelled")
    address = reverse("orders:set-fulfilment", args=[shop.number, order.display_number])

    response = clerk_client.post(f"{address}?then=list", {"status": "shipped", "seen": "new"}, follow=True)

    assert urlsplit(response.redirect_chain[-1][0]).path == list_url(shop)
    assertContains(response, f"Order {order.display_number}: ")
    assert Order.objects.get().fulfilment_status == "cancelled"


def test_on_the_page_of_an_order_nothing_leads_to_the_list_instead(clerk_client, shop):
    order = make_order(shop, payments=paid("12.10"))
    ship = menu_of(clerk_client, order).cssselect("a.step")[0].get("href")

    back = html.fromstring(clerk_client.get(ship).content).cssselect("a.crumb")[0].get("href")

    assert parse_qs(urlsplit(ship).query) == {"then": ["list"]}
    assert back == reverse("orders:detail", args=[shop.number, order.display_number])


def test_without_a_script_the_menu_is_a_page_with_the_way_back(clerk_client, shop):
    make_order(shop, payments=paid("12.10"))

    page = html.fromstring(clerk_client.get(menu_link(clerk_client, shop, "payment=paid")).content)

    assert page.cssselect("h1")[0].text_content() == "Order 00001"
    assert page.cssselect("a.crumb")[0].get("href") == list_url(shop, "payment=paid")
    assert page.cssselect(".row-menu a.step")[0].text_content() == "Ship 1 line"


def test_the_menu_of_another_shops_order_is_not_there(clerk_client, shop, other_shop):
    make_order(other_shop, number=7)

    response = clerk_client.get(reverse("orders:row-menu", args=[shop.number, "00007"]))

    assert response.status_code == 404


@pytest.mark.parametrize("lines", [1, 12])
def test_the_menu_costs_the_same_whatever_the_order_holds(clerk_client, shop, lines, django_assert_num_queries):
    order = make_order(shop, lines=lines, payment_status="paid")
    menu_of(clerk_client, order)

    with django_assert_num_queries(7):
        menu_of(clerk_client, order)


def test_a_shop_whose_number_is_full_of_zeros_finds_its_orders(client):
    shop = make_shop("1000000")
    client.force_login(make_staff(shop, email="clerk@1000000.example").user)
    order = make_order(shop, placed_at=PLACED_AT + timedelta(days=1))

    page = html.fromstring(client.get(list_url(shop)).content)

    orders = f"/s/1000000/orders/{order.display_number}/"
    assert page.cssselect("tbody a.id")[0].get("href") == orders
    assert page.cssselect("tbody a.dots")[0].get("href") == f"{orders}menu/"
