"""Who gets in, who does not, and what an old key still opens."""

import base64
import hmac
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from backoffice.models import SecurityEvent
from backoffice.tests.factories import PASSWORD, make_staff

LOGIN = "/accounts/login/"
NEUTRAL = "The email address and/or password you specified are not correct."
TOO_OFTEN = "Too many failed login attempts. Try again later."
TRIES_PER_ACCOUNT = 5
TRIES_PER_ADDRESS = 10
NINE_O_CLOCK = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def opens(client: Client, path: str = "/me/") -> bool:
    """Whether a page of the person is shown, not the way to the sign-in page."""
    return client.get(path).status_code == 200


def totp(secret: str, at: datetime) -> str:
    """The six digits an authenticator app shows at that time (RFC 6238: SHA-1, 30 seconds)."""
    digest = hmac.digest(base64.b32decode(secret), (int(at.timestamp()) // 30).to_bytes(8), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


# --- E-mail address and password


def test_the_right_password_opens_the_shop(client, clerk):
    response = sign_in(client, clerk.user.email)

    assert response.status_code == 302
    assert response["Location"] == reverse("shops")
    assert opens(client)
    assert [(event.kind, event.user) for event in SecurityEvent.objects.all()] == [("signed_in", clerk.user)]


def test_the_address_may_be_typed_in_capitals(client, clerk):
    sign_in(client, clerk.user.email.upper())

    assert opens(client)


def test_a_wrong_password_opens_nothing_and_is_written_down(client, clerk):
    response = sign_in(client, clerk.user.email, "wrong")

    assert response.status_code == 200
    assert NEUTRAL in response.content.decode()
    assert not opens(client)
    assert [(event.kind, event.email) for event in SecurityEvent.objects.all()] == [
        ("sign_in_failed", clerk.user.email)
    ]


def test_the_answer_is_the_same_whether_or_not_the_account_exists(client, clerk):
    def said(email: str) -> str:
        page = sign_in(Client(), email, "wrong").content.decode()
        # What differs from page to page: the token, and the address that was typed.
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(email, "typed")

    assert said(clerk.user.email) == said("nobody@12345.example")


def test_somebody_who_left_cannot_sign_in(client, clerk):
    clerk.user.is_active = False
    clerk.user.save()

    sign_in(client, clerk.user.email)

    assert not opens(client)


def test_somebody_who_leaves_is_out_with_the_next_request(client, clerk):
    sign_in(client, clerk.user.email)
    assert opens(client)

    clerk.user.is_active = False
    clerk.user.save()

    assert not opens(client)


@pytest.mark.parametrize("typed", ["a\x00b@12345.example", "x" * 5000, "' OR 1=1 --", "<script>@x.example", ""])
def test_odd_names_are_only_wrong(client, clerk, typed):
    assert sign_in(client, typed).status_code == 200
    assert not opens(client)


# --- Trying again and again


def test_after_five_wrong_tries_the_right_password_waits_too(client, clerk, shop):
    colleague = make_staff(shop, email="colleague@12345.example")
    for _ in range(TRIES_PER_ACCOUNT):
        assert NEUTRAL in sign_in(client, clerk.user.email, "wrong").content.decode()

    refused = sign_in(client, clerk.user.email)

    assert TOO_OFTEN in refused.content.decode()
    assert not opens(client)
    sign_in(client, colleague.user.email)
    assert opens(client)


def test_a_blocked_account_is_open_again_after_five_minutes(client, clerk):
    with time_machine.travel(NINE_O_CLOCK, tick=False) as clock:
        for _ in range(TRIES_PER_ACCOUNT):
            sign_in(client, clerk.user.email, "wrong")
        sign_in(client, clerk.user.email)
        assert not opens(client)

        clock.shift(timedelta(minutes=5, seconds=1))
        sign_in(client, clerk.user.email)

        assert opens(client)


def test_one_address_that_tries_many_accounts_is_stopped_and_others_go_on(client, clerk):
    for number in range(TRIES_PER_ADDRESS):
        sign_in(client, f"staff{number}@12345.example", "wrong")

    assert TOO_OFTEN in sign_in(client, clerk.user.email).content.decode()
    assert not opens(client)
    sign_in(client, clerk.user.email, REMOTE_ADDR="203.0.113.9")
    assert opens(client)


def test_forged_addresses_give_no_new_tries(client, clerk):
    for number in range(TRIES_PER_ADDRESS):
        sign_in(client, f"staff{number}@12345.example", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")

    refused = sign_in(client, clerk.user.email, HTTP_X_FORWARDED_FOR="198.51.100.77")

    assert TOO_OFTEN in refused.content.decode()


def test_a_proxy_less_than_counted_stops_nobody_from_signing_in(client, clerk, settings):
    settings.TRUSTED_PROXIES = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    sign_in(client, clerk.user.email, HTTP_X_FORWARDED_FOR="198.51.100.1")

    assert opens(client)
    assert SecurityEvent.objects.get().ip_address == "127.0.0.1"


# --- The second step


@pytest.fixture
def second_step(client, clerk):
    """Switch on the clerk's second step in the pages at nine o'clock; give the key and the recovery codes."""
    with time_machine.travel(NINE_O_CLOCK, tick=False):
        sign_in(client, clerk.user.email)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        page = client.get(reverse("mfa_activate_totp")).content.decode()
        secret = re.search(r'<code id="totp-key">(\w+)</code>', page)[1]
        response = client.post(reverse("mfa_activate_totp"), {"code": totp(secret, NINE_O_CLOCK)}, follow=True)
        codes = re.findall(r"<li>([0-9a-zA-Z-]{8,})</li>", response.content.decode())
        client.logout()
    assert len(codes) == 10
    return secret, codes


def test_with_a_second_step_the_password_alone_opens_nothing(client, clerk, second_step):
    response = sign_in(client, clerk.user.email)

    assert response["Location"] == reverse("mfa_authenticate")
    assert not opens(client)


def test_the_code_of_the_app_opens(client, clerk, second_step):
    secret, _codes = second_step
    later = NINE_O_CLOCK + timedelta(hours=1)

    with time_machine.travel(later, tick=False):
        sign_in(client, clerk.user.email)
        client.post(reverse("mfa_authenticate"), {"code": totp(secret, later)})

        assert opens(client)


def test_a_code_that_was_used_opens_nothing_more(client, clerk, second_step):
    secret, _codes = second_step
    later = NINE_O_CLOCK + timedelta(hours=1)

    with time_machine.travel(later, tick=False):
        sign_in(client, clerk.user.email)
        client.post(reverse("mfa_authenticate"), {"code": totp(secret, later)})
        thief = Client()
        sign_in(thief, clerk.user.email)
        response = thief.post(reverse("mfa_authenticate"), {"code": totp(secret, later)})

        assert response.status_code == 200
        assert "Incorrect code." in response.content.decode()
        assert not opens(thief)


def test_a_code_of_ten_minutes_ago_opens_nothing(client, clerk, second_step):
    secret, _codes = second_step
    later = NINE_O_CLOCK + timedelta(hours=1)

    with time_machine.travel(later, tick=False):
        sign_in(client, clerk.user.email)
        client.post(reverse("mfa_authenticate"), {"code": totp(secret, later - timedelta(minutes=10))})

        assert not opens(client)


def test_a_recovery_code_opens_once(clerk, second_step):
    _secret, codes = second_step
    first, second = Client(), Client()

    for each in (first, second):
        sign_in(each, clerk.user.email)
        each.post(reverse("mfa_authenticate"), {"code": codes[0]})

    assert [opens(first), opens(second)] == [True, False]


def test_guessing_codes_is_stopped(client, clerk, second_step):
    secret, _codes = second_step
    later = NINE_O_CLOCK + timedelta(hours=1)

    with time_machine.travel(later, tick=False):
        sign_in(client, clerk.user.email)
        for _ in range(TRIES_PER_ACCOUNT):
            client.post(reverse("mfa_authenticate"), {"code": "000000"})
        response = client.post(reverse("mfa_authenticate"), {"code": totp(secret, later)})

        assert TOO_OFTEN in response.content.decode()
        assert not opens(client)


@pytest.mark.parametrize("page", ["mfa_activate_totp", "mfa_generate_recovery_codes"])
def test_the_second_step_is_changed_only_right_after_typing_the_password_again(client, clerk, page):
    with time_machine.travel(NINE_O_CLOCK, tick=False) as clock:
        sign_in(client, clerk.user.email)
        before = client.get(reverse(page))
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        clock.shift(timedelta(hours=1))

        later = client.get(reverse(page))

    assert [answer["Location"].split("?")[0] for answer in (before, later)] == [reverse("account_reauthenticate")] * 2


def test_another_address_to_sign_in_with_takes_the_password_again(client, clerk):
    sign_in(client, clerk.user.email)

    response = client.post(reverse("account_email"), {"action_add": "", "email": "thief@example.org"})

    assert response["Location"].split("?")[0] == reverse("account_reauthenticate")
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()


# --- Sessions


def test_signing_in_takes_a_new_session(client, clerk):
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies["sessionid"] = session.session_key

    sign_in(client, clerk.user.email)

    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not opens(thief)


def copy_of(client: Client) -> Client:
    """Another browser with the same session cookie."""
    copy = Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    return copy


def test_an_old_cookie_is_dead_after_signing_out(client, clerk):
    sign_in(client, clerk.user.email)
    copy = copy_of(client)
    assert opens(copy)

    client.post(reverse("account_logout"))

    assert not opens(client)
    assert not opens(copy)


def test_signing_out_takes_a_post(client, clerk):
    sign_in(client, clerk.user.email)

    client.get(reverse("account_logout"))

    assert opens(client)


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(client, clerk):
    elsewhere = Client()
    for each in (client, elsewhere):
        sign_in(each, clerk.user.email)

    client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "a-newer-longer-password", "password2": "a-newer-longer-password"},
    )

    assert opens(client)
    assert not opens(elsewhere)
    fresh = Client()
    sign_in(fresh, clerk.user.email)
    assert not opens(fresh)
    sign_in(fresh, clerk.user.email, "a-newer-longer-password")
    assert opens(fresh)


def test_other_devices_are_signed_out_from_the_list_of_sessions(client, clerk):
    elsewhere = Client()
    for each in (client, elsewhere):
        sign_in(each, clerk.user.email)

    client.post(reverse("usersessions_list"))

    assert opens(client)
    assert not opens(elsewhere)


# --- Where one lands


def test_after_signing_in_one_is_where_one_wanted_to_be(client, clerk):
    response = client.post(LOGIN, {"login": clerk.user.email, "password": PASSWORD, "next": "/help/"})

    assert response["Location"] == "/help/"


STRANGE_PLACES = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "\tjavascript:alert(1)",
    "//testserver@evil.example",
    "http://testserver.evil.example/",
]


