"""Publishing a layout after fixing an error, by keyboard alone, with and without script, in a real Chromium."""

import pytest
from playwright.sync_api import expect

from backoffice import jobs
from backoffice.models import Job
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from layouts.gallery import _CASES
from layouts.models import LayoutVersion
from layouts.published import layout_for
from layouts.tests.factories import make_version
from orders.tests.browser.test_accessibility import complaints
from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = LayoutVersion.State
WRONG = "<h1>{{ order.number }}</h1>\n<p>Thank you, {{ order.custmer.name }}!</p>"
# Who leaves while a picture is on its way breaks that request off, and htmx says so.
BROKEN_OFF = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError")


@pytest.fixture(autouse=True)
def few_cases(monkeypatch):
    monkeypatch.setattr("layouts.gallery._CASES", [case for case in _CASES if case[0] in ("usual", "credit")])


@pytest.fixture
def open_as_manager(open_page, client, shop, live_server):
    """A function that opens a page of the layouts as the shop's manager."""

    def open_as_manager(path, *, tolerate=(), **window):
        client.force_login(make_staff(shop, Role.MANAGER).user)
        page = open_page("/accounts/login/", tolerate=(*BROKEN_OFF, *tolerate), **window)
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        page.goto(f"{live_server.url}/s/{shop.number}/layouts/{path}")
        return page

    return open_as_manager


def picture(page):
    return page.locator("#side .paper img")


def reach(page, name):
    """Press Tab until the button of that name has the focus."""
    wanted = (
        page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True)).first
    )
    for _ in range(250):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {name}")


def type_over(page, old, new):
    """Put `new` in the place of `old` in the text that has the focus, as a person does who selected it."""
    page.evaluate(
        """old => { const area = document.activeElement; const at = area.value.indexOf(old);
                    area.setSelectionRange(at, at + old.length); }""",
        old,
    )
    page.keyboard.type(new)


def test_an_error_is_fixed_and_the_layout_published_by_keyboard(open_as_manager, shop):
    make_order(shop, number=7)
    make_version(shop, "packing_slip", state=State.DRAFT, html=WRONG)
    page = open_as_manager("packing_slip/12345/draft/")
    expect(page.locator("#h-problems")).to_have_text("1 error: this draft cannot be published")
    page.wait_for_load_state("networkidle")  # the first preview has come and put its errors in the place of these

    page.locator("a[data-line]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Template")).to_be_focused()
    assert page.evaluate("getSelection().toString()").startswith("order.custmer")
    type_over(page, "custmer", "customer")
    expect(picture(page)).to_have_attribute("alt", "Page 1 of 1 of Packing slip")
    page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_have_text("Draft saved")
    reach(page, "Save and publish")
    page.keyboard.press("Enter")
    page.wait_for_url("**/draft/publish/")
    reach(page, "Check and publish")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Packing slip is published")).to_be_visible()
    assert layout_for(shop, "packing_slip").html == WRONG.replace("custmer", "customer")


def test_the_same_without_script(open_as_manager, shop):
    make_order(shop, number=7)
    make_version(shop, "packing_slip", state=State.DRAFT, html=WRONG)
    page = open_as_manager("packing_slip/12345/draft/", java_script_enabled=False)
    expect(page.locator("#side .errs pre")).to_have_text("<p>Thank you, {{ order.custmer.name }}!</p>")

    page.get_by_label("Template").fill(WRONG.replace("custmer", "customer"))
    page.get_by_role("button", name="Show preview").press("Enter")
    expect(picture(page)).to_be_visible()
    assert LayoutVersion.objects.get().html == WRONG
    page.get_by_role("button", name="Save and publish").press("Enter")
    page.get_by_role("button", name="Check and publish").press("Enter")

    expect(page.get_by_role("heading", name="Packing slip is published")).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("Uses the standard layout.")).to_be_visible()


