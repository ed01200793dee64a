"""Systems that hang up in the middle of an answer, on real sockets."""

import os
import socket
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from backoffice.benches import memory_kib
from orderpull.services import issue_rpc_id
from orderpull.tests.client import KEY, open_pull, sign
from orders.generate import generate_orders

SINCE = "20000101000000"
NUMBER_OF_ORDERS = 2_000
ONE_PER_CENT = NUMBER_OF_ORDERS * 3_800 // 100


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_f32_fifty_systems_that_hang_up_at_one_per_cent_leave_nothing_behind(live_server):
    """No open file, no connection to the database, no memory; and whoever waits for all of it still gets it."""
    (shop,) = generate_orders(NUMBER_OF_ORDERS)
    open_pull(shop)
    for number in range(1, 6):
        hang_up_after(ONE_PER_CENT, live_server, shop)
        wait_until_noticed(shop, number)
    before = what_is_held()

    for number in range(6, 56):
        hang_up_after(ONE_PER_CENT, live_server, shop)
        wait_until_noticed(shop, number)

    files, connections, kib = what_is_held(once_back_at=before)
    assert files <= before[0]
    assert connections <= before[1]
    assert kib <= 1.1 * before[2]
    assert not shop.pull_calls.exclude(answer=None).exists()
    assert len(read(live_server, shop)) > 90 * ONE_PER_CENT


def hang_up_after(number_of_bytes, server, shop):
    with called(server, shop) as peer:
        while number_of_bytes > 0:
            piece = peer.recv(min(number_of_bytes, 65_536))
            assert piece, "The server hung up first."
            number_of_bytes -= len(piece)


def read(server, shop):
    with called(server, shop) as peer:
        return b"".join(iter(lambda: peer.recv(65_536), b""))


def called(server, shop):
    """A socket on which an answer comes; with a small buffer, so that little is under way when it closes."""
    rpc_id = issue_rpc_id(shop, at=timezone.now())
    pk = sign(shop.number, SINCE, rpc_id, KEY)
    query = urlencode({"shop": shop.number, "change_time": SINCE, "rpc_id": rpc_id, "pk": pk})
    address = urlsplit(server.url)
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    peer.settimeout(30)
    peer.connect(("127.0.0.1", address.port))
    peer.sendall(f"GET /RPC/orders/list?{query} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    return peer


def wait_until_noticed(shop, number):
    give_up_at = time.monotonic() + 30
    while shop.pull_calls.filter(step="list", outcome="cut_off").count() < number:
        assert time.monotonic() < give_up_at, list(shop.pull_calls.values_list("step", "outcome"))
        time.sleep(0.02)


def what_is_held(*, once_back_at=None):
    """Open files, connections to the database and KiB of memory, when all threads of the server have ended.

    `once_back_at` is what was held before: threads have half a minute to come back to it.
    """
    give_up_at = time.monotonic() + 30
    while True:
        number_before = threading.active_count()
        time.sleep(0.5)
        held = held_now()
        is_quiet = threading.active_count() == number_before
        is_back = once_back_at is None or all(now <= then for now, then in zip(held[:2], once_back_at[:2], strict=True))
        if (is_quiet and is_back) or time.monotonic() > give_up_at:
            return held


def held_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (connections,) = cursor.fetchone()
    return len(os.listdir("/proc/self/fd")), connections, memory_kib()
