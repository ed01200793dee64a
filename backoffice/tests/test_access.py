"""Lock by lock: one row for every page there is, tried as nobody, as each role and as staff of another shop."""

from dataclasses import dataclass

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from backoffice.access import public
from backoffice.checks import every_view_says_who_may_enter, named_patterns
from backoffice.roles import PERMISSIONS, Permission, Role
from backoffice.tests.factories import make_shop, make_staff
from orders.tests.factories import make_order

ORDER, JOB = "ORDER", "JOB"


@dataclass(frozen=True)
class Page:
    """A page of a shop and the right it asks for; ORDER among `args` is an order's number."""

    name: str
    needs: Permission
    method: str = "get"
    args: tuple = ()


V, C, N, M, E, P = (
    Permission.VIEW_ORDERS,
    Permission.CHANGE_ORDERS,
    Permission.WRITE_NOTES,
    Permission.CHANGE_PAYMENTS,
    Permission.EXPORT_ORDERS,
    Permission.VIEW_PERSONAL_DATA,
)
S = Permission.MANAGE_SETTINGS
PRINT = Permission.PRINT_PAPERS
W = Permission.SEND_MESSAGES
I = Permission.ISSUE_INVOICES  # noqa: E741
LAYOUT = ("invoice", "12345")
SHOP_PAGES = [
    Page("shop-home", V),
    Page("menu", V),
    Page("jobs", V),
    Page("job", V, args=(JOB,)),
    Page("job-stop", V, "post", (JOB,)),
    Page("job-retry", V, "post", (JOB,)),
    Page("job-file", V, args=(JOB,)),
    Page("orders:list", V),
    Page("orders:search", V),
    Page("orders:newer", V),
    Page("orders:filters", V),
    Page("orders:new", C),
    Page("orders:new-total", C, "post"),
    Page("orders:new-products", C),
    Page("orders:columns", V),
    Page("orders:folders", V),
    Page("orders:folders-arrange", C, "post"),
    *(Page(f"orders:folder-{act}", C, "post", (1,)) for act in ("edit", "move", "delete", "restore")),
    Page("orders:tags", V),
    Page("orders:tags-arrange", C, "post"),
    *(Page(f"orders:tag-{act}", C, "post", (1,)) for act in ("edit", "move", "delete", "restore")),
    Page("orders:views", V),
    Page("orders:views-arrange", V, "post"),
    *(Page(f"orders:view-{act}", V, "post", (1,)) for act in ("save", "edit", "move", "delete", "restore")),
    Page("orders:select", V, "post"),
    Page("orders:refund-selected", M),
    Page("orders:bulk", V, "post"),
    Page("orders:bulk-confirm", V, args=("00000000-0000-4000-8000-000000000000",)),
    Page("orders:export", E),
    Page("exports:list", E),
    Page("exports:start", E, "post"),
    Page("exports:again", E, "post", (JOB,)),
    Page("exports:delete", E, "post", (JOB,)),
    Page("orders:undo", V, "post"),
    Page("orders:detail", V, args=(ORDER,)),
    Page("orders:row-menu", V, args=(ORDER,)),
    Page("orders:set-fulfilment", C, "post", (ORDER,)),
    Page("orders:set-payment", M, "post", (ORDER,)),
    Page("orders:record-payment", M, args=(ORDER,)),
    Page("orders:refund", M, args=(ORDER,)),
    Page("orders:paid-out", M, args=(ORDER, "1")),
    Page("orders:pay-out", M, "post", (ORDER, "1")),
    Page("orders:announce-return", C, args=(ORDER,)),
    Page("orders:receive-return", C, args=(ORDER, "1")),
    Page("orders:refuse-return", C, "post", (ORDER, "1")),
    Page("orders:settle-return", C, "post", (ORDER, "1")),
    Page("orders:set-internal", C, "post", (ORDER,)),
    Page("orders:set-line", C, "post", (ORDER,)),
    Page("orders:ship", C, args=(ORDER,)),
    Page("orders:change-shipment", C, args=(ORDER, "1")),
    Page("orders:remove-shipment", C, "post", (ORDER, "1")),
    Page("orders:split", C, args=(ORDER,)),
    Page("orders:merge", C, args=(ORDER,)),
    Page("orders:merge-back", C, "post", (ORDER,)),
    Page("orders:add-note", N, "post", (ORDER,)),
    Page("orders:edit-note", N, args=(ORDER, "1")),
    Page("orders:remove-note", N, "post", (ORDER, "1")),
    Page("orders:read-message", C, "post", (ORDER,)),
    Page("orders:show-personal-number", P, "post", (ORDER,)),
    Page("orders:at", V, args=(ORDER, "1")),
    Page("orders:print-selected", PRINT),
    Page("orders:printed-well", C, "post", ("1",)),
    Page("orders:print", PRINT, args=(ORDER,)),
    Page("orders:paper", PRINT, "post", (ORDER,)),
    *(Page(f"orders:print-{kind}", PRINT, "post", (ORDER,)) for kind in ("invoice", "packing_slip", "pick_list")),
    Page("orders:act", C, "post", (ORDER,)),
    Page("orders:hold", C, args=(ORDER,)),
    Page("orders:edit", C, args=(ORDER,)),
    Page("orders:edit-total", C, "post", (ORDER,)),
    Page("orders:edit-products", C, args=(ORDER,)),
    Page("orders:why-total", V, args=(ORDER,)),
    Page("orders:payment-request", C, args=(ORDER,)),
    Page("orders:issue-invoice", I, args=(ORDER,)),
    Page("invoices:list", V),
    Page("invoices:issue-selected", I),
    Page("invoices:numbers", V),
    Page("invoices:verify", V, "post"),
    Page("invoices:report", E, args=("csv",)),
    Page("handling:settings", S),
    Page("invoices:settings", S),
    Page("invoices:company", S),
    Page("invoices:company-of", S, args=("12346",)),
    Page("invoices:show", V, args=("1",)),
    Page("invoices:pdf", V, args=("1",)),
    Page("invoices:make", I, "post", ("1",)),
    Page("invoices:einvoice", V, args=("1", "ubl")),
    Page("invoices:credit", I, args=("1",)),
    Page("orders:delete", C, "post", (ORDER,)),
    Page("orders:restore", C, "post", (ORDER,)),
    Page("statuses:list", V),
    Page("statuses:create", S, args=("internal",)),
    Page("statuses:arrange", S, "post", ("fulfilment",)),
    Page("statuses:edit", S, args=("fulfilment", "ready")),
    Page("statuses:back-to-standard", S, "post", ("fulfilment", "ready")),
    Page("statuses:move", S, "post", ("fulfilment", "ready")),
    Page("statuses:remove", S, args=("fulfilment", "ready")),
    Page("statuses:restore", S, "post", ("fulfilment", "ready")),
    Page("layouts:list", V),
    Page("layouts:show", V, args=LAYOUT),
    Page("layouts:begin", S, "post", LAYOUT),
    Page("layouts:standard", S, "post", LAYOUT),
    Page("layouts:edit", S, args=LAYOUT),
    Page("layouts:preview", V, args=LAYOUT),
    Page("layouts:pdf", V, args=LAYOUT),
    Page("layouts:publish", S, args=LAYOUT),
    Page("layouts:publishing", S, args=(*LAYOUT, "1")),
    Page("layouts:typed-pdf", S, "post", LAYOUT),
    Page("layouts:give-up", S, "post", LAYOUT),
    Page("layouts:file", V, args=(*LAYOUT, "1")),
    Page("layouts:version", V, args=(*LAYOUT, "1")),
    Page("layouts:restore", S, "post", (*LAYOUT, "1")),
    Page("layouts:print-with", S, "post", (*LAYOUT, "1")),
    Page("messaging:outbox", V),
    Page("messaging:retry-failed", W, "post"),
    Page("messaging:mail", V, args=("1",)),
    Page("messaging:mail-body", V, args=("1",)),
    *(Page(f"messaging:{act}-mail", W, "post", ("1",)) for act in ("cancel", "send", "retry", "resend")),
    Page("messaging:compose", W, args=(ORDER,)),
    Page("messaging:preview-message", W, args=(ORDER,)),
    Page("messaging:resend-confirmation", W, args=(ORDER,)),
    Page("messaging:feedback", W, args=(ORDER,)),
    Page("messaging:follow-ups", S),
    Page("messaging:add-supplier", S, "post"),
    Page("messaging:remove-supplier", S, "post", ("1",)),
    Page("messaging:add-product", S, "post"),
    Page("messaging:remove-product", S, "post", ("1",)),
    Page("messaging:selection", W),
    Page("messaging:recall", W, "post"),
    Page("messaging:templates", V),
    Page("messaging:create-template", S),
    Page("messaging:template", S, args=("shipped",)),
    Page("messaging:rename-template", S, "post", ("shipped",)),
    Page("messaging:delete-template", S, args=("1",)),
    Page("messaging:builtin-template", S, "post", ("shipped",)),
    Page("messaging:preview-template", S, args=("shipped", "en")),
    Page("messaging:test-template", S, "post", ("shipped", "en")),
    Page("messaging:template-versions", S, args=("shipped", "en")),
    Page("messaging:restore-text", S, "post", ("shipped", "en", "1")),
    Page("messaging:triggers", V),
    Page("messaging:usual-triggers", S, "post"),
    Page("messaging:create-trigger", S),
    Page("messaging:trigger", S, args=("1",)),
    Page("messaging:switch-trigger", S, "post", ("1",)),
    Page("messaging:delete-trigger", S, "post", ("1",)),
    Page("messaging:files", V),
    Page("messaging:file", V, args=("1",)),
    Page("messaging:delete-file", S, "post", ("1",)),
    Page("messaging:settings", V),
    *(Page(f"messaging:{act}", S, "post") for act in ("test-mail", "try-server-again", "report-secret")),
    Page("messaging:mailbox", V),
    Page("messaging:do-not-mail", V),
    Page("messaging:remove-do-not-mail", W, "post", ("1",)),
    Page("pull:settings", V),
    Page("pull:save", S, "post"),
    Page("pull:key", S),
    Page("pull:rotate", S),
    Page("pull:add-partner", S, "post"),
    Page("pull:partner-key", S, args=("1",)),
    Page("pull:rotate-partner", S, args=("1",)),
    Page("pull:remove-partner", S, args=("1",)),
    Page("pull:calls", V),
    Page("pull:call", V, args=("1",)),
    Page("pull:answer", E, args=("1",)),
    Page("pull:test", S),
    Page("pull:tester", S),
    Page("pull:format", V),
]
# Pages of the person: any signed-in user, nobody else.
OWN_PAGES = {"start", "shops", "profile", "help", "kept-form", "set-theme"}
# For the world, or proving identity by themselves.
PUBLIC_PAGES = {"healthz", "readyz", "set-language"}
# For whoever holds the signed link or signs the call; tried in test_status_page.py, test_digital.py and test_bounces.py
# of their apps.
LINK_PAGES = {"order-status", "download", "mail-reports"}
PUBLIC_NAMESPACES = ("orderpull:",)
# allauth guards its own pages; tried below.
ALLAUTH_PREFIXES = ("account_", "mfa_", "usersessions_")


