"""Sending goods from the order page: what is offered, asked, doubted and kept. Typed by hand or scanned."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Address, Order
from orders.services import Dispatch, NewShipment, add_shipment, delete_orders, set_fulfilment_status
from orders.services.shipping import seen_of
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
UPS = "1Z5R89390357567127"
NL = Address(street="Kade 1", postcode="1011 AB", city="Amsterdam", country="NL")


def url(name, shop, order, *args):
    return reverse(f"orders:{name}", args=[shop.number, order.display_number, *args])


def filled(order, **values):
    """What the form holds when it is opened, and what was typed."""
    lines = {f"quantity-{line.position}": f"{line.quantity:f}" for line in order.lines.all()}
    usual = {"way": "carrier", "moves_status": "on", "number_of_parcels": "1", "seen": seen_of(order.shipments.all())}
    return usual | lines | {name.replace("__", "-"): value for name, value in values.items()}


def reread(order):
    return Order.objects.get(pk=order.pk)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def order(shop):
    return make_order(
        shop,
        lines=[
            new_line(sku="CANDLE", name="Candle", quantity=Decimal(3), weight_g=900, location="A-01"),
            new_line(sku="TABLE", name="Table", quantity=Decimal(1), weight_g=6200),
        ],
        payment_status="paid",
        billing=NL,
        shipping_method="Standard",
    )


# --- from the order page


def test_the_next_step_leads_to_the_form(clerk_client, shop, order):
    page = clerk_client.get(url("detail", shop, order))

    step = page.context["page"].primary
    assert (step.label, step.url, step.status) == ("Ship 2 lines", url("ship", shop, order), "")
    assertContains(page, f'href="{step.url}"')
    assertContains(clerk_client.get(step.url), "Leaves now")


def test_a_scan_into_the_card_ships_what_is_left_and_can_be_taken_back(clerk_client, shop, order):
    card = {"all": "1", "seen": "0:0", "tracking_code": f"]C1{UPS}\r\n"}

    response = clerk_client.post(url("ship", shop, order), card, follow=True)

    assert messages_of(response) == [f"Shipment added: UPS {UPS}."]
    assert reread(order).fulfilment_status == "shipped"
    assertContains(response, f'<a href="https://www.ups.com/track?loc=en&amp;tracknum={UPS}"')
    undo = re.search(r'action="([^"]+/remove/)"', response.content.decode())[1]
    undone = clerk_client.post(undo, follow=True)
    assert messages_of(undone) == ["Shipment removed."]
    assert reread(order).fulfilment_status == "ready"
    assert messages_of(clerk_client.post(undo, follow=True)) == ["This shipment was removed before."]


def test_the_card_proposes_nothing_that_is_back_ordered(clerk_client, shop):
    order = make_order(shop, lines=[new_line(), new_line(is_backordered=True)], payment_status="paid")

    clerk_client.post(url("ship", shop, order), {"all": "1", "seen": "0:0"})

    assert [line.quantity_shipped for line in order.lines.all()] == [1, 0]
    assert reread(order).fulfilment_status == "partly_shipped"


def test_an_order_that_is_collected_asks_for_no_code(clerk_client, shop):
    order = make_order(shop, shipping_method="Afhalen in de winkel", payment_status="paid")
    page = clerk_client.get(url("detail", shop, order))
    assertContains(page, "Handed over")
    assertNotContains(page, 'name="tracking_code"')

    response = clerk_client.post(url("ship", shop, order), {"all": "1", "seen": "0:0"}, follow=True)

    assert messages_of(response) == ["Picked up by the customer."]
    assert reread(order).fulfilment_status == "delivered"
    assertContains(response, "Picked up by the customer")


def test_key_t_goes_to_the_tracking_code(clerk_client, shop, order):
    assertContains(clerk_client.get(url("detail", shop, order)), 'data-key="t"', count=1)
    assertContains(clerk_client.get(url("ship", shop, order)), 'data-key="t"', count=1)


def test_a_parcel_without_code_offers_to_add_it(clerk_client, shop, order, actor):
    shipment = add_shipment(order, Dispatch({1: Decimal(3), 2: Decimal(1)}), by=actor)

    page = clerk_client.get(url("detail", shop, order))

    assertContains(page, "Add code")
    assertContains(page, f'href="{url("change-shipment", shop, order, shipment.pk)}"')


# --- the form


def test_the_form_is_filled_with_what_is_left(clerk_client, shop, order, actor):
    add_shipment(order, Dispatch({1: Decimal(1)}), by=actor)

    form = clerk_client.get(url("ship", shop, order)).context["form"]

    assert [(row.line.sku, row.left, row.field.value()) for row in form.rows()] == [
        ("CANDLE", "2", "2"), ("TABLE", "1", "1"),
    ]  # fmt: skip


def test_parts_of_lines_leave_in_two_parcels(clerk_client, shop, order):
    data = filled(order, quantity__1="2", quantity__2="", number_of_parcels="2", weight_kg="1.25", tracking_code=UPS)

    response = clerk_client.post(url("ship", shop, order), data)

    assertRedirects(response, url("detail", shop, order), fetch_redirect_response=False)
    shipment = order.shipments.get()
    assert (shipment.number_of_parcels, shipment.weight_g) == (2, 1250)
    assert [(part.line.sku, part.quantity) for part in shipment.lines.all()] == [("CANDLE", 2)]
    assert reread(order).fulfilment_status == "partly_shipped"


def test_the_status_is_left_alone_if_that_is_wanted(clerk_client, shop, order):
    data = filled(order)
    del data["moves_status"]

    clerk_client.post(url("ship", shop, order), data)

    assert reread(order).fulfilment_status == "ready"
    assert order.shipments.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity__1": "4"},
        {"quantity__1": "-1"},
        {"quantity__1": "NaN"},
        {"quantity__1": "1e309"},
        {"quantity__1": "0.0001"},
        {"quantity__1": "two"},
        {"quantity__1": "0", "quantity__2": "0"},
        {"number_of_parcels": "0"},
        {"number_of_parcels": "99999999999999999999"},
        {"weight_kg": "-1"},
        {"weight_kg": "1e309"},
        {"way": "pigeon"},
        {"tracking_code": "x" * 81},
        {"tracking_code": "3S\x00"},
        {"carrier": "x" * 61},
    ],
)
def test_what_makes_no_sense_comes_back_with_everything_that_was_typed(clerk_client, shop, order, wrong):
    data = filled(order, **{"carrier": "Kept carrier", "quantity__2": "0.5"} | wrong)

    response = clerk_client.post(url("ship", shop, order), data)

    assert response.status_code == 422
    assertContains(response, 'class="errs" role="alert"', status_code=422)
    for name in ("carrier", "quantity-2"):
        assert response.context["form"][name].value() == data[name]
    assert not order.shipments.exists()
    assert reread(order).version == 1


def test_every_error_is_told_at_once(clerk_client, shop, order):
    data = filled(order, quantity__1="9", number_of_parcels="0", tracking_code="201298452277")

    form = clerk_client.post(url("ship", shop, order), data).context["form"]

    assert set(form.errors) == {"quantity-1", "number_of_parcels", "carrier"}
    assert form.errors["quantity-1"] == ["Of this line only 3 can still leave."]


def test_who_did_not_see_the_other_shipment_looks_again_at_what_is_left(clerk_client, shop, order):
    data = filled(order, quantity__1="2", quantity__2="0")
    elin = make_staff(shop, Role.WAREHOUSE, name="Elin Berg").as_actor(None)
    add_shipment(order, Dispatch({1: Decimal(2)}), by=elin)

    response = clerk_client.post(url("ship", shop, order), data)

    assertContains(response, "Elin Berg changed the shipments meanwhile.", status_code=422)
    form = response.context["form"]
    assert form["quantity-1"].value() == "2"
    assert form["seen"].value() == seen_of(order.shipments.all())
    assert order.shipments.count() == 1


def test_the_same_form_sent_twice_ships_once(clerk_client, shop, order):
    data = filled(order, quantity__1="1", quantity__2="0")

    clerk_client.post(url("ship", shop, order), data)
    clerk_client.post(url("ship", shop, order), data)

    assert order.shipments.count() == 1


def test_an_order_that_was_deleted_meanwhile_is_not_shipped(clerk_client, shop, order, actor):
    delete_orders([order.pk], shop=shop, by=actor)

    response = clerk_client.post(url("ship", shop, order), filled(order, quantity__1="1"))

    assertContains(response, "This order is in Deleted. Restore it first.", status_code=422)
    assert response.context["form"].data["quantity-1"] == "1"
    assert not order.shipments.exists()


def test_a_cancelled_order_is_not_shipped(clerk_client, shop, order, actor):
    set_fulfilment_status(order, "cancelled", by=actor)

    response = clerk_client.post(url("ship", shop, order), filled(order))

    assertContains(response, "An order that is Cancelled cannot be shipped.", status_code=422)
    assertNotContains(clerk_client.get(url("detail", shop, order)), url("ship", shop, order))


def test_with_nothing_left_the_page_says_so(clerk_client, shop, order, actor):
    add_shipment(order, Dispatch({1: Decimal(3), 2: Decimal(1)}), by=actor)

    assertContains(clerk_client.get(url("ship", shop, order)), "Nothing is left to ship")


# --- the code


def look(client, shop, order, *, htmx=True, **typed):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(url("ship", shop, order), filled(order, check="1", **typed), headers=headers)


def test_the_carrier_shows_while_one_types_and_nothing_is_kept(clerk_client, shop, order):
    response = look(clerk_client, shop, order, tracking_code=UPS)

    assertContains(response, "<b>UPS</b>", html=True)
    assertNotContains(response, "<html")
    assert not order.shipments.exists()


def test_without_script_a_button_shows_it_and_keeps_what_was_typed(clerk_client, shop, order):
    response = look(clerk_client, shop, order, htmx=False, tracking_code=UPS, quantity__1="2", weight_kg="1.5")

    assertContains(response, "<b>UPS</b>", html=True)
    assertContains(response, "<html")
    form = response.context["form"]
    assert [form[name].value() for name in ("tracking_code", "quantity-1", "weight_kg")] == [UPS, "2", "1.5"]
    assertNotContains(response, 'class="errs"')


def test_a_code_that_several_use_asks_whose_it_is(clerk_client, shop, order):
    refused = clerk_client.post(url("ship", shop, order), filled(order, tracking_code="201298452277"))
    assertContains(refused, "Codes like this are used by FedEx, DHL and GLS. Choose the carrier.", status_code=422)
    assert not order.shipments.exists()

    picked = clerk_client.post(url("ship", shop, order), filled(order, tracking_code="201298452277", pick="GLS"))
    assert picked.context["form"]["carrier"].value() == "GLS"

    clerk_client.post(url("ship", shop, order), filled(order, tracking_code="201298452277", carrier="GLS"))
    assert order.shipments.get().carrier == "GLS"


@pytest.mark.parametrize(
    ("typed", "doubt"),
    [
        ({"tracking_code": "1Z5R8939O357567127"}, f"This is not quite a code of UPS. Was {UPS} meant?"),
        ({"tracking_code": "1Z5R8939035756"}, "Codes of UPS have 18 characters, this one has 14."),
        ({"tracking_code": "RB132456785GB"}, "The check digit of this Royal Mail code is wrong."),
        ({"tracking_code": UPS, "carrier": "PostNL"}, "This looks like a code of UPS."),
        ({"tracking_code": "008182709980000020033350276C"}, "This label was made for Germany."),
        ({"tracking_code": "H00HHA0056874658"}, "Evri does not deliver in Netherlands."),
    ],
)
def test_a_code_that_looks_wrong_is_kept_once_it_is_accepted(clerk_client, shop, order, typed, doubt):
    refused = clerk_client.post(url("ship", shop, order), filled(order, **typed))
    assertContains(refused, doubt, status_code=422)
    assertContains(refused, 'name="accepts_doubts"', status_code=422)
    assert not order.shipments.exists()

    clerk_client.post(url("ship", shop, order), filled(order, accepts_doubts="on", **typed))
    assert order.shipments.count() == 1


def test_what_was_meant_is_one_press_away(clerk_client, shop, order):
    response = clerk_client.post(url("ship", shop, order), filled(order, tracking_code="1Z5R8939O357567127", use=UPS))

    assert response.context["form"]["tracking_code"].value() == UPS
    assertContains(response, "<b>UPS</b>", html=True)


def test_a_code_of_another_order_is_flagged_but_not_one_of_another_shop(clerk_client, shop, other_shop, order):
    make_order(other_shop, shipments=[NewShipment("UPS", UPS, PLACED_AT)])
    assertNotContains(look(clerk_client, shop, order, tracking_code=UPS), "has this code already")

    make_order(shop, number=42, shipments=[NewShipment("UPS", UPS, PLACED_AT)])
    assertContains(look(clerk_client, shop, order, tracking_code=UPS), "Order 00042 has this code already.")


def test_a_carrier_nobody_here_knows_is_kept_as_it_was_typed(clerk_client, shop, order):
    clerk_client.post(url("ship", shop, order), filled(order, tracking_code="FIETS-77", carrier="Cycloon"))

    shipment = order.shipments.get()
    assert (shipment.carrier, shipment.tracking_code, shipment.tracking_url) == ("Cycloon", "FIETS77", "")


def test_words_in_a_code_are_words_and_not_markup(clerk_client, shop, order):
    response = look(clerk_client, shop, order, tracking_code="<script>", carrier="<script>")

    assertNotContains(response, "<script>")


# --- correcting


@pytest.fixture
def shipment(order, actor):
    return add_shipment(order, Dispatch({1: Decimal(1)}), by=actor)


def corrected(**values):
    return {"seen_carrier": "", "seen_code": "", "number_of_parcels": "1"} | values


def test_a_code_is_added_later(clerk_client, shop, order, shipment):
    response = clerk_client.post(
        url("change-shipment", shop, order, shipment.pk), corrected(tracking_code=UPS), follow=True
    )

    assert messages_of(response) == ["Shipment changed."]
    assert order.shipments.get().carrier == "UPS"


def test_a_correction_of_what_was_corrected_meanwhile_is_refused(clerk_client, shop, order, shipment):
    clerk_client.post(url("change-shipment", shop, order, shipment.pk), corrected(tracking_code=UPS))

    response = clerk_client.post(
        url("change-shipment", shop, order, shipment.pk), corrected(tracking_code="3SDEMO123456789")
    )

    assertContains(response, "changed the shipments meanwhile", status_code=422)
    assert order.shipments.get().tracking_code == UPS


def test_a_code_that_was_kept_with_its_doubts_is_not_doubted_again(clerk_client, shop, order, shipment):
    order.shipments.update(tracking_code="1Z5R8939O357567127", carrier="UPS")
    same = {"tracking_code": "1Z5R8939O357567127", "carrier": "UPS", "seen_code": "1Z5R8939O357567127"}

    response = clerk_client.post(
        url("change-shipment", shop, order, shipment.pk),
        corrected(number_of_parcels="3", **same | {"seen_carrier": "UPS"}),
    )

    assert response.status_code == 302
    assert order.shipments.get().number_of_parcels == 3


@pytest.mark.parametrize("name", ["change-shipment", "remove-shipment"])
def test_a_shipment_is_reached_through_its_own_order_only(clerk_client, shop, order, shipment, name):
    other = make_order(shop)

    clerk_client.post(url(name, shop, other, shipment.pk), corrected(tracking_code=UPS))

    assert order.shipments.get().tracking_code == ""


def test_a_shipment_that_stays_says_why(clerk_client, shop, order, shipment, actor):
    set_fulfilment_status(order, "completed", by=actor)

    response = clerk_client.post(url("remove-shipment", shop, order, shipment.pk), follow=True)

    assert messages_of(response) == ["This shipment can no longer be removed: the goods arrived or came back."]
    assert order.shipments.count() == 1


# --- with many lines, and for whom


def test_an_order_of_a_thousand_lines_ships_with_as_many_queries_as_one(clerk_client, shop):
    def queries(order):
        with CaptureQueriesContext(connection) as captured:
            assert clerk_client.get(url("ship", shop, order)).status_code == 200
        return len(captured)

    small, large = make_order(shop), make_order(shop, lines=1114)
    queries(small)

    assert queries(large) == queries(small) <= 15
    assert clerk_client.post(url("ship", shop, large), filled(large)).status_code == 302
    assert reread(large).fulfilment_status == "shipped"


def test_who_may_only_look_is_offered_nothing(client, shop, order):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)

    page = client.get(url("detail", shop, order))

    assertNotContains(page, "/ship/")
    assert client.get(url("ship", shop, order)).status_code == 403


def test_the_forms_work_without_script(clerk_client, shop, order, shipment):
    for page in (url("ship", shop, order), url("change-shipment", shop, order, shipment.pk)):
        html = clerk_client.get(page).content.decode()
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", html, flags=re.DOTALL)
        assert forms
        for form in forms:
            assert "csrfmiddlewaretoken" in form
            assert "<button" in form
        assert not re.search(r"\son\w+=|\sstyle=", html)
