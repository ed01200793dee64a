"""The everyday tasks at the list without a pointer, with and without script: find, narrow down and keep, export all.

Setting a selection to Shipped and taking it back is in `test_main_job`.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import expect

from orders.models import SavedView
from orders.services import add_tracking
from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
with_and_without_script = pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def press(control, key="Enter"):
    """As the keyboard does it, wherever the focus was."""
    control.focus()
    control.press(key)


@with_and_without_script
def test_an_order_is_found_by_its_tracking_code(at_the_door, orders_of_the_day, actor, has_script):
    order = orders_of_the_day[3]
    add_tracking(order, "3SNEEDLE123", carrier="PostNL", by=actor)
    page = at_the_door(java_script_enabled=has_script)

    if has_script:
        page.keyboard.press("/")
    else:
        page.get_by_role("searchbox").focus()
    page.keyboard.type("3sneedle123")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order.display_number}")


@with_and_without_script
@pytest.mark.usefixtures("orders_of_the_day")
def test_what_is_long_unpaid_is_filtered_and_kept_as_a_view(at_the_door, shop, has_script):
    long_ago = make_order(shop, placed_at=timezone.now() - timedelta(days=15))
    make_order(shop, placed_at=timezone.now() - timedelta(days=13))
    page = at_the_door(java_script_enabled=has_script)

    if has_script:
        page.keyboard.press("f")
        expect(page.get_by_label("Find a filter")).to_be_focused()
    else:
        press(page.locator(".filters .chip.add"))
    press(page.locator(".fpanel summary", has_text="Unpaid for more than"))
    page.get_by_label("Unpaid for more than … days", exact=True).focus()
    page.keyboard.type("14")
    page.keyboard.press("Enter")
    expect(page.locator("tbody a.id")).to_have_text([long_ago.display_number])

    press(page.locator(".vbar summary", has_text="Save view"))
    page.get_by_label("Name of the view").focus()
    page.keyboard.type("Remind them")
    page.keyboard.press("Enter")

    expect(page.locator(".views a[aria-current]")).to_contain_text("Remind them")
    expect(page.locator("tbody a.id")).to_have_text([long_ago.display_number])
    assert SavedView.objects.get().query == "late=14"


@with_and_without_script
@pytest.mark.usefixtures("orders_of_the_day")
def test_all_that_match_become_a_workbook(at_the_door, shop, tmp_path, has_script):
    page = at_the_door(java_script_enabled=has_script)
    page.goto(f"/s/{shop.number}/orders/?sku=lantern")
    press(page.get_by_label("Select order 00005"), "Space")
    bulk = page.get_by_role("region", name="Actions for selected orders")

    press(bulk.get_by_role("button", name="Select all 2"))
    expect(bulk).to_contain_text("all that match")
    press(bulk.get_by_role("button", name="Export"))
    press(page.get_by_label("The 2 selected orders"), "Space")
    press(page.get_by_role("button", name="Export orders"))
    with page.expect_download() as download:
        press(page.get_by_role("link", name="Download"))

    assert download.value.suggested_filename.endswith(".xlsx")
    download.value.save_as(tmp_path / "file.xlsx")
    sheet = load_workbook(tmp_path / "file.xlsx").active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["00010", "00005"]