def address(page, shop, order):
    args = [{ORDER: order.display_number, JOB: 1}.get(arg, arg) for arg in page.args]
    return reverse(page.name, args=[shop.number, *args])


def call(client, page, shop, order):
    return getattr(client, page.method)(address(page, shop, order))


def as_staff(staff):
    client = Client()
    client.force_login(staff.user)
    return client


@pytest.fixture
def order(shop):
    return make_order(shop)


def ids(page):
    return page.name


def test_the_table_names_every_page_there_is():
    known = {page.name for page in SHOP_PAGES} | OWN_PAGES | PUBLIC_PAGES | LINK_PAGES
    unknown = [
        name
        for name, _pattern in named_patterns()
        if name not in known and not name.startswith((*ALLAUTH_PREFIXES, *PUBLIC_NAMESPACES))
    ]
    assert unknown == []


def test_the_table_names_no_page_that_is_gone():
    there = {name for name, _pattern in named_patterns()}
    assert {page.name for page in SHOP_PAGES} | OWN_PAGES | PUBLIC_PAGES | LINK_PAGES <= there


def test_every_page_says_who_may_enter():
    assert run_checks() == []


def test_a_page_that_says_nothing_is_found(monkeypatch):
    view = public(lambda request: None)
    pattern = next(pattern for name, pattern in named_patterns() if name == "healthz")
    monkeypatch.setattr(pattern, "callback", view)
    del view.access

    assert [error.id for error in every_view_says_who_may_enter()] == ["backoffice.E001"]


