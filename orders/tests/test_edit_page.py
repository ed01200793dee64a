"""The edit page without a script: what it shows, what it does with what is typed, and that nothing typed is lost."""

import json
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.actor import SYSTEM
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders import freezing
from orders.models import Address, Order
from orders.services import Edit, NewPayment, NewShipment, Wish, delete_orders, edit_order
from orders.services.editing import line_values
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db


def url(order, name="edit"):
    return reverse(f"orders:{name}", args=[order.shop.number, order.display_number])


def fields_of(response):
    """What a browser would send of the form on the page, without its buttons."""
    form = html.fromstring(response.content.decode()).cssselect("form.edit")[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def opened(client, order):
    response = client.get(url(order))
    assert response.status_code == 200
    return fields_of(response)


def typed_in(client, order, **changes):
    """Open the page and send it as a browser would with some fields changed; dots are written as __."""
    return client.post(url(order), opened(client, order) | named(changes))


def named(changes):
    return {name.replace("__", "."): value for name, value in changes.items()}


def text_of(response):
    """The words on the page, one space between them."""
    words = re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", words)


def key_of(order, position=1):
    return order.lines.get(position=position).pk


def reread(order):
    order = Order.objects.get(pk=order.pk)
    return order, list(order.lines.all())


# --- saving


def test_what_is_typed_is_saved_and_can_be_undone(clerk_client, shop):
    order = make_order(shop)
    key = key_of(order)

    response = typed_in(clerk_client, order, **{f"lines__{key}__quantity": "3", "customer_name": "Bo", "do": "save"})

    assertRedirects(response, url(order, "detail"), fetch_redirect_response=False)
    order, [line] = reread(order)
    assert (line.quantity, order.customer_name, order.total) == (3, "Bo", Decimal("36.30"))
    page = clerk_client.get(url(order, "detail"))
    assertContains(page, "Order 00001 is changed.")
    assertContains(page, "data-undo")


def test_a_form_sent_back_as_it_came_changes_nothing(clerk_client, shop):
    order = make_order(
        shop,
        lines=[new_line(unit_price=Decimal("0.0312"), quantity=Decimal("2.5"), discount=Decimal("0.01")), new_line()],
        discount=Decimal("1.00"),
        shipping_cost=Decimal("6.05"),
        shipping_vat_rate=Decimal("21.00"),
        billing=Address(name="Anna Öberg", street='Kade "1" <b>', country="SE"),
    )
    for language in ("en", "nl", "sv"):
        clerk_client.cookies["django_language"] = language
        response = typed_in(clerk_client, order, do="save")

        assertRedirects(response, url(order, "detail"))
        assert Order.objects.get().version == 1


@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_amounts_are_read_as_the_reader_writes_them(clerk_client, clerk, shop, language):
    clerk.user.language = language
    clerk.user.save()
    order = make_order(shop)

    typed_in(clerk_client, order, discount="1,50", **{f"lines__{key_of(order)}__unit_price": "10.25", "do": "save"})

    order, [line] = reread(order)
    assert (order.discount, line.unit_price_incl) == (Decimal("1.50"), Decimal("10.25"))


def test_a_line_is_removed_by_its_box(clerk_client, shop):
    order = make_order(shop, lines=2)

    typed_in(clerk_client, order, **{f"lines__{key_of(order)}__removed": "on", "do": "save"})

    _order, [line] = reread(order)
    assert line.sku == "CANDLE-2"


def test_sending_the_form_twice_adds_a_line_once(clerk_client, shop):
    order = make_order(shop)
    fields = opened(clerk_client, order) | {
        "added.1.sku": "X", "added.1.name": "Extra", "added.1.quantity": "1", "added.1.unit_price": "5",
        "added.1.vat_rate": "21", "added.1.discount": "", "do": "save",
    }  # fmt: skip

    clerk_client.post(url(order), fields)
    clerk_client.post(url(order), fields)

    order, lines = reread(order)
    assert [line.sku for line in lines] == ["CANDLE-1", "X"]
    assert order.total == Decimal("17.10")


# --- adding


def test_a_scan_adds_the_product_at_once(clerk_client, shop):
    make_order(
        shop, lines=[new_line(sku="LAMP-9", name="Lamp", unit_price=Decimal("49.95"), weight_g=800, location="B-2")]
    )
    order = make_order(shop)

    page = typed_in(clerk_client, order, find="LAMP-9", do="enter", customer_name="Bo")
    fields = fields_of(page)

    assert (fields["added.1.name"], fields["added.1.unit_price"], fields["added.1.quantity"]) == ("Lamp", "49.95", "1")
    assert (fields["customer_name"], fields["find"]) == ("Bo", "")
    clerk_client.post(url(order), fields | {"added.1.quantity": "2", "do": "save"})
    order, [_candle, lamp] = reread(order)
    assert (lamp.sku, lamp.quantity, lamp.weight_g, lamp.location) == ("LAMP-9", 2, 1600, "B-2")
    assert (order.customer_name, order.total) == ("Bo", Decimal("112.00"))


def test_words_find_products_to_choose_from(clerk_client, shop):
    make_order(shop, lines=[new_line(sku="LAMP-9", name="Oak lamp")])
    order = make_order(shop)

    page = typed_in(clerk_client, order, find="lamp oak", do="enter")
    [add] = html.fromstring(page.content).cssselect("button[value^='add:']")
    after = clerk_client.post(url(order), fields_of(page) | {"do": add.get("value")})

    assertContains(page, "Oak lamp")
    assert fields_of(after)["added.1.sku"] == "LAMP-9"
    assert Order.objects.get(pk=order.pk).version == 1


def test_the_product_rows_come_alone_for_the_script(clerk_client, shop):
    order = make_order(shop, lines=[new_line(sku="LAMP-9", name="Oak lamp")])

    answer = clerk_client.get(url(order, "edit-products"), {"find": "oak"})

    assertContains(answer, "Oak lamp")
    assertNotContains(answer, "<form")


def test_a_line_can_be_written_freely(clerk_client, shop):
    order = make_order(shop)

    page = typed_in(clerk_client, order, do="blank")
    fields = fields_of(page) | {"added.1.name": "Gift wrap", "added.1.unit_price": "2.50", "do": "save"}
    clerk_client.post(url(order), fields)

    _order, [_candle, wrap] = reread(order)
    assert (wrap.name, wrap.sku, wrap.total, wrap.vat_rate) == ("Gift wrap", "", Decimal("2.50"), 21)


def test_an_unknown_product_is_told(clerk_client, shop, other_shop):
    foreign = make_order(other_shop)
    order = make_order(shop)

    for key in (str(key_of(foreign)), "x", "9" * 30):
        assertContains(typed_in(clerk_client, order, do=f"add:{key}"), "This product is not known here.")


# --- the box


def test_the_box_says_what_was_is_and_differs_per_rate(clerk_client, shop):
    order = make_order(shop, lines=[new_line(), new_line(sku="BOOK", vat_rate=Decimal("9.00"))])
    fields = opened(clerk_client, order) | {f"lines.{key_of(order, 2)}.quantity": "2"}

    answer = clerk_client.post(url(order, "edit-total"), fields)

    words = text_of(answer)
    assert "of which VAT 9 % €1.00 €2.00 +€1.00" in words
    assert "of which VAT 21 % €2.10 €2.10" in words
    assert "Total €24.20 €36.30 +€12.10" in words
    assertNotContains(answer, "<form")
    assert Order.objects.get().version == 1


def test_without_a_script_a_button_recalculates_and_keeps_what_was_typed(clerk_client, shop):
    order = make_order(shop)

    page = typed_in(clerk_client, order, shipping_cost="5", do="recalculate")

    assert "Total €12.10 €17.10 +€5.00" in text_of(page)
    assert fields_of(page)["shipping_cost"] == "5"
    assert html.fromstring(page.content).cssselect("form.edit")[0].get("data-unsaved") == "yes"


def test_what_cannot_be_computed_is_said_in_the_box(clerk_client, shop):
    order = make_order(shop)

    answer = clerk_client.post(url(order, "edit-total"), opened(clerk_client, order) | {"discount": "-1"})

    assertContains(answer, "Correct what is marked")


def test_too_little_paid_leads_to_words_that_ask_for_it(clerk_client, shop):
    shop.iban = "NL91ABNA0417164300"
    shop.save()
    order = make_order(
        shop, payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", PLACED_AT)], customer_language="nl"
    )

    response = typed_in(
        clerk_client, order, **{f"lines__{key_of(order)}__quantity": "2", "difference": "request", "do": "save"}
    )

    assertRedirects(response, url(order, "payment-request"))
    page = clerk_client.get(url(order, "payment-request"))
    assertContains(page, "€\N{NO-BREAK SPACE}12,10")
    assertContains(page, "NL91ABNA0417164300")


def test_too_much_paid_offers_a_refund(clerk_client, shop):
    order = make_order(shop, lines=2, payments=[NewPayment(Decimal("24.20"), "iDEAL", "paid", PLACED_AT)])

    page = typed_in(clerk_client, order, **{f"lines__{key_of(order)}__removed": "on", "do": "recalculate"})

    assertContains(page, 'value="refund"')
    saved = clerk_client.post(url(order), fields_of(page) | {"difference": "refund", "do": "save"})
    assertRedirects(saved, url(order, "refund") + "?owed")
    assertContains(page, "€12.10 will be to give back.")


# --- bad input


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quantity", "0"), ("quantity", "-1"), ("quantity", "NaN"), ("quantity", "1e309"), ("quantity", ""),
        ("quantity", "1.2345"), ("unit_price", "-1"), ("unit_price", "1.23456"), ("unit_price", "99999999999"),
        ("discount", "0.001"), ("vat_rate", "12.34"), ("vat_rate", "-21"), ("name", "x" * 10_000),
        ("name", "a\x07b"), ("options", "\x00"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_marked_and_everything_typed_stays(clerk_client, shop, name, text):
    order = make_order(shop, billing=Address(country="NL"))
    field = f"lines.{key_of(order)}.{name}"

    page = typed_in(clerk_client, order, **{field: text, "customer_name": "Bo", "added.1.name": "Wrap", "do": "save"})

    assert page.status_code == 422
    tree = html.fromstring(page.content.replace(b"\x00", b"").replace(b"\x07", b""))
    control = tree.cssselect(f"[id='{field}']")[0]
    assert control.get("aria-invalid") == "true"
    assert tree.cssselect(f".errs a[href='#{field}']")
    fields = fields_of(page) if "\x00" not in text and "\x07" not in text else {"customer_name": "Bo"}
    assert fields["customer_name"] == "Bo"
    assert Order.objects.get().version == 1


def test_errors_of_all_fields_are_told_at_once(clerk_client, shop):
    order = make_order(shop)

    page = typed_in(
        clerk_client, order, discount="much", customer_email="a" * 300, do="save",
        **{"added.3.name": "Wrap", "added.3.quantity": "0", "added.3.unit_price": "1", "added.3.vat_rate": "21"},
    )  # fmt: skip

    targets = [link.get("href") for link in html.fromstring(page.content).cssselect(".errs a")]
    assert set(targets) == {"#discount", "#customer_email", "#added.3.quantity"}
    assertContains(page, "Wrap, Quantity", status_code=422)


@pytest.mark.parametrize(
    "seen",
    [
        "",
        "{",
        "[]",
        '{"order": 1}',
        '{"order": {}, "lines": {"x": []}}',
        "[" * 100_000,
        '{"order": {"discount": "NaN"}, "lines": {}}',
        '{"order": {}, "lines": {"1": [1]}}',
    ],
)
def test_a_form_that_came_in_incomplete_saves_nothing(clerk_client, shop, seen):
    order = make_order(shop)

    page = typed_in(clerk_client, order, seen=seen, customer_name="Bo", do="save")

    assertContains(page, "The form came in incomplete.", status_code=422)
    assert Order.objects.get().customer_name == "Anna Jansen"
    clerk_client.post(url(order), fields_of(page) | {"do": "save"})
    assert Order.objects.get().customer_name == "Bo"


@pytest.mark.parametrize(
    "junk",
    [
        {"added.x.name": "a"},
        {"added.99999.name": "a"},
        {"added.1.name.more": "a"},
        {"lines.1e5.quantity": "2"},
        {"lines.999999.quantity": "2"},
        {"key": "none"},
        {"do": "dance"},
        {"keep.x": "theirs"},
        {"keep.lines.1.removed": "mine"},
        {"keep.lines.1.quantity": "mine", "theirs.lines.1.quantity": "[1"},
        {"keep.discount": "mine", "theirs.discount": '"x"'},
        {"keep.lines.9.removed": "theirs", "theirs.lines.9.removed": "[1, 2]"},
        {"added.1.product": "9" * 40},
    ],
)
def test_junk_is_no_server_error(clerk_client, shop, junk):
    order = make_order(shop)

    response = clerk_client.post(url(order), opened(clerk_client, order) | junk)

    assert response.status_code in (200, 302, 409, 422)
    assert clerk_client.post(url(order, "edit-total"), opened(clerk_client, order) | junk).status_code == 200


def test_an_order_in_deleted_is_not_opened_for_editing(clerk_client, shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    assertRedirects(clerk_client.get(url(order)), url(order, "detail"))


def test_the_basic_plan_shows_lines_as_text_and_says_why(clerk_client, shop):
    shop.plan_key = "basic"
    shop.save()
    order = make_order(shop)

    page = clerk_client.get(url(order))
    assertContains(page, "plan does not include")
    assert [name for name in fields_of(page) if name.startswith(("lines.", "discount"))] == []

    clerk_client.post(url(order), fields_of(page) | {"shipping_street": "Kade 2", "do": "save"})
    forced = clerk_client.post(url(order), opened(clerk_client, order) | {"discount": "1", "do": "save"})

    assertContains(forced, "plan does not include", status_code=409)
    order = Order.objects.get()
    assert (order.shipping_street, order.discount) == ("Kade 2", 0)


def test_a_frozen_order_says_what_to_do_instead(clerk_client, shop, monkeypatch):
    monkeypatch.setattr(freezing, "_freezers", [lambda order: "Invoice 7 was issued: make a credit note."])
    order = make_order(shop)

    assertContains(clerk_client.get(url(order)), "make a credit note")
    assertContains(typed_in(clerk_client, order, billing_city="Delft", do="save"), "credit note", status_code=409)
    assert Order.objects.get().billing_city == ""


def test_who_may_not_change_orders_is_not_offered_it(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    order = make_order(shop)

    assertNotContains(client.get(url(order, "detail")), url(order))
    assert client.get(url(order)).status_code == 403


# --- two people


def theirs(order, field, value, position=1):
    """Somebody else changes one field meanwhile."""
    order = Order.objects.get(pk=order.pk)
    if hasattr(order, field):
        edit = Edit(order={field: Wish(getattr(order, field), value)})
    else:
        line = order.lines.get(position=position)
        edit = Edit(lines={line.pk: {field: Wish(line_values(line, order)[field], value)}})
    edit_order(order, edit, by=SYSTEM)


def test_different_fields_merge(clerk_client, shop):
    order = make_order(shop)
    mine = opened(clerk_client, order)
    theirs(order, "quantity", Decimal(4))

    response = clerk_client.post(url(order), mine | {"discount": "1.00", "do": "save"})

    assertRedirects(response, url(order, "detail"))
    order, [line] = reread(order)
    assert (line.quantity, order.discount, order.total) == (4, Decimal("1.00"), Decimal("47.40"))


@pytest.mark.parametrize(("choice", "quantity"), [("mine", 7), ("theirs", 4)])
def test_the_same_field_is_shown_side_by_side_and_chosen(clerk_client, shop, choice, quantity):
    order = make_order(shop)
    field = f"lines.{key_of(order)}.quantity"
    mine = opened(clerk_client, order) | {field: "7", "customer_name": "Bo", "do": "save"}
    theirs(order, "quantity", Decimal(4))

    clash = clerk_client.post(url(order), mine)

    assertContains(clash, "System set this to 4", status_code=409)
    assertContains(clash, "Use yours: 7", status_code=409)
    assert Order.objects.get().customer_name == "Anna Jansen"
    again = clerk_client.post(url(order), fields_of(clash) | {"do": "save"})
    assert again.status_code == 409
    clerk_client.post(url(order), fields_of(again) | {f"keep.{field}": choice, "do": "save"})
    order, [line] = reread(order)
    assert (line.quantity, order.customer_name) == (quantity, "Bo")


def test_a_third_change_while_choosing_is_asked_about_again(clerk_client, shop):
    order = make_order(shop)
    mine = opened(clerk_client, order) | {"customer_name": "Mine", "do": "save"}
    theirs(order, "customer_name", "Theirs")
    clash = clerk_client.post(url(order), mine)
    theirs(order, "customer_name", "Third")

    response = clerk_client.post(url(order), fields_of(clash) | {"keep.customer_name": "mine", "do": "save"})

    assertContains(response, "System set this to Third", status_code=409)


@pytest.mark.parametrize(("choice", "skus"), [("mine", ["CANDLE-2", "CANDLE-1"]), ("theirs", ["CANDLE-2"])])
def test_a_line_that_somebody_removed_is_put_back_or_stays_away(clerk_client, shop, choice, skus):
    order = make_order(shop, lines=2)
    key = key_of(order)
    mine = opened(clerk_client, order) | {f"lines.{key}.quantity": "7", "do": "save"}
    line = order.lines.get(pk=key)
    edit_order(order, Edit(removed={key: line_values(line, order)}), by=SYSTEM)

    clash = clerk_client.post(url(order), mine)

    assertContains(clash, "CANDLE-1", status_code=409)
    clerk_client.post(url(order), fields_of(clash) | {f"keep.lines.{key}.removed": choice, "do": "save"})
    _order, lines = reread(order)
    assert [line.sku for line in lines] == skus
    assert [line.quantity for line in lines] == [1, 7][: len(skus)]


@pytest.mark.parametrize(("choice", "number"), [("mine", 1), ("theirs", 2)])
def test_a_line_that_somebody_changed_is_removed_only_when_that_is_chosen(clerk_client, shop, choice, number):
    order = make_order(shop, lines=2)
    removal = f"lines.{key_of(order)}.removed"
    mine = opened(clerk_client, order) | {removal: "on", "do": "save"}
    theirs(order, "quantity", Decimal(4))

    clash = clerk_client.post(url(order), mine)

    assertContains(clash, "Remove the line", status_code=409)
    clerk_client.post(url(order), fields_of(clash) | {f"keep.{removal}": choice, "do": "save"})
    assert len(reread(order)[1]) == number


def test_a_line_that_somebody_added_meanwhile_stays(clerk_client, shop):
    order = make_order(shop)
    mine = opened(clerk_client, order) | {"customer_name": "Bo", "do": "save"}
    edit_order(order, Edit(added=[new_line(sku="NEW")]), by=SYSTEM)

    clerk_client.post(url(order), mine)

    order, lines = reread(order)
    assert ([line.sku for line in lines], order.customer_name) == (["CANDLE-1", "NEW"], "Bo")


# --- what it costs


@pytest.mark.parametrize("number_of_lines", [1, 40])
def test_the_page_costs_the_same_for_any_number_of_lines(clerk_client, shop, number_of_lines):
    order = make_order(shop, lines=number_of_lines)
    clerk_client.get(url(order))

    with CaptureQueriesContext(connection) as queries:
        clerk_client.get(url(order))

    assert len(queries) == 9


def test_a_large_order_fits_into_one_request(clerk_client, shop, settings):
    order = make_order(
        shop, lines=1_114, shipments=[NewShipment("PostNL", "3S", PLACED_AT, quantities={1: Decimal(1)})]
    )
    fields = opened(clerk_client, order)
    assert len(fields) < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    assert len(json.dumps(fields)) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    clerk_client.post(url(order), fields | {f"lines.{key_of(order, 1114)}.quantity": "2", "do": "save"})

    assert Order.objects.get().total == Decimal("12.10") * 1115


def test_a_live_total_renders_no_page(clerk_client, shop, django_assert_max_num_queries):
    order = make_order(shop, lines=200)
    fields = opened(clerk_client, order)

    with django_assert_max_num_queries(11):
        answer = clerk_client.post(url(order, "edit-total"), fields)

    parts = ["orders/_edit_total.html", "components/number_of_mails.html"]
    assert [template.name for template in answer.templates] == parts
    assert len(answer.content) < 3000
