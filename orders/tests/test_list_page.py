import gzip
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains

from backoffice.tests.factories import make_shop
from orders.models import Order
from orders.order_list import PAGE_SIZE
from orders.services import delete_orders, set_fulfilment_status
from orders.services.change import changing
from orders.tests.factories import PLACED_AT, make_order, new_line
from statuses.models import ShopStatus

pytestmark = pytest.mark.django_db


def list_url(shop, query=""):
    return reverse("orders:list", args=[shop.number]) + (f"?{query}" if query else "")


def numbers_on(response):
    """The order numbers of the rows, as they stand on the page."""
    return [link.text for link in html.fromstring(response.content).cssselect("a.id")]


def link_on(response, relation):
    """The query behind Previous or Next, None at the ends."""
    found = html.fromstring(response.content).cssselect(f'a[rel="{relation}"]')
    return found[0].get("href").lstrip("?") if found else None


def make_many(shop, number_of_orders, **values):
    with changing(shop, by=values.pop("by")):
        return [make_order(shop, placed_at=PLACED_AT + timedelta(minutes=i), **values) for i in range(number_of_orders)]


def test_the_newest_order_stands_first(clerk_client, shop):
    make_order(shop, number=1, placed_at=PLACED_AT)
    make_order(shop, number=2, placed_at=PLACED_AT + timedelta(days=1))

    assert numbers_on(clerk_client.get(list_url(shop))) == ["00002", "00001"]


def test_aborted_checkouts_are_listed_too(clerk_client, shop):
    make_order(shop, number=1, fulfilment_status="aborted")

    response = clerk_client.get(list_url(shop))

    assert numbers_on(response) == ["00001"]
    assertContains(response, "Aborted at checkout")


def test_orders_of_another_shop_are_not_listed(clerk_client, shop, other_shop):
    make_order(shop, number=1)
    make_order(other_shop, number=2)

    assert numbers_on(clerk_client.get(list_url(shop))) == ["00001"]


@pytest.mark.parametrize("number_of_orders", [1, 3, 60])
def test_the_list_costs_the_same_for_one_order_as_for_sixty(
    clerk_client, shop, actor, number_of_orders, django_assert_num_queries
):
    make_many(shop, number_of_orders, by=actor, lines=2)

    with django_assert_num_queries(8):
        clerk_client.get(list_url(shop))


def test_pages_go_on_where_the_last_one_ended(clerk_client, shop, actor):
    made = [order.display_number for order in make_many(shop, 2 * PAGE_SIZE + 5, by=actor)][::-1]

    first = clerk_client.get(list_url(shop))
    second = clerk_client.get(list_url(shop, link_on(first, "next")))
    third = clerk_client.get(list_url(shop, link_on(second, "next")))
    back = clerk_client.get(list_url(shop, link_on(third, "prev")))

    assert numbers_on(first) == made[:PAGE_SIZE]
    assert numbers_on(second) == made[PAGE_SIZE : 2 * PAGE_SIZE]
    assert numbers_on(third) == made[2 * PAGE_SIZE :]
    assert numbers_on(back) == numbers_on(second)
    assert link_on(first, "prev") is None
    assert link_on(third, "next") is None


def test_orders_of_the_same_moment_are_neither_skipped_nor_repeated(clerk_client, shop, actor):
    with changing(shop, by=actor):
        made = [make_order(shop).display_number for _ in range(PAGE_SIZE + 10)]

    first = clerk_client.get(list_url(shop))
    second = clerk_client.get(list_url(shop, link_on(first, "next")))

    assert numbers_on(first) + numbers_on(second) == made[::-1]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-placed", ["00002", "00003", "00001"]),
        ("placed", ["00001", "00003", "00002"]),
        ("number", ["00001", "00002", "00003"]),
        ("-number", ["00003", "00002", "00001"]),
        ("-changed", ["00001", "00003", "00002"]),
    ],
)
def test_the_list_sorts_by_what_has_an_index(clerk_client, shop, actor, sort, expected):
    oldest = make_order(shop, number=1, placed_at=PLACED_AT)
    make_order(shop, number=2, placed_at=PLACED_AT + timedelta(days=2))
    make_order(shop, number=3, placed_at=PLACED_AT + timedelta(days=1))
    set_fulfilment_status(oldest, "in_progress", by=actor)

    assert numbers_on(clerk_client.get(list_url(shop, f"sort={sort}"))) == expected


