"""The main job in a real Chromium: find an order, move it on, take it back, hand it on."""

from pathlib import Path

import pytest
from lxml import etree
from playwright.sync_api import Page, expect

from orders.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fulfilment(*orders: Order) -> list[str]:
    """What the database says now."""
    return [Order.objects.get(pk=order.pk).fulfilment_status for order in orders]


def told(page: Page, text: str):
    return page.locator("#messages").get_by_text(text)


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_an_order_is_found_moved_on_and_taken_back(at_the_door, shop, orders_of_the_day, has_script):
    lantern = orders_of_the_day[9]
    page = at_the_door(java_script_enabled=has_script)
    expect(page.get_by_role("row")).to_have_count(13)  # the head and twelve orders

    page.get_by_role("searchbox").fill("lantern")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name=lantern.display_number, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {lantern.display_number}")

    next_step = page.locator(".group.next").get_by_role("link", name="Ship 1 line")
    next_step.click()
    page.get_by_role("button", name="Ship", exact=True).click()
    undo = page.locator("#messages").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert fulfilment(lantern) == ["shipped"]

    undo.click()
    expect(next_step).to_be_visible()
    assert fulfilment(lantern) == ["ready"]

    page.get_by_role("link", name="Back to list").click()
    expect(page.get_by_role("row")).to_have_count(3)


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_what_the_list_shows_is_handed_on_as_xml(at_the_door, shop, orders_of_the_day, has_script):
    page = at_the_door(java_script_enabled=has_script)
    page.goto(f"/s/{shop.number}/orders/?q=lantern")

    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("radio", name="XML").check()
    page.get_by_role("button", name="Export orders").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()

    exported = etree.parse(Path(download.value.path()))
    numbers = {order.get("number") for order in exported.iter("order")}
    assert numbers == {orders_of_the_day[index].display_number for index in (4, 9)}


def test_a_scanned_number_opens_the_order_at_once(at_the_door, orders_of_the_day):
    order = orders_of_the_day[2]
    page = at_the_door()

    page.keyboard.press("/")
    page.keyboard.type(order.display_number)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order.display_number}")


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_a_selection_is_shipped_at_once_and_taken_back(at_the_door, orders_of_the_day, has_script):
    first, second, *others = reversed(orders_of_the_day)
    page = at_the_door(java_script_enabled=has_script)

    for order in (first, second):
        page.get_by_role("checkbox", name=f"Select order {order.display_number}").check()
    bulk = page.get_by_role("region", name="Actions for selected orders")
    bulk.locator("summary", has_text="Order status").click()
    bulk.get_by_role("button", name="Shipped", exact=True).click()

    expect(told(page, "2 orders set to Shipped.")).to_be_visible()
    assert fulfilment(first, second) == ["shipped", "shipped"]
    assert set(fulfilment(*others)) == {"ready"}

    page.locator("#messages").get_by_role("button", name="Undo").click()
    expect(told(page, "2 orders are as they were.")).to_be_visible()
    assert set(fulfilment(*orders_of_the_day)) == {"ready"}


def test_the_same_with_nothing_but_keys(at_the_door, orders_of_the_day):
    newest = orders_of_the_day[-1]
    page = at_the_door()

    for key in ["j", "x", "j", "x", "s"]:
        page.keyboard.press(key)
    focused = "document.activeElement.textContent.trim()"
    for _ in range(20):
        if page.evaluate(focused) == "Shipped":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(told(page, "2 orders set to Shipped.")).to_be_visible()
    assert fulfilment(newest, orders_of_the_day[-2]) == ["shipped", "shipped"]

    page.keyboard.press("z")
    expect(told(page, "2 orders are as they were.")).to_be_visible()
    assert fulfilment(newest, orders_of_the_day[-2]) == ["ready", "ready"]

    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {newest.display_number}")


def test_the_same_with_nothing_but_keys_and_without_script(at_the_door, orders_of_the_day):
    chosen, others = orders_of_the_day[-3:], orders_of_the_day[:-3]
    page = at_the_door(java_script_enabled=False)

    for order in chosen:
        page.get_by_role("checkbox", name=f"Select order {order.display_number}").press("Space")
    bulk = page.get_by_role("region", name="Actions for selected orders")
    bulk.locator("summary", has_text="Order status").press("Enter")
    bulk.get_by_role("button", name="Shipped", exact=True).press("Enter")
    expect(told(page, "3 orders set to Shipped.")).to_be_visible()
    assert fulfilment(*chosen) == ["shipped"] * 3

    page.locator("#messages").get_by_role("button", name="Undo").press("Enter")
    expect(told(page, "3 orders are as they were.")).to_be_visible()
    assert set(fulfilment(*chosen, *others)) == {"ready"}


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_theme_and_language_change_where_one_is_and_stay(at_the_door, clerk, orders_of_the_day, has_script):
    page = at_the_door(java_script_enabled=has_script, color_scheme="light")
    page.goto(f"/s/{clerk.shop.number}/orders/?q=lantern")
    canvas = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(canvas)

    page.locator("summary[title=Theme]").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(canvas) != light

    page.locator("summary[title=Language]").click()
    page.get_by_role("button", name="Nederlands").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url.endswith("/orders/?q=lantern")
    clerk.user.refresh_from_db()
    assert [clerk.user.theme, clerk.user.language] == ["dark", "nl"]
