"""The columns of the list: what they show, choosing them, and what happens to those that are not there."""

from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains

from backoffice.tests.factories import make_shop
from orders.columns import COLUMNS, DEFAULT_COLUMNS, ROW_FIELDS
from orders.columns.chooser import moved
from orders.columns.gather import GATHERERS
from orders.models import Address, Folder, Order
from orders.services import NewNote, NewPayment, NewShipment
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.tests.test_list_page import link_on, list_url, make_many, numbers_on

pytestmark = pytest.mark.django_db


def columns_url(shop, query=""):
    return reverse("orders:columns", args=[shop.number]) + (f"?{query}" if query else "")


def heads(response):
    """The columns of the list by their visible names, without the ticks and the menus."""
    return [head.text_content() for head in html.fromstring(response.content).cssselect("thead th")][1:-1]


def cells(response, row=0):
    """What the cells of a row say, by the names of their columns."""
    page = html.fromstring(response.content)
    texts = [cell.text_content().strip() for cell in page.cssselect("tbody tr")[row].cssselect("td")][1:-1]
    return dict(zip(heads(response), texts, strict=True))


def test_there_are_about_fifty_columns_and_all_read_what_an_order_has():
    names = {field.attname for field in Order._meta.get_fields() if hasattr(field, "attname")}

    assert len(COLUMNS) >= 45
    assert {name for column in COLUMNS.values() for name in column.fields} <= names
    assert {column.gather for column in COLUMNS.values()} <= {"", *GATHERERS}
    assert set(ROW_FIELDS) <= names


def test_the_usual_columns_are_the_ten_of_the_list(clerk_client, shop):
    make_order(shop)

    assert heads(clerk_client.get(list_url(shop))) == [str(COLUMNS[key].label) for key in DEFAULT_COLUMNS]


def test_columns_stand_as_the_address_says(clerk_client, shop):
    make_order(shop, number=7, customer_name="Anna", customer_email="anna@example.org")

    response = clerk_client.get(list_url(shop, "columns=number,email,name"))

    assert cells(response) == {"Order": "00007", "E-mail address": "anna@example.org", "Name": "Anna"}


def test_the_orders_number_is_always_there_and_first(clerk_client, shop):
    make_order(shop)

    assert heads(clerk_client.get(list_url(shop, "columns=name&columns=total"))) == ["Order", "Name", "Total"]


def test_columns_that_are_not_there_are_left_out_with_a_note(clerk_client, shop):
    make_order(shop)

    response = clerk_client.get(list_url(shop, "columns=name,__class__,password"))

    assert heads(response) == ["Order", "Name"]
    assertContains(response, "There are no columns “__class__”, “password”")


def test_without_one_known_column_the_usual_ones_are_shown(clerk_client, shop):
    make_order(shop)

    assert len(heads(clerk_client.get(list_url(shop, "columns=gone")))) == len(DEFAULT_COLUMNS)


