"""Pages that other apps offer for the selected orders, and entries of theirs in an order's menu."""

import pytest
from django.urls import reverse

from backoffice.roles import Permission, Role
from backoffice.tests.factories import make_staff
from orders import selection_pages
from orders.order_page import panels
from orders.order_page.panels import MenuEntry, register_menu_entry
from orders.selection_pages import SelectionPage, register_selection_page
from orders.tests.factories import make_order


@pytest.fixture(autouse=True)
def only_ours(monkeypatch):
    monkeypatch.setattr(selection_pages, "_pages", {})
    monkeypatch.setattr(panels, "MENU", [])
    register_selection_page(SelectionPage("weigh", "Weigh them", "box", "exports:list", Permission.CHANGE_PAYMENTS))
    register_menu_entry(MenuEntry("Weigh it", "box", "orders:ship", Permission.CHANGE_PAYMENTS))


def test_a_registered_page_is_a_button_that_keeps_the_ticks(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    order = make_order(shop)
    listing = reverse("orders:list", args=[shop.number])
    assert "Weigh them" in client.get(listing).content.decode()

    response = client.post(
        reverse("orders:select", args=[shop.number]),
        {"to": "weigh", "shown": order.display_number, "order": order.display_number, "filter": ""},
    )

    assert response["Location"] == reverse("exports:list", args=[shop.number])
    assert client.session[f"selection:{shop.number}"]["numbers"] == [order.number]


def test_a_page_nobody_registered_leads_back_to_the_list(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)

    response = client.post(reverse("orders:select", args=[shop.number]), {"to": "fly\x00"})

    assert response["Location"] == reverse("orders:list", args=[shop.number])


def test_who_lacks_the_right_sees_neither_button_nor_entry(client, shop):
    client.force_login(make_staff(shop, Role.ORDERS).user)
    order = make_order(shop)
    monied = client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()
    assert "Weigh it" in monied

    client.force_login(make_staff(shop, Role.WAREHOUSE).user)

    assert "Weigh them" not in client.get(reverse("orders:list", args=[shop.number])).content.decode()
    assert "Weigh it" not in client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()


def test_who_may_only_use_an_entry_finds_the_menu_with_nothing_else_in_it(client, shop):
    client.force_login(make_staff(shop, Role.FINANCE).user)
    order = make_order(shop)

    page = client.get(reverse("orders:detail", args=[shop.number, order.number])).content.decode()

    assert "Weigh it" in page
    assert "Move to Deleted" not in page
