"""Messages in a real Chromium with the strict policy on, with and without script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import expect

from backoffice.actor import SYSTEM
from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import MailState, OutboxMail
from messaging.services.files import add_file
from messaging.tests.factories import make_mail, make_trigger
from orders.tests.factories import make_order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCRIPT = pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def open_as_owner(open_page, client, shop, live_server):
    """A function that opens a page of the shop as its owner."""

    def open_as_owner(path, **window):
        client.force_login(make_staff(shop, Role.OWNER).user)
        page = open_page("/accounts/login/", **window)
        page.context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        page.goto(f"{live_server.url}/s/{shop.number}/{path}")
        return page

    return open_as_owner


@SCRIPT
def test_a_template_message_with_an_attachment_is_sent_by_keyboard(open_as_owner, shop, has_script):
    order = make_order(shop)
    add_file(shop, SimpleUploadedFile("terms.pdf", b"%PDF-1.7 terms"), by=SYSTEM)
    page = open_as_owner(f"orders/{order.display_number}/", java_script_enabled=has_script)

    page.get_by_role("link", name="Write", exact=True).press("Enter")
    page.get_by_label("Begin with a template").focus()
    page.get_by_label("Begin with a template").select_option(label="Payment received")
    page.get_by_role("button", name="Use it").press("Enter")
    expect(page.get_by_label("Subject")).to_have_value("Your payment for order {{ order.number }} is in")
    page.locator("summary", has_text="Attachments").press("Enter")
    page.get_by_label("terms.pdf").press("Space")
    page.get_by_role("button", name="Send", exact=True).press("Enter")

    expect(page.locator("#messages")).to_contain_text("The message to anna@example.org is in the outbox.")
    mail = OutboxMail.objects.get()
    assert (mail.state, len(mail.extra["files"])) == (MailState.HELD, 1)

    page.locator("#messages").get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#messages")).to_contain_text("The mail is cancelled.")
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED


@SCRIPT
def test_the_preview_shows_what_is_typed(open_as_owner, shop, has_script):
    make_order(shop, customer_name="Björn Borg")
    page = open_as_owner("messages/templates/paid/?language=en", java_script_enabled=has_script)

    page.get_by_label("Text", exact=True).fill("<p>Dear {{ order.customer.name }}, thank you.</p>")
    if not has_script:
        page.get_by_role("button", name="Show", exact=True).click()

    expect(page.frame_locator("iframe[name=preview]").locator("p").first).to_have_text("Dear Björn Borg, thank you.")
    assert "language=en" in page.url


def test_a_field_is_inserted_where_the_cursor_is(open_as_owner, shop):
    make_order(shop)
    page = open_as_owner("messages/templates/paid/?language=en")
    subject = page.get_by_label("Subject")

    subject.fill("Order !")
    subject.evaluate("field => field.setSelectionRange(6, 6)")
    page.get_by_text("The customer order.customer").click()
    page.get_by_role("button", name="Insert Name of the customer").click()

    expect(subject).to_have_value("Order {{ order.customer.name }}!")


def test_a_mail_with_script_in_it_does_nothing(open_as_owner, shop):
    evil = "<p id='x'>Read me</p><script>top.document.title = 'mine'</script><img src=x onerror='top.x = 1'>"
    mail = make_mail(shop, make_order(shop), html=evil)
    page = open_as_owner(f"messages/mails/{mail.pk}/", tolerate=("sandboxed", "Blocked script", "Content Security"))

    expect(page.frame_locator("iframe").locator("#x")).to_have_text("Read me")
    assert "mine" not in page.title()
    assert page.evaluate("window.x") is None


@pytest.mark.parametrize(
    "path", ["", "templates/", "templates/shipped/", "triggers/", "files/", "do-not-mail/", "later/"]
)
def test_a_phone_never_scrolls_sideways(open_as_owner, shop, path):
    make_mail(shop, make_order(shop), state=MailState.FAILED, last_answer="550 " + "x" * 300)
    make_trigger(shop)
    page = open_as_owner(f"messages/{path}", viewport={"width": 320, "height": 700})

    assert page.evaluate("document.documentElement.scrollWidth") == 320
