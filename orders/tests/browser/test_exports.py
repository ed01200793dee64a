"""Asking for an export and fetching it, with and without script; the worker's part is done at once, as in all tests."""

import pytest
from openpyxl import load_workbook

from orders.tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_ticked_orders_become_a_workbook(at_the_door, orders_of_the_day, tmp_path, has_script):
    page = at_the_door(java_script_enabled=has_script)
    for number in ("00003", "00007"):
        page.get_by_label(f"Select order {number}").check()

    page.get_by_role("region", name="Actions for selected orders").get_by_role("button", name="Export").click()
    page.get_by_label("The 2 selected orders").check()
    page.get_by_label("Name of the file").fill("Two lanterns")
    page.get_by_role("button", name="Export orders").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()

    assert download.value.suggested_filename == "two-lanterns.xlsx"
    download.value.save_as(tmp_path / "file.xlsx")
    sheet = load_workbook(tmp_path / "file.xlsx").active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["00007", "00003"]


def test_what_has_no_effect_is_out_of_the_way(at_the_door, shop):
    page = at_the_door(tolerate=("status of 422",))
    page.goto(f"/s/{shop.number}/exports/")

    page.get_by_label("MyParcel shipments (CSV)").check()
    assert not page.get_by_label("One per order line").is_visible()
    assert not page.get_by_label("Ordered from").is_visible()
    page.get_by_label("By status and date").check()
    page.get_by_label("Ordered from").fill("2026-03-02")
    page.get_by_label("Ordered to").fill("2026-03-01")
    page.get_by_role("button", name="Export orders").click()

    assert page.get_by_role("alert").get_by_text("This day is before the first one.").first.is_visible()


def test_nobody_is_kept_out_of_the_exports(at_the_door, orders_of_the_day, shop):
    page = at_the_door()
    page.goto(f"/s/{shop.number}/exports/?status=ready")
    page.get_by_role("button", name="Export orders").click()
    assert page.get_by_role("link", name="Download").is_visible()

    assert complaints(page, "exports") == []
