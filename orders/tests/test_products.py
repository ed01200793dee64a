from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import products
from orders.products import find_products, product_of, product_with_number
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db


def names(found):
    return [product.name for product in found]


def test_products_are_found_by_number_and_by_words_of_the_name(shop):
    make_order(shop, lines=[new_line(sku="NL-2041", name="Oak table, large"), new_line(sku="NL-3320", name="Throw")])

    assert names(find_products(shop, "NL-2041")) == ["Oak table, large"]
    assert names(find_products(shop, "nl-")) == ["Throw", "Oak table, large"]
    assert names(find_products(shop, "large oak")) == ["Oak table, large"]
    assert find_products(shop, "sofa") == []


def test_a_product_comes_as_it_was_sold_last_and_once(shop):
    make_order(shop, lines=[new_line(sku="A-1", name="Candle", unit_price=Decimal("12.10"))])
    make_order(
        shop,
        lines=[new_line(sku="A-1", name="Candle", unit_price=Decimal("13.31"), quantity=Decimal(4), weight_g=1000)],
    )

    [candle] = find_products(shop, "Candle")

    assert (candle.unit_price_incl, candle.unit_price_ex, candle.weight_g) == (Decimal("13.31"), Decimal(11), 250)
    line = candle.as_line(Decimal(3), unit_price=candle.unit_price_incl, vat_rate=candle.vat_rate)
    assert (line.sku, line.quantity, line.weight_g) == ("A-1", 3, 750)


def test_a_price_in_another_currency_is_no_price_here(shop):
    make_order(shop, currency="SEK", lines=[new_line(sku="A-1", unit_price=Decimal(149))])

    candle = product_with_number(shop, "A-1")

    assert candle.unit_price("EUR", includes_vat=True) is None
    assert candle.unit_price("SEK", includes_vat=True) == 149


def test_a_number_is_found_however_long_ago_it_was_sold(shop, monkeypatch):
    make_order(shop, lines=[new_line(sku="OLD-1", name="Lamp")])
    make_order(shop, lines=[new_line(sku="NEW-1", name="Other lamp")])
    monkeypatch.setattr(products, "ORDERS_SEARCHED", 1)

    assert names(find_products(shop, "lamp")) == ["Other lamp"]
    assert names(find_products(shop, "OLD-1")) == ["Lamp"]


def test_what_another_shop_sold_is_not_found(shop, other_shop):
    order = make_order(other_shop, lines=[new_line(sku="R-1", name="Secret")])

    assert find_products(shop, "Secret") == find_products(shop, "R-1") == []
    assert product_with_number(shop, "R-1") is product_of(shop, order.lines.get().pk) is None
    assert names([product_of(other_shop, order.lines.get().pk)]) == ["Secret"]


@pytest.mark.parametrize("words", ["", " ", "x", "\0\0", "%", "'; --", "a" * 5000])
def test_odd_words_find_nothing(shop, words):
    make_order(shop)

    assert find_products(shop, words) == []


def test_a_search_is_capped_and_costs_three_queries(shop):
    make_order(shop, lines=30)

    with CaptureQueriesContext(connection) as queries:
        found = find_products(shop, "candle")

    assert len(found) == products.MOST_PRODUCTS
    assert len(queries) == 3
