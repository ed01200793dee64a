"""Every page there is, walked through link by link without a script: it works, and reading it changes nothing."""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve
from lxml import html

from backoffice.roles import Role
from backoffice.tests.factories import PASSWORD, make_staff
from orders.services import NewNote, NewPayment, NewShipment, delete_orders
from orders.tests.factories import PLACED_AT, make_order, new_line

STRANGERS_PAGES = ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/nowhere"]
# What each request may write: when a session was last used, and its messages that were shown.
KEPT_BY_READING = {"django_session", "usersessions_usersession", "backoffice_cache"}
# Pages of which a few tell as much as all: those of orders, and papers that take their time to be laid out.
ENOUGH = {re.compile(r"/orders/\d+/"): 4, re.compile(r"/layouts/.+/(preview|pdf)/"): 2}


@dataclass(frozen=True)
class Seen:
    """A page as it came, and where it came from."""

    path: str
    tree: html.HtmlElement

    def __str__(self) -> str:
        return self.path

    def found(self, selector: str) -> list[str]:
        """What of the page answers to `selector`, with the page's path, for a readable failure."""
        return [
            f"{self.path}: {html.tostring(each, with_tail=False)[:160]!r}" for each in self.tree.cssselect(selector)
        ]


def walk(client: Client, starts: list[str]) -> list[Seen]:
    """Every page of ours that links lead to; of the many queries of one address those that its plain page offers,
    and of what there is many of the first few."""
    waiting, known, pages = list(starts), set(starts), []
    while waiting:
        path = waiting.pop(0)
        response = client.get(path, follow=True)
        assert response.status_code in (200, 404), (path, response.status_code)
        if not response["Content-Type"].startswith("text/html"):
            b"".join(response)  # a download is read to its end: it may not write on the way either
            continue
        page = Seen(path, html.fromstring(response.content))
        pages.append(page)
        here = response.redirect_chain[-1][0] if response.redirect_chain else path
        for link in links(page, here):
            if link in known or ("?" in here and "?" in link):
                continue
            known.add(link)
            if not is_one_too_many(link, known):
                waiting.append(link)
    return pages


def is_one_too_many(link: str, known: set[str]) -> bool:
    alike = [(pattern, enough) for pattern, enough in ENOUGH.items() if pattern.search(link)]
    return any(sum(1 for each in known if pattern.search(each)) > enough for pattern, enough in alike)


def links(page: Seen, here: str) -> list[str]:
    found = []
    for anchor in page.tree.cssselect("a[href]"):
        link = urldefrag(urljoin(here, anchor.get("href"))).url
        if not urlsplit(link).scheme and not link.startswith("/static/"):
            found.append(link)
    return found


@pytest.fixture
def world(shop, actor):
    """Orders that fill every corner of their pages."""
    order = make_order(
        shop,
        lines=[new_line(sku="A-1", is_backordered=True), new_line(sku="A-2", options="Red")],
        customer_message="Please ring twice",
        payment_method="iDEAL",
        shipping_method="PostNL",
        personal_number="850709-9805",
        payments=[NewPayment(Decimal("24.20"), "iDEAL", "paid", PLACED_AT)],
        shipments=[NewShipment("PostNL", "3SABC123", PLACED_AT)],
        notes=[NewNote("Call before noon", "Marit", PLACED_AT)],
    )
    for _ in range(52):
        make_order(shop)
    thrown_away = make_order(shop)
    delete_orders([thrown_away.pk], shop=shop, by=actor)
    return order


