"""The pictures of the README, taken of the demo shop. `make screenshots` keeps them in docs/screenshots/."""

import os
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from orders.models import Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEWEST_INVOICES = 400
SIZES = {1440: 900, 390: 844}


@pytest.fixture
def album(tmp_path) -> Path:
    """Where the pictures go: docs/screenshots/ when it was asked for, else nowhere lasting."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def telling_order() -> Order:
    """An order on its way, of a few lines, with something said about it."""
    return (
        Order.objects.filter(shop__number="12345", fulfilment_status="in_progress", payment_status="paid")
        .exclude(customer_message="")
        .filter(number_of_lines__range=(4, 12))
        .latest("placed_at")
    )


def test_list_and_order_are_worth_a_picture(open_page, album):
    call_command("demo", orders=NEWEST_INVOICES, verbosity=0)
    window = open_page("/accounts/login/", reduced_motion="reduce")
    window.get_by_label("E-mail address").fill("owner@12345.example")
    window.get_by_label("Password", exact=True).fill("backoffice-demo")
    window.get_by_role("button", name="Sign in", exact=True).click()
    window.wait_for_url("**/s/12345/orders/")
    order = telling_order()

    for name, path in {"list": "", "order": f"{order.display_number}/"}.items():
        window.goto(f"/s/12345/orders/{path}")
        expect(window.get_by_role("heading", level=1)).to_be_visible()
        for theme in ("light", "dark"):
            window.emulate_media(color_scheme=theme)
            for width, height in SIZES.items():
                window.set_viewport_size({"width": width, "height": height})
                window.screenshot(path=album / f"{name}-{theme}-{width}.png")

    taken = {picture.name for picture in album.glob("*.png")}
    assert taken == {
        f"{name}-{theme}-{width}.png" for name in ("list", "order") for theme in ("light", "dark") for width in SIZES
    }