@pytest.mark.parametrize("page", SHOP_PAGES, ids=ids)
def test_a_role_enters_where_it_holds_the_right(shop, order, page):
    answers = {role: call(as_staff(make_staff(shop, role)), page, shop, order).status_code for role in Role.values}

    refused = {role for role, status in answers.items() if status == 403}
    assert refused == {role for role in Role.values if page.needs not in PERMISSIONS[role]}
    assert 500 not in answers.values()


@pytest.mark.parametrize("page", SHOP_PAGES, ids=ids)
def test_who_has_no_role_in_the_shop_does_not_enter(client, shop, order, page):
    elsewhere = make_staff(make_shop("99999"), Role.OWNER)
    withdrawn = make_staff(shop, Role.OWNER)
    before = as_staff(withdrawn)
    withdrawn.is_active = False
    withdrawn.save()

    nobody = call(client, page, shop, order)

    assert nobody.status_code == 302
    assert nobody["Location"].startswith(reverse("account_login"))
    assert call(as_staff(elsewhere), page, shop, order).status_code == 404
    # A withdrawn role is gone with the next request.
    assert call(before, page, shop, order).status_code == 404


@pytest.mark.parametrize("page", [page for page in SHOP_PAGES if ORDER in page.args], ids=ids)
def test_another_shops_order_does_not_exist_in_ones_own_shop(client, shop, other_shop, page):
    client.force_login(make_staff(shop, Role.OWNER).user)
    foreign = make_order(other_shop, number=777)

    response = call(client, page, shop, foreign)

    assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.version == 1


def test_an_unknown_shop_does_not_exist(clerk_client):
    assert clerk_client.get("/s/1/orders/").status_code == 404
    assert clerk_client.get("/s/%00/orders/").status_code == 404


def test_a_target_shop_has_no_pages_of_its_own(clerk_client, shop):
    make_shop("12346", base_shop=shop)

    assert clerk_client.get("/s/12346/orders/").status_code == 404


@pytest.mark.parametrize("name", sorted(OWN_PAGES))
def test_pages_of_the_person_ask_for_a_sign_in(client, db, name):
    method = client.post if name == "set-theme" else client.get

    response = method(reverse(name))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(PUBLIC_PAGES - {"set-language"}))
def test_public_pages_answer_anybody(client, db, name):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["account_change_password", "account_reauthenticate", "mfa_activate_totp", "mfa_index", "usersessions_list"],
)
def test_allauth_guards_its_own_pages(client, db, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_nobody_can_sign_up(client, db):
    response = client.post(reverse("account_signup"), {"email": "me@example.org", "password1": "a-long-password-1"})

    assert "account/signup_closed.html" in [template.name for template in response.templates]
