"""Editing an order in a real browser: the total follows the typing, a scanner adds, two people choose."""

from decimal import Decimal

import pytest
from django.urls import reverse

from backoffice.actor import SYSTEM
from orders.models import Order
from orders.services import Edit, Wish, edit_order
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def edit_url(order):
    return reverse("orders:edit", args=[order.shop.number, order.display_number])


def test_the_total_follows_the_typing_and_a_scan_adds_a_line(at_the_door, shop):
    make_order(shop, lines=[new_line(sku="LAMP-9", name="Oak lamp", unit_price=Decimal("49.95"))])
    order = make_order(shop)
    line = order.lines.get()
    page = at_the_door()
    page.goto(edit_url(order))

    page.fill(f"[id='lines.{line.pk}.quantity']", "3")
    page.keyboard.press("Tab")
    page.get_by_role("cell", name="+€24.20").first.wait_for()
    page.fill("#find", "lamp")
    page.get_by_role("button", name="Add Oak lamp").wait_for()
    page.fill("#find", "LAMP-9")
    page.keyboard.press("Enter")
    page.locator("[id='added.1.quantity']").wait_for()

    assert page.locator("[id='added.1.quantity']").evaluate("each => each === document.activeElement")
    assert page.locator(f"[id='lines.{line.pk}.quantity']").input_value() == "3"
    page.keyboard.press("Control+Enter")
    page.get_by_text("Order 00002 is changed.").first.wait_for()
    assert Order.objects.get(pk=order.pk).total == Decimal("86.25")


def test_leaving_with_changes_asks_once(at_the_door, shop):
    order = make_order(shop)
    page = at_the_door()
    page.goto(edit_url(order))
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    page.fill("#customer_name", "Bo")
    page.get_by_role("link", name="Cancel").click()
    page.locator("#timeline").wait_for()

    assert asked == ["beforeunload"]
    assert Order.objects.get().customer_name == "Anna Jansen"


@pytest.mark.parametrize(("choice", "quantity"), [("Use yours: 7", 7), ("Keep what System set: 4", 4)])
def test_two_people_at_one_field_choose(at_the_door, shop, choice, quantity):
    order = make_order(shop)
    line = order.lines.get()
    page = at_the_door(tolerate=("status of 409",))
    page.goto(edit_url(order))
    page.fill(f"[id='lines.{line.pk}.quantity']", "7")
    page.fill("#customer_name", "Bo")
    edit_order(order, Edit(lines={line.pk: {"quantity": Wish(Decimal(1), Decimal(4))}}), by=SYSTEM)

    page.get_by_role("button", name="Save order").click()
    page.get_by_label(choice).check()
    page.get_by_role("button", name="Save order").click()
    page.locator("#timeline").wait_for()

    order.refresh_from_db()
    assert (order.lines.get().quantity, order.customer_name) == (quantity, "Bo")


def test_without_a_script_everything_works_by_buttons(at_the_door, shop):
    order = make_order(shop, lines=2)
    page = at_the_door(java_script_enabled=False)
    page.goto(edit_url(order))

    page.fill("#shipping_cost", "5")
    page.get_by_role("button", name="Recalculate").last.click()
    page.get_by_role("cell", name="+€5.00").first.wait_for()
    page.get_by_role("button", name="Save order").click()
    page.locator("#timeline").wait_for()

    assert Order.objects.get().total == Decimal("29.20")
