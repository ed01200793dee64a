"""What is sent later by itself: reminders until the order is paid, feedback once, each at its time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import DoNotMail, FollowUps, OutboxMail, Supplier
from messaging.services.follow_ups import send_what_is_due
from messaging.services.usual import template_for
from messaging.services.writing import write_waiting
from orders.services import add_shipment, delete_orders, record_payment, set_fulfilment_status
from orders.services.shipments import Dispatch
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PLACED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


@pytest.fixture
def reminding(shop):
    return FollowUps.objects.create(shop=shop, reminds=True, reminds_since=PLACED - 30 * DAY)


def asking(shop, **values):
    dull = {"asks_feedback": True, "feedback_since": PLACED - 30 * DAY, "feedback_from": "placed"}
    return FollowUps.objects.create(shop=shop, feedback_template=template_for(shop, "feedback"), **dull | values)


def url(shop, name, *args):
    return reverse(f"messaging:{name}", args=[shop.number, *args])


def events():
    return list(OutboxMail.objects.order_by("pk").values_list("event", flat=True))


def test_three_reminders_come_at_their_days_and_each_once(shop, reminding):
    make_order(shop, placed_at=PLACED)
    told = []

    for day in range(30):
        for _again in range(2):
            send_what_is_due(PLACED + day * DAY + timedelta(hours=1))
        told.append(len(events()))

    assert events() == ["reminder:1", "reminder:2", "reminder:3"]
    assert (told.index(1), told.index(2), told.index(3)) == (7, 14, 21)


def test_after_days_without_a_beat_reminders_come_a_day_apart(shop):
    now = timezone.now()
    FollowUps.objects.create(shop=shop, reminds=True, reminds_since=now - 60 * DAY)
    # The first two are due, the first for a week.
    make_order(shop, placed_at=now - 15 * DAY)

    for minutes in (1, 6, 11):
        send_what_is_due(now + timedelta(minutes=minutes))
    assert events() == ["reminder:1"]

    send_what_is_due(now + DAY + timedelta(minutes=1))
    assert events() == ["reminder:1", "reminder:2"]


def test_reminders_stop_when_the_order_is_paid_cancelled_or_deleted(shop, reminding, actor):
    paid, cancelled, deleted = (make_order(shop, placed_at=PLACED) for _ in range(3))
    assert send_what_is_due(PLACED + 7 * DAY) == 3
    record_payment(paid, paid.total, method="bank transfer", paid_at=PLACED, by=actor)
    set_fulfilment_status(cancelled, "cancelled", by=actor)
    delete_orders([deleted.pk], shop=shop, by=actor)

    assert send_what_is_due(PLACED + 14 * DAY) == 0


def test_what_was_due_before_it_was_turned_on_is_not_sent(shop):
    FollowUps.objects.create(shop=shop, reminds=True, reminds_since=PLACED + 10 * DAY)
    make_order(shop, placed_at=PLACED)
    newer = make_order(shop, placed_at=PLACED + 5 * DAY)

    send_what_is_due(PLACED + 13 * DAY)

    assert [mail.order for mail in OutboxMail.objects.all()] == [newer]


def test_nobody_is_reminded_who_asked_for_no_mail_or_has_no_address(shop, reminding, other_shop):
    make_order(shop, placed_at=PLACED, customer_email="")
    make_order(shop, placed_at=PLACED, customer_email="no@example.org")
    DoNotMail.objects.create(shop=shop, address="no@example.org")
    make_order(other_shop, placed_at=PLACED)

    assert send_what_is_due(PLACED + 8 * DAY) == 0


@pytest.mark.parametrize("number_of_orders", [1, 4])
def test_many_orders_cost_no_more_queries_than_one(shop, reminding, number_of_orders, django_assert_num_queries):
    template_for(shop, "reminder_1")
    for _ in range(number_of_orders):
        make_order(shop, placed_at=PLACED)

    with django_assert_num_queries(9):  # two are the begin and the end of a transaction
        assert send_what_is_due(PLACED + 8 * DAY) == number_of_orders


# --- feedback ------------------------------------------------------------------------------------


def test_feedback_is_asked_some_days_after_the_order_and_once(shop):
    asking(shop)
    make_order(shop, placed_at=PLACED)

    assert send_what_is_due(PLACED + 9 * DAY) == 0
    assert send_what_is_due(PLACED + 10 * DAY) == 1
    assert send_what_is_due(PLACED + 11 * DAY) == 0
    assert events() == ["feedback"]


def test_feedback_after_shipping_counts_from_the_last_parcel(shop, actor):
    asking(shop, feedback_from="shipped")
    lately = timezone.now() - DAY
    waiting, shipped = make_order(shop, placed_at=lately), make_order(shop, placed_at=lately)
    add_shipment(shipped, Dispatch(quantities={1: Decimal(1)}), by=actor)
    left_at = shipped.shipments.get().shipped_at
    FollowUps.objects.update(feedback_since=left_at - DAY)

    send_what_is_due(left_at + 9 * DAY)
    assert events() == []
    send_what_is_due(left_at + 10 * DAY)

    assert [mail.order for mail in OutboxMail.objects.all()] == [shipped]
    assert waiting.mails.count() == 0


def test_without_template_or_plan_nobody_is_asked(shop):
    row = asking(shop)
    make_order(shop, placed_at=PLACED)

    shop.plan_key = "basic"
    shop.save()
    assert send_what_is_due(PLACED + 10 * DAY) == 0
    shop.plan_key = "professional"
    shop.save()
    row.feedback_template = None
    row.save()
    assert send_what_is_due(PLACED + 10 * DAY) == 0


def test_feedback_by_hand_goes_out_once_whoever_asks(owner_client, shop):
    asking(shop)
    order = make_order(shop, placed_at=PLACED)

    for _ in range(2):
        owner_client.post(url(shop, "feedback", order.number))
    send_what_is_due(PLACED + 10 * DAY)

    assert events() == ["feedback"]
    assert "The customer was asked" in owner_client.get(url(shop, "feedback", order.number)).content.decode()


def test_a_basic_shop_is_told_that_its_plan_lacks_it(owner_client, shop):
    asking(shop)
    order = make_order(shop)
    shop.plan_key = "basic"
    shop.save()

    assert "does not include" in owner_client.get(url(shop, "feedback", order.number)).content.decode()
    owner_client.post(url(shop, "feedback", order.number))
    assert events() == []


# --- the page ------------------------------------------------------------------------------------

TYPED = {
    "first_after_days": "7",
    "second_after_days": "14",
    "third_after_days": "21",
    "feedback_after_days": "10",
    "feedback_from": "shipped",
    "download_days": "30",
    "download_times": "5",
}


def test_turning_it_on_says_since_when(owner_client, shop):
    owner_client.post(url(shop, "follow-ups"), TYPED | {"reminds": "on", "asks_feedback": "on", "mail": "feedback"})

    row = FollowUps.objects.get()
    assert row.reminds
    assert row.reminds_since is not None
    assert row.feedback_template.purpose == "feedback"
    since = row.reminds_since
    owner_client.post(url(shop, "follow-ups"), TYPED | {"reminds": "on"})
    row.refresh_from_db()
    assert row.reminds_since == since


@pytest.mark.parametrize(
    "values",
    [
        {"first_after_days": "0"},
        {"first_after_days": "99999999999999999999"},
        {"first_after_days": "20", "second_after_days": "10"},
        {"asks_feedback": "on", "mail": ""},
        {"mail": "\x00"},
        {"feedback_from": "nonsense"},
        {"download_times": "-1"},
    ],
)
def test_what_makes_no_sense_is_refused(owner_client, shop, values):
    assert owner_client.post(url(shop, "follow-ups"), TYPED | values).status_code == 422
    assert not FollowUps.objects.exists()


def test_a_plan_without_feedback_refuses_it(owner_client, shop):
    shop.plan_key = "basic"
    shop.save()

    response = owner_client.post(url(shop, "follow-ups"), TYPED | {"asks_feedback": "on", "mail": "feedback"})

    assert response.status_code == 422


# --- suppliers -----------------------------------------------------------------------------------


def test_a_supplier_gets_its_own_lines_once_the_order_is_paid(shop, actor):
    supplier = Supplier.objects.create(shop=shop, name="Pottery", email="pots@example.org", sku_prefix="POT-")
    order = make_order(shop, lines=[new_line(sku="pot-1", name="Mug"), new_line(sku="TEA", name="Green tea")])
    assert events() == []

    record_payment(order, order.total, method="bank transfer", paid_at=PLACED, by=actor)
    write_waiting()

    mail = OutboxMail.objects.get(event=f"supplier:{supplier.pk}")
    assert mail.recipient == "pots@example.org"
    assert "Mug" in mail.text
    assert "Green tea" not in mail.text


def test_an_order_without_lines_of_a_supplier_mails_none(shop, actor):
    Supplier.objects.create(shop=shop, name="Pottery", email="pots@example.org", sku_prefix="POT-")
    order = make_order(shop)

    record_payment(order, order.total, method="bank transfer", paid_at=PLACED, by=actor)

    assert events() == []


def test_suppliers_are_added_and_removed(owner_client, shop, other_shop):
    typed = {"name": "Pottery", "email": "pots@example.org", "sku_prefix": "POT-"}
    assert owner_client.post(url(shop, "add-supplier"), typed).status_code == 302
    assert owner_client.post(url(shop, "add-supplier"), typed).status_code == 422
    assert owner_client.post(url(shop, "add-supplier"), typed | {"email": "a@b.example\r\nBcc: x"}).status_code == 422
    foreign = Supplier.objects.create(shop=other_shop, **typed)

    assert owner_client.post(url(shop, "remove-supplier", foreign.pk)).status_code == 404
    owner_client.post(url(shop, "remove-supplier", Supplier.objects.for_shop(shop).get().pk))
    assert list(Supplier.objects.all()) == [foreign]