@pytest.mark.parametrize("sort", ["number", "-number", "changed", "-changed", "placed"])
def test_every_sort_pages(clerk_client, shop, actor, sort):
    make_many(shop, PAGE_SIZE + 3, by=actor)

    first = clerk_client.get(list_url(shop, f"sort={sort}"))
    second = clerk_client.get(list_url(shop, link_on(first, "next")))

    assert len({*numbers_on(first), *numbers_on(second)}) == PAGE_SIZE + 3


def test_status_and_payment_narrow_the_list(clerk_client, shop):
    make_order(shop, number=1, fulfilment_status="new", payment_status="paid")
    make_order(shop, number=2, fulfilment_status="new", payment_status="open")
    make_order(shop, number=3, fulfilment_status="shipped", payment_status="paid")

    assert numbers_on(clerk_client.get(list_url(shop, "status=new&payment=paid"))) == ["00001"]
    assert numbers_on(clerk_client.get(list_url(shop, "status=new&status=shipped&payment=paid"))) == ["00003", "00001"]


def test_an_own_status_is_found_by_its_code_and_not_under_the_built_in_one(clerk_client, shop, actor):
    ShopStatus.objects.create(
        shop=shop, kind="fulfilment", code="engraving", name_en="Engraving", stands_for="in_progress"
    )
    own = make_order(shop, number=1)
    set_fulfilment_status(own, "engraving", by=actor)
    make_order(shop, number=2, fulfilment_status="in_progress")

    assert numbers_on(clerk_client.get(list_url(shop, "status=engraving"))) == ["00001"]
    assert numbers_on(clerk_client.get(list_url(shop, "status=in_progress"))) == ["00002"]


def test_days_are_the_shops_days(clerk_client, shop):
    # 23:30 UTC on the 20th is half past midnight on the 21st in Amsterdam.
    make_order(shop, number=1, placed_at=datetime(2026, 3, 20, 23, 30, tzinfo=UTC))
    make_order(shop, number=2, placed_at=datetime(2026, 3, 21, 22, 59, tzinfo=UTC))
    make_order(shop, number=3, placed_at=datetime(2026, 3, 21, 23, 0, tzinfo=UTC))

    found = numbers_on(clerk_client.get(list_url(shop, "placed_from=2026-03-21&placed_to=2026-03-21")))

    assert found == ["00002", "00001"]


def test_a_day_of_the_night_when_clocks_change_has_its_own_length(clerk_client, shop):
    # On 29 March 2026 Amsterdam has 23 hours, on 25 October 25.
    make_order(shop, number=1, placed_at=datetime(2026, 3, 28, 23, 0, tzinfo=UTC))
    make_order(shop, number=2, placed_at=datetime(2026, 3, 29, 21, 59, tzinfo=UTC))
    make_order(shop, number=3, placed_at=datetime(2026, 3, 29, 22, 0, tzinfo=UTC))

    assert numbers_on(clerk_client.get(list_url(shop, "placed_from=2026-03-29&placed_to=2026-03-29"))) == [
        "00002",
        "00001",
    ]


def test_target_shops_narrow_the_list(clerk_client, shop):
    target = make_shop("12346", base_shop=shop, name="Giftshop.de")
    make_order(shop, number=1, target_shop=target)
    make_order(shop, number=2)

    assert numbers_on(clerk_client.get(list_url(shop, "target=12346"))) == ["00001"]
    assert numbers_on(clerk_client.get(list_url(shop, "target=12345"))) == ["00002"]


