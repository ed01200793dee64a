"""What a person reads when something went wrong, and what stays inside."""

import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import path

from backoffice import urls
from backoffice.access import public, requires
from backoffice.roles import Permission, Role
from backoffice.tests.factories import make_shop, make_staff

NAV = '<nav class="nav"'


def crash(request, shop_number=None):
    private = "customer anna@example.org"
    raise ZeroDivisionError(private)


def suspicious(request):
    raise SuspiciousOperation("a detail for the log")


def denied(request):
    raise PermissionDenied("a detail for the log")


# The product's addresses with three more that go wrong.
urlpatterns = [
    path("s/<str:shop_number>/crash/", requires(Permission.VIEW_ORDERS)(crash)),
    path("s/<str:shop_number>/owners/", requires(Permission.MANAGE_SETTINGS)(crash)),
    path("crash/", public(crash)),
    path("suspicious/", public(suspicious)),
    path("denied/", public(denied)),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def shown(clerk_client):
    """A function that opens a page as the clerk, as production would: a fault becomes an answer."""
    clerk_client.raise_request_exception = False

    def open_page(path: str, method: str = "get", **values):
        response = getattr(clerk_client, method)(path, **values)
        response.text_shown = response.content.decode()
        return response

    return open_page


def heading(response) -> str:
    return re.search(r"<h1[^>]*>(.*?)</h1>", response.text_shown)[1]


def assert_page_helps(response, status: int) -> None:
    """One heading, one next step, the code for support, and nothing of the inside."""
    assert response.status_code == status
    assert response.text_shown.count("<h1") == 1
    card = response.text_shown.split('class="acts"')[1]
    assert re.search(r'<a class="btn[^"]*" href="/', card)
    assert response["X-Request-ID"] in response.text_shown
    for inside in (
        "Traceback",
        "ZeroDivisionError",
        "anna@example.org",
        "a detail for the log",
        "settings.py",
        "urlpatterns",
    ):
        assert inside not in response.text_shown
    assert response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/crash/", "/s/12345/crash/"])
def test_a_fault_of_ours_says_so_and_shows_no_trace(shown, path):
    response = shown(path)

    assert_page_helps(response, 500)
    assert heading(response) == "Something went wrong here"
    assert response["Cache-Control"] == "no-store, private"


def test_a_fault_shows_no_trace_to_strangers_either(db):
    response = Client(raise_request_exception=False).get("/crash/")

    assert response.status_code == 500
    assert "Traceback" not in response.content.decode()


def test_a_page_of_the_shop_that_is_not_there_keeps_the_shell_and_offers_search(shown, shop):
    response = shown("/s/12345/invoices/10492/")

    assert_page_helps(response, 404)
    assert heading(response) == "There is nothing at this address"
    assert NAV in response.text_shown
    assert 'value="10492"' in response.text_shown


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere/", "/s/", "/s/99999/x/", "/s/abc/orders/", "/%00", "/%FF"])
def test_an_address_outside_of_ones_shops_is_nothing_at_all(shown, path):
    make_shop("99999", name="Foreign shop")

    response = shown(path)

    assert_page_helps(response, 404)
    assert NAV not in response.text_shown
    assert "Foreign shop" not in response.text_shown


def test_an_order_that_is_not_there_keeps_the_shell(shown):
    response = shown("/s/12345/orders/4711/")

    assert_page_helps(response, 404)
    assert NAV in response.text_shown


def test_words_from_the_address_are_shown_as_words(shown):
    response = shown("/s/12345/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert response.status_code == 404
    assert "<script>alert" not in response.text_shown


def test_a_missing_right_is_named_with_who_can_give_it(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)

    response = client.get("/s/12345/owners/")
    response.text_shown = response.content.decode()

    assert_page_helps(response, 403)
    assert NAV in response.text_shown
    assert "Roles that may: Owner, Manager." in response.text_shown


def test_a_refusal_without_a_right_behind_it_is_a_page_too(shown):
    assert_page_helps(shown("/denied/"), 403)


def test_what_cannot_be_read_is_a_page_too(shown):
    response = shown("/suspicious/")

    assert_page_helps(response, 400)
    assert heading(response) == "This request could not be read"


@pytest.mark.parametrize("token", [None, "", "x" * 64, "nonsense"])
def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(clerk, token):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clerk.user)
    values = {"theme": "dark"} | ({} if token is None else {"csrfmiddlewaretoken": token})

    response = client.post("/theme/", values)
    response.text_shown = response.content.decode()

    assert_page_helps(response, 403)
    assert heading(response) == "This form was too old"
    clerk.user.refresh_from_db()
    assert clerk.user.theme == "system"


def test_a_form_sent_from_another_site_changes_nothing(clerk):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clerk.user)
    token = client.get("/me/").cookies["csrftoken"].value

    answers = [
        client.post("/theme/", {"theme": "dark", "csrfmiddlewaretoken": token}, HTTP_ORIGIN=origin)
        for origin in ("https://evil.example", "null", "http://testserver")
    ]

    # The last one is ours: the token was good.
    assert [answer.status_code for answer in answers] == [403, 403, 302]


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", "x" * 300, ""]
)
def test_a_host_that_is_not_ours_is_refused(shown, host):
    response = shown("/s/12345/orders/", HTTP_HOST=host)

    assert response.status_code == 400
    assert "evil.example" not in response.text_shown


def test_a_host_forwarded_by_nobody_we_know_is_not_believed(shown):
    response = shown("/s/12345/nowhere/", HTTP_X_FORWARDED_HOST="evil.example")

    assert "evil.example" not in response.text_shown


def test_thousands_of_fields_are_refused(shown, clerk):
    too_many = {f"field-{number}": "x" for number in range(8_001)}

    response = shown("/theme/", "post", data=too_many | {"theme": "dark"})

    assert_page_helps(response, 400)
    clerk.user.refresh_from_db()
    assert clerk.user.theme == "system"


def test_a_long_address_and_thousands_of_parameters_are_read_or_refused(shown):
    addresses = ["/s/12345/orders/?q=" + "x" * 8_000, "/s/12345/orders/?" + "&".join(f"p{n}=1" for n in range(3_000))]

    assert [shown(address).status_code for address in addresses] == [200, 200]


@pytest.mark.parametrize(("path", "status"), [("/s/12345/orders/", 200), ("/nowhere", 404), ("/crash/", 500)])
def test_a_head_request_gets_the_headers_alone(shown, path, status):
    response = shown(path, "head")

    assert [response.status_code, response.content] == [status, b""]


def test_the_page_speaks_the_language_of_the_person(shown, clerk):
    clerk.user.language = "nl"
    clerk.user.save()

    assert '<html lang="nl"' in shown("/s/12345/nowhere/").text_shown
