"""The page of an order as it was."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from orders.models import LogAction, Order, Source
from orders.services import (
    add_note,
    change_note,
    delete_orders,
    set_fulfilment_status,
    set_line_status,
    set_payment_status,
)
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


def past(client, order, entry, **options):
    return client.get(reverse("orders:at", args=[order.shop.number, order.number, entry.pk]), **options)


def main_of(response):
    """The page without the shell."""
    return re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)[0]


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main_of(response)))


def entry_of(order, action):
    return order.log.filter(action=action).first()


@pytest.fixture
def lived(shop, actor):
    """An order with a past."""
    order = make_order(shop, lines=2, customer_message="Ring twice.")
    note = add_note(order, "Call at noon.", by=actor)
    change_note(note, "Called at noon.", by=actor)
    set_line_status(order, "shipped", by=actor)
    set_fulfilment_status(order, "shipped", by=actor)
    set_payment_status(order, "paid", by=actor)
    return order


def test_it_shows_the_order_as_it_was_and_the_way_back(clerk_client, lived):
    words = text_of(past(clerk_client, lived, entry_of(lived, LogAction.NOTE_ADDED)))

    for expected in (
        "The order as it was on",
        "right after “Note added” by Marit Bakker.",
        "Call at noon.",
        "Ready",
        "Open",
        "Back to now",
    ):
        assert expected in words
    for not_yet in ("Called at noon.", "Shipped", "Paid"):
        assert not_yet not in words


def test_the_last_entry_says_that_nothing_has_changed_since(clerk_client, lived):
    assert "Nothing has changed since." in text_of(past(clerk_client, lived, lived.log.first()))
    assert "Nothing has changed since." not in text_of(past(clerk_client, lived, lived.log.last()))


def test_nothing_in_the_past_can_be_pressed(clerk_client, lived):
    for entry in lived.log.all():
        main = main_of(past(clerk_client, lived, entry))

        assert "<form" not in main
        assert "refund/" not in main
        assert "/edit/" not in main


def test_one_walks_through_it_step_by_step(clerk_client, lived):
    response = past(clerk_client, lived, lived.log.last())
    steps = 0
    while link := response.context["page"].later_url:
        response = clerk_client.get(link)
        steps += 1

    assert steps == lived.log.count() - 1
    assert response.context["page"].is_now


def test_each_entry_of_the_timeline_leads_there(clerk_client, lived):
    response = clerk_client.get(reverse("orders:detail", args=["12345", lived.number]))

    for entry in lived.log.exclude(action=LogAction.LINE_CHANGED):
        assertContains(response, f'href="{reverse("orders:at", args=["12345", lived.number, entry.pk])}"')


def test_what_cannot_be_told_is_said(clerk_client, lived, shop):
    Order.objects.filter(pk=lived.pk).update(fulfilment_status="completed")

    words = text_of(past(clerk_client, lived, lived.log.last()))

    assert "Not all of it can be told." in words
    assert ": Order status" in words
    imported = make_order(shop, source=Source.IMPORT)
    assert "This order was imported" in text_of(past(clerk_client, imported, imported.log.first()))


def test_an_order_in_deleted_has_its_past_too(clerk_client, lived, shop, actor):
    delete_orders([lived.pk], shop=shop, by=actor)

    assert "It was in Deleted then." in text_of(past(clerk_client, lived, lived.log.first()))
    assertNotContains(past(clerk_client, lived, lived.log.last()), "It was in Deleted then.")


def test_an_entry_of_another_order_is_not_there(clerk_client, lived, shop, other_shop):
    beside, foreign = make_order(shop), make_order(other_shop)

    assert past(clerk_client, lived, beside.log.first()).status_code == 404
    assert past(clerk_client, lived, foreign.log.first()).status_code == 404
    assert clerk_client.get(f"/s/12345/orders/{lived.number}/at/{10**17}/").status_code == 404


def test_the_personal_number_stays_where_looking_at_it_is_logged(clerk_client, shop):
    order = make_order(shop, personal_number="19121212-1212")

    assertNotContains(past(clerk_client, order, order.log.first()), "1912")


def test_a_long_log_costs_no_more_questions(clerk_client, shop, actor):
    def queries(order):
        with CaptureQueriesContext(connection) as captured:
            past(clerk_client, order, order.log.last())
        return len(captured)

    short, long = make_order(shop), make_order(shop, lines=20)
    set_line_status(long, "shipped", by=actor)
    for number in range(10):
        add_note(long, f"Note {number}", by=actor)
    queries(short)

    assert queries(short) == queries(long) <= 20