def test_deleted_orders_are_apart(clerk_client, shop, actor):
    kept, gone = make_order(shop, number=1), make_order(shop, number=2)
    delete_orders([gone.pk], shop=shop, by=actor)

    assert numbers_on(clerk_client.get(list_url(shop))) == [kept.display_number]
    assert numbers_on(clerk_client.get(list_url(shop, "deleted=1"))) == [gone.display_number]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status=nonsense", "“Order status” had a value"),
        ("status=ready&status=nonsense", "“Order status” had a value"),
        ("payment=%00", "“Payment status” had a value"),
        ("placed_from=2026-02-30", "“Ordered from” had a value"),
        ("placed_to=yesterday", "“Ordered to” had a value"),
        ("target=54321", "“Target shop” had a value"),
        ("deleted=maybe", "“Deleted” had a value"),
        ("sort=customer_email", "cannot be sorted by that"),
        ("sort=-user__password", "cannot be sorted by that"),
        ("at=garbage", "cannot be found"),
        ("at=" + "A" * 500, "cannot be found"),
        ("at=ZnwyMDI2LTAzLTIxfDE", "cannot be found"),
        ("at=%00%ff", "cannot be found"),
    ],
)
def test_what_makes_no_sense_is_left_out_with_a_note(clerk_client, shop, other_shop, query, said):
    make_order(shop, number=1)

    response = clerk_client.get(list_url(shop, query))

    assertContains(response, said)
    assert numbers_on(response) == ["00001"]


@pytest.mark.parametrize(
    "query",
    [
        "columns=__class__",
        "_connector=OR+1%3D1",
        "status__in=",
        "q=%00",
        "q=%25_%27%22--",
        "q=" + "x" * 5000,
        "x=" * 900,
    ],
)
def test_a_hostile_query_is_no_failure(clerk_client, shop, query):
    make_order(shop, number=1)

    assert clerk_client.get(list_url(shop, query)).status_code == 200


def test_a_filter_is_shown_as_a_chip_that_can_be_taken_away(clerk_client, shop):
    make_order(shop, number=1, payment_status="paid")

    page = html.fromstring(clerk_client.get(list_url(shop, "status=ready&payment=paid")).content)

    chips = [
        (chip.cssselect(".lbl")[0].text_content(), chip.cssselect("a.x")[0].get("href"))
        for chip in page.cssselect("span.chip")
    ]
    assert chips == [("Order status Ready", "?payment=paid"), ("Payment status Paid", "?status=ready")]


def test_tabs_count_without_counting(clerk_client, shop, actor):
    make_order(shop, fulfilment_status="new")
    make_order(shop, fulfilment_status="shipped", payment_status="paid")
    delete_orders([make_order(shop).pk], shop=shop, by=actor)

    page = html.fromstring(clerk_client.get(list_url(shop)).content)

    counts = {tab.text: "".join(count.text for count in tab.cssselect("b")) for tab in page.cssselect(".views a")}
    assert counts == {
        "To do": "1",
        "New": "1",
        "Unpaid": "1",
        "Backordered": "0",
        "Ready to ship": "0",
        "Has message": "",
        "Aborted at checkout": "0",
        "All orders": "2",
        "Deleted": "1",
    }


def test_an_empty_shop_says_what_will_appear(clerk_client, shop):
    assertContains(clerk_client.get(list_url(shop)), "Orders from your webshop appear here")


def test_an_empty_filter_offers_the_way_back(clerk_client, shop):
    make_order(shop)

    response = clerk_client.get(list_url(shop, "status=shipped"))

    assertContains(response, "No orders match these filters")
    assertContains(response, "Clear filters")


def test_a_row_shows_what_the_default_columns_promise(clerk_client, shop):
    make_order(
        shop,
        number=12,
        customer_company="Hotel Zeezicht",
        payment_status="paid",
        lines=[new_line(quantity=Decimal(2), unit_price=Decimal("617.28"))],
        customer_message="Ring twice",
    )

    page = html.fromstring(clerk_client.get(list_url(shop)).content)

    cells = {cell.get("class").split()[0]: cell.text_content().strip() for cell in page.cssselect("tbody td")}
    assert cells["f-id"] == "00012"
    assert cells["f-who"].startswith("Hotel Zeezicht")
    assert (cells["f-st"], cells["f-pay"], cells["f-tot"]) == ("Ready", "Paid", "€1,234.56")
    assert [mark.get("aria-label") for mark in page.cssselect(".f-marks svg")] == ["Message from customer, unread"]
    assert page.cssselect("tbody tr")[0].get("class") == "c-green edge"


