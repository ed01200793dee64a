"""A change of an order causes the right mails, once, in its own transaction."""

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import jobs
from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from messaging.models import MailSettings, MailState, OutboxMail, Recipient, TriggerEvent
from messaging.tests.factories import make_template, make_trigger
from orders.jobs import start_bulk
from orders.models import Order, Source
from orders.services import (
    Dispatch,
    add_shipment,
    announce_return,
    changing,
    receive_return,
    record_payment,
    refuse_return,
    remove_shipment,
    set_fulfilment_status,
    set_internal_status,
    set_status_of_many,
)
from orders.services.status import set_line_status
from orders.services.undo import undo
from orders.tests.factories import make_order
from statuses.models import ShopStatus


def mails_of(shop) -> list[tuple[str, str]]:
    return list(OutboxMail.objects.for_shop(shop).order_by("id").values_list("event", "recipient"))


def test_a_new_status_queues_the_mail_that_is_tied_to_it(shop):
    trigger = make_trigger(shop)
    order = make_order(shop)
    before = timezone.now()

    entry = set_fulfilment_status(order, "shipped", by=SYSTEM)

    mail = OutboxMail.objects.get()
    assert (mail.order, mail.event, mail.recipient, mail.template) == (
        order,
        "fulfilment:shipped",
        "anna@example.org",
        trigger.template,
    )
    assert (mail.state, mail.act) == (MailState.HELD, entry.act)
    assert timedelta(seconds=60) <= mail.due_at - before < timedelta(seconds=70)


def test_another_status_queues_nothing(shop):
    make_trigger(shop)
    order = make_order(shop)

    set_fulfilment_status(order, "in_progress", by=SYSTEM)

    assert not OutboxMail.objects.exists()


def test_a_status_reached_twice_mails_once(shop):
    make_trigger(shop, code="in_progress")
    order = make_order(shop)

    for code in ("in_progress", "ready", "in_progress"):
        set_fulfilment_status(order, code, by=SYSTEM)

    assert mails_of(shop) == [("fulfilment:in_progress", "anna@example.org")]


def test_a_trigger_for_each_time_mails_each_time(shop):
    make_trigger(shop, code="in_progress", each_time=True)
    order = make_order(shop)

    for code in ("in_progress", "ready", "in_progress"):
        set_fulfilment_status(order, code, by=SYSTEM)

    assert OutboxMail.objects.count() == 2


def test_undo_recalls_the_mail_and_a_second_try_mails_again(shop):
    make_trigger(shop)
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=SYSTEM)

    undo(entry.act, shop=shop, by=SYSTEM)

    assert list(OutboxMail.objects.values_list("state", "reason")) == [("cancelled", "undone")]

    set_fulfilment_status(order, "shipped", by=SYSTEM)

    assert sorted(OutboxMail.objects.values_list("state", flat=True)) == ["cancelled", "held"]


def test_undo_recalls_nothing_that_has_left(shop):
    make_trigger(shop)
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=SYSTEM)
    OutboxMail.objects.update(state=MailState.SENT)

    undo(entry.act, shop=shop, by=SYSTEM)

    assert OutboxMail.objects.get().state == MailState.SENT


def test_going_back_by_undo_mails_nobody(shop):
    make_trigger(shop, code="ready")
    order = make_order(shop)
    entry = set_fulfilment_status(order, "shipped", by=SYSTEM)

    undo(entry.act, shop=shop, by=SYSTEM)

    assert not OutboxMail.objects.exists()


def test_taking_a_shipment_back_recalls_its_mail_and_mails_nobody(shop):
    for code in ("shipped", "ready"):
        make_trigger(shop, code=code)
    make_trigger(shop, event="line", code="ready")
    order = make_order(shop)
    shipment = add_shipment(order, Dispatch({1: Decimal(1)}), by=SYSTEM)

    remove_shipment(shipment, by=SYSTEM)

    assert Order.objects.get(pk=order.pk).fulfilment_status == "ready"
    assert list(OutboxMail.objects.values_list("event", "state", "reason")) == [
        ("fulfilment:shipped", "cancelled", "undone")
    ]


