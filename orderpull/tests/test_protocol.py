import gzip
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from lxml import etree

from backoffice.actor import SYSTEM
from backoffice.tests.factories import make_shop
from orderpull.models import PullCall, PullPartner, PullReceipt, RpcId
from orderpull.services import forget_old_calls, new_key, rotate_key
from orderpull.tasks import forget_expired_rpc_ids
from orderpull.tests.client import KEY, Erp, body_of, open_pull, sign
from orders.documents import FIRST_CHUNK, order_documents
from orders.exports.xml import SCHEMA, orders_of_documents, write_orders
from orders.exports.xml_orders import export_orders
from orders.models import Order, OrderNote
from orders.services import (
    add_note,
    delete_orders,
    remove_note,
    set_fulfilment_status,
    set_line_status,
    set_payment_status,
)
from orders.services.new_order import NewNote
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
# Where a transaction of its own begins and ends, a test sees two statements.
SAVEPOINT = 2
NOON = "2026-03-22T11:00:00Z"


@pytest.fixture
def erp(shop):
    open_pull(shop)
    return Erp()


def outcomes(shop):
    return list(PullCall.objects.for_shop(shop).order_by("id").values_list("step", "outcome"))


def test_the_id_stands_right_behind_its_tag(erp):
    response = erp.get("id", {"shop": "12345"})

    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert re.fullmatch(b'<\\?xml version="1.0" encoding="UTF-8"\\?>\n<rpc_id>[1-9][0-9]{9}</rpc_id>', response.content)
    assert RpcId.objects.get().shop.number == "12345"


def test_the_published_vector_is_answered(erp, shop):
    RpcId.objects.create(digits="1234567890", shop=shop, issued_at=timezone.now())
    order = make_order(shop)

    response = erp.get(
        "orders/list",
        "shop=12345&pk=763ef218e39cb7ccdebd3fec853e3ff423c48371&change_time=20090106112400&rpc_id=1234567890",
    )

    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert [each.get("id") for each in etree.fromstring(body_of(response))] == [order.external_id(shop)]


@pytest.mark.parametrize(
    "asked",
    [
        "change_time=20010101010101&pk=7d483a2fe946bd6fcce13895c0eb7e275814d310",
        "order_id=1817700_00012&pk=7b7cbf00069f6126a68fb7ed22ad393413c129a9",
    ],
)
def test_the_published_vectors_of_partners_are_answered(asked):
    shop = make_shop("1817700")
    PullPartner.objects.create(settings=open_pull(shop), name="demo_partner", key="PKEY")
    RpcId.objects.create(digits="1234567890", shop=shop, issued_at=timezone.now())
    make_order(shop, number=12)
    partner = "partner=demo_partner&module=orders_get&system_export=1"

    response = Erp().get("orders/list", f"shop=1817700&rpc_id=1234567890&{partner}&{asked}")

    assert [each.get("id") for each in etree.fromstring(body_of(response))] == ["1817700_00012"]


def test_a_pull_is_byte_for_byte_what_the_export_writes(erp, shop, actor, time_machine):
    time_machine.move_to(NOON, tick=False)
    for _ in range(3):
        make_order(shop)
    deleted = make_order(shop)
    delete_orders([deleted.pk], shop=shop, by=actor)
    orders = Order.objects.for_shop(shop).order_by("changed_at", "id")
    keys = [order.pk for order in orders]

    body = body_of(erp.list("20260322100000"))

    assert body == b"".join(
        write_orders(
            orders_of_documents(order_documents(keys, shop=shop), shop),
            shop=shop,
            generated=timezone.now(),
            count=4,
            change_time="20260322100000",
            next_change_time=timezone.now(),
        )
    )
    # The export itself differs in the two attributes that belong to a pull, and in nothing else.
    pull_only = b' change_time="20260322100000" next_change_time="20260322120000"'
    assert body.replace(pull_only, b"") == b"".join(export_orders(orders, shop))
    assert etree.XMLSchema(etree.parse(SCHEMA)).validate(etree.fromstring(body))