@pytest.mark.parametrize("place", STRANGE_PLACES)
def test_nobody_is_led_elsewhere_by_signing_in(client, clerk, place):
    response = client.post(f"{LOGIN}", {"login": clerk.user.email, "password": PASSWORD, "next": place})

    assert response["Location"] == reverse("shops")


@pytest.mark.parametrize("place", STRANGE_PLACES)
def test_nobody_is_led_elsewhere_by_a_choice_of_language_or_theme_or_by_signing_out(clerk_client, place):
    language = clerk_client.post(reverse("set-language"), {"language": "nl", "next": place})
    theme = clerk_client.post(reverse("set-theme"), {"theme": "dark", "next": place})
    out = clerk_client.post(reverse("account_logout"), {"next": place})

    assert [each["Location"] for each in (language, theme, out)] == [reverse("shops")] * 2 + [LOGIN]


# --- Accounts


def test_nobody_signs_up(client, django_user_model):
    page = client.get(LOGIN).content.decode()
    assert reverse("account_signup") not in page

    client.post(
        reverse("account_signup"),
        {"email": "me@example.org", "password1": "a-long-password-1", "password2": "a-long-password-1"},
    )

    assert not django_user_model.objects.exists()


def ask_for_a_link(client: Client, email: str):
    return client.post(reverse("account_reset_password"), {"email": email}, follow=True)


