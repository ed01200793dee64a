"""What the shop can see of what its business system has seen."""

import gzip
import hashlib
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from lxml import html

from orderpull.models import PullCall, PullPartner, PullReceipt
from orderpull.selectors import panel_of
from orderpull.services import forget_old_calls
from orderpull.services.answers import Kept
from orderpull.tests.client import Erp, body_of, open_pull, sign
from orders.services import add_note, set_fulfilment_status
from orders.tests.factories import make_order
from orders.timeline import Log

pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(shop):
    open_pull(shop)
    return Erp()


def receipts(shop):
    return list(PullReceipt.objects.for_shop(shop).order_by("id").values_list("order_number", "caller", "version"))


def last_list(shop):
    return PullCall.objects.for_shop(shop).filter(step="list").first()


def test_each_version_is_noted_once_for_each_caller(erp, shop, actor):
    PullPartner.objects.create(settings=shop.pull_settings, name="partner", key="PKEY")
    order = make_order(shop)
    make_order(shop)
    erp.pull()
    erp.pull()
    assert receipts(shop) == [(1, "", 1), (2, "", 1)]

    set_fulfilment_status(order, "in_progress", by=actor)
    erp.pull()
    rpc_id = erp.rpc_id()
    pk = sign("12345", "12345_00001", "PKEY", "partner", "orders_get", rpc_id)
    asked = {"shop": "12345", "order_id": "12345_00001", "rpc_id": rpc_id, "pk": pk}
    body_of(erp.get("orders/list", asked | {"partner": "partner", "module": "orders_get"}))

    assert receipts(shop) == [(1, "", 1), (2, "", 1), (1, "", 2), (1, "partner", 2)]
    assert PullReceipt.objects.last().call_id == last_list(shop).pk


@pytest.mark.django_db(transaction=True)  # hanging up ends the request, and with it the database connection
def test_what_was_not_taken_to_the_end_is_not_noted(erp, shop):
    for _ in range(3):
        make_order(shop)

    response = erp.list()
    next(response.streaming_content)
    response.close()

    assert last_list(shop).outcome == "cut_off"
    assert receipts(shop) == []


@pytest.mark.parametrize("accepts", ["", "gzip"])
def test_an_answer_is_kept_byte_for_byte(erp, shop, accepts):
    make_order(shop, customer_name="Åsa <&> 🕯️")

    sent = body_of(erp.get("orders/list", erp.call("20000101000000"), HTTP_ACCEPT_ENCODING=accepts))

    call = last_list(shop)
    kept = gzip.decompress(call.answer)
    assert kept == (gzip.decompress(sent) if accepts else sent)
    assert call.answer_digest == hashlib.sha256(kept).hexdigest()


def test_a_very_large_answer_is_not_kept(monkeypatch):
    monkeypatch.setattr("orderpull.services.answers.MOST_BYTES_KEPT", 10)
    kept, record = Kept(), PullCall()
    for piece in (b"12345", b"67890", b"1"):
        kept.add(piece)

    kept.put_into(record)

    assert (record.answer, record.answer_digest, kept.number_of_bytes) == (None, "", 11)


def test_an_answer_is_kept_for_a_week_and_the_call_for_ninety_days(erp, shop, time_machine):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    erp.pull()

    time_machine.move_to(now + timedelta(days=7, seconds=1), tick=False)
    forget_old_calls()
    assert last_list(shop).answer is None
    assert last_list(shop).answer_digest

    time_machine.move_to(now + timedelta(days=90, seconds=1), tick=False)
    forget_old_calls()
    assert last_list(shop) is None


@pytest.mark.parametrize(("lost", "noted"), [("write_receipts", ["answered"]), ("write_down", [])])
def test_a_note_that_is_lost_does_not_spoil_an_answer(erp, shop, monkeypatch, lost, noted):
    make_order(shop)

    def locked(*arguments):
        raise OperationalError("database is locked")

    monkeypatch.setattr(f"orderpull.services.answers.{lost}", locked)

    assert erp.ids() == ["12345_00001"]
    assert list(shop.pull_calls.filter(step="list").values_list("outcome", flat=True)) == noted
    assert receipts(shop) == []


def card_on_order_page(client, number="00001"):
    page = html.fromstring(client.get(f"/s/12345/orders/{number}/").content)
    cards = page.cssselect("[aria-labelledby=h-window]")
    return " ".join(cards[0].text_content().split()) if cards else None


def test_the_order_page_says_what_was_sent_and_how_far_behind_that_is(erp, shop, actor, clerk_client, time_machine):
    time_machine.move_to("2026-03-22T11:00:00Z", tick=False)
    order = make_order(shop)
    assert card_on_order_page(clerk_client).endswith("Not fetched yet.")

    erp.pull()
    assert "Version 1, sent 22 Mar 2026, 12:00 Up to date" in card_on_order_page(clerk_client)

    set_fulfilment_status(order, "in_progress", by=actor)
    set_fulfilment_status(order, "shipped", by=actor)
    assert "Version 1, sent 22 Mar 2026, 12:00 2 versions behind" in card_on_order_page(clerk_client)


def test_a_shop_that_is_not_pulled_has_no_such_card(shop, clerk_client):
    make_order(shop)

    assert card_on_order_page(clerk_client) is None


@pytest.mark.parametrize("number_of_versions", [1, 5])
def test_the_card_costs_one_query_however_much_was_sent(
    erp, shop, actor, number_of_versions, django_assert_num_queries
):
    order = make_order(shop)
    for _ in range(number_of_versions):
        add_note(order, "x", by=actor)
        erp.pull()

    log = Log.of(order)

    with django_assert_num_queries(1):
        panel_of(order, shop, log)
