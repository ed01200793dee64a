from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse

from orders.models import Address, Order, OrderSearchText
from orders.order_list import order_list
from orders.search import matching, number_matching, order_of
from orders.services.bin import delete_orders
from orders.services.new_order import NewPayment, NewShipment
from orders.services.search import refresh_search_text
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
        "müller hotel", "10492", "12345_10492", "345_10492", "_104", "müller 12345_10492",
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


@pytest.fixture(params=["few", "more than are read", "more than are walked to"])
def how_many(request, monkeypatch):
    """The limits as they are, or so low that a handful of orders is very many."""
    if request.param != "few":
        monkeypatch.setattr("orders.search.READ_AT_MOST", 2)
        monkeypatch.setattr("orders.services.search.ORDERS_PER_PART", 3)
    if request.param == "more than are walked to":
        monkeypatch.setattr("orders.search.WALKED_AT_MOST", 1)
    return request.param


def test_however_many_there_are_the_same_are_found(shop, other_shop, rich_order, how_many):
    for number in (1, 2, 3):
        make_order(shop, number=number, customer_company="Hotel Zee", customer_name="Bo")
    make_order(other_shop, number=4, customer_company="Hotel Zee")

    assert found("hotel zee", shop) == [1, 2, 3, 10492]
    assert found("hotel bo", shop) == [1, 2, 3]
    assert found("zeezicht", shop) == [10492]
    assert order_of("zeezicht", shop) is None
    assert order_of("zoe.muller@zeezicht.example", shop) == rich_order


def test_matches_are_counted_without_the_deleted_ones(shop, clerk, actor):
    for number in (1, 2, 3):
        make_order(shop, number=number, customer_company="Hotel Zee")
    delete_orders([Order.objects.get(number=2).pk], shop=shop, by=actor)

    assert number_matching("hotel", shop) == 2
    assert numbers_on(shop, clerk, q="hotel")[1].count == "2"
    assert number_matching("ho", shop) is None


@pytest.mark.postgres
def test_a_part_is_full_with_so_many_orders(shop, other_shop, monkeypatch):
    monkeypatch.setattr("orders.services.search.ORDERS_PER_PART", 2)
    parts = OrderSearchText.objects.filter(shop=shop).order_by("order")

    orders = [make_order(each) for each in (shop, shop, other_shop, shop, shop, shop)]
    refresh_search_text(orders[:1], shop)

    assert list(parts.values_list("part", flat=True)) == [0, 0, 1, 1, 2]
    assert orders[2].search_text.part == 0


@pytest.mark.postgres
def test_words_of_any_alphabet_and_sign_are_found_by_their_keys(shop):
    make_order(shop, number=1, customer_name="山田太郎様", customer_company="@ja-_% 12.4")
    make_order(shop, number=2, customer_name="Ωmega Ⅷ🙂🙂🙂")

    assert (found("山田太", shop), found("田太郎様", shop), found("山田郎", shop)) == ([1], [1], [])
    assert (found("@ja", shop), found("-_%", shop), found("🙂🙂🙂", shop)) == ([1], [1], [2])


def numbers_on(shop, clerk, **query):
    page = order_list(shop, QueryDict(urlencode(query)), staff=clerk)
    return [int(row.number) for row in page.rows], page


# In the order in which they came in: the order of placing, an archive brought later, and anyhow.
ARRIVALS = [range(1, 12), [*range(7, 12), *range(1, 7)], [11, 2, 9, 4, 7, 6, 5, 8, 3, 10, 1]]


@pytest.mark.parametrize("arrivals", ARRIVALS, ids=["as placed", "archive later", "anyhow"])
@pytest.mark.parametrize("sort", ["-placed", "placed"])
def test_paging_through_matches_shows_each_once(shop, clerk, actor, monkeypatch, how_many, sort, arrivals):
    monkeypatch.setattr("orders.order_list.PAGE_SIZE", 3)
    monkeypatch.setattr("orders.search.WINDOW", 2)
    for number in arrivals:
        # Two at a time at the same moment, so that the key decides.
        placed_at = PLACED_AT + timedelta(minutes=number // 2)
        make_order(shop, number=number, customer_company="Hotel Zee", placed_at=placed_at)
    delete_orders([Order.objects.get(number=5).pk], shop=shop, by=actor)
    keys = dict(Order.objects.for_shop(shop).exclude(number=5).values_list("number", "pk"))
    expected = sorted(keys, key=lambda number: (number // 2, keys[number]), reverse=sort == "-placed")

    forward, page = numbers_on(shop, clerk, q="hotel", sort=sort)
    pages = [page]
    while pages[-1].older_query:
        numbers, page = numbers_on(shop, clerk, **dict(parse_qsl(pages[-1].older_query)))
        forward += numbers
        pages.append(page)
    backward, page = [], pages[-1]
    while page.newer_query:
        numbers, page = numbers_on(shop, clerk, **dict(parse_qsl(page.newer_query)))
        backward = numbers + backward

    assert forward == expected
    assert backward == expected[:9]
