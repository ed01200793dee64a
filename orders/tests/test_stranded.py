"""What was typed at a line that takes nothing any more stays to be read, with the reason beside it."""

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse
from lxml import html

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.models import Order
from orders.services import (
    Dispatch,
    Edit,
    LineWish,
    NewPayment,
    RefundPlan,
    add_shipment,
    announce_return,
    edit_order,
    refund_order,
)
from orders.services.editing import line_values
from orders.tests.factories import PLACED_AT, make_order, new_line

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def order(shop):
    return make_order(
        shop,
        lines=[new_line(quantity=D(2)), new_line(sku="BOWL", name="Bowl", quantity=D(3))],
        payments=[NewPayment(D("60.50"), "iDEAL", "paid", PLACED_AT)],
    )


@pytest.fixture
def boss_client(client, shop):
    client.force_login(make_staff(shop, Role.MANAGER).user)
    return client


def url(name, order):
    return reverse(f"orders:{name}", args=[order.shop.number, order.display_number])


def form_of(response):
    return html.fromstring(response.content).cssselect("main form[method=post]")[-1]


def fields_of(response):
    return {name: text for name, text in form_of(response).form_values() if name != "csrfmiddlewaretoken"}


def words_of(response):
    return " ".join(html.fromstring(response.content).cssselect("main")[0].text_content().split())


def refund_all(order, position, by):
    quantity = order.lines.get(position=position).quantity
    refund_order(order, RefundPlan(key=uuid.uuid4(), lines={position: LineWish(quantity)}), by=by)


def remove(order, position, by):
    line = order.lines.get(position=position)
    edit_order(order, Edit(removed={line.pk: line_values(line, order)}), by=by)


def test_a_refunded_line_shows_what_was_to_be_split_off_and_the_rest_can_go(boss_client, order, actor):
    typed = fields_of(boss_client.get(url("split", order))) | {"part1.1": "1", "part1.2": "2"}
    refund_all(order, 1, actor)

    refused = boss_client.post(url("split", order), typed | {"to": "order", "step": "split"})

    assert refused.status_code == 422
    row = form_of(refused).cssselect("tbody tr")[0]
    (kept,) = row.cssselect("input")
    assert (kept.get("value"), kept.get("readonly")) == ("1", "readonly")
    assert "It is part of a refund or a return." in row.text_content()

    more = boss_client.post(url("split", order), fields_of(refused) | {"to": "order", "step": "more"})
    assert fields_of(more) == fields_of(refused) | {"part2.2": "", "columns": "2"}
    boss_client.post(url("split", order), fields_of(more) | {"to": "order", "step": "split"})
    part = Order.objects.get(split_from=order)
    assert [(line.sku, line.quantity) for line in part.lines.all()] == [("BOWL", D(2))]


@pytest.mark.parametrize(
    ("page", "field", "begin"),
    [
        ("split", "part1.1", {"to": "order", "step": "split"}),
        ("refund", "quantity.1", {"step": "check"}),
        ("ship", "quantity-1", {}),
        ("announce-return", "quantity.1", {"reason": "damaged"}),
    ],
)
def test_a_removed_line_takes_nothing_along_that_was_typed(boss_client, order, actor, page, field, begin):
    typed = fields_of(boss_client.get(url(page, order))) | begin | {field: "1", field[:-1] + "2": "2"}
    remove(order, 1, actor)
    entries = order.log.count()

    refused = boss_client.post(url(page, order), typed)

    assert refused.status_code == 422
    assert "A line that was removed: 1 It is not in this order any more." in words_of(refused)
    assert order.log.count() == entries
    assert fields_of(refused)["kept." + field] == "1"
    assert fields_of(refused)[field[:-1] + "2"] == "2"

    again = boss_client.post(url(page, order), fields_of(refused) | begin)
    assert again.status_code in (200, 302)


@pytest.mark.parametrize(
    ("page", "field", "begin", "reason"),
    [
        ("refund", "quantity.1", {"step": "check"}, "Nothing of this line can be refunded any more."),
        ("ship", "quantity-1", {}, "Nothing of this line is left to ship."),
        ("announce-return", "quantity.1", {"reason": "damaged"}, "Nothing of this line can come back any more."),
    ],
)
def test_what_somebody_else_did_first_is_told_beside_what_was_typed(
    boss_client, order, actor, page, field, begin, reason
):
    typed = fields_of(boss_client.get(url(page, order))) | begin | {field: "2"}
    {
        "refund": lambda: refund_all(order, 1, actor),
        "ship": lambda: add_shipment(order, Dispatch({1: D(2)}), by=actor),
        "announce-return": lambda: announce_return(order, {1: D(2)}, reason="damaged", by=actor),
    }[page]()
    entries = order.log.count()

    refused = boss_client.post(url(page, order), typed)

    assert refused.status_code == 422
    assert f"Candle: 2 {reason}" in words_of(refused)
    assert fields_of(refused)["kept." + field] == "2"
    assert order.log.count() == entries


def test_a_return_that_is_sent_twice_is_one_though_nothing_is_left_of_its_line(boss_client, order):
    typed = fields_of(boss_client.get(url("announce-return", order))) | {"reason": "damaged", "quantity.1": "2"}

    for _press in range(2):
        assert boss_client.post(url("announce-return", order), typed).status_code == 302

    assert order.returns.count() == 1


def test_an_empty_or_foreign_field_is_nothing_that_was_typed(boss_client, order, actor):
    typed = fields_of(boss_client.get(url("refund", order))) | {"step": "check", "quantity.2": "1"}
    refund_all(order, 1, actor)
    typed |= {"seen": fields_of(boss_client.get(url("refund", order)))["seen"]}

    page = boss_client.post(
        url("refund", order), typed | {"quantity.1": " 0,00 ", "quantity.x": "1", "part99.1": "1", "kept.free": "1"}
    )

    assert page.status_code == 200
    assert "You had typed" not in words_of(page)
