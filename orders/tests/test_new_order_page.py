"""Orders that staff enters or duplicates, through the page, without script."""

from decimal import Decimal

import pytest
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Address, Order
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db

D = Decimal
HOME = Address(name="Anna Jansen", street="Kerkstraat 1", postcode="1017 AB", city="Amsterdam", country="NL")
LINE = {
    "added.1.sku": "MUG",
    "added.1.name": "Mug",
    "added.1.quantity": "2",
    "added.1.unit_price": "12.10",
    "added.1.vat_rate": "21",
}


def page_of(shop, name="new"):
    return reverse(f"orders:{name}", args=[shop.number])


def typed(response):
    form = html.fromstring(response.content).cssselect("main form.edit")[0]
    return dict(form.form_values())


def send(client, shop, do="place", **values):
    """Open the form, type over some of its fields, and press a button."""
    shown = typed(client.get(page_of(shop)))
    return client.post(
        page_of(shop), shown | LINE | {name.replace("__", "."): v for name, v in values.items()} | {"do": do}
    )


def test_the_list_offers_a_new_order_to_who_may_make_one(client, shop):
    for role, is_offered in ((Role.ORDERS, True), (Role.READ_ONLY, False)):
        client.force_login(make_staff(shop, role, email=f"{role}@x.example").user)
        page = client.get(reverse("orders:list", args=[shop.number]))
        assert (page_of(shop) in page.content.decode()) == is_offered


def test_an_order_is_placed_as_any_other(clerk_client, shop):
    response = send(
        clerk_client,
        shop,
        customer_name="Bert Visser",
        customer_email="bert@example.org",
        billing_street="Markt 5",
        billing_country="nl",
        shipping_cost="4.95",
        shipping_vat_rate="21",
        discount="1",
        note="Will collect on Friday",
    )

    order = Order.objects.get()
    assertRedirects(response, reverse("orders:detail", args=[shop.number, order.number]), fetch_redirect_response=False)
    assert (order.source, order.customer_name, order.billing_country) == ("manual", "Bert Visser", "NL")
    assert (order.total, order.discount, order.number_of_lines) == (D("28.15"), D("1.00"), 1)
    assert (order.payment_status, order.fulfilment_status) == ("open", "ready")
    assert (order.notes.get().text, order.notes.get().author) == ("Will collect on Friday", "Marit Bakker")
    assert order.log.get().actor == "Marit Bakker"
    page = clerk_client.get(response.url)
    assertContains(page, "Entered by staff")
    assertNotContains(page, order.source_id)


def test_a_form_sent_twice_makes_one_order(clerk_client, shop):
    data = typed(clerk_client.get(page_of(shop))) | LINE | {"do": "place"}

    first = clerk_client.post(page_of(shop), data)
    second = clerk_client.post(page_of(shop), data)

    assert Order.objects.count() == 1
    assert first.url == second.url
    assertContains(clerk_client.get(second.url), "was placed already")


def test_a_paid_order_has_its_payment(clerk_client, shop):
    send(clerk_client, shop, money="paid", payment_method="Cash")

    order = Order.objects.get()
    assert (order.payment_status, order.paid_total) == ("paid", D("24.20"))
    assert order.payments.get().method == "Cash"


def test_who_may_not_record_payments_places_an_open_order(client, shop):
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)

    assertNotContains(client.get(page_of(shop)), 'value="paid"')
    send(client, shop, money="paid")

    assert Order.objects.get().paid_total == 0


def test_asking_for_payment_leads_to_the_words_for_it(clerk_client, shop):
    response = send(clerk_client, shop, money="request")

    page = clerk_client.get(response.url)
    assertContains(page, "€24.20")
    assertNotContains(page, "was changed")


def test_goods_may_go_elsewhere(clerk_client, shop):
    send(clerk_client, shop, billing_city="Delft", ships_elsewhere="on", shipping_city="Gouda")

    order = Order.objects.get()
    assert (order.billing_city, order.shipping_city) == ("Delft", "Gouda")


def test_prices_may_be_without_vat(clerk_client, shop):
    send(clerk_client, shop, prices_include_vat="0", added__1__unit_price="10")

    assert Order.objects.get().total == D("24.20")


