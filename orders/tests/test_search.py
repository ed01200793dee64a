from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from orders.models import Address, Order
from orders.search import matching, number_matching, order_of
from orders.services.new_order import NewPayment, NewShipment
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db


def found(needle, shop):
    return sorted(order.number for order in matching(needle, Order.objects.for_shop(shop), shop))


@pytest.fixture
def rich_order(shop):
    """An order with something in every field that is searched."""
    return make_order(
        shop,
        number=10492,
        source_id="A4K8290LP0",
        customer_name="Zoë Müller-Åström",
        customer_company="Hotel Zeezicht B.V.",
        customer_email="zoe.muller@zeezicht.example",
        customer_phone="+31 6 5550 0142",
        customer_number="88213",
        shipping=Address(name="Joost", postcode="1015 DP", city="Amsterdam", country="NL"),
        lines=[new_line(sku="NL-2041/B")],
        payments=[NewPayment(12, "iDEAL", "paid", PLACED_AT, "Mollie", "tr_8KxQ2")],
        shipments=[NewShipment("PostNL", "3SABCD1234567", PLACED_AT)],
    )


@pytest.mark.parametrize(
    "needle",
    [
        "zoë", "MÜLLER", "åström", "ström", "zeezicht", "Hotel Zee", "zoe.muller@", "5550 0142", "55500142", "88213",
        "1015dp", "1015 DP", "NL-2041/B", "2041", "3sabcd1234567", "cd12345", "tr_8KxQ2", "a4k8290lp0", "joost",
        "müller hotel", "10492", "12345_10492",
    ],
)  # fmt: skip
def test_any_part_of_a_field_finds_the_order(shop, rich_order, needle):
    make_order(shop, number=2, customer_name="Somebody Else")

    assert found(needle, shop) == [10492]


@pytest.mark.parametrize("needle", ["müllerx", "zoe muller x9", "%", "___", '"', "' OR 1=1 --", "zeezicht xy", "\x00"])
def test_what_is_not_there_is_not_found(shop, rich_order, needle):
    assert needle == "\x00" or found(needle, shop) == []
    assert order_of(needle, shop) is None


def test_a_percent_sign_is_a_letter_like_any_other(shop):
    make_order(shop, number=1, customer_company="100% Wol")
    make_order(shop, number=2, customer_company="100x Wol")

    assert found("100%", shop) == [1]


def test_two_words_may_stand_in_different_fields(shop):
    make_order(shop, number=1, customer_name="Anna Jansen", customer_company="Bakkerij")
    make_order(shop, number=2, customer_name="Anna Jansen", customer_company="Slagerij")

    assert found("bakkerij anna", shop) == [1]


def test_one_or_two_digits_find_numbers_that_begin_with_them(shop):
    for number in (4, 41, 42, 412, 5, 14):
        make_order(shop, number=number)

    assert found("41", shop) == [41, 412]
    assert found("4", shop) == [4, 41, 42, 412]
    assert found("an", shop) == []


def test_another_shops_order_is_not_found(shop, other_shop, rich_order):
    assert found("zeezicht", other_shop) == []
    assert order_of("10492", other_shop) is None
    assert order_of("12345_10492", other_shop) is None


def test_a_changed_word_is_found_and_the_old_one_no_longer(shop, rich_order):
    rich_order.search_text.text = "anders"
    rich_order.search_text.save()

    assert (found("anders", shop), found("zeezicht", shop)) == ([10492], [])


def go(client, shop, needle):
    return client.get(reverse("orders:search", args=[shop.number]), {"q": needle})


@pytest.mark.parametrize("needle", ["10492", " 10492 ", "0010492", "12345_10492", "3SABCD1234567", "A4K8290LP0"])
def test_an_exact_hit_opens_the_order(clerk_client, shop, rich_order, needle):
    response = go(clerk_client, shop, needle)

    assert response["Location"] == reverse("orders:detail", args=[shop.number, "10492"])


def test_anything_else_is_a_filtered_list(clerk_client, shop, rich_order):
    make_order(shop, customer_name="Müller")

    response = go(clerk_client, shop, "müller")

    assert urlsplit(response["Location"]).path == reverse("orders:list", args=[shop.number])
    assert parse_qs(urlsplit(response["Location"]).query) == {"q": ["müller"]}


def test_searching_for_nothing_shows_the_list(clerk_client, shop):
    assert go(clerk_client, shop, "  ")["Location"] == reverse("orders:list", args=[shop.number])


@pytest.mark.parametrize("needle", ["9" * 30, "1_" * 20, "\x00", "a" * 3000, "12345_", "_", "00000"])
def test_odd_needles_are_no_failure(clerk_client, shop, needle):
    response = clerk_client.get(reverse("orders:search", args=[shop.number]), {"q": needle}, follow=True)

    assert response.status_code == 200


@pytest.mark.parametrize("fetched_at_most", [0, 1000])
def test_both_plans_find_the_same(shop, other_shop, rich_order, monkeypatch, fetched_at_most):
    monkeypatch.setattr("orders.search.FETCHED_AT_MOST", fetched_at_most)
    for number in (1, 2, 3):
        make_order(shop, number=number, customer_company="Hotel Zee", customer_name="Bo")
    make_order(other_shop, number=4, customer_company="Hotel Zee")

    assert found("hotel zee", shop) == [1, 2, 3, 10492]
    assert found("hotel bo", shop) == [1, 2, 3]
    assert found("zeezicht", shop) == [10492]
    many = fetched_at_most == 0
    assert number_matching("hotel zee", shop, at_most=10) == (4 if many else None)
    assert number_matching("hotel", shop, at_most=2) == (2 if many else None)
    assert number_matching("ho", shop, at_most=10) is None
