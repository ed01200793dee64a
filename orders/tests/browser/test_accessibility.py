"""axe finds nothing on any page, in both themes and at three widths, and nothing scrolls sideways."""

from decimal import Decimal
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from backoffice import jobs
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from orders.exports.formats import Format
from orders.exports.jobs import ExportRequest, start_export
from orders.jobs import start_bulk
from orders.models import InvoiceSettings, Order
from orders.services import Dispatch, RefundPlan, add_note, add_shipment, delete_orders, refund_order
from orders.services.change import changing
from orders.services.credit_notes import CreditWish, credit_invoice
from orders.services.invoices import issue_invoice
from orders.status_page import status_url
from orders.tests.factories import make_order
from statuses.models import ShopStatus

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
WIDTHS = [1440, 390, 320]
THEMES = ["light", "dark"]


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds, as `rule: element` each."""
    found = Axe().run(page, context=within, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


def scrolls_sideways(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def complaints(page: Page, name: str, within: str | None = None) -> list[str]:
    """What is wrong with the page as it stands, in both themes and at each width."""
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if scrolls_sideways(page):
            wrong.append(f"{name} at {width}: scrolls sideways")
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            wrong += [f"{name} at {width}, {theme}: {violation}" for violation in violations(page, within)]
    return wrong


@pytest.fixture
def office(at_the_door, orders_of_the_day, shop, actor):
    """The clerk's window, in a shop with orders of every look."""
    delete_orders([orders_of_the_day[0].pk], shop=shop, by=actor)
    make_order(
        shop,
        customer_name="Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh",
        customer_message="Please ring twice. " * 20,
        customer_email="wolfe" * 12 + "@example.org",
        fulfilment_status="on_hold",
    )
    return at_the_door(tolerate=("status of 404",))


def test_the_door(open_page):
    page = open_page("/accounts/login/")
    wrong = complaints(page, "sign-in")

    page.get_by_label("E-mail address").fill("nobody@12345.example")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    wrong += complaints(page, "sign-in refused")
    page.goto("/accounts/password/reset/")
    wrong += complaints(page, "password reset")

    assert wrong == []


@pytest.mark.parametrize("path", ["/shops/?all", "/me/", "/help/", "/accounts/2fa/", "/accounts/sessions/", "/nowhere"])
def test_the_pages_of_a_person(office, path):
    office.goto(path)

    assert complaints(office, path) == []


def test_the_list_and_its_selection(office):
    wrong = complaints(office, "list")

    for box in office.get_by_role("checkbox", name="Select order").all()[:3]:
        box.check()
    wrong += complaints(office, "list with a selection")

    assert wrong == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_row_that_lies_under_the_bar_is_wholly_under_it_or_free(at_the_door, shop, actor, width):
    """Wherever the list is scrolled to: what shows half under the bar's buttons could not be hit."""
    with changing(shop, by=actor):
        for _ in range(40):
            make_order(shop)
    page = at_the_door(viewport={"width": width, "height": 900})
    page.get_by_role("checkbox", name="Select order").first.check()
    page.get_by_role("region", name="Actions for selected orders").wait_for()
    wrong = []
    for offset in (0, 9, 18, 27):
        page.evaluate("offset => scrollTo({ top: offset, behavior: 'instant' })", offset)
        wrong += [f"{offset}: {violation}" for violation in violations(page)]

    assert wrong == []


@pytest.mark.parametrize(
    "path",
    [
        "orders/?q=no-such-order",
        "orders/?sort=nonsense&status=nonsense",
        "orders/filters/?payment=paid",
        "orders/columns/",
        "orders/?columns=number,total,name,skus,folder,tags,ship_city,email,phone,paid,open,tracking,weight",
        "orders/views/",
        "orders/folders/",
        "orders/tags/",
        "orders/00003/edit/",
        "orders/00003/split/?backordered",
        "orders/00003/merge/",
        "orders/new/",
        "orders/new/?copy=00003",
        "orders/00003/why/",
        "orders/00003/ship/",
        "orders/00003/refund/?all",
        "orders/00003/payment/",
        "orders/00003/returns/",
        "orders/refunds/",
        "orders/00003/payment-request/",
        "menu/",
        "jobs/",
        "nowhere/",
    ],
)
def test_the_pages_of_a_shop(office, shop, path):
    office.goto(f"/s/{shop.number}/{path}")

    assert complaints(office, path) == []


def test_the_page_of_an_order_and_what_opens_on_it(office, shop, orders_of_the_day):
    office.goto(f"/s/{shop.number}/orders/{orders_of_the_day[9].display_number}/")
    wrong = complaints(office, "order")
    office.locator("summary[data-key=s]").click()
    wrong += complaints(office, "order with its menu open")
    office.goto(f"/s/{shop.number}/orders/{orders_of_the_day[0].display_number}/")
    wrong += complaints(office, "deleted order")
    long_one = orders_of_the_day[-1].number + 1
    office.goto(f"/s/{shop.number}/orders/{long_one:05}/")
    wrong += complaints(office, "order with long words")

    assert wrong == []


