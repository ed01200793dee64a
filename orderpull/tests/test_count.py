import hashlib
from datetime import datetime

import pytest
from lxml import etree

from orderpull.models import PullCall, PullPartner
from orderpull.tests.client import Erp, body_of, open_pull, sign
from orders.services import delete_orders, set_fulfilment_status
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(shop):
    open_pull(shop)
    return Erp()


def days(response):
    root = etree.fromstring(response.content)
    return {each.get("date"): (int(each.get("orders")), each.get("checksum")) for each in root}


def checksum(*orders):
    return hashlib.sha1("".join(f"{order}\n" for order in orders).encode()).hexdigest()


def test_each_day_has_its_number_and_a_checksum_of_what_was_pulled(erp, shop, actor):
    # Half past eleven in the evening here is the next day in Amsterdam.
    evening, noon = datetime.fromisoformat("2026-03-20T23:30:00Z"), datetime.fromisoformat("2026-03-20T11:00:00Z")
    make_order(shop, placed_at=evening)
    make_order(shop, placed_at=noon)
    changed = make_order(shop, placed_at=noon)
    set_fulfilment_status(changed, "in_progress", by=actor)
    make_order(shop, placed_at=noon, fulfilment_status="aborted")
    delete_orders([make_order(shop, placed_at=noon).pk], shop=shop, by=actor)

    response = erp.count("20260320180000")

    assert response["Content-Type"] == "text/xml; charset=UTF-8"
    assert days(response) == {
        "20260320": (2, checksum("12345_00002:1", "12345_00003:2")),
        "20260321": (1, checksum("12345_00001:1")),
    }
    # An ERP that keeps id and version of what it pulled finds the same.
    pulled = [f"{each.get('id')}:{each.get('version')}" for each in erp.pull() if each.get("deleted") != "yes"]
    assert sorted(pulled) == ["12345_00001:1", "12345_00002:1", "12345_00003:2"]
    assert PullCall.objects.filter(step="count").get().number_of_orders == 3


def test_days_before_are_left_out_and_other_shops_do_not_count(erp, shop, other_shop):
    make_order(shop, placed_at=datetime.fromisoformat("2026-03-19T12:00:00Z"))
    make_order(other_shop, placed_at=datetime.fromisoformat("2026-03-20T12:00:00Z"))

    root = etree.fromstring(erp.count("20260320000000").content)

    assert (root.tag, root.get("orders"), len(root)) == ("counts", "0", 0)


def test_a_count_must_be_signed_and_has_a_module_of_its_own(erp, shop):
    PullPartner.objects.create(settings=shop.pull_settings, name="p", key="PKEY")
    moment, rpc_id = "20260320000000", erp.rpc_id()

    def ask(module):
        pk = sign("12345", moment, "PKEY", "p", module, rpc_id)
        told = {"shop": "12345", "change_time": moment, "rpc_id": rpc_id, "partner": "p", "module": module, "pk": pk}
        return erp.get("orders/count", told).status_code

    assert erp.count(pk="0" * 40).status_code == 403
    assert [ask("orders_get"), ask("orders_count")] == [403, 200]
    assert erp.get("orders/count", {"shop": "12345"}).status_code == 400


def test_head_answers_without_body(erp):
    response = erp.get("orders/count", erp.call("20260320000000"), method="head")

    assert (response.status_code, body_of(response)) == (200, b"")


def test_a_day_before_all_time_is_everything(erp, shop):
    make_order(shop)

    assert erp.count("00010101000000").status_code == 200
