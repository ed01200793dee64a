"""What staff notice of business systems that poll: how long pages of a real web server take, alone and beside them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import cycle
from operator import itemgetter
from statistics import quantiles
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from lxml import etree

from backoffice.benches import Measured, bench
from backoffice.management.commands.bench import on_database
from backoffice.models import Shop
from backoffice.tests import servers
from orderpull.benches import open_pull, signed_call
from orders.benches import MOST_QUERIES, owner_of, page_of, shop_with

STAFF, SECONDS_BETWEEN_PAGES = 40, 10
POLLERS, SECONDS_BETWEEN_PULLS = 200, 60
# Of one round; rounds alone and beside the pollers take turns.
SECONDS, ROUNDS = 30, 2
SECONDS_TO_WARM_UP = 5
# More than can be under way at once: who asks never waits for a thread of ours.
THREADS = 64
# What a busy machine takes to start the server, or to answer.
PATIENCE = 120


@bench("pollers", is_for_postgresql=True)
def pages_beside_pollers(size: int) -> Iterator[Measured]:
    """Forty people, each with a page of the list or an order every ten seconds, alone and beside 200 systems that take
    both steps once a minute each, spread evenly.

    A page's time runs from when it was due, also when the server was too busy to begin.
    """
    shop = shop_with(size)
    open_pull(shop)
    with web_server() as port:
        office = Office(shop, port)
        office.seconds_of_pages(SECONDS_TO_WARM_UP, beside_pollers=True)
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone += office.seconds_of_pages(SECONDS, beside_pollers=False)
            beside += office.seconds_of_pages(SECONDS, beside_pollers=True)
    idle, busy = p95(alone), p95(beside)
    yield Measured(
        f"p95 of pages of {STAFF} staff beside {POLLERS} pollers each minute",
        busy / idle,
        2.0,
        remark=f"{idle * 1000:.0f} ms alone, {busy * 1000:.0f} ms beside them",
    )


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


@contextmanager
def web_server() -> Iterator[int]:
    """The port of a web server as production has it, with two processes, on the database of this one."""
    port = servers.free_port()
    serve = ["gunicorn", "--config", "python:backoffice.web", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    command = [sys.executable, "-m", *serve, "--log-level", "error", "backoffice.wsgi:application"]
    database = on_database(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    with subprocess.Popen(command, env=os.environ | {"DATABASE_URL": database}) as server:  # noqa: S603
        try:
            servers.wait_until_open(port, server, seconds=PATIENCE)
            yield port
        finally:
            server.terminate()


@dataclass
class Office:
    """The people and the business systems of a shop, at the web server on `port`."""

    shop: Shop
    port: int

    def __post_init__(self) -> None:
        name = settings.SESSION_COOKIE_NAME
        self.cookie = f"{name}={owner_of(self.shop).cookies[name].value}"
        self.addresses = cycle([page_of(self.shop, name) for name in MOST_QUERIES])

    def seconds_of_pages(self, seconds: int, *, beside_pollers: bool) -> list[float]:
        """How long each page took that was asked for in so many seconds."""
        took: list[float] = []
        begun = time.perf_counter()

        def see(due: float, address: str) -> None:
            self.fetch(address, Cookie=self.cookie)
            took.append(time.perf_counter() - due)

        works = [
            (begun + moment, partial(see, address=address))
            for moment, address in zip(evenly(STAFF, SECONDS_BETWEEN_PAGES, seconds), self.addresses, strict=False)
        ]
        if beside_pollers:
            pulls = enumerate(evenly(POLLERS, SECONDS_BETWEEN_PULLS, seconds))
            works += [(begun + moment, partial(self.poll, poller=number % POLLERS)) for number, moment in pulls]
        with ThreadPoolExecutor(THREADS) as threads:
            under_way = [_at(due, threads, work) for due, work in sorted(works, key=itemgetter(0))]
        for each in under_way:
            each.result()
        return took

    def poll(self, _due: float, poller: int) -> None:
        """Both steps, each system from an address of its own: by it they are counted."""
        source = f"127.0.1.{poller + 1}"
        rpc_id = etree.fromstring(self.fetch(f"/RPC/id?shop={self.shop.number}", source)).text
        self.fetch(f"/RPC/orders/list?{urlencode(signed_call(self.shop, rpc_id=rpc_id))}", source)

    def fetch(self, path: str, source: str = "127.0.0.1", **headers: str) -> bytes:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=(source, 0))) as peer:
            peer.request("GET", path, headers=headers)
            response = peer.getresponse()
            body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answers {response.status}.")
        return body


def evenly(number: int, pause: int, seconds: int) -> list[float]:
    """When each of `number` that come every `pause` seconds comes within so many seconds, spread evenly."""
    return [each * pause / number for each in range(number * seconds // pause)]


def _at(due: float, threads: ThreadPoolExecutor, work: Callable[[float], None]) -> Future:
    time.sleep(max(0.0, due - time.perf_counter()))
    return threads.submit(work, due)