def test_asking_for_a_new_password_does_not_tell_whether_the_account_exists(clerk):
    def said(email: str) -> list:
        response = ask_for_a_link(Client(), email)
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        return [response.redirect_chain, page]

    assert said(clerk.user.email) == said("nobody@12345.example")


def test_the_mail_to_an_unknown_address_offers_no_account(client, mailoutbox):
    ask_for_a_link(client, "nobody@12345.example")

    assert [mail.to for mail in mailoutbox] == [["nobody@12345.example"]]
    assert "sign up" not in mailoutbox[0].body
    assert reverse("account_signup") not in mailoutbox[0].body


def test_the_link_in_the_mail_sets_a_new_password_once(client, clerk, mailoutbox):
    ask_for_a_link(client, clerk.user.email)
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mailoutbox[0].body)[1]
    form = client.get(link, follow=True)
    new = {"password1": "a-newer-longer-password", "password2": "a-newer-longer-password"}

    client.post(form.redirect_chain[-1][0], new)

    again = Client().get(link, follow=True).content.decode()
    assert 'name="password1"' not in again
    fresh = Client()
    sign_in(fresh, clerk.user.email, "a-newer-longer-password")
    assert opens(fresh)


def test_a_forged_host_makes_no_link(client, clerk, mailoutbox):
    response = client.post(reverse("account_reset_password"), {"email": clerk.user.email}, HTTP_HOST="evil.example")

    assert response.status_code == 400
    assert mailoutbox == []
