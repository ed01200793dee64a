"""Requests that no HTTP library would send, on a socket: each is answered, and the server goes on."""

import socket
from urllib.parse import urlsplit

import pytest
from lxml import etree

from orderpull.tests.client import open_pull
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "a" * 8_000
UPDATE = (
    "POST /RPC/orders/update HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length:"
)
FIELDS = "&".join(f"field{number}=x" for number in range(1_500))

# Request line and headers, body, and the status that it must get.
ODD = {
    "another host": ("GET /RPC/id?shop=12345 HTTP/1.1\r\nHost: evil.example\r\n", "", 200),
    "no host": ("GET /RPC/id?shop=12345 HTTP/1.0\r\n", "", 200),
    "two hosts": ("GET /RPC/id?shop=12345 HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n", "", 200),
    "a host that is none": ("GET /RPC/id?shop=12345 HTTP/1.1\r\nHost: evil.example@a b:99999\r\n", "", 200),
    "a forwarded host": ("GET /RPC/id?shop=12345 HTTP/1.1\r\nHost: x\r\nX-Forwarded-Host: evil.example\r\n", "", 200),
    "a long address": (f"GET /RPC/orders/list?{LONG} HTTP/1.1\r\nHost: x\r\n", "", 400),
    "a long value": (f"GET /RPC/orders/list?shop=12345&pk={LONG} HTTP/1.1\r\nHost: x\r\n", "", 400),
    "many parameters": (f"GET /RPC/orders/list?{'&a=1' * 3_000} HTTP/1.1\r\nHost: x\r\n", "", 400),
    "many fields": (f"{UPDATE} {len(FIELDS)}\r\n", FIELDS, 400),
    "less body than said": (f"{UPDATE} 9000\r\n", "x", 400),
    "no number of bytes": (f"{UPDATE} abc\r\n", "shop=1", 400),
    "a strange method": ("EVIL /RPC/id?shop=12345 HTTP/1.1\r\nHost: x\r\n", "", 400),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_t44_an_odd_request_is_answered_and_the_server_goes_on(live_server, shop, name):
    open_pull(shop)
    make_order(shop)
    head, body, wanted = ODD[name]

    status, content = answer_to(live_server, head, body)

    assert (status, etree.fromstring(content).tag) == (wanted, "rpc_id" if wanted == 200 else "error")
    assert b"evil" not in content.lower()
    status, content = answer_to(live_server, "GET /RPC/id?shop=12345 HTTP/1.0\r\n")
    assert (status, len(etree.fromstring(content).text)) == (200, 10)


@pytest.mark.parametrize(
    "target", ["http://evil.example/RPC/id?shop=12345", "//evil.example/RPC/id", "*", "/" + LONG * 9]
)
def test_t44_an_odd_target_is_no_fault(live_server, shop, target):
    status, _content = answer_to(live_server, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n")

    assert status in {200, 400, 404, 414}
    assert answer_to(live_server, "GET /healthz HTTP/1.0\r\n")[0] == 200


def test_t44_a_slow_body_keeps_nobody_waiting(live_server, shop):
    open_pull(shop)
    address = urlsplit(live_server.url)
    with socket.create_connection(("127.0.0.1", address.port), timeout=30) as slow:
        slow.sendall(f"{UPDATE} 9000\r\nConnection: close\r\n\r\nshop=1".encode())

        assert answer_to(live_server, "GET /RPC/id?shop=12345 HTTP/1.0\r\n")[0] == 200

        slow.sendall(b"2345" + b"x" * 8_990)
        assert slow.recv(65_536).split()[1] == b"400"


def answer_to(server, head, body=""):
    """Status and content; nothing more is sent, so that whoever waits for more learns that it will not come."""
    address = urlsplit(server.url)
    with socket.create_connection(("127.0.0.1", address.port), timeout=30) as peer:
        peer.sendall(f"{head}Connection: close\r\n\r\n{body}".encode())
        peer.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: peer.recv(65_536), b""))
    first, _, rest = answer.partition(b"\r\n")
    return int(first.split()[1]), rest.partition(b"\r\n\r\n")[2]