def test_every_column_shows_itself(clerk_client, shop):
    target = make_shop("12346", base_shop=shop, name="Giftshop.de")
    folder = Folder.objects.create(shop=shop, name="Urgent", colour="red")
    address = Address(name="Hotel <b>", street="Kade 1", postcode="1011 AB", city="Amsterdam", country="NL")
    order = make_order(
        shop,
        number=12,
        target_shop=target,
        billing=address,
        customer_language="nl",
        customer_number="C-9",
        payment_method="iDEAL",
        shipping_method="PostNL",
        lines=[
            new_line(sku="A", location="L-2", quantity=Decimal(2), weight_g=1500),
            new_line(sku="B", location="L-1"),
            new_line(sku="A", is_backordered=True),
        ],
        notes=[NewNote("Old", "Elin", PLACED_AT), NewNote("New", "Marit", PLACED_AT)],
        shipments=[NewShipment("PostNL", "3SABC", PLACED_AT, tracking_url="https://carrier.example/3SABC")],
        payments=[NewPayment(Decimal("10.00"), "iDEAL", "paid", PLACED_AT)],
    )
    Order.objects.filter(pk=order.pk).update(folder=folder)

    response = clerk_client.get(list_url(shop, "columns=" + ",".join(COLUMNS)))

    shown = cells(response)
    assert len(shown) >= len(COLUMNS) - 2  # two names are used twice
    assert shown["Order ID"] == "12345_00012"
    assert (shown["Target shop"], shown["Folder"]) == ("Giftshop.de", "Urgent")
    assert (shown["Ship to"], shown["City"], shown["Billing country"]) == ("Hotel <b>", "Amsterdam", "Netherlands")
    assert (shown["Language"], shown["Customer number"]) == ("Dutch", "C-9")
    assert (shown["Carrier"], shown["Tracking code"]) == ("PostNL", "3SABC")
    assert (shown["Product numbers"], shown["Warehouse locations"]) == ("A, B", "L-1, L-2")
    assert (shown["Lines"], shown["Lines backordered"], shown["Weight"]) == ("3", "1", "1.50\N{NO-BREAK SPACE}kg")
    assert (shown["Paid"], shown["Still open"]) == ("€10.00", "€38.40")
    assert shown["Last note by"] == "Marit"
    assertNotContains(response, "Hotel <b>")


def test_an_order_in_no_folder_says_so(clerk_client, shop):
    make_order(shop)

    assert cells(clerk_client.get(list_url(shop, "columns=folder")))["Folder"] == "No folder"


def test_a_long_row_of_product_numbers_is_cut_and_told_in_full(clerk_client, shop):
    make_order(shop, lines=[new_line(sku=f"S{i}") for i in range(5)])

    response = clerk_client.get(list_url(shop, "columns=skus"))

    assert cells(response)["Product numbers"] == "S0, S1, S2 +2"
    assertContains(response, 'title="S0, S1, S2, S3, S4"')


def test_a_tracking_address_that_is_no_web_address_is_no_link(clerk_client, shop):
    make_order(shop)
    order = make_order(shop, number=77)
    order.shipments.create(tracking_code="X", tracking_url="javascript:alert(1)", shipped_at=PLACED_AT)

    assertNotContains(clerk_client.get(list_url(shop, "columns=tracking")), "javascript:")


@pytest.mark.parametrize("number_of_orders", [1, 3, 60])
def test_all_columns_cost_a_known_number_of_queries(
    clerk_client, shop, actor, number_of_orders, django_assert_max_num_queries
):
    note = [NewNote("Call", "Marit", PLACED_AT)]
    make_many(shop, number_of_orders, by=actor, lines=2, notes=note)

    with django_assert_max_num_queries(15):
        clerk_client.get(list_url(shop, "columns=" + ",".join(COLUMNS)))


def test_columns_survive_sorting_paging_and_filters(clerk_client, shop, actor):
    make_many(shop, 60, by=actor, payment_status="paid")

    page = clerk_client.get(list_url(shop, "columns=number,name&payment=paid"))

    assert "columns=number%2Cname" in link_on(page, "next")
    chip = html.fromstring(page.content).cssselect(".chip a.x")[0].get("href")
    assert QueryDict(chip.lstrip("?")) == QueryDict("columns=number,name")


def test_the_chooser_lists_what_is_shown_and_what_is_not(clerk_client, shop):
    page = html.fromstring(clerk_client.get(columns_url(shop, "columns=number,name,total")).content)

    boxes = page.cssselect('input[name="columns"]')
    assert [box.get("value") for box in boxes if box.get("checked") is not None] == ["name", "total"]
    assert {box.get("value") for box in boxes} == set(COLUMNS) - {"number"}


def test_a_column_is_moved_without_script(clerk_client, shop):
    choice = {"columns": ["name", "total", "city"], "move": "total:up", "query": "payment=paid&sort=number"}

    response = clerk_client.post(columns_url(shop), choice)

    assert response["Location"] == columns_url(shop, "payment=paid&sort=number&columns=number,total,name")


