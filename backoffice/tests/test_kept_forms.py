"""A form that is sent after the sign-in has run out is not lost."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from lxml import html
from pytest_django.asserts import assertContains, assertRedirects

from backoffice import kept_forms
from backoffice.tests.factories import PASSWORD, make_staff
from orders.models import OrderNote
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
WORDS = "Ring Åsa < before > noon"


@pytest.fixture
def order(shop):
    return make_order(shop)


def notes_url(order):
    return reverse("orders:add-note", args=[order.shop.number, order.display_number])


def send_a_note(client, order, **headers):
    return client.post(notes_url(order), {"text": WORDS, "audience": "internal"}, **headers)


def sign_in(client, response, staff):
    fields = {"login": staff.user.email, "password": PASSWORD, "next": response["Location"].partition("next=")[2]}
    return client.post(reverse("account_login"), fields)


def test_it_is_offered_after_the_sign_in_and_then_does_what_it_should(client, clerk, order):
    answer = send_a_note(client, order)
    assertRedirects(sign_in(client, answer, clerk), reverse("kept-form"), fetch_redirect_response=False)
    page = client.get(reverse("kept-form"))

    form = html.fromstring(page.content.decode()).cssselect(f"form[action='{notes_url(order)}']")[0]
    client.post(form.get("action"), dict(form.form_values()))

    assert OrderNote.objects.get().text == WORDS


def test_a_script_is_led_to_the_whole_sign_in_page(client, order):
    answer = send_a_note(client, order, headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(reverse("account_login"))


def test_what_only_looks_ahead_leaves_the_page_where_it_is(client, order):
    url = reverse("orders:edit-total", args=[order.shop.number, order.display_number])

    answer = client.post(url, {"discount": "1"}, headers={"HX-Request": "true"})

    assert (answer.status_code, kept_forms.IN_SESSION in client.session) == (401, False)


def test_it_lies_there_encrypted(client, order):
    send_a_note(client, order)

    kept = cache.get(f"kept-form:{client.session[kept_forms.IN_SESSION]}")

    assert kept
    assert "noon" not in kept


def test_it_is_gone_after_a_quarter_of_an_hour(client, clerk, order):
    answer = send_a_note(client, order)
    sign_in(client, answer, clerk)
    cache.touch(f"kept-form:{client.session[kept_forms.IN_SESSION]}", 0)

    assertRedirects(client.get(reverse("kept-form")), reverse("shops"), target_status_code=302)


def test_it_can_be_let_go(client, clerk, order):
    answer = send_a_note(client, order)
    sign_in(client, answer, clerk)

    client.post(reverse("kept-form"))

    assert client.get(reverse("kept-form")).status_code == 302
    assert not OrderNote.objects.exists()


def test_somebody_of_another_shop_is_not_shown_it(client, other_shop, order):
    answer = send_a_note(client, order)
    sign_in(client, answer, make_staff(other_shop, email="else@where.example"))

    assertRedirects(client.get(reverse("kept-form")), reverse("shops"), target_status_code=302)


def test_another_session_is_not_shown_it(client, clerk, order):
    send_a_note(client, order)
    elsewhere = Client()
    elsewhere.force_login(clerk.user)

    assert elsewhere.get(reverse("kept-form")).status_code == 302


def test_a_key_that_is_gone_is_no_server_error(client, clerk, order, settings):
    answer = send_a_note(client, order)
    sign_in(client, answer, clerk)
    settings.FIELD_ENCRYPTION_KEYS = ["ZGV2ZWxvcG1lbnQtb25seS1mZXJuZXQta2V5LTMyYzE="]

    assert client.get(reverse("kept-form")).status_code == 302


def test_an_address_cannot_fill_the_cache(client, order):
    for _ in range(kept_forms.MOST_PER_ADDRESS):
        send_a_note(client, order)

    assert "kept-form" not in send_a_note(client, order)["Location"]


def test_what_is_too_large_is_not_kept(client, order):
    answer = client.post(notes_url(order), {"text": "x" * 1_000_001})

    assert "kept-form" not in answer["Location"]


def test_the_page_shows_what_was_sent(client, clerk, order):
    sign_in(client, send_a_note(client, order), clerk)

    assertContains(client.get(reverse("kept-form")), "Ring Åsa &lt; before &gt; noon")
