"""Sender, server and demo mailbox, as the shop sees and sets them."""

import pytest
from django.urls import reverse

from backoffice.roles import Role
from backoffice.tests.factories import make_staff
from messaging.models import MailLane, MailSettings, OutboxMail
from messaging.services.delivery import send_due
from messaging.tests.factories import make_mail


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, Role.OWNER).user)
    return client


def url(shop, name="settings"):
    return reverse(f"messaging:{name}", args=[shop.number])


def typed(**values) -> dict:
    dull = {
        "sender_name": "Candles",
        "sender_address": "shop@candles.example",
        "reply_to": "",
        "copy_address": "",
        "hold_seconds": "90",
        "host": "smtp.candles.example",
        "port": "587",
        "security": "starttls",
        "username": "candles",
        "new_password": "s3cret-s3cret",
    }
    return dull | values


def test_the_settings_are_stored_and_the_password_never_shown(owner_client, shop):
    response = owner_client.post(url(shop), typed(), follow=True)

    own = MailSettings.objects.get(shop=shop)
    assert (own.host, own.hold_seconds, own.password) == ("smtp.candles.example", 90, "s3cret-s3cret")
    assert "s3cret-s3cret" not in response.content.decode()
    assert "A password is stored." in response.content.decode()


def test_the_password_is_encrypted_at_rest(owner_client, shop):
    owner_client.post(url(shop), typed())

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM messaging_mailsettings")
        (stored,) = cursor.fetchone()
    assert stored != ""
    assert "s3cret" not in stored


def test_an_empty_password_keeps_the_stored_one_and_no_user_name_forgets_it(owner_client, shop):
    owner_client.post(url(shop), typed())
    owner_client.post(url(shop), typed(new_password="", port="25"))
    own = MailSettings.objects.get()
    assert (own.password, own.port) == ("s3cret-s3cret", 25)

    owner_client.post(url(shop), typed(new_password="", username=""))
    own.refresh_from_db()
    assert own.password == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_name", "Candles\r\nBcc: eve@example.net"),
        ("sender_name", "Candles\u2028x"),
        ("sender_address", "a@example.org, b@example.org"),
        ("sender_address", "nobody"),
        ("sender_address", ""),
        ("reply_to", "a@example.org\nx"),
        ("copy_address", "a@example.org;b@example.org"),
        ("hold_seconds", "999999999999"),
        ("hold_seconds", "-1"),
        ("port", "0"),
        ("port", "70000"),
        ("host", "smtp example"),
        ("host", "a\0b"),
        ("username", "a\nb"),
        ("security", "none"),
        ("security", "x"),
    ],
)
def test_t13_t14_what_no_mail_can_have_is_refused_where_it_is_typed(owner_client, shop, field, value):
    response = owner_client.post(url(shop), typed(**{field: value}))

    assert response.status_code == 422
    assert "<title>Error:" in response.content.decode()
    assert not MailSettings.objects.exists()


def test_new_settings_open_the_lane_again(owner_client, shop):
    MailLane.objects.create(shop=shop, is_stopped=True, failures_in_a_row=3, last_problem="login 535 no")
    page = owner_client.get(url(shop)).content.decode()
    assert "does not accept the user name" in page
    assert "535 no" in page

    owner_client.post(url(shop), typed())

    lane = MailLane.objects.get()
    assert (lane.is_stopped, lane.failures_in_a_row) == (False, 0)


def test_a_test_goes_to_whoever_asks(owner_client, shop):
    owner_client.post(url(shop, "test-mail"))

    mail = OutboxMail.objects.get()
    assert (mail.origin, mail.recipient, mail.state) == ("test", "owner@12345.example", "queued")


def test_the_warehouse_sees_how_mails_leave_and_changes_nothing(client, shop):
    client.force_login(make_staff(shop, Role.WAREHOUSE).user)

    assert b"server of the installation" in client.get(url(shop)).content
    assert client.post(url(shop), typed()).status_code == 403
    assert not MailSettings.objects.exists()


def test_the_demo_mailbox_shows_what_landed_there(owner_client, shop, other_shop, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.VAR_DIR = tmp_path
    make_mail(shop, subject="Grüße <b>")
    make_mail(other_shop, subject="Not yours")
    send_due()

    page = owner_client.get(url(shop, "mailbox")).content.decode()

    assert "Grüße &lt;b&gt;" in page
    assert "Not yours" not in page


def test_without_the_folder_there_is_no_demo_mailbox(owner_client, shop):
    assert owner_client.get(url(shop, "mailbox")).status_code == 404


def test_the_secret_is_made_once(owner_client, shop):
    pages = [owner_client.post(url(shop, "report-secret")).content.decode() for _ in range(2)]

    secret = MailSettings.objects.get().bounce_secret
    assert len(secret) > 40
    assert all(secret in page for page in pages)