@pytest.mark.parametrize(
    ("step", "expected"),
    [("top", "cab"), ("up", "acb"), ("down", "abc"), ("sideways", "abc")],
)
def test_steps_of_moving(step, expected):
    keys = {"a": "name", "b": "total", "c": "status"}

    after = moved(["number", "name", "total", "status"], "status", step)

    assert after == ["number", *(keys[letter] for letter in expected)]


def test_the_choice_is_shown_in_the_list(clerk_client, shop):
    choice = {"columns": ["total", "name"], "query": "payment=paid", "show": "1"}

    response = clerk_client.post(columns_url(shop), choice)

    assert response["Location"] == list_url(shop, "payment=paid&columns=number,total,name")


def test_columns_are_kept_for_the_person_alone(client, clerk_client, clerk, shop):
    make_order(shop)

    clerk_client.post(columns_url(shop), {"columns": ["name"], "query": "", "keep": "1"})

    assert heads(clerk_client.get(list_url(shop))) == ["Order", "Name"]
    # What is the person's own is not repeated in every address.
    assert "columns" not in (clerk_client.get(list_url(shop), headers={"HX-Request": "true"})["HX-Push-Url"])
    clerk_client.post(columns_url(shop), {"query": "", "reset": "1"})
    assert len(heads(clerk_client.get(list_url(shop)))) == len(DEFAULT_COLUMNS)


def test_a_kept_column_that_is_gone_by_now_breaks_nothing(clerk_client, clerk, shop):
    make_order(shop)
    clerk.list_columns = ["number", "of_an_older_version", "name"]
    clerk.save()

    assert heads(clerk_client.get(list_url(shop))) == ["Order", "Name"]


@pytest.mark.parametrize("query", ["density=compact", "density=roomy"])
def test_the_row_height_travels_in_the_address(clerk_client, shop, query):
    make_order(shop)

    page = html.fromstring(clerk_client.get(list_url(shop, query)).content)

    assert page.cssselect("#order-list")[0].get("data-density") == query.partition("=")[2]
    sorting = page.cssselect("th.f-id a")[0].get("href")
    assert QueryDict(sorting.lstrip("?")) == QueryDict(f"{query}&sort=-number")


def test_a_row_height_that_is_none_is_the_persons_own(clerk_client, shop):
    make_order(shop)

    page = html.fromstring(clerk_client.get(list_url(shop, "density=huge")).content)

    assert page.cssselect("#order-list")[0].get("data-density") is None


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("total", ["00002", "00003", "00001"]),
        ("-total", ["00001", "00003", "00002"]),
        ("customer", ["00003", "00001", "00002"]),
        ("-customer", ["00002", "00001", "00003"]),
    ],
)
def test_few_orders_sort_by_amount_and_name(clerk_client, shop, sort, expected):
    for number, price, name in ((1, "30.00", "Bo"), (2, "10.00", "Cato"), (3, "20.00", "Anna")):
        make_order(shop, number=number, customer_name=name, lines=[new_line(unit_price=Decimal(price))])

    assert numbers_on(clerk_client.get(list_url(shop, f"sort={sort}"))) == expected


@pytest.mark.parametrize("sort", ["total", "-total", "customer", "-customer"])
def test_sorts_without_an_index_page_too(clerk_client, shop, actor, sort):
    make_many(shop, 55, by=actor)

    first = clerk_client.get(list_url(shop, f"sort={sort}"))
    second = clerk_client.get(list_url(shop, link_on(first, "next")))

    assert len({*numbers_on(first), *numbers_on(second)}) == 55


def test_many_orders_do_not_sort_without_an_index(clerk_client, shop, actor, monkeypatch):
    monkeypatch.setattr("orders.order_list.SORTED_AT_MOST", 2)
    make_many(shop, 3, by=actor)
    make_order(shop, number=99, currency="SEK")

    response = clerk_client.get(list_url(shop, "sort=total"))

    assertContains(response, "More than 2 orders match")
    assert numbers_on(response)[0] != "00099"
    assertNotContains(clerk_client.get(list_url(shop, "sort=total&currency=SEK")), "More than 2 orders match")
