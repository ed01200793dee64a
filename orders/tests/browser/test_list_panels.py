"""The list's panels with a script: filters, columns, saved views, and the quiet line about new orders."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from orders.models import Folder, Order, SavedView
from orders.tests.factories import PLACED_AT, make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def heads(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("thead th:not(.sel)").all_inner_texts()]


@pytest.mark.usefixtures("orders_of_the_day")
def test_a_filter_is_found_by_typing_and_shows_as_a_chip(at_the_door):
    page = at_the_door()

    page.keyboard.press("f")
    expect(page.get_by_label("Find a filter")).to_be_focused()
    page.keyboard.type("product")
    expect(page.locator(".fpanel summary:visible")).to_have_text(["Product number (SKU)"])
    page.locator(".fpanel summary:visible").click()
    page.get_by_label("Product number (SKU)", exact=True).fill("lantern")
    page.get_by_role("button", name="Show orders").click()

    expect(page.locator("tbody a.id")).to_have_text(["00010", "00005"])
    expect(page.locator(".chip .lbl")).to_have_text("Product number (SKU) lantern")
    assert page.url.endswith("?sku=lantern")
    page.locator(".chip a.x").click()
    expect(page.locator("tbody a.id")).to_have_count(12)


@pytest.mark.usefixtures("orders_of_the_day")
def test_columns_are_moved_by_button_and_by_dragging(at_the_door):
    page = at_the_door()
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Name", exact=True).check()

    page.get_by_role("button", name="Total: to the front").click()
    expect(page.locator("[data-arrange-item]").first).to_contain_text("Total")
    expect(page.get_by_role("button", name="Total: to the front")).to_be_focused()
    rows = page.locator("[data-arrange-item]")
    rows.filter(has_text="Name").drag_to(rows.first, target_position={"x": 20, "y": 3})
    page.get_by_role("button", name="Show these columns").first.click()

    expect(page.locator("thead th").nth(2)).to_have_text("Name")
    assert heads(page)[:4] == ["Order", "Name", "Total", "Ordered"]


def test_folders_are_dragged_into_order(at_the_door, shop):
    for position, name in enumerate(["First", "Second", "Third"]):
        Folder.objects.create(shop=shop, name=name, position=position)
    page = at_the_door()
    page.goto(f"/s/{shop.number}/orders/folders/")
    rows = page.locator("[data-arrange-item]")

    rows.filter(has_text="Third").drag_to(rows.first, target_position={"x": 200, "y": 3})

    expect(rows.first).to_contain_text("Third")
    page.reload()
    expect(rows.first).to_contain_text("Third")


@pytest.mark.usefixtures("orders_of_the_day")
def test_a_view_is_saved_edited_and_reset(at_the_door, shop):
    page = at_the_door()
    page.goto(f"/s/{shop.number}/orders/?payment=paid&sku=lantern")

    page.locator(".vbar summary", has_text="Save view").click()
    page.get_by_label("Name of the view").fill("Lanterns")
    page.locator(".vbar form button").click()
    expect(page.locator(".views a[aria-current]")).to_contain_text("Lanterns")
    view = SavedView.objects.get()
    page.locator(".chip a.x").last.click()

    expect(page.get_by_text("“Lanterns” is edited.")).to_be_visible()
    page.get_by_role("link", name="Reset").click()
    expect(page.locator(".vedit")).to_have_count(0)
    assert page.url.endswith(f"?view={view.pk}")
    expect(page.locator("tbody a.id")).to_have_count(2)


@pytest.mark.usefixtures("orders_of_the_day")
def test_new_orders_are_told_of_without_moving_a_row_or_the_focus(at_the_door, shop):
    page = at_the_door()
    page.locator("tbody a.id").nth(2).focus()
    make_order(shop, placed_at=PLACED_AT + timedelta(days=1))

    # What the page does by itself once a minute.
    page.locator("[data-watch]").dispatch_event("look")

    expect(page.get_by_text("1 new order, show")).to_be_visible()
    expect(page.locator("tbody a.id").nth(2)).to_be_focused()
    expect(page.locator("tbody a.id")).to_have_count(12)
    page.get_by_text("1 new order, show").click()
    expect(page.locator("tbody a.id")).to_have_count(13)


def test_what_was_ticked_under_another_filter_is_told_of_and_not_touched(at_the_door, shop, orders_of_the_day):
    before, here = orders_of_the_day[4], orders_of_the_day[0]
    page = at_the_door()
    page.goto(f"/s/{shop.number}/orders/?sku=lantern")
    with page.expect_response("**/orders/select/"):
        page.get_by_role("checkbox", name=f"Select order {before.display_number}").check()

    page.goto(f"/s/{shop.number}/orders/")
    told = page.get_by_text("1 selected order belongs to another filter.")
    expect(told).to_be_visible()
    page.reload()
    expect(told).to_be_visible()  # a look changes nothing
    page.get_by_role("checkbox", name=f"Select order {here.display_number}").check()
    expect(told).to_be_hidden()
    bulk = page.get_by_role("region", name="Actions for selected orders")
    expect(bulk).to_contain_text("1 selected")
    bulk.locator("summary", has_text="Order status").click()
    bulk.get_by_role("button", name="Shipped", exact=True).click()

    expect(page.locator("#messages")).to_contain_text("1 order set to Shipped.")
    assert [Order.objects.get(pk=each.pk).fulfilment_status for each in (before, here)] == ["ready", "shipped"]
