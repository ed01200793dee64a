"""A business system that pulls, in a few lines: what an integrator would write."""

import hashlib
from urllib.parse import urlencode

from django.test import Client
from lxml import etree

from orderpull.models import PullSettings

KEY = "geheim"


def sign(*parts):
    return hashlib.sha1("".join(parts).encode()).hexdigest()


def open_pull(shop, **values):
    return PullSettings.objects.create(shop=shop, **{"is_on": True, "key": KEY} | values)


class Erp:
    """Pulls shop `number` with `key`; `extra` goes into every request (headers, REMOTE_ADDR)."""

    def __init__(self, number="12345", key=KEY, **extra):
        self.number, self.key, self.extra = number, key, extra
        self.http = Client()

    def get(self, path, parameters, method="get", **extra):
        query = parameters if isinstance(parameters, str) else urlencode(parameters)
        return getattr(self.http, method)(f"/RPC/{path}?{query}", **self.extra | extra)

    def rpc_id(self):
        return etree.fromstring(self.get("id", {"shop": self.number}).content).text

    def call(self, change_time, rpc_id=None, **changes):
        """Parameters of a well signed second step; `changes` replaces some after signing."""
        rpc_id = rpc_id or self.rpc_id()
        pk = sign(self.number, change_time, rpc_id, self.key)
        return {"shop": self.number, "pk": pk, "change_time": change_time, "rpc_id": rpc_id} | changes

    def list(self, change_time="20000101000000", **changes):
        return self.get("orders/list", self.call(change_time, **changes))

    def count(self, change_time="20000101000000", **changes):
        return self.get("orders/count", self.call(change_time, **changes))

    def update(self, order_id, *, rpc_id=None, status="", carrier="", tracking_code="", note="", after_signing=()):
        """Tell of an order; `after_signing` replaces parameters of the signed call."""
        rpc_id = rpc_id or self.rpc_id()
        told = {"status": status, "carrier": carrier, "tracking_code": tracking_code, "note": note}
        pk = sign(self.number, f"{order_id}\n{status}\n{carrier}\n{tracking_code}\n{note}\n", rpc_id, self.key)
        parameters = {"shop": self.number, "order_id": order_id, "rpc_id": rpc_id, "pk": pk} | told
        form = "application/x-www-form-urlencoded"
        return self.http.post(
            "/RPC/orders/update", urlencode(parameters | dict(after_signing)), content_type=form, **self.extra
        )

    def pull(self, change_time="20000101000000"):
        """The answer's root; fails when the call was refused."""
        response = self.list(change_time)
        assert response.status_code == 200, body_of(response)
        return etree.fromstring(body_of(response))

    def ids(self, change_time="20000101000000"):
        return [order.get("id") for order in self.pull(change_time)]


def body_of(response):
    return b"".join(response.streaming_content) if response.streaming else response.content
