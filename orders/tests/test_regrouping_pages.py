"""Splitting and merging through the pages, without script."""

from decimal import Decimal

import pytest
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from orders.models import Address, Order
from orders.services import NewPayment, NewShipment, merge_orders, split_order
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db

D = Decimal
HOME = Address(name="Anna Jansen", street="Kerkstraat 1", postcode="1017 AB", city="Amsterdam", country="NL")


def address(name, shop, order):
    return reverse(f"orders:{name}", args=[shop.number, order.display_number])


def typed(response):
    """What stands in the fields of the page's form; buttons are left out."""
    form = html.fromstring(response.content).cssselect("main form[method=post]")[-1]
    return dict(form.form_values())


def send_split(client, shop, order, step="split", **values):
    url = address("split", shop, order)
    shown = typed(client.get(url))
    return client.post(
        url, shown | {"step": step, "to": "order"} | {k.replace("__", "."): v for k, v in values.items()}
    )


@pytest.fixture
def order(shop):
    return make_order(shop, lines=[new_line(quantity=D(3)), new_line(sku="B", name="Bowl", is_backordered=True)])


# Splitting


def test_splitting_leads_back_with_a_way_to_undo(clerk_client, shop, order):
    response = send_split(clerk_client, shop, order, part1__1="2")

    assertRedirects(response, address("detail", shop, order), fetch_redirect_response=False)
    part = Order.objects.get(split_from=order)
    assert [(line.sku, line.quantity) for line in part.lines.all()] == [("CANDLE", D(2))]
    page = clerk_client.get(address("detail", shop, order))
    assertContains(page, f"Order {part.display_number} was split off.")
    assertContains(page, "Merge back")
    assertContains(page, address("detail", shop, part))


def test_the_undo_of_the_message_puts_it_back(clerk_client, shop, order):
    send_split(clerk_client, shop, order, part1__1="2")
    page = html.fromstring(clerk_client.get(address("detail", shop, order)).content)
    undo = page.cssselect("[data-notice] form")[0].get("action")

    clerk_client.post(undo)

    assert {line.position: line.quantity for line in order.lines.all()} == {1: D(3), 2: D(1)}


def test_merging_back_by_the_button(clerk_client, shop, order, actor):
    split_order(order, [{2: D(1)}], by=actor)

    response = clerk_client.post(address("merge-back", shop, order))

    assertRedirects(response, address("detail", shop, order), fetch_redirect_response=False)
    assert order.lines.count() == 2
    assertNotContains(clerk_client.get(address("detail", shop, order)), "Merge back</button>")


def test_what_it_comes_to_is_shown_before_anything_is_saved(clerk_client, shop, order):
    response = send_split(clerk_client, shop, order, step="look", part1__1="2")

    assert response.status_code == 200
    assertContains(response, "€24.20", count=2)
    assert typed(response)["part1.1"] == "2"
    assert Order.objects.count() == 1


def test_htmx_gets_the_result_alone(clerk_client, shop, order):
    data = {"step": "look", "to": "order", "seen": order.version, "part1.1": "1"}

    response = clerk_client.post(address("split", shop, order), data, headers={"HX-Request": "true"})

    assertContains(response, 'id="split-result"')
    assertNotContains(response, "<form")


def test_there_can_be_nine_columns(clerk_client, shop, order):
    page = send_split(clerk_client, shop, order, step="more", part1__1="1")
    assert typed(page) | {"part1.1": "1", "part2.1": "", "columns": "2"} == typed(page)

    response = clerk_client.post(
        address("split", shop, order), typed(page) | {"part2.1": "1", "to": "order", "step": "split"}
    )

    assertRedirects(response, address("detail", shop, order), fetch_redirect_response=False)
    assert Order.objects.filter(split_from=order).count() == 2


def test_all_backordered_are_filled_in(clerk_client, shop, order):
    page = clerk_client.get(address("split", shop, order), {"backordered": ""})

    shown = typed(page)
    assert (shown["part1.1"], shown["part1.2"], shown["to"]) == ("", "1", "order")


def test_a_second_shipment_leads_to_the_shipping_page_with_the_quantities(clerk_client, shop, order):
    response = send_split(clerk_client, shop, order, part1__1="2", to="shipment")

    assertRedirects(response, address("ship", shop, order) + "?quantity-1=2")
    page = html.fromstring(clerk_client.get(response.url).content)
    shown = {field.get("name"): field.get("value") for field in page.cssselect("input[name^=quantity]")}
    assert (shown["quantity-1"], shown.get("quantity-2") or "") == ("2", "")
    assert Order.objects.count() == 1


@pytest.mark.parametrize("text", ["4", "-1", "NaN", "1e309", "0.0001", "x", "9" * 60])
def test_nonsense_is_told_at_its_field_and_kept(clerk_client, shop, order, text):
    response = send_split(clerk_client, shop, order, part1__1=text, part1__2="1")

    assert response.status_code == 422
    assertContains(response, "<title>Error:", status_code=422)
    assert (typed(response)["part1.1"], typed(response)["part1.2"]) == (text, "1")
    assertContains(response, 'aria-invalid="true"', status_code=422)
    assert Order.objects.count() == 1


