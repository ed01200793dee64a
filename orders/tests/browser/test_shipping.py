"""Sending an order in a real Chromium: by keyboard and scanner, with script and without."""

import pytest
from playwright.sync_api import expect

from orders.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPS = "1Z5R89390357567127"


def order_url(order: Order, rest: str = "") -> str:
    return f"/s/{order.shop.number}/orders/{order.display_number}/{rest}"


def test_a_code_is_scanned_into_the_order_page(at_the_door, orders_of_the_day):
    order = orders_of_the_day[3]
    page = at_the_door()
    page.goto(order_url(order))

    page.keyboard.press("t")
    page.keyboard.type(UPS)
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text(f"Shipment added: UPS {UPS}.")
    assert Order.objects.get(pk=order.pk).fulfilment_status == "shipped"
    page.locator("#messages").get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Shipment removed.")
    assert Order.objects.get(pk=order.pk).fulfilment_status == "ready"


def test_the_carrier_shows_while_one_types(at_the_door, orders_of_the_day):
    page = at_the_door()
    page.goto(order_url(orders_of_the_day[3], "ship/"))

    code = page.locator("#id_tracking_code")
    code.fill(UPS)
    expect(page.locator("#label")).to_contain_text("UPS")
    code.fill("201298452277")
    page.locator("#label").get_by_role("button", name="GLS").click()
    expect(page.get_by_role("combobox", name="Carrier")).to_have_value("GLS")
    code.fill("1Z5R8939O357567127")
    expect(page.locator("#label").get_by_role("button", name=f"Use {UPS}")).to_be_visible()
    expect(page.get_by_label("Use the code as it is")).to_be_visible()


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_part_is_sent_after_a_look_at_the_code(at_the_door, orders_of_the_day, has_script, width):
    order = orders_of_the_day[3]
    page = at_the_door(java_script_enabled=has_script, viewport={"width": width, "height": 900})
    page.goto(order_url(order, "ship/"))

    page.locator("#id_tracking_code").fill(UPS)
    page.get_by_role("button", name="Check code").click()
    expect(page.locator("#label")).to_contain_text("UPS")
    page.get_by_label("Candle").fill("0.5")
    page.get_by_role("button", name="Ship", exact=True).click()

    expect(page.locator("#messages")).to_contain_text(f"Shipment added: UPS {UPS}.")
    assert Order.objects.get(pk=order.pk).fulfilment_status == "partly_shipped"
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth") if has_script else 0
    assert overflow <= 0