def test_the_preview_follows_the_texts_and_warns_before_they_are_lost(open_as_manager, shop):
    make_order(shop, number=7)
    make_version(shop, "packing_slip", state=State.DRAFT, html="<h1>{{ order.number }}</h1>")
    page = open_as_manager("packing_slip/12345/draft/")
    expect(picture(page)).to_be_visible()
    before = picture(page).get_attribute("src")

    page.get_by_label("Template").fill("<h1>Other</h1>")
    expect(picture(page)).not_to_have_attribute("src", before)
    expect(page.locator("[data-unsaved-hint]")).to_be_visible()
    page.get_by_label("Find a field").fill("billing city")

    expect(page.locator("#field-rows tr:visible")).to_have_count(1)
    page.get_by_role("button", name="Insert order.billing_address.city").click()
    expect(page.get_by_label("Template")).to_have_value("<h1>Other</h1>{{ order.billing_address.city }}")


def test_two_people_at_one_draft(open_as_manager, shop):
    make_version(shop, "packing_slip", state=State.DRAFT, html="<p>old</p>")
    page = open_as_manager("packing_slip/12345/draft/", tolerate=("status of 409",))
    LayoutVersion.objects.update(html="<p>theirs</p>", edition=2, changed_by="Marit Bakker")

    page.get_by_label("Template").fill("<p>mine</p>")
    page.get_by_label("What changed").focus()
    page.keyboard.press("Control+s")
    # The preview of what was typed comes after that, and leaves the choice where it is.
    expect(picture(page)).to_be_visible()
    page.wait_for_timeout(1500)
    expect(page.locator("#h-clash")).to_contain_text("Marit Bakker saved this draft at")
    expect(page.locator("#h-clash")).to_be_in_viewport()
    expect(page.get_by_label("Template")).to_have_value("<p>mine</p>")
    page.get_by_role("button", name="Save mine over theirs").click()

    expect(page.locator("#messages")).to_contain_text("Draft saved")
    assert LayoutVersion.objects.get().html == "<p>mine</p>"


@pytest.mark.parametrize(
    "path", ["", "packing_slip/12345/", "packing_slip/12345/draft/", "packing_slip/12345/versions/2/"]
)
def test_a_phone_never_scrolls_sideways(open_as_manager, shop, path):
    make_version(shop, "packing_slip", html="<p>old</p>")
    make_version(shop, "packing_slip", state=State.DRAFT, html="<p>{{ order.custmer.name }}" + "long " * 100)
    page = open_as_manager(path, viewport={"width": 320, "height": 700})

    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_publishing_at_work_shows_how_far_it_is(open_as_manager, shop, monkeypatch):
    make_version(shop, "packing_slip", state=State.DRAFT, html="<p>x</p>")
    monkeypatch.setattr("backoffice.jobs.ring", lambda job_id: None)
    page = open_as_manager("packing_slip/12345/draft/publish/")

    page.get_by_role("button", name="Check and publish").click()
    expect(page.get_by_role("heading", name="Trying the hard cases")).to_be_visible()
    jobs.run(Job.objects.get().pk)

    expect(page.get_by_role("heading", name="Packing slip is published")).to_be_visible()


def test_axe_finds_nothing_on_the_pages_of_layouts(open_as_manager, shop):
    """The overview, a layout with its history, a draft with and without errors, a version, publishing, a preview."""
    make_order(shop, number=12)
    make_version(shop, "packing_slip", html="<h1>{{ order.number }}</h1>")
    make_version(shop, "packing_slip", html="<h1>{{ order.number }} again</h1>")
    make_version(shop, "packing_slip", html=WRONG, state=State.DRAFT)
    make_version(shop, "invoice", html="<h1>{{ invoice.number }}</h1>", state=State.DRAFT)
    own, drawn = f"packing_slip/{shop.number}/", f"invoice/{shop.number}/"
    wrong = []

    page = open_as_manager("")
    for path in (
        "",
        own,
        f"{own}preview/",
        f"{own}versions/1/",
        f"{own}draft/",
        f"{drawn}draft/",
        f"{drawn}draft/publish/",
    ):
        page.goto(f"{page.url.split('/layouts/')[0]}/layouts/{path}")
        wrong += complaints(page, path)

    assert wrong == []
