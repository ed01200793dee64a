"""All keys of a query, however the database sends them."""

import pytest

from orders.keys import keys_of
from orders.models import Order, Tag
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def test_keys_come_in_the_order_of_the_query(shop, other_shop):
    first, second, third = (make_order(shop).pk for _ in range(3))
    make_order(other_shop)

    assert keys_of(Order.objects.for_shop(shop).order_by("-id")).tolist() == [third, second, first]
    assert keys_of(Order.objects.for_shop(shop).order_by("id")[:2]).tolist() == [first, second]


def test_a_key_of_eight_bytes_stays_what_it_is(shop):
    Tag.objects.create(pk=2**62 + 258, shop=shop, name="Late")

    assert keys_of(Tag.objects.all()).tolist() == [2**62 + 258]


def test_no_rows_have_no_keys(shop):
    assert keys_of(Order.objects.for_shop(shop)).tolist() == []
    assert keys_of(Order.objects.none()).tolist() == []
