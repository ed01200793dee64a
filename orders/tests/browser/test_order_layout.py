"""The order page has room for what it says, and what has no column any more stands somewhere else."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from orders.models import Order, OrderLine
from orders.tests.browser.conftest import paid
from orders.tests.factories import make_order, new_line
from statuses.models import ShopStatus

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


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_the_list_has_room_for_the_word_of_an_internal_status(at_the_door, shop, width):
    asked = ShopStatus.objects.create(shop=shop, kind="internal", code="asked", name_en="Waiting for supplier")
    order = make_order(shop, fulfilment_status="backordered", lines=[new_line(status="backordered")])
    Order.objects.filter(pk=order.pk).update(internal_status=asked)
    page = at_the_door(viewport={"width": width, "height": 900})

    page.goto(f"/s/{shop.number}/orders/")

    word = page.locator(".f-st .cut")
    expect(word).to_have_text("Waiting for supplier")
    assert word.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_what_brought_an_order_and_its_day_stand_apart_on_a_phone(at_the_door, shop):
    make_order(shop, source="manual")
    page = at_the_door(viewport={"width": 390, "height": 900})

    page.goto(f"/s/{shop.number}/orders/")

    code, day = page.locator(".f-id .cc").bounding_box(), page.locator(".f-date time").bounding_box()
    assert code["x"] + code["width"] <= day["x"]


def test_the_menus_of_the_bar_look_different_where_they_have_no_words(at_the_door, orders_of_the_day, shop):
    ShopStatus.objects.create(shop=shop, kind="internal", code="asked", name_en="Asked")
    page = at_the_door(viewport={"width": 390, "height": 900})
    page.goto(f"/s/{shop.number}/orders/")
    page.get_by_role("checkbox", name=f"Select order {orders_of_the_day[0].display_number}").check()

    drawn = page.eval_on_selector_all(
        ".bulk summary > svg:first-child use", "uses => uses.map(use => use.href.baseVal)"
    )

    assert len(set(drawn)) == len(drawn) == 5