def test_what_is_done_about_a_parcel_a_refund_and_a_selection(office, shop, actor, orders_of_the_day):
    sent, other = orders_of_the_day[3], orders_of_the_day[4]
    shipment = add_shipment(sent, Dispatch({1: Decimal(1)}), by=actor)
    refund = refund_order(sent, RefundPlan(key=uuid4(), free=Decimal("2.00")), by=actor).parts[0]
    address = f"/s/{shop.number}/orders/{sent.display_number}/"
    wrong = []
    for path in (f"{address}shipments/{shipment.pk}/", f"{address}refunds/{refund.pk}/paid-out/", address):
        office.goto(path)
        wrong += complaints(office, path)
    office.goto(f"/s/{shop.number}/orders/")
    for order in (sent, other):
        office.get_by_role("checkbox", name=f"Select order {order.display_number}").check()
    office.get_by_role("button", name="Refund", exact=True).click()
    office.get_by_role("heading", name="Refund selected orders").wait_for()
    wrong += complaints(office, "refunds of a selection")

    assert wrong == []


def test_the_pages_of_invoices(sign_in_as, shop, actor):
    """The list, an invoice, its credit note in the making, the numbers, and what is set for them."""
    InvoiceSettings.objects.create(shop=shop, invoices_unpaid=True)
    invoice = issue_invoice(make_order(shop, customer_name="Wolfeschlegelsteinhausenbergerdorff"), by=actor)
    credit_invoice(issue_invoice(make_order(shop), by=actor), CreditWish(whole=True), by=actor)
    page = sign_in_as(make_staff(shop, Role.MANAGER))
    wrong = []
    for path in ("", f"{invoice.pk}/", f"{invoice.pk}/credit/", "numbers/", "settings/", "company/"):
        page.goto(f"/s/{shop.number}/invoices/{path}")
        wrong += complaints(page, f"invoices/{path}")

    assert wrong == []


def test_axe_finds_what_is_wrong(open_page):
    page = open_page("/accounts/login/")

    page.evaluate("document.querySelector('input[name=login]').labels[0].remove()")

    assert violations(page) != []


def test_an_orders_past_its_note_and_its_customers_page(office, shop, actor):
    order = make_order(shop, customer_message="Ring twice.")
    note = add_note(order, "The throw follows next week.", by=actor, audience="customer")
    address = f"/s/12345/orders/{order.display_number}/"
    wrong = []
    for path in (
        f"{address}at/{order.log.last().pk}/",
        f"{address}notes/{note.pk}/edit/",
        f"{address}hold/",
        status_url(order, shop),
        "/status/nonsense/",
    ):
        office.goto(path)
        wrong += complaints(office, path)

    assert wrong == []


def test_the_pages_of_statuses_and_how_orders_are_handled(sign_in_as, shop, orders_of_the_day):
    ShopStatus.objects.create(
        shop=shop, kind="fulfilment", code="wrapping", stands_for="ready", name_en="Gift wrapping", colour="pink"
    )
    page = sign_in_as(make_staff(shop, Role.MANAGER))
    page.goto(f"/s/{shop.number}/orders/")
    page.get_by_role("checkbox", name=f"Select order {orders_of_the_day[0].display_number}").check()
    bulk = page.get_by_role("region", name="Actions for selected orders")
    bulk.locator("summary", has_text="Order status").click()
    bulk.get_by_role("button", name="Gift wrapping").click()
    page.locator("#messages").get_by_text("1 order set to Gift wrapping.").wait_for()
    wrong = []
    for path in (
        "statuses/",
        "statuses/new/internal/",
        "statuses/fulfilment/ready/edit/",
        "statuses/fulfilment/wrapping/edit/",
        "statuses/fulfilment/wrapping/remove/",
        "settings/orders/",
    ):
        page.goto(f"/s/{shop.number}/{path}")
        wrong += complaints(page, path)

    assert wrong == []


def test_a_bulk_action_before_and_after(office, shop, actor, orders_of_the_day):
    """What is said before it, the page that asks why, and its job with one that failed."""
    cancelled = make_order(shop, fulfilment_status="cancelled")
    office.goto(f"/s/{shop.number}/orders/")
    for order in (orders_of_the_day[2], cancelled):
        office.get_by_role("checkbox", name=f"Select order {order.display_number}").check()
    bulk = office.get_by_role("region", name="Actions for selected orders")
    bulk.locator("summary", has_text="Order status").click()
    # What lies half under an open menu is of no use before it closes.
    wrong = complaints(office, "menu of the bar", within=".bulk")
    bulk.get_by_role("button", name="Shipped", exact=True).click()
    office.get_by_role("heading", name="Set to Shipped").wait_for()
    wrong += complaints(office, "what would happen")
    office.get_by_role("link", name="Back to the list").click()
    bulk.locator("summary", has_text="More").click()
    bulk.get_by_role("button", name="Put on hold…").click()
    office.get_by_label("Reason (shown to staff)").wait_for()
    wrong += complaints(office, "why on hold")
    job = start_bulk(
        "fulfilment:shipped", "", Order.objects.for_shop(shop).visible(), shop=shop, by=actor, token=uuid4()
    )
    office.goto(f"/s/{shop.number}/jobs/{job.pk}/")
    wrong += complaints(office, "job")

    assert wrong == []


def test_the_page_of_exports_with_a_download(office, shop, actor, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    request = ExportRequest(format=Format.XLSX, words="All orders")
    jobs.run(start_export(request, shop=shop, by=actor).pk)
    office.goto(f"/s/{shop.number}/exports/")

    assert complaints(office, "exports") == []
