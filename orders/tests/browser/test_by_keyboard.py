"""Goods are sent and split off with nothing but keys, with script and without."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from orders.tests.browser.conftest import paid
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPS = "1Z5R89390357567127"


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request, at_the_door) -> Page:
    return at_the_door(java_script_enabled=request.param)


def tab_to(page: Page, name: str, *, most: int = 120) -> None:
    """Press Tab until the control of that name has the focus."""
    wanted = page.get_by_label(name, exact=True).or_(page.get_by_role("button", name=name, exact=True))
    wanted = wanted.or_(page.get_by_role("link", name=name, exact=True)).first
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {name}.")


def test_a_tracking_code_is_added(page, shop):
    order = make_order(shop, payments=paid("12.10"))
    page.goto(f"/s/{shop.number}/orders/{order.display_number}/")

    tab_to(page, "Tracking code (optional)")
    page.keyboard.type(UPS)
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text(f"Shipment added: UPS {UPS}.")
    assert Order.objects.get(pk=order.pk).fulfilment_status == "shipped"


def test_a_backordered_line_is_split_off(page, shop):
    lines = [new_line(quantity=Decimal(2)), new_line(sku="LANTERN", name="Lantern", is_backordered=True)]
    order = make_order(shop, lines=lines, payments=paid("36.30"))
    page.goto(f"/s/{shop.number}/orders/{order.display_number}/")

    tab_to(page, "Split")
    page.keyboard.press("Enter")
    page.wait_for_url("**/split/**")
    tab_to(page, "All backordered")
    page.keyboard.press("Enter")
    page.wait_for_url("**/split/?backordered")
    expect(page.get_by_label("How much of Lantern goes to new order 1")).to_have_value("1")
    tab_to(page, "Split")
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text("Order 00002 was split off.")
    stays, goes = Order.objects.order_by("number")
    assert [line.sku for line in stays.lines.all()] == ["CANDLE"]
    assert [line.sku for line in goes.lines.all()] == ["LANTERN"]
    assert (stays.fulfilment_status, goes.fulfilment_status) == ("ready", "backordered")
