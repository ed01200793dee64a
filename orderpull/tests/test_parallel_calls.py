"""Many calls at once with one id: each is answered whole, none takes it away from another."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from lxml import etree

from orderpull.models import PullReceipt
from orderpull.tests.client import Erp, body_of, open_pull
from orders.tests.factories import make_order

CALLS = 8


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_t8_an_id_serves_many_calls_at_once(shop):
    open_pull(shop)
    for _ in range(3):
        make_order(shop)
    parameters = Erp().call("20000101000000")
    together = Barrier(CALLS)

    def call(_number):
        try:
            together.wait(timeout=60)
            return etree.fromstring(body_of(Erp().get("orders/list", parameters))).get("count")
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLS) as callers:
        counts = list(callers.map(call, range(CALLS)))

    assert counts == ["3"] * CALLS
    assert set(shop.pull_calls.filter(step="list").values_list("outcome", flat=True)) == {"answered"}
    assert PullReceipt.objects.for_shop(shop).count() == 3
