"""What script adds to the statuses' pages, in a real Chromium with the strict policy on."""

import pytest
from playwright.sync_api import expect

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from statuses.catalogue import catalogue_of
from statuses.models import ShopStatus
from statuses.tests.factories import make_own_status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_as_manager(open_page, client, shop, live_server):
    """A function that opens a page as the shop's manager."""

    def open_as_manager(path, **window):
        client.force_login(make_staff(shop, Role.MANAGER).user)
        page = open_page("/accounts/login/", **window)
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        page.goto(f"{live_server.url}/s/{shop.number}/statuses/{path}")
        return page

    return open_as_manager


def test_a_row_is_dragged_to_another_place(open_as_manager, shop):
    for code in ("call", "wait", "ask"):
        make_own_status(shop, "internal", code)
    page = open_as_manager("")

    page.locator("tr[data-code=ask]").drag_to(page.locator("tr[data-code=call]"))
    page.wait_for_url("**/statuses/#internal")

    expect(page.locator("#internal tr[data-code]").first).to_contain_text("Ask")
    assert [code for code, _label in catalogue_of(shop).choices("internal")] == ["ask", "call", "wait"]


def test_the_sample_follows_the_fields(open_as_manager):
    page = open_as_manager("new/fulfilment/")

    page.get_by_label("Name in English").fill("Gift wrapping")
    page.get_by_label("Pink").check()

    expect(page.locator("#sample [data-theme=dark] .pill.c-pink")).to_have_text("Gift wrapping")
    assert not ShopStatus.objects.exists()


def test_without_script_the_sample_comes_with_a_button(open_as_manager):
    page = open_as_manager("new/fulfilment/", java_script_enabled=False)

    page.get_by_label("Name in English").fill("Gift wrapping")
    page.get_by_label("Pink").check()
    page.get_by_role("button", name="Show sample").click()

    expect(page.locator("#sample [data-theme=light] .pill.c-pink")).to_have_text("Gift wrapping")
    expect(page.get_by_label("Name in English")).to_have_value("Gift wrapping")


@pytest.mark.parametrize("path", ["", "fulfilment/ready/edit/", "fulfilment/wrapping/edit/"])
def test_a_phone_never_scrolls_sideways(open_as_manager, shop, path):
    make_own_status(shop, "fulfilment", "wrapping", stands_for="ready", name="Gift wrapping for December")
    page = open_as_manager(path, viewport={"width": 320, "height": 700})

    assert page.evaluate("document.documentElement.scrollWidth") == 320