def test_pulling_twice_gives_the_same_and_changes_nothing(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    order = make_order(shop)

    first, second = body_of(erp.list()), body_of(erp.list())

    assert first == second
    version = order.version
    order.refresh_from_db()
    assert order.version == version


CHANGES = {
    "fulfilment": lambda order, by: set_fulfilment_status(order, "in_progress", by=by),
    "payment": lambda order, by: set_payment_status(order, "awaiting", by=by),
    "line": lambda order, by: set_line_status(order, "complaint", by=by),
    "note": lambda order, by: add_note(order, "On its way", by=by, audience=OrderNote.Audience.CUSTOMER),
    "note removed": lambda order, by: remove_note(order.notes.get(), by=by),
    "deleted": lambda order, by: delete_orders([order.pk], shop=order.shop, by=by),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_pulled_from_its_second_on_and_not_from_the_next(erp, shop, actor, time_machine, change):
    time_machine.move_to("2026-03-22T11:00:00.7Z", tick=False)
    order = make_order(shop, notes=[NewNote("Soon", "Marit", timezone.now(), OrderNote.Audience.CUSTOMER)])
    before = body_of(erp.list())
    time_machine.move_to("2026-03-22T11:30:00.7Z", tick=False)
    change(order, actor)

    assert erp.ids("20260322123000") == ["12345_00001"]
    assert erp.ids("20260322123001") == []
    assert body_of(erp.list()) != before


def test_nothing_changed_is_an_empty_document(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)

    body = body_of(erp.list("20260322120001"))

    assert body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<orders shop="12345" generated="20260322120000"'
        b' change_time="20260322120001" next_change_time="20260322120000" count="0">\n</orders>\n'
    )


def test_who_follows_next_change_time_misses_nothing_and_comes_to_rest(erp, shop, actor, time_machine):
    time_machine.move_to("2026-03-22T11:00:00.2Z", tick=False)
    order = make_order(shop)
    following = erp.pull().get("next_change_time")

    # Still the same second: this one comes because times are cut to the second.
    time_machine.move_to("2026-03-22T11:00:00.9Z", tick=False)
    set_fulfilment_status(order, "in_progress", by=actor)
    time_machine.move_to("2026-03-22T11:00:30Z", tick=False)
    root = erp.pull(following)

    assert [each.find("fulfilment").get("status") for each in root] == ["in_progress"]
    assert erp.ids(root.get("next_change_time")) == []


def test_a_deleted_order_is_a_tombstone(erp, shop, actor):
    order = make_order(shop)
    delete_orders([order.pk], shop=shop, by=actor)

    (tombstone,) = erp.pull()

    assert dict(tombstone.attrib) == {
        "id": "12345_00001",
        "number": "00001",
        "version": "2",
        "changed_at": tombstone.get("changed_at"),
        "deleted": "yes",
    }
    assert len(tombstone) == 0


def test_aborted_checkouts_come_only_when_asked_for(erp, shop):
    make_order(shop, fulfilment_status="aborted")
    placed = make_order(shop)

    assert erp.ids() == [placed.external_id(shop)]

    shop.pull_settings.include_aborted = True
    shop.pull_settings.save()
    assert len(erp.ids()) == 2


def test_orders_of_other_shops_do_not_exist_here(erp, shop, other_shop):
    make_order(other_shop)
    make_order(shop)

    assert erp.ids() == ["12345_00001"]


def test_times_are_on_the_shops_clock():
    shop = make_shop("70002", time_zone="America/New_York")
    open_pull(shop)
    order = make_order(shop)
    changed = order.changed_at.astimezone(ZoneInfo("America/New_York"))

    assert Erp("70002").ids(f"{changed:%Y%m%d%H%M%S}") == ["70002_00001"]
    assert Erp("70002").ids(f"{changed + timedelta(seconds=1):%Y%m%d%H%M%S}") == []


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Amsterdam", "Asia/Tokyo"])
def test_the_first_second_of_all_time_is_everything_and_the_last_is_nothing(zone):
    shop = make_shop("70002", time_zone=zone)
    open_pull(shop)
    make_order(shop)

    assert [Erp("70002").ids(moment) for moment in ("00010101000000", "99991231235959")] == [["70002_00001"], []]


def test_a_target_shop_is_pulled_with_the_base_shops_key(erp, shop):
    target, other = make_shop("12346", base_shop=shop), make_shop("12347", base_shop=shop)
    make_order(shop)
    make_order(shop, target_shop=target)
    make_order(shop, target_shop=other)

    assert Erp("12346").ids() == ["12345_00002"]
    assert erp.ids() == ["12345_00001", "12345_00002", "12345_00003"]
    assert outcomes(shop)[0] == ("id", "answered")
    assert PullCall.objects.order_by("id").first().shop_number == "12346"


def test_one_order_is_asked_for_by_its_id(erp, shop):
    for _ in range(3):
        make_order(shop)
    rpc_id = erp.rpc_id()

    def ask(order_id):
        pk = sign("12345", order_id, rpc_id, KEY)
        response = erp.get("orders/list", {"shop": "12345", "order_id": order_id, "rpc_id": rpc_id, "pk": pk})
        return [each.get("id") for each in etree.fromstring(body_of(response))]

    assert ask("12345_00002") == ["12345_00002"]
    assert ask("12345_00009") == []
    assert ask("54321_00001") == []


def test_a_partner_pulls_with_its_own_key(erp, shop):
    PullPartner.objects.create(settings=shop.pull_settings, name="demo_partner", key="PKEY")
    make_order(shop)
    rpc_id = erp.rpc_id()

    def ask(partner="demo_partner", module="orders_get", key="PKEY"):
        moment = "20010101010101"
        return erp.get(
            "orders/list",
            {
                "shop": "12345",
                "change_time": moment,
                "rpc_id": rpc_id,
                "partner": partner,
                "module": module,
                "system_export": "1",
                "pk": sign("12345", moment, key, partner, module, rpc_id),
            },
        )

    assert b'id="12345_00001"' in body_of(ask())
    assert PullCall.objects.order_by("id").last().partner == "demo_partner"
    assert [ask(partner="x").status_code, ask(module="x").status_code, ask(key=KEY).status_code] == [403, 403, 403]
    assert [outcome for _, outcome in outcomes(shop)[-3:]] == ["partner_unknown", "partner_unknown", "signature_wrong"]


def test_a_replaced_key_is_good_for_a_day(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    old = KEY
    new = rotate_key(shop, by=SYSTEM)

    assert (len(new), new != new_key()) == (40, True)
    assert Erp(key=new).list().status_code == 200
    assert Erp(key=old).list().status_code == 200

    time_machine.shift(timedelta(hours=24))
    assert Erp(key=new).list().status_code == 200
    assert Erp(key=old).list().status_code == 403


def test_t8_an_id_serves_its_shop_for_two_minutes(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    rpc_id = erp.rpc_id()

    statuses = []
    for second in (0, 119, 121):
        time_machine.move_to(datetime.fromisoformat(NOON) + timedelta(seconds=second), tick=False)
        statuses.append(erp.list(rpc_id=rpc_id).status_code)

    assert statuses == [200, 200, 403]
    assert outcomes(shop)[-1] == ("list", "id_expired")


def test_f30_a_clock_that_is_set_back_prolongs_no_id(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    rpc_id = erp.rpc_id()

    time_machine.shift(timedelta(seconds=-3))
    assert erp.list(rpc_id=rpc_id).status_code == 200

    time_machine.shift(timedelta(hours=-1))
    assert erp.list(rpc_id=rpc_id).status_code == 403


@pytest.mark.parametrize("hours", [-1, 1, 24])
def test_f30_a_clock_that_jumps_loses_no_change(erp, shop, actor, time_machine, hours):
    time_machine.move_to(NOON, tick=False)
    order = make_order(shop)
    following = erp.pull().get("next_change_time")

    time_machine.shift(timedelta(hours=hours))
    set_fulfilment_status(order, "in_progress", by=actor)

    (pulled,) = erp.pull(following)
    assert pulled.find("fulfilment").get("status") == "in_progress"


@pytest.mark.parametrize("night", ["2026-03-29T00:59:30Z", "2026-10-25T00:59:30Z"])
def test_f30_the_nights_of_the_clock_change_lose_no_change(erp, shop, actor, time_machine, night):
    """Three habits of remembering where one was: what the answer says, the highest time seen, one's own clock."""
    time_machine.move_to(night, tick=False)
    order = make_order(shop)
    root = erp.pull()
    own_clock = timezone.now().astimezone(shop.zone).strftime("%Y%m%d%H%M%S")
    cursors = [root.get("next_change_time"), root.findtext("order/changed_at"), own_clock]

    time_machine.shift(timedelta(minutes=1))
    set_fulfilment_status(order, "in_progress", by=actor)

    for cursor in cursors:
        assert [each.find("fulfilment").get("status") for each in erp.pull(cursor)] == ["in_progress"]


def test_t8_an_id_of_another_shop_or_of_nobody_is_refused(erp, shop, other_shop):
    open_pull(other_shop)

    foreign = erp.list(rpc_id=Erp("54321").rpc_id())
    invented = erp.list(rpc_id="1234567890")

    assert [foreign.status_code, invented.status_code] == [403, 403]
    assert [outcome for _, outcome in outcomes(shop)] == ["id_of_other_shop", "id_unknown"]


def test_a_target_shops_id_is_not_the_base_shops(erp, shop):
    make_shop("12346", base_shop=shop)

    assert erp.list(rpc_id=Erp("12346").rpc_id()).status_code == 403


def test_head_answers_like_get_without_a_body(erp, shop):
    make_order(shop)
    known = erp.rpc_id()
    ids = RpcId.objects.count()

    first = erp.get("id", {"shop": "12345"}, method="head")
    second = erp.get("orders/list", erp.call("20000101000000", known), method="head")
    refused = erp.get("orders/list", erp.call("20000101000000", known, pk="x"), method="head")

    assert [first.status_code, second.status_code, refused.status_code] == [200, 200, 403]
    assert [body_of(each) for each in (first, second, refused)] == [b"", b"", b""]
    assert second["Content-Type"] == "text/xml; charset=UTF-8"
    assert RpcId.objects.count() == ids
    assert PullCall.objects.filter(step="list", outcome="answered").get().number_of_orders == 0


@pytest.mark.parametrize("offer", ["gzip", "deflate, GZIP;q=0.5", "br;q=1.0, gzip;q=0.8, *;q=0.1"])
def test_an_answer_is_compressed_when_asked(erp, shop, offer):
    make_order(shop)

    response = erp.get("orders/list", erp.call("20000101000000"), HTTP_ACCEPT_ENCODING=offer)

    assert response["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response["Vary"]
    root = etree.fromstring(gzip.decompress(body_of(response)))
    assert [each.get("id") for each in root] == ["12345_00001"]


@pytest.mark.parametrize("offer", ["", "identity", "gzip;q=0", "gzip; q=0.000", "br"])
def test_an_answer_is_plain_when_gzip_is_not_wanted(erp, offer):
    response = erp.get("orders/list", erp.call("20000101000000"), HTTP_ACCEPT_ENCODING=offer)

    assert "Content-Encoding" not in response
    assert body_of(response).startswith(b"<?xml")


@pytest.mark.parametrize("offer", ["gzip", "identity"])
def test_head_names_the_coding_that_get_would_use(erp, offer):
    call = erp.call("20000101000000")

    got, told = (erp.get("orders/list", call, method, HTTP_ACCEPT_ENCODING=offer) for method in ("get", "head"))

    assert body_of(told) == b""
    for name in ("Content-Type", "Content-Encoding", "Vary", "Cache-Control"):
        assert told.headers.get(name) == got.headers.get(name)
    assert ("Content-Encoding" in told) is (offer == "gzip")


def test_a_pull_is_written_down(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    make_order(shop)

    body = body_of(erp.list("20260322120000"))

    call = PullCall.objects.for_shop(shop).first()
    assert (call.step, call.outcome, call.shop_number, call.asked_for) == (
        "list",
        "answered",
        "12345",
        "20260322120000",
    )
    assert (call.number_of_orders, call.number_of_bytes, call.address) == (1, len(body), "127.0.0.1")
    assert call.at == timezone.now()


@pytest.mark.django_db(transaction=True)  # hanging up ends the request, and with it the database connection
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_caller_that_hangs_up_is_written_down(erp, shop, encoding):
    make_order(shop)
    response = erp.get("orders/list", erp.call("20000101000000"), HTTP_ACCEPT_ENCODING=encoding)

    next(iter(response.streaming_content))
    response.close()

    call = PullCall.objects.filter(step="list").get()
    assert (call.outcome, call.number_of_orders) == ("cut_off", 1)


def make_unwritable(order):
    """Totals as no service keeps them, so that writing the order fails."""
    Order.objects.filter(pk=order.pk).update(vat_totals=[{"rate": "21.00"}])


def test_a_fault_in_the_middle_is_written_down(erp, shop):
    *_first, last = [make_order(shop) for _ in range(FIRST_CHUNK + 1)]
    make_unwritable(last)
    response = erp.list()

    with pytest.raises(KeyError):
        body_of(response)

    assert response.status_code == 200
    assert PullCall.objects.filter(step="list").get().outcome == "broken_off"
    assert not PullReceipt.objects.exists()


def test_a_fault_at_the_beginning_is_told_before_anything_of_the_answer(erp, shop):
    make_unwritable(make_order(shop))

    response = erp.list()

    assert response.status_code == 500
    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert etree.fromstring(body_of(response)).text == "fault here, try again later"
    assert PullCall.objects.filter(step="list").get().outcome == "broken_off"
    assert not PullReceipt.objects.exists()


def test_old_ids_and_calls_are_forgotten(erp, shop, time_machine):
    time_machine.move_to(NOON, tick=False)
    erp.rpc_id()
    time_machine.shift(timedelta(days=90))
    erp.rpc_id()
    time_machine.shift(timedelta(seconds=1))

    forget_expired_rpc_ids.delay().get()

    assert RpcId.objects.count() == 1
    assert PullCall.objects.count() == 1
    time_machine.shift(timedelta(minutes=18))
    forget_old_calls()
    assert not RpcId.objects.exists()


@pytest.mark.parametrize("number_of_orders", [0, 3])
def test_a_pull_costs_few_queries(erp, shop, number_of_orders, django_assert_num_queries):
    for _ in range(number_of_orders):
        make_order(shop)
    erp.pull()  # the shop's clock is made by the first
    parameters = erp.call("20000101000000")

    # The shop's statuses and one for receipts, and the orders: seven on SQLite; from PostgreSQL they stream, which is
    # one more that is not counted.
    for_orders = 2 if connection.vendor == "postgresql" else 9
    with django_assert_num_queries(6 + SAVEPOINT + (for_orders if number_of_orders else 0)):
        body_of(erp.get("orders/list", parameters))