def test_names_of_customers_are_text(clerk_client, shop):
    make_order(shop, customer_name="<script>alert(1)</script>{0}")

    response = clerk_client.get(list_url(shop, "status=ready"))

    assert b"<script>alert" not in response.content
    assertContains(response, "&lt;script&gt;alert(1)&lt;/script&gt;{0}")


def test_htmx_gets_the_list_alone(clerk_client, shop):
    make_order(shop, number=1)

    part = clerk_client.get(list_url(shop), headers={"HX-Request": "true"})
    restored = clerk_client.get(list_url(shop), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert part.content.strip().startswith(b'<div id="order-list"')
    assert b"<html" in restored.content
    assert "HX-Request" in part["Vary"]


def test_the_list_is_kept_by_no_cache(clerk_client, shop):
    assert clerk_client.get(list_url(shop))["Cache-Control"] == "no-store, private"


def test_a_list_of_fifty_stays_light(clerk_client, shop, actor):
    make_many(shop, PAGE_SIZE, by=actor, customer_message="Hello", lines=3)
    Order.objects.update(mailed_at=PLACED_AT)

    body = clerk_client.get(list_url(shop)).content

    assert len(gzip.compress(body)) <= 60_000
    assert sum(1 for _ in html.fromstring(body).iter()) <= 2000
    assert Order.objects.count() == PAGE_SIZE


def test_htmx_is_told_the_address_without_empty_fields(clerk_client, shop):
    make_order(shop, number=1)

    part = clerk_client.get(list_url(shop, "q=&status=ready&target=&at="), headers={"HX-Request": "true"})

    assert part["HX-Push-Url"] == list_url(shop, "status=ready")


def watch_on(response):
    """The address by which a page asks for newer orders, None where it does not."""
    found = html.fromstring(response.content).cssselect("[data-watch]")
    return found[0].get("hx-get") if found else None


def test_new_orders_are_told_of_in_a_line(clerk_client, shop):
    make_order(shop, payment_status="paid")
    address = watch_on(clerk_client.get(list_url(shop, "payment=paid")))
    assert clerk_client.get(address).status_code == 204

    for number in range(3):
        make_order(shop, placed_at=PLACED_AT + timedelta(hours=1 + number), payment_status="paid")
    make_order(shop, placed_at=PLACED_AT + timedelta(hours=9), payment_status="open")

    line = clerk_client.get(address)
    assertContains(line, "3 new orders, show")
    assert html.fromstring(line.content).get("href") == list_url(shop, "payment=paid")


def test_many_new_orders_are_not_counted_to_the_end(clerk_client, shop, actor, monkeypatch):
    monkeypatch.setattr("orders.order_list.NEWER_CAP", 2)
    monkeypatch.setattr("orders.views.list.NEWER_CAP", 2)
    make_order(shop)
    address = watch_on(clerk_client.get(list_url(shop)))
    make_many(shop, 4, by=actor)

    assertContains(clerk_client.get(address), "2 or more new orders")


def test_only_the_first_page_of_the_newest_looks_for_news(clerk_client, shop, actor):
    assert watch_on(clerk_client.get(list_url(shop))) is None
    make_many(shop, PAGE_SIZE + 1, by=actor)
    first = clerk_client.get(list_url(shop))

    assert watch_on(clerk_client.get(list_url(shop, link_on(first, "next")))) is None
    assert watch_on(clerk_client.get(list_url(shop, "sort=number"))) is None
    for odd in ("", "at=xyz", "at=" + link_on(first, "next").partition("at=")[2]):
        assert clerk_client.get(reverse("orders:newer", args=[shop.number]) + f"?{odd}").status_code == 204
