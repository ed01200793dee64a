"""The order page has room for what it says, and what has no column any more stands somewhere else."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from orders.models import OrderLine
from orders.tests.browser.conftest import paid
from orders.tests.factories import make_order, new_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OVERFLOWING = """() => [...document.querySelectorAll('.card')]
    .filter(card => card.scrollWidth > card.clientWidth + 1)
    .flatMap(card => [...card.querySelectorAll('td, dd, span, a, summary')]
        .filter(part => part.getBoundingClientRect().right > card.getBoundingClientRect().right + 1)
        .map(part => `${part.className} ${part.textContent.trim()}`))"""


@pytest.fixture
def order(shop):
    """Everything that makes a line wide: long words, every count, four places."""
    lines = [
        new_line(
            sku=f"NL-2041-{number}",
            name="Doormat Spotty Home Sweet Home",
            location="C-17-24",
            quantity=Decimal(144),
            unit_price=Decimal("129.95"),
            weight_g=6200,
            volume_cm3=81_000,
            status="backordered" if number else "complaint",
        )
        for number in range(3)
    ]
    order = make_order(shop, lines=lines, payments=paid("56138.40"))
    OrderLine.objects.update(quantity_shipped=144, quantity_picked=144, quantity_credited=11, quantity_returned=11)
    return order


@pytest.mark.parametrize("width", [1440, 1361, 1280, 1101, 1024, 901, 701, 390, 320])
def test_nothing_of_an_order_stands_out_of_its_card(at_the_door, shop, order, width):
    page = at_the_door(viewport={"width": width, "height": 900})

    page.goto(f"/s/{shop.number}/orders/{order.display_number}/")

    assert page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize(("width", "has_weight", "has_price"), [(1440, 0, 0), (1280, 1, 0), (390, 1, 1)])
def test_weight_and_price_stand_under_the_name_where_they_have_no_column(
    at_the_door, shop, order, width, has_weight, has_price
):
    page = at_the_door(viewport={"width": width, "height": 900})

    page.goto(f"/s/{shop.number}/orders/{order.display_number}/")

    product = page.locator(".lines td.p").first
    expect(product.get_by_text("6.20 kg · 0.081 m³")).to_be_visible(visible=bool(has_weight))
    expect(product.get_by_text("€107.40 ex VAT, €129.95 incl. VAT 21 %")).to_be_visible(visible=bool(has_price))
    expect(page.get_by_role("columnheader", name="Weight, volume")).to_have_count(0 if has_weight else 1)


def test_a_status_in_the_list_is_not_cut_on_a_phone(at_the_door, shop):
    make_order(shop, payment_status="awaiting", fulfilment_status="backordered", lines=[new_line(status="backordered")])
    page = at_the_door(viewport={"width": 390, "height": 900})

    page.goto(f"/s/{shop.number}/orders/")

    word = page.locator(".f-pay .plain").first
    expect(word).to_have_text("Awaiting payment")
    assert word.evaluate("box => box.scrollWidth <= box.clientWidth")
