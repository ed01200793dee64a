"""Recording payments, refunding, paying out and returns through the pages, without script."""

import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Refund, Return
from orders.services import NewPayment, RefundPlan, announce_return, receive_return, refund_order, set_fulfilment_status
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
WRONG_AMOUNTS = ["-1", "0", "NaN", "1e309", "12.105", "SEK 5", "$5", "x" * 100, "9" * 60, "12.11", "99999999999999"]


def address(name, shop, order, *args):
    return reverse(f"orders:{name}", args=[shop.number, order.display_number, *args])


def paid(amount="12.10", method="iDEAL", **values):
    return NewPayment(Decimal(amount), method, "paid", PLACED_AT, paid_at=PLACED_AT, **values)


def typed(response):
    """What stands in the fields of the page's form, {name: text}; unticked boxes and buttons are left out."""
    form = html.fromstring(response.content).cssselect("main form[method=post]")[0]
    return dict(form.form_values())


def fill(client, url, **values):
    """Open the form, type over some of its fields, and send it."""
    shown = typed(client.get(url))
    return client.post(url, shown | {name.replace("__", "."): text for name, text in values.items()})


def confirm(client, url, response):
    return client.post(url, typed(response) | {"step": "refund"})


def messages_of(client, url):
    return [str(message) for message in client.get(url).context["messages"]]


def reread(order):
    order.refresh_from_db()
    return order


@pytest.fixture
def finance_client(client, shop):
    client.force_login(make_staff(shop, Role.FINANCE).user)
    return client


# --- payments


def test_finance_records_what_came_in_by_bank(finance_client, shop):
    order = make_order(shop, payment_method="Bank transfer")
    url = address("record-payment", shop, order)
    assert typed(finance_client.get(url))["amount"] == "12.10"

    response = fill(finance_client, url, reference="NL91-77")

    assertRedirects(response, address("detail", shop, order) + "#h-payment", fetch_redirect_response=False)
    payment = order.payments.get()
    assert (payment.amount, payment.method) == (Decimal("12.10"), "Bank transfer")
    assert payment.provider_reference == "NL91-77"
    assert reread(order).payment_status == "paid"


@pytest.mark.parametrize("amount", WRONG_AMOUNTS)
def test_a_wrong_amount_is_said_and_everything_typed_is_kept(finance_client, shop, amount):
    order = make_order(shop)

    response = fill(
        finance_client, address("record-payment", shop, order), amount=amount, method="Cash", reference="till 2"
    )

    assert response.status_code == 422
    assert response.context["form"].errors["amount"]
    kept = typed(response)
    assert (kept["amount"], kept["method"], kept["reference"]) == (amount, "Cash", "till 2")
    assert reread(order).version == 1


def test_more_than_is_open_is_recorded_when_it_is_said_to_be_right(finance_client, shop):
    order = make_order(shop)
    url = address("record-payment", shop, order)
    refused = fill(finance_client, url, amount="20", method="Cash")

    finance_client.post(url, typed(refused) | {"may_exceed": "on"})

    assert reread(order).paid_total == Decimal("20.00")


@pytest.mark.parametrize("day", ["", "2999-01-01", "yesterday", "0001-01-01", "1066-10-14"])
def test_a_day_that_makes_no_sense_is_no_failure(finance_client, shop, day):
    order = make_order(shop)

    response = fill(finance_client, address("record-payment", shop, order), day=day, method="Cash")

    assert response.status_code in (302, 422)
    assert order.payments.count() == (1 if response.status_code == 302 else 0)


# --- refunds


def test_a_line_is_refunded_in_two_steps_and_the_button_names_it(finance_client, shop):
    order = make_order(shop, lines=[new_line(quantity=Decimal(2))], payments=[paid("24.20", provider="Mollie")])
    url = address("refund", shop, order)

    asked = fill(finance_client, url, quantity__1="1", reason="broken", restocks="on", step="check")
    assertContains(asked, "Refund €12.10 to iDEAL</button>")
    assertContains(asked, "You must still process this at Mollie.")
    assertContains(asked, "The goods go back into stock")
    assert not order.refunds.exists()

    made = confirm(finance_client, url, asked)

    assertRedirects(made, address("detail", shop, order) + "#h-payment", fetch_redirect_response=False)
    refund = order.refunds.get()
    assert (refund.amount, refund.reason, refund.restocks) == (Decimal("12.10"), "broken", True)
    assert messages_of(finance_client, address("detail", shop, order)) == [
        "Refund of €12.10 made.", "It must still be paid out: see the payment card.",
    ]  # fmt: skip