def test_a_line_that_comes_back_is_told_and_one_that_goes_to_the_customer_again_is_not(shop):
    for code in ("returned", "shipped", "credited"):
        make_trigger(shop, event="line", code=code)
    order = make_order(shop)
    announced = announce_return(order, {1: Decimal(1)}, reason="damaged", by=SYSTEM)

    receive_return(announced, by=SYSTEM)
    refuse_return(announced, by=SYSTEM)

    line = order.lines.get()
    assert line.status == "shipped"
    assert [event for event, _recipient in mails_of(shop)] == [f"line:returned:{line.pk}"]


def test_do_not_notify_mails_nobody(shop):
    make_trigger(shop)
    order = make_order(shop)

    set_fulfilment_status(order, "shipped", by=replace(SYSTEM, is_quiet=True))

    assert not OutboxMail.objects.exists()


class CourierDown(Exception):
    pass


def test_f29_a_change_that_is_rolled_back_leaves_no_mail(shop):
    make_trigger(shop)
    order = make_order(shop)

    def ship_and_fail():
        with changing(shop, by=SYSTEM):
            set_fulfilment_status(order, "shipped", by=SYSTEM)
            raise CourierDown

    with pytest.raises(CourierDown):
        ship_and_fail()

    assert not OutboxMail.objects.exists()


def test_a_placed_order_is_confirmed_and_its_first_statuses_are_not_told(shop):
    make_trigger(shop, event=TriggerEvent.PLACED, code="")
    make_trigger(shop, make_template(shop, name="Ready"), code="ready")

    make_order(shop)

    assert mails_of(shop) == [("order.placed", "anna@example.org")]


@pytest.mark.parametrize(
    "past",
    [
        {"source": Source.IMPORT, "source_name": "old shop", "source_id": "7"},
        {"fulfilment_status": "completed"},
        {"fulfilment_status": "aborted"},
    ],
    ids=str,
)
def test_orders_with_a_past_are_not_confirmed(shop, past):
    make_trigger(shop, event=TriggerEvent.PLACED, code="")

    make_order(shop, **past)

    assert not OutboxMail.objects.exists()


def test_a_checkout_that_is_resumed_is_confirmed(shop):
    make_trigger(shop, event=TriggerEvent.PLACED, code="")
    order = make_order(shop, fulfilment_status="aborted")

    set_fulfilment_status(order, "new", by=SYSTEM)

    assert mails_of(shop) == [("order.placed", "anna@example.org")]


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_a_checkout_that_lapses_is_neither_confirmed_nor_cancelled_by_mail(shop, end):
    for event, code in ((TriggerEvent.PLACED, ""), (TriggerEvent.FULFILMENT, end)):
        make_trigger(shop, event=event, code=code)
    order = make_order(shop, fulfilment_status="aborted")

    set_fulfilment_status(order, end, by=SYSTEM)

    assert Order.objects.get(pk=order.pk).fulfilment_status == end
    assert not OutboxMail.objects.exists()


def test_a_payment_that_comes_in_is_told(shop):
    make_trigger(shop, event=TriggerEvent.PAYMENT, code="paid")
    order = make_order(shop)

    record_payment(order, order.total, method="Bank", paid_at=timezone.now(), by=SYSTEM)

    assert mails_of(shop) == [("payment:paid", "anna@example.org")]


def test_an_own_status_has_a_mail_of_its_own_or_its_built_in_words(shop):
    packed = ShopStatus.objects.create(
        shop=shop, kind="fulfilment", code="packed", name_en="Packed", stands_for="in_progress"
    )
    make_trigger(shop, make_template(shop, name="In progress"), code="in_progress")
    own = make_trigger(shop, make_template(shop, name="Packed"), code="", own_status=packed)
    first, second = make_order(shop), make_order(shop)

    set_fulfilment_status(first, "packed", by=SYSTEM)
    own.delete()
    set_fulfilment_status(second, "packed", by=SYSTEM)

    assert [event for event, _to in mails_of(shop)] == [f"fulfilment:own:{packed.pk}"] * 2
    assert list(OutboxMail.objects.order_by("id").values_list("template_name", flat=True)) == ["Packed", "In progress"]


def test_internal_and_line_statuses_can_be_told_too(shop):
    checked = ShopStatus.objects.create(shop=shop, kind="internal", code="checked", name_en="Checked")
    make_trigger(shop, event=TriggerEvent.INTERNAL, code="", own_status=checked)
    make_trigger(shop, event=TriggerEvent.LINE, code="backordered")
    order = make_order(shop, lines=2)

    set_internal_status(order, "checked", by=SYSTEM)
    line = order.lines.first()
    set_line_status(order, "backordered", line=line, by=SYSTEM)

    assert [event for event, _to in mails_of(shop)] == [f"internal:own:{checked.pk}", f"line:backordered:{line.pk}"]