@pytest.fixture
def pages(world, shop, client) -> list[Seen]:
    strangers = walk(Client(), STRANGERS_PAGES)
    owner = make_staff(shop, Role.OWNER)
    client.post("/accounts/login/", {"login": owner.user.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    # The account package notes down a person's own address the first time that person looks at this page.
    client.get("/accounts/email/")
    before = checksums()

    orders = f"/s/{shop.number}/orders/"
    starts = [orders, f"{orders}{world.display_number}/", f"{orders}gone/", "/shops/?all", "/accounts/email/"]
    of_the_shop = walk(client, starts)

    assert checksums() == before
    return strangers + of_the_shop


def checksums() -> dict[str, str]:
    """{table: hash of all its rows}."""
    sums = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - KEPT_BY_READING):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows = sorted(repr(row) for row in cursor.fetchall())
            sums[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return sums


def test_every_page_works_without_a_script_and_reading_changes_nothing(pages, world, shop):
    paths = {urlsplit(page.path).path for page in pages}
    orders = f"/s/{shop.number}/orders/"
    assert {orders, f"{orders}{world.display_number}/", "/me/", "/help/", "/accounts/2fa/"} <= paths
    assert len(pages) > 30

    complaints = [complaint for page in pages for complaint in [*stains(page), *broken_forms(page), *script_only(page)]]

    assert sorted(set(complaints)) == []


def stains(page: Seen) -> list[str]:
    """What the Content-Security-Policy would refuse, or only the policy would stop."""
    found = page.found("[style], style, script:not([src]):not([type='application/json'])")
    found += page.found("[hx-on], a[href^='javascript'], base, iframe[srcdoc], object, embed")
    for element in page.tree.iter(html.etree.Element):
        for name, value in element.attrib.items():
            if re.match("on[a-z]|hx-on", name) or (name.startswith("hx-") and value.strip().startswith("js:")):
                found.append(f"{page}: {element.tag} {name}")
    return found


def broken_forms(page: Seen) -> list[str]:
    """Forms that change something but cannot be sent, are sent nowhere, or lack their token."""
    found = []
    for form in page.tree.cssselect("form"):
        method = form.get("method", "get").lower()
        action = urlsplit(urljoin(page.path, form.get("action") or page.path))
        where = f"{page}: {method} {action.path}"
        if action.netloc:
            found.append(f"{where} leads elsewhere")
        elif method == "post":
            resolve(action.path)
            token = form.cssselect("input[type=hidden][name=csrfmiddlewaretoken]")
            if len(token) != 1 or len(token[0].get("value", "")) < 32:
                found.append(f"{where} has no token")
            if not buttons_of(form, page):
                found.append(f"{where} has no button")
        elif form.cssselect("input[name=csrfmiddlewaretoken]"):
            found.append(f"{where} puts its token into the address")
    return found


def buttons_of(form: html.HtmlElement, page: Seen) -> list[html.HtmlElement]:
    inside = form.cssselect("button:not([type]), button[type=submit], input[type=submit]")
    outside = page.tree.cssselect(f"button[form='{form.get('id')}']") if form.get("id") else []
    return [button for button in [*inside, *outside] if button.get("hidden") is None]


def script_only(page: Seen) -> list[str]:
    """What only htmx could send: an hx- address on something that is neither a link, a form nor a form's button."""
    found = []
    for attribute in ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"):
        for element in page.tree.cssselect(f"[{attribute}]"):
            plain = element.get("href") or element.get("action") or element.get("formaction")
            works = plain or element.tag == "form" or next(element.iterancestors("form"), None) is not None
            if not works:
                found.append(f"{page}: {html.tostring(element, with_tail=False)[:160]!r}")
    return found


TOKEN = f'<input type="hidden" name="csrfmiddlewaretoken" value="{"x" * 64}">'


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        ('<p style="color: red">', "style"),
        ("<script>alert(1)</script>", "script"),
        ('<p onclick="go()">', "onclick"),
        ('<a href="javascript:go()">x</a>', "javascript"),
        ('<form method="post" action="/me/"><button>x</button></form>', "has no token"),
        (f'<form method="post" action="/me/">{TOKEN}</form>', "has no button"),
        ('<form action="https://evil.example/"><button>x</button></form>', "leads elsewhere"),
        ('<p hx-post="/me/">x</p>', "hx-post"),
    ],
)
def test_each_fault_of_a_page_would_be_found(spoilt, complaint):
    page = Seen("/me/", html.fromstring(f"<html><body>{spoilt}</body></html>"))

    [found] = [*stains(page), *broken_forms(page), *script_only(page)]

    assert complaint in found


def test_a_reading_that_writes_would_be_found(world, clerk):
    before = checksums()

    type(clerk.user).objects.filter(pk=clerk.user.pk).update(name="Other")

    assert [table for table, sum_ in checksums().items() if sum_ != before[table]] == ["backoffice_user"]