def test_t34_the_confirmation_that_is_sent_twice_makes_one_refund(finance_client, shop):
    order = make_order(shop, payments=[paid()])
    url = address("refund", shop, order)
    asked = fill(finance_client, url, quantity__1="1", step="check")

    for _press in range(2):
        assert confirm(finance_client, url, asked).status_code == 302

    assert order.refunds.count() == 1
    assert messages_of(finance_client, address("detail", shop, order))[-1] == "This refund of €12.10 was made already."


def test_t34_who_confirms_after_a_colleague_refunded_looks_again(finance_client, shop, actor):
    order = make_order(shop, payments=[paid()])
    url = address("refund", shop, order)
    asked = fill(finance_client, url, free="3.00", step="check")
    refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal("2.00")), by=actor)

    response = confirm(finance_client, url, asked)

    assertContains(response, "Marit Bakker made a refund meanwhile. Look again at what is left.", status_code=422)
    assert typed(response)["free"] == "3.00"
    assert reread(order).refunded_total == Decimal("2.00")
    again = finance_client.post(url, typed(response) | {"step": "check"})
    confirm(finance_client, url, again)
    assert reread(order).refunded_total == Decimal("5.00")


@pytest.mark.parametrize("amount", [text for text in WRONG_AMOUNTS if text != "0"])
@pytest.mark.parametrize("name", ["free", "amount__1", "shipping"])
def test_a_wrong_refund_is_said_and_everything_typed_is_kept(finance_client, shop, name, amount):
    order = make_order(shop, payments=[paid()])

    response = fill(
        finance_client, address("refund", shop, order), reason="broken", wants_credit_note="on", step="check",
        **{name: amount},
    )  # fmt: skip

    assert response.status_code == 422
    kept = typed(response)
    assert (kept[name.replace("__", ".")], kept["reason"], kept["wants_credit_note"]) == (amount, "broken", "on")
    assert reread(order).version == 1


@pytest.mark.parametrize("quantity", ["-1", "NaN", "1e309", "2", "0.0001", "one", "9" * 60])
def test_a_wrong_quantity_stands_at_its_line(finance_client, shop, quantity):
    order = make_order(shop, payments=[paid()])

    response = fill(finance_client, address("refund", shop, order), quantity__1=quantity, step="check")

    assert response.status_code == 422
    (line,) = response.context["lines"]
    assert line.quantity == quantity
    assert line.quantity_errors
    assertContains(response, 'aria-invalid="true"', status_code=422)


def test_amounts_are_typed_as_people_write_them(finance_client, shop):
    order = make_order(shop, lines=[new_line(unit_price=Decimal("2000.00"))], payments=[paid("2000.00")])
    url = address("refund", shop, order)

    for text, amount in {"€ 1.234,50": "1234.50", "3,5": "3.50", "EUR 1": "1.00", "1.00 eur": "1.00"}.items():
        response = fill(finance_client, url, free=text, step="total")
        assert response.context["form"].result.total == Decimal(amount), text


@pytest.mark.parametrize("typed_in", [{}, {"quantity__1": "0"}])
def test_nothing_is_not_refunded(finance_client, shop, typed_in):
    order = make_order(shop, payments=[paid()])

    response = fill(finance_client, address("refund", shop, order), step="check", **typed_in)

    assertContains(response, "Say what to give back: lines, shipping or an amount.", status_code=422)


def test_the_live_total_is_a_part_of_the_page(finance_client, shop):
    order = make_order(shop, lines=[new_line(quantity=Decimal(3))], payments=[paid("36.30")])
    url = address("refund", shop, order)
    values = typed(finance_client.get(url)) | {"quantity.1": "2", "step": "total"}

    part = finance_client.post(url, values, headers={"HX-Request": "true"})
    whole = finance_client.post(url, values)

    assertContains(part, "€24.20")
    assertNotContains(part, "<html")
    assertContains(whole, 'id="refund-total"')
    assertContains(whole, "€24.20")


def test_several_payments_are_chosen_between(finance_client, shop):
    order = make_order(shop, payments=[paid("5.00", "Gift card"), paid("7.10", "iDEAL")])
    _card, ideal = order.payments.all()
    url = address("refund", shop, order)

    asked = fill(finance_client, url, free="6.00", **{f"payment__{ideal.pk}": "6,00"}, step="check")
    assertContains(asked, "Refund €6.00 to iDEAL</button>")
    confirm(finance_client, url, asked)

    assert [(part.payment, part.amount) for part in order.refunds.all()] == [(ideal, Decimal("6.00"))]