def test_a_target_shop_has_its_own_mail_and_can_be_silent(shop):
    english, quiet = make_shop("12346", base_shop=shop), make_shop("12347", base_shop=shop)
    make_trigger(shop, make_template(shop, name="base"))
    make_trigger(shop, make_template(shop, name="english"), target_shop=english)
    make_trigger(shop, target_shop=quiet, is_on=False)

    for target in (None, english, quiet):
        set_fulfilment_status(make_order(shop, target_shop=target), "shipped", by=SYSTEM)

    assert list(OutboxMail.objects.order_by("id").values_list("template_name", flat=True)) == ["base", "english"]


def test_the_shop_and_others_can_be_told_and_get_copies(shop):
    shop.email = "shop@shop.example"
    shop.save()
    make_trigger(shop, event=TriggerEvent.PLACED, code="", copy_to_shop=True)
    make_trigger(shop, event=TriggerEvent.PLACED, code="", recipient=Recipient.SHOP)
    make_trigger(shop, event=TriggerEvent.PLACED, code="", recipient=Recipient.ADDRESS, address="them@example.net")

    make_order(shop)

    told = sorted(to for _event, to in mails_of(shop))
    assert told == ["anna@example.org", "shop@shop.example", "shop@shop.example", "them@example.net"]


def test_customers_of_marketplaces_are_left_to_the_marketplace(shop):
    shop.email = "shop@shop.example"
    shop.save()
    make_trigger(shop)
    make_trigger(shop, recipient=Recipient.SHOP)
    orders = [make_order(shop, source=Source.MARKETPLACE, source_name="bol", source_id=f"B{n}") for n in (1, 2)]

    set_fulfilment_status(orders[0], "shipped", by=SYSTEM)
    MailSettings.objects.create(shop=shop, mails_marketplace_customers=True)
    set_fulfilment_status(orders[1], "shipped", by=SYSTEM)

    told = ["shop@shop.example", "anna@example.org", "shop@shop.example"]
    assert [to for _event, to in mails_of(shop)] == told


def test_what_is_switched_off_mails_nobody(shop):
    make_trigger(shop, is_on=False)
    make_trigger(shop, make_template(shop, is_active=False))
    order = make_order(shop)

    set_fulfilment_status(order, "shipped", by=SYSTEM)

    assert not OutboxMail.objects.exists()


def test_other_shops_triggers_say_nothing_here(shop, other_shop):
    make_trigger(other_shop)

    set_fulfilment_status(make_order(shop), "shipped", by=SYSTEM)

    assert not OutboxMail.objects.exists()


def queries_of_a_change(orders, shop, code) -> int:
    with CaptureQueriesContext(connection) as captured:
        set_status_of_many([order.pk for order in orders], "fulfilment", code, shop=shop, by=SYSTEM)
    return len(captured)


def test_a_mail_costs_three_queries_for_one_order_as_for_twenty(shop):
    orders = [make_order(shop) for _ in range(23)]
    without = queries_of_a_change(orders[:1], shop, "in_progress")
    make_trigger(shop)
    make_trigger(shop, code="in_progress")

    one = queries_of_a_change(orders[1:2], shop, "in_progress")
    twenty = queries_of_a_change(orders[3:], shop, "in_progress")

    assert OutboxMail.objects.count() == 21
    assert one - without <= 3
    assert twenty == one


def test_an_order_without_any_address_still_changes(shop):
    make_trigger(shop)
    order = make_order(shop, customer_email="")

    set_fulfilment_status(order, "shipped", by=SYSTEM)

    assert Order.objects.get(pk=order.pk).fulfilment_status == "shipped"
    assert OutboxMail.objects.get().recipient == ""


def test_do_not_notify_reaches_a_job_too(shop):
    make_trigger(shop)
    make_order(shop)
    by = replace(SYSTEM, is_quiet=True)
    orders = Order.objects.for_shop(shop)

    job = start_bulk("fulfilment:shipped", "", orders, shop=shop, by=by, token=uuid.uuid4())
    jobs.run(job.pk)

    assert orders.get().fulfilment_status == "shipped"
    assert not OutboxMail.objects.exists()
