"""Fixtures of all tests. First the machinery (database, Redis, Chromium), then the few that every story begins with."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from backoffice.tests import servers
from backoffice.tests.factories import make_shop, make_staff
from backoffice.tests.quiet import RequestsUnderWay

# --- Machinery

# Milliseconds a window waits for what is asked of it. A busy machine takes many times what a quiet one does.
PATIENT = 60_000
expect.set_options(timeout=PATIENT)


def pytest_addoption(parser):
    parser.addoption(
        "--database-only",
        action="store_true",
        help="Leave out the tests that may not touch the database: to them another one makes no difference.",
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("database_only"):
        config.hook.pytest_deselected(items=[item for item in items if not may_touch_the_database(item)])
        items[:] = filter(may_touch_the_database, items)
    try_once_more(items)


def may_touch_the_database(item) -> bool:
    """Whether pytest-django lets this test reach the database, or the test is about one server or the other."""
    asks = {"db", "transactional_db", "live_server"}
    return not asks.isdisjoint(item.fixturenames) or not {"django_db", "postgres"}.isdisjoint(item.keywords)


def try_once_more(items) -> None:
    """On a busy machine keys reach a page before its scripts do: such a story is tried once more, and told as rerun.

    Where changes are judged that goes for each of the thousands, so that one which was held up refuses no change: what
    is wrong fails twice, and the summary names what failed once.
    """
    for item in items:
        if item.get_closest_marker("browser") or os.environ.get("CI"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_runtest_setup(item):
    """A story about PostgreSQL means nothing on SQLite: say how to run it instead of passing it."""
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.fail(f'This test needs PostgreSQL: make test-postgres ARGS="{item.nodeid}"', pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """Dutch and Swedish, as `manage.py prepare` compiles them: what is tested does not depend on an earlier start."""
    call_command("translations", verbosity=0)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis, empty at the start of the session."""
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all browser tests. It can reach this machine only."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.fail("There is no Chromium: install Debian's package chromium or set CHROMIUM.", pytrace=False)
    # Playwright keeps an event loop in this thread, in which Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                *quiet,
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def requests_under_way() -> Iterator[RequestsUnderWay]:
    requests = RequestsUnderWay()
    requests.watch()
    yield requests
    requests.forget()


@pytest.fixture
def open_page(chromium: Browser, live_server, requests_under_way) -> Iterator[Callable[..., Page]]:
    """A function that opens a window on the live server: `open_page("/", viewport={…}, color_scheme="dark")`.

    The test fails when a page wrote an error to the console, threw one, or broke its Content-Security-Policy.
    `tolerate` names what this story provokes on purpose, such as "status of 404".
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(path: str = "/", *, tolerate: tuple[str, ...] = (), **window) -> Page:
        def complain(text: str) -> None:
            if not any(expected in text for expected in tolerate):
                complaints.append(text)

        context = chromium.new_context(base_url=live_server.url, **{"locale": "en-GB"} | window)
        context.set_default_timeout(PATIENT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and complain(f"{message.text} ({page.url})"))
        page.on("pageerror", lambda error: complain(f"{error} ({page.url})"))
        page.goto(path)
        return page

    open_window.complaints = complaints
    yield open_window
    for context in contexts:
        context.close()
    # A page may have asked for something that nobody reads any more; the database is emptied next.
    requests_under_way.wait()
    assert complaints == []


# --- What every story begins with


@pytest.fixture(autouse=True)
def no_tries_counted() -> None:
    """Sign-in limits are counted in the cache: the tries of one story do not count in the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def language_of_the_source() -> Iterator[None]:
    """A page asked for in Swedish leaves its language to whoever comes next in the thread: not to the next story."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def shop(db):
    return make_shop("12345")


@pytest.fixture
def other_shop(db):
    return make_shop("54321")


@pytest.fixture
def clerk(shop):
    """Somebody of the office in `shop`."""
    return make_staff(shop, email="clerk@12345.example", name="Marit Bakker")


@pytest.fixture
def clerk_client(client, clerk):
    client.force_login(clerk.user)
    return client


@pytest.fixture
def actor(clerk):
    return clerk.as_actor("203.0.113.9")
