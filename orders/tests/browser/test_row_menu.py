"""The menu of a row: by pointer, by touch, with nothing but keys, and without a script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from orders.models import Address, Order
from orders.tests.browser.test_accessibility import RULES, THEMES, complaints
from orders.tests.factories import PLACED_AT, make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def new_order(orders_of_the_day, shop) -> Order:
    """Paid and not begun, the oldest of the list."""
    # The first of the day came an hour later.
    return make_order(shop, placed_at=PLACED_AT, payment_status="paid", fulfilment_status="new")


def way_to_menu(page: Page, order: Order):
    return page.get_by_role("link", name=f"Actions for order {order.display_number}", exact=True)


def menu(page: Page):
    return page.locator(".row-menu[popover]")


def test_the_next_step_is_taken_with_nothing_but_keys(at_the_door, new_order):
    page = at_the_door()
    page.keyboard.press("k")  # from below: the oldest
    expect(page.get_by_role("link", name=new_order.display_number, exact=True)).to_be_focused()

    page.keyboard.press(".")
    expect(menu(page).get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(menu(page).get_by_role("button", name="Copy number")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text(f"Order {new_order.display_number}: In progress.")
    expect(page.get_by_role("link", name=new_order.display_number, exact=True)).to_be_focused()
    assert "#" not in page.url
    assert Order.objects.get(pk=new_order.pk).fulfilment_status == "in_progress"


def test_escape_closes_the_menu_alone_and_the_focus_goes_back(at_the_door, orders_of_the_day):
    first, second = orders_of_the_day[-1], orders_of_the_day[-2]
    page = at_the_door()
    page.get_by_role("checkbox", name=f"Select order {second.display_number}").check()
    way_to_menu(page, first).focus()
    page.keyboard.press("Enter")
    expect(menu(page)).to_be_visible()
    expect(way_to_menu(page, first)).to_have_attribute("aria-expanded", "true")

    page.keyboard.press("Escape")

    expect(menu(page)).to_have_count(0)
    expect(way_to_menu(page, first)).to_be_focused()
    expect(way_to_menu(page, first)).not_to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("checkbox", name=f"Select order {second.display_number}")).to_be_checked()


def test_tab_leaves_the_menu_where_it_was_opened(at_the_door, orders_of_the_day):
    first, second = orders_of_the_day[-1], orders_of_the_day[-2]
    page = at_the_door()
    way_to_menu(page, first).focus()
    page.keyboard.press("Enter")
    expect(menu(page)).to_be_visible()

    page.keyboard.press("End")
    page.keyboard.press("Tab")

    expect(menu(page)).to_have_count(0)
    expect(page.get_by_role("checkbox", name=f"Select order {second.display_number}")).to_be_focused()


def test_it_is_there_when_the_pointer_is_and_its_own_press_closes_it(at_the_door, orders_of_the_day):
    page = at_the_door()
    way = way_to_menu(page, orders_of_the_day[5])
    expect(way).to_have_css("opacity", "0")

    page.locator("tbody tr", has=way).hover()
    expect(way).to_have_css("opacity", "1")
    way.click()
    expect(menu(page)).to_be_visible()
    way.click()
    expect(menu(page)).to_have_count(0)
    way.click()
    expect(menu(page)).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(menu(page)).to_have_count(0)


def test_a_paper_is_printed_and_the_number_copied_from_it(at_the_door, orders_of_the_day):
    order = orders_of_the_day[5]
    page = at_the_door(permissions=["clipboard-read", "clipboard-write"])
    way_to_menu(page, order).click()
    menu(page).get_by_role("button", name="Copy number").click()
    assert page.evaluate("navigator.clipboard.readText()") == order.display_number

    with page.expect_download() as download:
        menu(page).get_by_role("button", name="Print packing slip").click()

    assert download.value.suggested_filename.endswith(".pdf")
    expect(menu(page)).to_have_count(0)


def test_a_thumb_finds_it_on_every_card(at_the_door, new_order):
    page = at_the_door(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    way = way_to_menu(page, new_order)
    expect(way).to_have_css("opacity", "1")
    size = way.bounding_box()
    assert size is not None
    assert (size["width"], size["height"]) >= (44, 44)

    way.tap()
    box = menu(page).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] > 780  # at the lower edge, within reach
    menu(page).get_by_role("button", name="Start").tap()

    expect(page.locator("#messages")).to_contain_text(f"Order {new_order.display_number}: In progress.")


def test_without_a_script_the_menu_is_a_page(at_the_door, new_order):
    page = at_the_door(java_script_enabled=False)

    way_to_menu(page, new_order).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {new_order.display_number}")
    expect(page.get_by_text("Copy number")).to_be_hidden()  # needs a script
    page.get_by_role("button", name="Start").press("Enter")

    expect(page.locator("#messages")).to_contain_text(f"Order {new_order.display_number}: In progress.")
    expect(page.get_by_role("row")).to_have_count(14)


def test_axe_finds_nothing_about_it(at_the_door, shop, new_order):
    page = at_the_door()
    page.goto(f"/s/{shop.number}/orders/{new_order.display_number}/menu/")
    wrong = complaints(page, "menu as a page")
    page.goto(f"/s/{shop.number}/orders/")
    page.set_viewport_size({"width": 390, "height": 900})
    way_to_menu(page, new_order).click()
    expect(menu(page)).to_be_visible()
    wrong += complaints_of_open_menu(page)

    assert wrong == []


def complaints_of_open_menu(page: Page) -> list[str]:
    """Of the menu alone: what lies half under it is of no use before it closes."""
    wrong = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        expect(menu(page)).to_be_visible()
        found = Axe().run(page, context=".row-menu", options=RULES).response["violations"]
        wrong += [f"menu, {theme}: {rule['id']}" for rule in found]
    return wrong


@pytest.mark.parametrize("is_tablet", [False, True], ids=["desk", "tablet"])
def test_the_list_scrolls_sideways_at_no_width(at_the_door, shop, is_tablet):
    """Long names, a foreign currency, an order made by hand, whatever the column holds."""
    make_order(
        shop,
        customer_company="Wolfeschlegelsteinhausenbergerdorff & Zonen",
        currency="GBP",
        source="manual",
        shipping=Address(name="Ann", street="Rose Cottage", city="Bath", country="GB"),
        shipping_method="PostNL evening delivery",
        payment_status="awaiting",
        fulfilment_status="aborted",
        customer_message="Ring twice",
        number=581584,
    )

    page = at_the_door(has_touch=is_tablet, is_mobile=is_tablet)
    wider = []
    for width in (744, 768, 834, 1024, 1112, 1194) if is_tablet else (701, 768, 861, 931, 1024, 1101, 1200, 1339, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        table, card = (page.locator(it).evaluate("it => it.clientWidth") for it in ("table.dt", ".card:has(table.dt)"))
        wider += [width] if table > card else []

    assert wider == []
