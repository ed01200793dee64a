"""What a customer sees behind a link, and what nobody sees without one."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import signing
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from orders.models import Address, OrderNote
from orders.services import NewShipment, add_note, delete_orders, set_fulfilment_status, set_line_status
from orders.status_page import LINK_LIFE, LinkRefused, order_of, status_url
from orders.tests.factories import PLACED_AT, make_order, new_line
from orders.views.status_page import TRIES_A_MINUTE
from statuses.models import ShopStatus
from statuses.tests.factories import make_own_status

pytestmark = pytest.mark.django_db


def page(client, order, **options):
    return client.get(status_url(order, order.shop), **options)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_customer_sees_how_far_the_order_is(client, shop, actor):
    order = make_order(
        shop,
        lines=[new_line(name="Oak table", options="Natural oil", quantity=Decimal(2)), new_line(name="Throw")],
        shipments=[NewShipment("PostNL", "3SABCD1234567", PLACED_AT, tracking_url="https://track.example/3S")],
    )
    set_line_status(order, "shipped", by=actor, line=order.lines.get(position=1))
    set_fulfilment_status(order, "partly_shipped", by=actor)
    add_note(order, "The throw follows next week.", by=actor, audience=OrderNote.Audience.CUSTOMER)

    response = page(client, order)

    words = text_of(response)
    for expected in (
        "Your order 00001", "Partly shipped", "2 × Oak table", "Natural oil", "Shipped", "1 × Throw", "Ready",
        "PostNL", "3SABCD1234567", "The throw follows next week.", shop.name,
    ):  # fmt: skip
        assert expected in words
    assertContains(response, 'href="https://track.example/3S"')


def test_what_stays_inside_stays_inside(client, shop, actor):
    order = make_order(
        shop,
        customer_name="Anna Jansen",
        customer_phone="+31 6 5550 0142",
        billing=Address(street="Kade 1", city="Amsterdam"),
        personal_number="19121212-1212",
        lines=[new_line(unit_price=Decimal("98.76"))],
    )
    add_note(order, "Complains a lot.", by=actor)

    response = page(client, order)

    for inside in ("Anna", "anna@", "5550", "Kade", "1912", "98.76", "98,76", "Complains", "Marit"):
        assertNotContains(response, inside)


def test_it_speaks_the_customers_language(client, shop, actor):
    order = make_order(shop, customer_language="nl")
    foreign = make_order(shop, customer_language="fr")
    set_fulfilment_status(order, "shipped", by=actor)

    response = page(client, order, headers={"accept-language": "sv"})

    assertContains(response, '<html lang="nl">')
    assertContains(response, "Verzonden")
    assert response["Content-Language"] == "nl"
    assertContains(page(client, foreign), f'<html lang="{shop.language}">')


def test_a_shop_says_which_statuses_its_customers_see_and_how(client, shop, actor):
    make_own_status(shop, "fulfilment", "check", stands_for="in_progress", name="Fraud check")
    engraving = make_own_status(shop, "line", "engraving", stands_for="ready", name="At Joe's")
    engraving.is_shown_to_customer, engraving.customer_name_en = True, "Being engraved"
    engraving.save()
    ShopStatus.objects.create(shop=shop, kind="fulfilment", code="on_hold", is_builtin=True, is_shown_to_customer=False)
    order = make_order(shop)
    set_fulfilment_status(order, "check", by=actor)
    set_line_status(order, "engraving", by=actor)

    words = text_of(page(client, order))
    set_fulfilment_status(order, "on_hold", by=actor)
    held = text_of(page(client, order))

    assert "In progress" in words
    assert "Being engraved" in words
    assert "Fraud" not in words
    assert "Joe" not in words
    assert "On hold" not in held


def test_a_back_ordered_line_says_when_it_is_expected(client, shop):
    order = make_order(shop, lines=[new_line(is_backordered=True, expected_on=date(2026, 4, 2))])

    assert "Backordered, expected 2 Apr 2026" in text_of(page(client, order))


def test_a_link_that_leads_elsewhere_is_no_link(client, shop):
    order = make_order(shop, shipments=[NewShipment("X", "CODE", PLACED_AT, tracking_url="javascript:alert(1)")])

    assertNotContains(page(client, order), "javascript")


def test_texts_of_strangers_are_escaped(client, shop, actor):
    order = make_order(shop, lines=[new_line(name="<script>alert(1)</script>")])
    add_note(order, "<b>bold</b>", by=actor, audience=OrderNote.Audience.CUSTOMER)

    response = page(client, order)

    assertNotContains(response, "<script>alert")
    assertNotContains(response, "<b>bold")


def test_nobody_keeps_lists_or_passes_on_the_page(client, shop):
    response = page(client, make_order(shop))

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies
    assertContains(response, '<meta name="robots" content="noindex, nofollow">')
    assertNotContains(response, "<form")


def test_every_link_that_does_not_work_gets_the_same_page(client, shop, other_shop, actor):
    order, deleted = make_order(shop), make_order(shop)
    delete_orders([deleted.pk], shop=shop, by=actor)
    good = status_url(order, shop)
    id_, stamp, signature = good.removeprefix("/status/").removesuffix("/").split(".")
    other_salt = signing.TimestampSigner(sep=".", salt="something.else").sign("12345_00001")
    signer = signing.TimestampSigner(sep=".", salt="orders.status-page")
    refused = [
        status_url(deleted, shop),
        f"/status/12345_00002.{stamp}.{signature}/",
        f"/status/54321_00001.{stamp}.{signature}/",
        f"/status/{id_}.{stamp}x.{signature}/",
        f"/status/{id_}.{stamp}.{signature[:-1]}/",
        f"/status/{other_salt}/",
        f"/status/{signer.sign('12345_99999')}/",
        f"/status/{signer.sign('nonsense')}/",
        f"/status/{signer.sign('12345_' + '9' * 30)}/",
        "/status/x/",
        "/status/....../",
        "/status/%F0%9F%98%80/",
        "/status/" + "a" * 3000 + "/",
    ]

    answers = [client.get(url) for url in refused]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert "This link does not work" in text_of(answers[0])
    assert client.get(good).status_code == 200


def test_a_link_ends_after_ninety_days(client, shop, time_machine):
    order = make_order(shop)
    url = status_url(order, shop)

    time_machine.move_to(timezone.now() + LINK_LIFE - timedelta(minutes=1))
    assert client.get(url).status_code == 200

    time_machine.move_to(timezone.now() + timedelta(minutes=2))
    assert client.get(url).status_code == 404


def test_a_link_is_for_one_order(shop, other_shop):
    order, same_number = make_order(shop), make_order(other_shop)
    assert order.number == same_number.number

    assert order_of(status_url(order, shop).split("/")[2]) == order
    assert order_of(status_url(same_number, other_shop).split("/")[2]) == same_number
    with pytest.raises(LinkRefused):
        order_of("12345_00001")


def test_who_asks_too_often_waits(client, shop):
    url = status_url(make_order(shop), shop)
    for _ in range(TRIES_A_MINUTE):
        assert client.get(url).status_code == 200

    response = client.get(url)

    assert response.status_code == 429
    assert response["Retry-After"] == "60"
    assert client.get(url, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_link_is_in_no_log(client, shop, caplog):
    url = status_url(make_order(shop), shop)
    with caplog.at_level("INFO"):
        client.get(url)

    assert url.split(".")[2] not in caplog.text
    assert "/status/…" in caplog.text


@pytest.mark.parametrize("number_of_lines", [1, 30])
def test_a_long_order_costs_no_more_questions(client, shop, actor, number_of_lines, django_assert_num_queries):
    order = make_order(shop, lines=number_of_lines)
    url = status_url(order, shop)

    with django_assert_num_queries(5):
        assert client.get(url).status_code == 200


def test_staff_find_the_link_on_the_order_page(clerk_client, shop, client):
    order = make_order(shop)

    shown = clerk_client.get(f"/s/12345/orders/{order.display_number}/").content.decode()
    link = re.search(r'href="(http://testserver/status/[^"]+)"', shown)[1]

    assert f'data-copy="{link}"' in shown
    assert client.get(link).status_code == 200