def test_everything_that_is_left_is_one_press(finance_client, shop):
    order = make_order(
        shop, lines=2, shipping_cost=Decimal("6.05"), shipping_vat_rate=Decimal(21), payments=[paid("30.25")]
    )

    response = finance_client.get(address("refund", shop, order) + "?all")

    kept = typed(response)
    assert (kept["quantity.1"], kept["quantity.2"], kept["shipping"]) == ("1", "1", "6.05")


def test_an_order_without_money_leads_to_recording_it(finance_client, shop):
    order = make_order(shop)

    response = finance_client.get(address("refund", shop, order))

    assertContains(response, "Nothing to refund")
    assertContains(response, address("record-payment", shop, order))


@pytest.mark.parametrize("number_of_lines", [1, 40])
def test_a_refund_costs_the_same_queries_for_one_line_as_for_forty(
    finance_client, shop, number_of_lines, django_assert_max_num_queries
):
    order = make_order(shop, lines=number_of_lines, payments=[paid("484.00")])

    with django_assert_max_num_queries(14):
        finance_client.get(address("refund", shop, order))


# --- paying out


def test_a_refund_is_marked_as_paid_out_with_its_day_and_reference(finance_client, shop, actor):
    order = make_order(shop, payments=[paid(provider="Mollie")])
    (refund,) = refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal("2.00")), by=actor).parts
    page = finance_client.get(address("detail", shop, order))
    assertContains(page, address("paid-out", shop, order, refund.pk))
    assertContains(page, "/orders/?refund=due")

    fill(finance_client, address("paid-out", shop, order, refund.pk), day="2026-04-01", reference="SEPA 7")

    refund.refresh_from_db()
    assert (refund.state, refund.reference) == ("paid_out", "SEPA 7")
    assert f"{refund.paid_out_at:%Y-%m-%d}" == "2026-04-01"
    page = finance_client.get(address("detail", shop, order))
    assertContains(page, "SEPA 7")
    assertNotContains(page, "Refund not paid out yet.")


def test_a_day_to_come_is_refused_and_kept(finance_client, shop, actor):
    order = make_order(shop, payments=[paid()])
    (refund,) = refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal("2.00")), by=actor).parts

    response = fill(finance_client, address("paid-out", shop, order, refund.pk), day="2999-01-01", reference="SEPA 7")

    assert response.status_code == 422
    assert (typed(response)["day"], typed(response)["reference"]) == ("2999-01-01", "SEPA 7")
    refund.refresh_from_db()
    assert refund.state == "to_pay_out"


def test_a_refund_of_another_order_is_not_found(finance_client, shop, actor):
    order, other = make_order(shop, payments=[paid()]), make_order(shop)
    (refund,) = refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal("2.00")), by=actor).parts

    assert finance_client.get(address("paid-out", shop, other, refund.pk)).status_code == 404
    assert finance_client.post(address("pay-out", shop, other, refund.pk)).status_code == 404
    assert Refund.objects.get().state == "to_pay_out"


def test_who_does_not_move_money_sees_no_way_to(client, shop, actor):
    order = make_order(shop, payments=[paid()])
    refund_order(order, RefundPlan(uuid.uuid4(), free=Decimal("2.00")), by=actor)
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)

    page = client.get(address("detail", shop, order))

    assertContains(page, "Refund not paid out yet.")
    for name in ("record-payment", "refund"):
        assertNotContains(page, address(name, shop, order))


# --- goods that come back


@pytest.fixture
def sent(shop, actor):
    order = make_order(shop, lines=[new_line(quantity=Decimal(3))], payments=[paid("36.30")])
    set_fulfilment_status(order, "shipped", by=actor)
    return order


def test_a_return_goes_from_announced_to_refunded_through_the_pages(clerk_client, shop, sent):
    page = address("detail", shop, sent)
    assertContains(clerk_client.get(page), address("announce-return", shop, sent))

    fill(clerk_client, address("announce-return", shop, sent), quantity__1="2", reason="damaged", remark="Box crushed")
    announced = Return.objects.get()
    assertContains(clerk_client.get(page), "2 × Candle")

    fill(clerk_client, address("receive-return", shop, sent, announced.pk), quantity__1="1")
    assertContains(clerk_client.get(page), "Settle with a refund")

    url = address("refund", shop, sent)
    shown = typed(clerk_client.get(f"{url}?return={announced.pk}"))
    assert (shown["quantity.1"], shown["reason"], shown["of_return"]) == ("1", "Damaged", str(announced.pk))
    confirm(clerk_client, url, clerk_client.post(url, shown | {"step": "check"}))

    announced.refresh_from_db()
    assert (announced.state, announced.refund.amount) == ("settled", Decimal("12.10"))


