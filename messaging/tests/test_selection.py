"""One message to selected orders: within the plan, whatever is tried, and never twice."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.urls import reverse

from messaging.models import DoNotMail, MailState, OutboxMail
from messaging.tests.factories import make_mail
from orders.models import Order
from orders.services import NewPayment
from orders.tests.factories import PLACED_AT, make_order

pytestmark = pytest.mark.django_db


def url(shop, name="selection"):
    return reverse(f"messaging:{name}", args=[shop.number])


def select(client, shop, orders):
    numbers = [order.display_number for order in orders]
    data = {"to": "message", "shown": ",".join(numbers), "order": numbers, "filter": ""}
    return client.post(reverse("orders:select", args=[shop.number]), data)


def send(client, shop, orders, **values):
    typed = {"what": "own", "subject": "News of {{ order.number }}", "html": "Hello", "token": str(uuid.uuid4())}
    return client.post(url(shop), typed | {"order": [order.display_number for order in orders]} | values)


def make_orders(shop, number, **values):
    return [make_order(shop, customer_email=f"c{each}@example.org", **values) for each in range(number)]


def on_plan(shop, key):
    shop.plan_key = key
    shop.save()


def page(response):
    return response.content.decode()


@pytest.mark.parametrize(("plan", "limit"), [("basic", 5), ("professional", 25)])
def test_as_many_as_the_plan_allows_get_a_mail_and_one_more_gets_none(clerk_client, shop, plan, limit):
    on_plan(shop, plan)
    orders = make_orders(shop, limit + 1)

    refused = send(clerk_client, shop, orders)

    assert refused.status_code == 422
    assert f"{limit + 1} orders are selected" in page(refused)
    assert not OutboxMail.objects.exists()

    send(clerk_client, shop, orders[:limit])
    assert OutboxMail.objects.count() == limit


def test_the_page_says_so_before_anything_is_written(clerk_client, shop):
    on_plan(shop, "basic")
    orders = make_orders(shop, 6)

    select(clerk_client, shop, orders)
    assert "6 orders are selected. Your plan, Basic, allows 5 at once." in page(clerk_client.get(url(shop)))

    select(clerk_client, shop, orders[:5])
    # The selection is what the newest page ticked, over all pages before it.
    clerk_client.post(reverse("orders:select", args=[shop.number]), {"clear": "1"})
    select(clerk_client, shop, orders[:5])
    assert "5 orders, your plan allows 5 at once" in page(clerk_client.get(url(shop)))


def test_an_order_counts_once_however_often_it_is_sent(clerk_client, shop):
    on_plan(shop, "basic")
    orders = make_orders(shop, 2)

    send(clerk_client, shop, orders * 10)

    assert OutboxMail.objects.count() == 2


def test_distinct_orders_count_at_the_limit_too(clerk_client, shop):
    on_plan(shop, "basic")
    orders = make_orders(shop, 6)

    assert send(clerk_client, shop, orders * 3).status_code == 422
    assert not OutboxMail.objects.exists()

    send(clerk_client, shop, orders[:5] * 3)
    assert OutboxMail.objects.count() == 5


def test_each_of_two_tabs_is_counted_by_what_it_sends(clerk_client, shop):
    on_plan(shop, "basic")
    orders = make_orders(shop, 8)
    select(clerk_client, shop, orders[:5])
    clerk_client.get(url(shop))
    select(clerk_client, shop, orders)

    assert "8 orders are selected" in page(clerk_client.get(url(shop)))
    assert send(clerk_client, shop, orders).status_code == 422
    assert not OutboxMail.objects.exists()

    send(clerk_client, shop, orders[:5])
    assert OutboxMail.objects.count() == 5


def test_a_bad_address_among_them_is_named_and_stops_nobody_else(clerk_client, shop):
    good, bad = make_orders(shop, 2)
    Order.objects.filter(pk=bad.pk).update(customer_email="anna@example.org, eve@example.net")

    response = send(clerk_client, shop, [good, bad])

    shown = page(clerk_client.get(response["Location"]))
    assert f"{bad.display_number} (this is not one valid e-mail address)" in shown
    assert [mail.order_id for mail in OutboxMail.objects.all()] == [good.pk]


def test_a_plan_that_was_lowered_meanwhile_counts(clerk_client, shop):
    orders = make_orders(shop, 6)
    select(clerk_client, shop, orders)
    assert clerk_client.get(url(shop)).status_code == 200
    on_plan(shop, "basic")

    assert send(clerk_client, shop, orders).status_code == 422
    assert not OutboxMail.objects.exists()


def test_a_form_sent_twice_sends_once_and_another_window_sends_its_own(clerk_client, shop):
    orders, token = make_orders(shop, 2), str(uuid.uuid4())

    for _ in range(2):
        send(clerk_client, shop, orders, token=token)
    assert OutboxMail.objects.count() == 2

    send(clerk_client, shop, orders)
    assert OutboxMail.objects.count() == 4


def test_another_shops_orders_are_not_there(clerk_client, shop, other_shop):
    foreign = make_order(other_shop, number=900)

    send(clerk_client, shop, [make_order(shop), foreign])

    assert list(OutboxMail.objects.values_list("shop__number", flat=True)) == ["12345"]


def test_who_cannot_be_mailed_is_named(clerk_client, shop):
    fine = make_order(shop, customer_email="fine@example.org")
    nobody = make_order(shop, customer_email="")
    unwanted = make_order(shop, customer_email="No@example.org")
    DoNotMail.objects.create(shop=shop, address="no@example.org")

    response = clerk_client.get(send(clerk_client, shop, [fine, nobody, unwanted])["Location"])

    assert f"{nobody.display_number} (there is no e-mail address)" in page(response)
    assert f"{unwanted.display_number} (the address is marked" in page(response)
    assert [mail.order for mail in OutboxMail.objects.all()] == [fine]


def test_undo_takes_all_of_them_back(clerk_client, shop):
    orders = make_orders(shop, 3)
    shown = page(clerk_client.get(send(clerk_client, shop, orders)["Location"]))
    act = OutboxMail.objects.first().act
    assert f"{url(shop, 'recall')}?act={act}" in shown

    clerk_client.post(f"{url(shop, 'recall')}?act={act}")

    assert set(OutboxMail.objects.values_list("state", flat=True)) == {MailState.CANCELLED}


def test_another_shop_cannot_take_back_ours(clerk_client, shop, other_shop):
    mail = make_mail(other_shop, state=MailState.HELD, act=uuid.uuid4())

    clerk_client.post(f"{url(shop, 'recall')}?act={mail.act}")
    clerk_client.post(f"{url(shop, 'recall')}?act=nonsense%00")

    mail.refresh_from_db()
    assert mail.state == MailState.HELD


# --- payment reminders ---------------------------------------------------------------------------


def remind(client, shop, orders, **values):
    return send(client, shop, orders, what="reminder", subject="", html="", **values)


def events(order):
    return list(OutboxMail.objects.filter(order=order).order_by("pk").values_list("event", flat=True))


def test_each_order_gets_its_next_reminder_and_after_three_none(clerk_client, shop):
    order = make_order(shop)

    for _day in range(5):
        OutboxMail.objects.update(created_at=F("created_at") - timedelta(days=2))
        remind(clerk_client, shop, [order])

    assert events(order) == ["reminder:1", "reminder:2", "reminder:3"]


def test_pressing_twice_reminds_once(clerk_client, shop):
    order, token = make_order(shop), str(uuid.uuid4())

    for each in (token, token, str(uuid.uuid4())):
        remind(clerk_client, shop, [order], token=each)

    assert events(order) == ["reminder:1"]


def test_who_paid_is_not_reminded(clerk_client, shop):
    paid = make_order(shop, payments=[NewPayment(Decimal("12.10"), "iDEAL", "paid", PLACED_AT)])
    cancelled = make_order(shop, fulfilment_status="cancelled")

    response = clerk_client.get(remind(clerk_client, shop, [paid, cancelled])["Location"])

    assert not OutboxMail.objects.exists()
    assert "2 get none" in page(response)


@pytest.mark.parametrize(
    "values",
    [
        {"what": "nonsense"},
        {"what": "own", "subject": "", "html": "x"},
        {"what": "own", "subject": "x\r\nBcc: y", "html": "x"},
        {"what": "own", "subject": "x", "html": "{{ order.nmber }}"},
        {"what": "999999999999999999999"},
        {"token": "x"},
    ],
)
def test_what_makes_no_sense_is_refused(clerk_client, shop, values):
    order = make_order(shop)

    assert send(clerk_client, shop, [order], **values).status_code == 422
    assert not OutboxMail.objects.exists()


def test_numbers_that_are_none_are_left_out(clerk_client, shop):
    data = {"what": "reminder", "token": str(uuid.uuid4()), "order": ["x", "99999999999999999999", "\x00", "-1"]}

    assert clerk_client.post(url(shop), data).status_code == 302
    assert not OutboxMail.objects.exists()


def test_nothing_selected_leads_back_to_the_list(clerk_client, shop):
    assert clerk_client.get(url(shop))["Location"] == reverse("orders:list", args=[shop.number])
