import pytest
from django.test import RequestFactory
from django.utils import translation

from backoffice.access import PermissionMissing
from backoffice.roles import Permission
from backoffice.views import errors


def test_the_page_for_a_fault_of_ours_needs_no_database(rf: RequestFactory):
    # No `db` here: any query would fail this story, as it would when the database is what broke.
    request = rf.get("/s/12345/orders/")
    request.id = "c0ffee00"

    with translation.override("sv"):
        response = errors.server_error(request)

    assert response.status_code == 500
    page = response.content.decode()
    assert '<html lang="sv">' in page
    assert "c0ffee00" in page
    assert "Traceback" not in page


def test_a_page_that_is_not_there_offers_search_in_the_shop(clerk_client, shop):
    request = clerk_client.get(f"/s/{shop.number}/menu/").wsgi_request
    request.path = f"/s/{shop.number}/orders/10492/"

    response = errors.page_not_found(request)

    assert response.status_code == 404
    page = response.content.decode()
    assert f'action="/s/{shop.number}/orders/search/"' in page
    assert 'value="10492"' in page


def test_another_shop_is_nothing_at_all_and_shows_no_shell(clerk_client, shop, other_shop):
    response = clerk_client.get(f"/s/{other_shop.number}/orders/")

    assert response.status_code == 404
    page = response.content.decode()
    assert other_shop.name not in page
    assert '<nav class="nav"' not in page


def test_a_missing_right_is_named_with_the_roles_that_have_it(clerk, rf, clerk_client):
    request = clerk_client.get(f"/s/{clerk.shop.number}/menu/").wsgi_request

    response = errors.permission_denied(request, PermissionMissing(Permission.MANAGE_SETTINGS))

    assert response.status_code == 403
    page = response.content.decode()
    assert "Your role here does not let you change the shop&#x27;s settings." in page
    assert "Roles that may: Owner, Manager." in page


@pytest.mark.django_db
def test_a_stale_form_is_told_what_to_do(rf):
    request = rf.post("/me/")
    request.id = "c0ffee00"

    response = errors.csrf_failure(request)

    assert response.status_code == 403
    assert '<a class="btn pri" href="/me/">Open the page anew</a>' in response.content.decode()


@pytest.mark.django_db
def test_signing_in_too_often_says_how_long_to_wait(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}

    answers = [client.post("/accounts/login/", {"login": "a@b.example", "password": "x"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert "Wait five minutes" in answers[1].content.decode()