@pytest.mark.parametrize("quantity", ["4", "-1", "NaN", "many", "0", ""])
def test_what_cannot_come_back_is_said_and_kept(clerk_client, shop, sent, quantity):
    response = fill(
        clerk_client, address("announce-return", shop, sent), quantity__1=quantity, reason="other", remark="Hm"
    )

    assert response.status_code == 422
    kept = typed(response)
    assert (kept["quantity.1"], kept["reason"], kept["remark"]) == (quantity, "other", "Hm")
    assert not Return.objects.exists()


@pytest.mark.parametrize(("name", "state"), [("refuse-return", "refused"), ("settle-return", "settled")])
def test_a_return_is_closed_without_money(clerk_client, shop, sent, actor, name, state):
    announced = announce_return(sent, {1: Decimal(1)}, reason="other", by=actor)
    receive_return(announced, by=actor)

    clerk_client.post(address(name, shop, sent, announced.pk))
    clerk_client.post(address(name, shop, sent, announced.pk))

    announced.refresh_from_db()
    assert announced.state == state
    assert messages_of(clerk_client, address("detail", shop, sent))[-1] == f"This return is {state} by now."


def test_what_was_paid_too_much_can_be_filled_in_at_once(finance_client, shop):
    order = make_order(shop, payments=[paid("20.00")])

    response = finance_client.get(address("refund", shop, order) + "?owed")

    assert typed(response)["free"] == "7.90"


def test_of_what_is_not_owed_nothing_is_filled_in(finance_client, shop):
    order = make_order(shop, payments=[paid("12.10")])

    response = finance_client.get(address("refund", shop, order) + "?owed")

    assert "free" not in typed(response)


# --- from the list


def press_refund(client, shop, *orders):
    """Tick orders in the list and press Refund in its bar; the page that comes."""
    numbers = [order.display_number for order in orders]
    ticks = {"to": "refund", "shown": ",".join(numbers), "order": numbers, "filter": ""}
    return client.post(reverse("orders:select", args=[shop.number]), ticks, follow=True)


def test_one_order_of_the_list_leads_to_its_refund(finance_client, shop):
    order = make_order(shop, payments=[paid("12.10")])
    make_order(shop, payments=[paid("12.10")])

    response = press_refund(finance_client, shop, order)

    assertRedirects(response, address("refund", shop, order))


def test_several_orders_are_listed_with_what_each_can_give_back(finance_client, shop, other_shop):
    make_order(other_shop, payments=[paid("12.10")])
    rich, poor = make_order(shop, payments=[paid("12.10")]), make_order(shop)

    response = press_refund(finance_client, shop, rich, poor)

    rows = response.context["rows"]
    assert {row.number: row.left for row in rows} == {"00001": "€12.10", "00002": "€0.00"}
    assert {row.number: row.refund_url for row in rows} == {"00001": address("refund", shop, rich), "00002": ""}


def test_without_a_tick_the_page_says_how_it_is_done(finance_client, shop):
    make_order(shop, payments=[paid("12.10")])

    assertContains(press_refund(finance_client, shop), "No order is selected.")


def test_the_page_of_several_costs_the_same_for_more(finance_client, shop):
    orders = [make_order(shop, payments=[paid("12.10")]) for _ in range(6)]
    queries = []
    for chosen in (orders[:2], orders):
        press_refund(finance_client, shop, *chosen)
        with CaptureQueriesContext(connection) as captured:
            finance_client.get(reverse("orders:refund-selected", args=[shop.number]))
        queries.append(len(captured))

    assert queries[0] == queries[1] < 12


def test_of_very_many_the_newest_are_shown(finance_client, shop, monkeypatch):
    monkeypatch.setattr("orders.views.refunds.MOST_SELECTED", 2)
    orders = [make_order(shop, payments=[paid("12.10")]) for _ in range(3)]

    response = press_refund(finance_client, shop, *orders)

    assert [row.number for row in response.context["rows"]] == ["00003", "00002"]
    assertContains(response, "The newest 2 of the selected orders.")
