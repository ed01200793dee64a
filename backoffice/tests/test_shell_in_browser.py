"""What script adds to the shell, in a real Chromium with the strict policy on."""

import re

import pytest
from playwright.sync_api import Page, expect

from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signed_in(open_page, client, clerk, live_server):
    """A function that opens a page as the clerk."""

    def open_as_clerk(path: str, **window) -> Page:
        client.force_login(clerk.user)
        page = open_page("/accounts/login/", **window)
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        page.goto(live_server.url + path)
        return page

    return open_as_clerk


def selected(page: Page) -> list[str]:
    return page.eval_on_selector_all("td.sel input:checked", "boxes => boxes.map(box => box.value)")


def test_the_theme_changes_at_once_and_is_kept(signed_in, shop, clerk):
    page = signed_in(f"/s/{shop.number}/orders/", color_scheme="light")

    page.get_by_text("Theme", exact=True).locator("xpath=ancestor::summary").click()
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    clerk.user.refresh_from_db()
    assert clerk.user.theme == "dark"


def test_the_question_mark_shows_help_over_the_page_and_escape_brings_back(signed_in, shop):
    page = signed_in(f"/s/{shop.number}/orders/")

    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Help and keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-help]")).to_be_focused()


def test_a_slash_goes_to_search_and_letters_typed_there_are_no_shortcuts(signed_in, shop):
    page = signed_in(f"/s/{shop.number}/orders/")

    page.keyboard.press("/")
    page.keyboard.type("jx?")

    expect(page.get_by_role("searchbox")).to_have_value("jx?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_orders_are_walked_and_selected_by_single_keys(signed_in, shop):
    for _ in range(4):
        make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")

    for key in ["j", "j", "x", "j", "X"]:
        page.keyboard.press(key)

    shown = page.eval_on_selector_all("td.sel input", "boxes => boxes.map(box => box.value)")
    assert selected(page) == shown[1:3] != []
    page.keyboard.press("Escape")
    assert selected(page) == []


def test_control_a_selects_the_page_and_then_all_that_match(signed_in, shop):
    for _ in range(51):
        make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")
    bar = page.get_by_role("region", name="Actions for selected orders")

    page.keyboard.press("j")
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text("50 selected")
    page.keyboard.press("Control+a")

    expect(bar).to_contain_text("51 selected")
    expect(bar).to_contain_text("all that match")


def test_keys_of_the_bar_wait_for_a_selection(signed_in, shop):
    make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")
    listed = page.url

    page.keyboard.press("p")
    page.keyboard.press("s")
    assert page.locator(".bulk details[open]").count() == 0
    assert page.url == listed

    for key in ["j", "x", "p"]:
        page.keyboard.press(key)
    page.wait_for_url("**/print/**")


def test_the_box_in_the_head_selects_the_page_and_shows_when_only_a_part_is(signed_in, shop):
    for _ in range(3):
        make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")
    head = page.locator("thead input[type=checkbox]")

    head.check()
    assert len(selected(page)) == 3
    page.locator("td.sel input").first.uncheck()

    assert head.evaluate("box => [box.checked, box.indeterminate]") == [False, True]


def test_after_a_swap_the_heading_has_the_focus_and_the_count_is_spoken(signed_in, shop):
    make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")

    page.locator(".views a", has_text="Deleted").click()

    expect(page.locator("[data-say]")).to_have_text("0 in this view")
    expect(page.get_by_role("heading", name="Orders", level=1)).to_be_focused()


def test_who_switched_shortcuts_off_is_not_surprised_by_them(signed_in, shop, clerk):
    clerk.user.shortcuts_enabled = False
    clerk.user.save(update_fields=["shortcuts_enabled"])
    make_order(shop)
    page = signed_in(f"/s/{shop.number}/orders/")

    for key in ["?", "j", "x", "/"]:
        page.keyboard.press(key)

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement === document.body")
    assert selected(page) == []


def test_a_menu_closes_by_escape_and_gives_the_focus_back(signed_in, shop):
    page = signed_in(f"/s/{shop.number}/orders/")
    button = page.locator("summary[title=Language]")

    button.click()
    page.keyboard.press("Escape")

    expect(page.locator("details[open]")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_phone_opens_its_menu_over_the_page(signed_in, shop):
    page = signed_in(f"/s/{shop.number}/orders/", viewport={"width": 390, "height": 844})

    page.get_by_role("link", name="Open menu").click()

    expect(page.get_by_role("dialog", name="Menu").get_by_role("link", name="Orders")).to_be_visible()


def test_the_password_can_be_looked_at_before_signing_in(open_page):
    page = open_page("/accounts/login/")
    field = page.get_by_label("Password", exact=True)

    field.fill("correct horse")
    page.get_by_role("button", name="Show password").click()

    expect(field).to_have_attribute("type", "text")
    expect(page.get_by_role("button", name="Show password")).to_have_attribute("aria-pressed", "true")


def test_settings_that_are_not_saved_yet_say_so(signed_in):
    page = signed_in("/me/")

    page.locator("#id_name").fill("Marit B.")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status").filter(has_text=re.compile("Your settings are saved"))).to_be_visible()


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
@pytest.mark.parametrize("path", ["/me/", "/help/", "/shops/?all", "/accounts/2fa/", "/accounts/sessions/"])
def test_no_page_of_the_person_scrolls_sideways(signed_in, path, width):
    page = signed_in(path, viewport={"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
