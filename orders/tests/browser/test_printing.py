"""Printing slips for a selection with the keyboard alone, with and without script, and looking at the file."""

import pytest
from pypdf import PdfReader

from orders.models import Order
from orders.tests.browser.test_accessibility import complaints

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_slips_of_the_selected_orders_come_as_one_pdf_and_are_marked(
    at_the_door, orders_of_the_day, tmp_path, has_script
):
    page = at_the_door(java_script_enabled=has_script)
    for number in ("00003", "00007"):
        page.get_by_label(f"Select order {number}").press("Space")

    actions = page.get_by_role("region", name="Actions for selected orders")
    actions.get_by_role("button", name="Print", exact=True).press("Enter")
    assert page.get_by_label("Packing slip").is_checked()
    page.get_by_label("Pick list", exact=True).press("Space")
    page.get_by_role("button", name="Print papers of 2 orders").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").press("Enter")
    download.value.save_as(tmp_path / "papers.pdf")
    page.get_by_role("button", name="Mark 2 orders as printed").press("Enter")

    words = [" ".join(sheet.extract_text().split()) for sheet in PdfReader(tmp_path / "papers.pdf").pages]
    headings = ["Packing slip 00007", "Pick list 00007", "Packing slip 00003", "Pick list 00003"]
    assert [heading in text for heading, text in zip(headings, words, strict=True)] == [True] * 4
    page.get_by_text("2 marked as printed.").first.wait_for()
    assert sorted(Order.objects.exclude(printed_at=None).values_list("number", flat=True)) == [3, 7]


def test_an_order_tells_what_was_printed_of_it(at_the_door, orders_of_the_day, shop):
    page = at_the_door()
    page.goto(f"/s/{shop.number}/orders/00004/")
    assert page.get_by_text("Nothing was printed yet.").is_visible()

    page.get_by_role("link", name="Print…", exact=True).press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Print papers").press("Enter")
    page.get_by_role("link", name="Back to the order").press("Enter")

    assert download.value.suggested_filename == "packing-slip-00004.pdf"
    card = page.locator("#papers")
    assert card.get_by_text("Marit Bakker").is_visible()
    with page.expect_download():
        card.get_by_role("button", name="Print again Packing slip").press("Enter")


@pytest.mark.parametrize("width", [1440, 390])
def test_nobody_is_kept_out_of_printing(at_the_door, orders_of_the_day, shop, width):
    page = at_the_door(viewport={"width": width, "height": 900})
    page.goto(f"/s/{shop.number}/orders/00004/print/")

    assert complaints(page, "print") == []