def test_nothing_and_everything_are_refused(clerk_client, shop, order):
    assertContains(send_split(clerk_client, shop, order), "Say what goes", status_code=422)
    assertContains(
        send_split(clerk_client, shop, order, part1__1="3", part1__2="1"), "Something has to stay", status_code=422
    )


def test_a_form_sent_twice_splits_once_and_says_so(clerk_client, shop, order):
    url = address("split", shop, order)
    data = typed(clerk_client.get(url)) | {"part1.1": "1", "to": "order", "step": "split"}

    clerk_client.post(url, data)
    second = clerk_client.post(url, data)

    assertContains(second, "changed meanwhile", status_code=422)
    assert typed(second)["part1.1"] == "1"
    assert Order.objects.count() == 2


def test_what_was_sent_has_no_field(clerk_client, shop):
    sent = NewShipment("PostNL", "3SABCD1234567", PLACED_AT, quantities={1: D(1)})
    order = make_order(shop, lines=2, shipments=[sent], fulfilment_status="partly_shipped")

    shown = typed(clerk_client.get(address("split", shop, order)))

    assert ("part1.1" in shown, "part1.2" in shown) == (False, True)


def test_another_shops_order_is_not_there(clerk_client, shop, other_shop):
    foreign = make_order(other_shop, lines=2)

    for name in ("split", "merge"):
        assert clerk_client.get(address(name, shop, foreign)).status_code == 404
    assert clerk_client.post(address("merge-back", shop, foreign)).status_code == 404


# Merging


def test_orders_to_the_same_address_are_offered_and_ticked(clerk_client, shop):
    order = make_order(shop, billing=HOME)
    same = make_order(shop, billing=HOME)
    elsewhere = make_order(shop)

    assertContains(clerk_client.get(address("detail", shop, order)), "Open orders to the same address")
    page = html.fromstring(clerk_client.get(address("merge", shop, order)).content)

    ticks = {box.get("value"): box.get("checked") is not None for box in page.cssselect("input[name=order]")}
    assert ticks == {same.display_number: True, elsewhere.display_number: False}


def test_merging_closes_the_other_and_links_both_ways(clerk_client, shop):
    order, other = make_order(shop), make_order(shop)

    response = clerk_client.post(address("merge", shop, order), {"order": [other.display_number]})

    assertRedirects(response, address("detail", shop, order), fetch_redirect_response=False)
    assertContains(clerk_client.get(address("detail", shop, order)), "Merged into this order")
    assertContains(clerk_client.get(address("detail", shop, other)), "This order was merged.")


def test_an_order_can_be_named_by_its_number(clerk_client, shop):
    order, other = make_order(shop, customer_number="K-1"), make_order(shop, customer_number="K-1", customer_email="")

    clerk_client.post(address("merge", shop, order), {"other": other.display_number})

    other.refresh_from_db()
    assert other.merged_into == order


@pytest.mark.parametrize("text", ["99999", "x", "9" * 40, "²"])
def test_an_order_that_is_not_there_is_told_at_the_field(clerk_client, shop, order, text):
    response = clerk_client.post(address("merge", shop, order), {"other": text})

    assertContains(response, "There is no such order.", status_code=422)
    assert typed(response)["other"] == text


def test_another_shops_number_is_no_number_here(clerk_client, shop, other_shop, order):
    make_order(other_shop)
    foreign = make_order(other_shop)
    assert foreign.number == 2

    response = clerk_client.post(address("merge", shop, order), {"other": "2"})

    assertContains(response, "There is no such order.", status_code=422)


def test_a_refusal_names_its_reason_and_changes_nothing(clerk_client, shop):
    order, other = make_order(shop), make_order(shop, currency="SEK")

    response = clerk_client.post(address("merge", shop, order), {"other": other.display_number})

    assertContains(response, "is in another currency", status_code=422)
    other.refresh_from_db()
    assert other.merged_into is None


def test_nothing_chosen_is_told(clerk_client, shop, order):
    assertContains(clerk_client.post(address("merge", shop, order)), "Choose at least one", status_code=422)


def test_an_emptied_order_can_still_be_looked_at_and_exported(clerk_client, shop, actor):
    order = make_order(shop, payments=[NewPayment(D("12.10"), "iDEAL", "paid", PLACED_AT)])
    other = make_order(shop, payments=[NewPayment(D("12.10"), "iDEAL", "paid", PLACED_AT)])
    merge_orders(order, [other], by=actor)

    assert clerk_client.get(address("detail", shop, other)).status_code == 200
    assert clerk_client.get(reverse("orders:list", args=[shop.number])).status_code == 200
    assert clerk_client.get(reverse("orders:export", args=[shop.number])).status_code == 200
