"""One line of an order is refunded in a real Chromium, and the total follows what is typed."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from orders.tests.browser.conftest import paid
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def order(shop):
    """Three candles and a lantern, paid."""
    lines = [new_line(quantity=Decimal(3)), new_line(sku="LANTERN", name="Lantern", unit_price=Decimal("30.00"))]
    return make_order(shop, lines=lines, payments=paid("66.30"))


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_one_line_is_refunded_by_keyboard(at_the_door, shop, order, has_script):
    page = at_the_door(java_script_enabled=has_script)
    page.goto(f"/s/{shop.number}/orders/{order.display_number}/")
    page.get_by_role("link", name="Refund", exact=True).press("Enter")
    page.wait_for_url("**/refund/")

    page.get_by_label("Quantity of Candle").focus()
    page.keyboard.type("2")
    if has_script:
        expect(page.locator("#refund-total b")).to_have_text("€24.20")
    page.get_by_role("button", name="Continue").press("Enter")
    page.get_by_role("button", name="Refund €24.20 to iDEAL").press("Enter")

    expect(page.locator("#messages")).to_contain_text("Refund of €24.20 made.")
    assert [refund.amount for refund in order.refunds.all()] == [Decimal("24.20")]


def test_what_is_wrong_is_said_where_it_is_and_stays_in_its_field(at_the_door, shop, order):
    page = at_the_door(tolerate=("status of 422",), java_script_enabled=False)
    page.goto(f"/s/{shop.number}/orders/{order.display_number}/refund/")

    page.get_by_label("Quantity of Lantern").fill("2")
    page.get_by_label("Another amount").fill("1e309")
    page.get_by_role("button", name="Continue").click()

    lantern = page.get_by_label("Quantity of Lantern")
    expect(lantern).to_have_value("2")
    expect(lantern).to_have_accessible_description("at most 1 Only 1 can still be credited.")
    expect(page.get_by_label("Another amount")).to_have_value("1e309")
    assert not order.refunds.exists()