WRONG = {
    "added.1.quantity": ["0", "NaN", "1e309", "x", "0.0001", "9" * 15],
    "added.1.unit_price": ["", "NaN", "1e309", "1.00001", "€ x", "9" * 18],
    "added.1.vat_rate": ["101", "-1", "x"],
    "added.1.name": ["n" * 10_000, "a\x00b", "a\x0bb"],
    "customer_name": ["n" * 10_000, "a\x1fb"],
    "billing_country": ["Netherlands", "1"],
    "shipping_cost": ["x", "1.005", "1e309"],
    "discount": ["NaN", "0.001"],
    "currency": ["", "EURO", "€"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_cannot_be_is_told_at_its_field_and_everything_is_kept(clerk_client, shop, name, text):
    data = typed(clerk_client.get(page_of(shop))) | LINE | {"customer_phone": "06", name: text, "do": "place"}

    response = clerk_client.post(page_of(shop), data)

    assert response.status_code == 422
    assertContains(response, "<title>Error:", status_code=422)
    assertContains(response, f'href="#{name}"', status_code=422)
    shown = typed(response)
    assert shown["customer_phone"] == "06"
    assert shown["added.1.sku"] == "MUG"
    if text.isprintable():
        assert shown[name] == text
    assert Order.objects.count() == 0


def test_an_order_without_lines_is_refused(clerk_client, shop):
    response = send(clerk_client, shop, added__1__sku="", added__1__name="", added__1__unit_price="")

    assertContains(response, "at least one line", status_code=422)


def test_empty_rows_are_no_lines(clerk_client, shop):
    page = send(clerk_client, shop, do="blank")

    response = clerk_client.post(page_of(shop), typed(page) | {"do": "place"})

    assert response.status_code == 302
    assert Order.objects.get().lines.count() == 1


def test_a_removed_row_is_gone(clerk_client, shop):
    extra = {f"added__2__{name.rsplit('.')[-1]}": text for name, text in LINE.items()}

    send(clerk_client, shop, **extra, added__1__removed="on")

    assert Order.objects.get().lines.count() == 1


def test_the_total_follows_without_saving(clerk_client, shop):
    page = send(clerk_client, shop, do="recalculate")
    assertContains(page, "€24.20")

    box = clerk_client.post(page_of(shop, "new-total"), LINE | {"currency": "EUR"}, headers={"HX-Request": "true"})
    assertContains(box, "€24.20")
    assertNotContains(box, "<form")
    assert Order.objects.count() == 0


def test_the_total_of_nonsense_is_no_error_page(clerk_client, shop):
    box = clerk_client.post(page_of(shop, "new-total"), LINE | {"added.1.quantity": "1e309", "currency": "EUR"})

    assert box.status_code == 200
    assert clerk_client.post(page_of(shop, "new-total"), {}).status_code == 200


def test_what_looks_wrong_is_told_and_does_not_stop(clerk_client, shop):
    wrong = {
        "vat_number": "NL000000000B00",
        "billing_street": "Markt",
        "billing_city": "Delft",
        "billing_country": "NL",
    }

    assertContains(send(clerk_client, shop, do="recalculate", **wrong), "Is this right?")
    send(clerk_client, shop, **wrong)

    assert Order.objects.get().vat_number == "NL000000000B00"


def test_a_customer_of_before_is_found_and_taken_over(clerk_client, shop, other_shop):
    before = make_order(shop, billing=HOME, customer_language="nl")
    make_order(other_shop, customer_name="Anna Stranger")

    found = send(clerk_client, shop, do="who", who="anna")
    assertContains(found, "Take over", count=1)
    page = clerk_client.post(page_of(shop), typed(found) | {"do": f"as:{before.display_number}"})

    shown = typed(page)
    assert (shown["customer_email"], shown["billing_street"]) == ("anna@example.org", "Kerkstraat 1")
    assert (shown["customer_language"], shown["added.1.sku"]) == ("nl", "MUG")


def test_another_shops_customer_cannot_be_taken_over(clerk_client, shop, other_shop):
    make_order(other_shop)

    assert send(clerk_client, shop, do="as:1").status_code == 404


def test_a_product_sold_before_is_added_by_its_number(clerk_client, shop):
    make_order(shop, lines=[new_line(sku="VASE", name="Vase", weight_g=700, location="A-1")])

    page = send(clerk_client, shop, do="enter", find="VASE")
    shown = typed(page)
    assert (shown["added.2.sku"], shown["added.2.unit_price"], shown["find"]) == ("VASE", "12.10", "")
    clerk_client.post(page_of(shop), shown | {"added.2.quantity": "3", "do": "place"})

    line = Order.objects.latest("pk").lines.get(sku="VASE")
    assert (line.weight_g, line.location) == (2100, "A-1")


def test_products_are_found_by_their_words(clerk_client, shop):
    make_order(shop, lines=[new_line(sku="VASE", name="Blue vase")])

    rows = clerk_client.get(page_of(shop, "new-products"), {"find": "blue"})

    assertContains(rows, "Blue vase")
    assert clerk_client.get(page_of(shop, "new-products")).status_code == 200


def test_a_duplicate_has_what_was_sold_and_nothing_of_what_happened(clerk_client, shop):
    order = make_order(
        shop,
        lines=[new_line(quantity=D(3), discount=D("0.30"), weight_g=300), new_line(sku="FEE", kind="fee")],
        billing=HOME,
        shipping=Address(**vars(HOME) | {"city": "Delft"}),
        shipping_cost=D("4.95"),
        shipping_vat_rate=D("21.00"),
        shipping_method="PostNL",
        prices_include_vat=False,
        customer_message="Please hurry",
    )

    page = clerk_client.get(page_of(shop), {"copy": order.display_number})
    clerk_client.post(page_of(shop), typed(page) | {"do": "place"})

    copy = Order.objects.latest("pk")
    for name in ("total", "total_vat", "shipping_cost", "customer_email", "billing_city", "shipping_city", "currency"):
        assert getattr(copy, name) == getattr(order, name), name
    assert [(line.kind, line.weight_g) for line in copy.lines.all()] == [("physical", 300), ("fee", 0)]
    assert (copy.pk != order.pk, copy.source, copy.customer_message, copy.payments.count()) == (True, "manual", "", 0)


def test_another_shops_order_cannot_be_duplicated(clerk_client, shop, other_shop):
    make_order(other_shop)

    assert clerk_client.get(page_of(shop), {"copy": "1"}).status_code == 404
    assert clerk_client.get(page_of(shop), {"copy": "x" * 50}).status_code == 404
