"""What is written down of a request, and what never is."""

import io
import json
import logging

import pytest
import structlog
from django.conf import settings as product
from weasyprint import HTML

from backoffice.logs import configure
from backoffice.tests.factories import PASSWORD

FORGERY = "\r\n\x1b[2J\x9b1m\u2028level=error ${jndi:ldap://x} event=forged"


@pytest.fixture(params=[True, False], ids=["json", "logfmt"])
def lines(request):
    """A function that gives the log lines so far, in both ways of writing them."""
    configure({"json": request.param, "level": "INFO"})
    written = io.StringIO()
    logging.getLogger().handlers[0].setStream(written)

    def so_far() -> list[str]:
        # Only "\n" ends a line for a log reader; splitlines() would hide what forges one elsewhere.
        return written.getvalue().removesuffix("\n").split("\n")

    so_far.is_json = request.param
    yield so_far
    configure(product.LOGGING)


def control_characters(line: str) -> list[str]:
    return [sign for sign in line if sign < " " or "\x7f" <= sign <= "\x9f" or sign in "\u2028\u2029"]


def test_text_of_strangers_cannot_forge_a_line(lines):
    structlog.get_logger("orders").warning("import refused", name=FORGERY, raw=[FORGERY])

    [line] = lines()
    assert control_characters(line) == []
    assert "jndi" in line
    if lines.is_json:
        assert json.loads(line)["name"] == FORGERY


def test_an_address_of_line_breaks_and_terminal_codes_is_one_line(lines, client, db):
    client.get("/orders%0D%0Alevel=error%1B[2J", HTTP_USER_AGENT="${jndi:ldap://x}", HTTP_X_REQUEST_ID="a\tb level=x")

    [line] = lines()
    assert control_characters(line) == []
    assert "404" in line


def test_a_trace_is_one_line_too(lines):
    log = structlog.get_logger("orders")
    try:
        raise ValueError(FORGERY)
    except ValueError:
        log.exception("failed")

    [line] = lines()
    assert control_characters(line) == []
    assert "Traceback" in line


def test_lines_of_libraries_are_escaped_as_well(lines):
    logging.getLogger("somebody.else").warning("Not Found: %s", FORGERY)

    [line] = lines()
    assert control_characters(line) == []


def test_no_line_holds_what_was_typed_or_searched_for(lines, client, clerk, shop):
    client.post("/accounts/login/", {"login": clerk.user.email, "password": "a-mistyped-password"})
    client.post("/accounts/login/", {"login": clerk.user.email, "password": PASSWORD})
    client.get(f"/s/{shop.number}/orders/?q=anna.jansen@example.org")
    client.get("/RPC/orders/list?shop=12345&pk=0f1e2d3c4b5a69788796a5b4c3d2e1f001234567")

    written = "\n".join(lines())
    assert written.count("status") >= 4
    for private in ("a-mistyped-password", PASSWORD, "anna.jansen", "0f1e2d3c", clerk.user.email):
        assert private not in written


def test_a_line_and_the_answer_share_the_id_a_proxy_gave(lines, client):
    response = client.get("/healthz", HTTP_X_REQUEST_ID="proxy-0000-1111")

    assert response["X-Request-ID"] == "proxy-0000-1111"
    assert "proxy-0000-1111" in lines()[0]


@pytest.mark.parametrize("offered", ["short", "x" * 65, "with space 123", 'quote"0000', "line\nbreak-000", ""])
def test_an_id_that_is_no_id_is_replaced(client, offered):
    given = client.get("/healthz", HTTP_X_REQUEST_ID=offered)["X-Request-ID"]

    assert given != offered
    assert len(given) == 32


def test_the_steps_of_a_paper_are_not_written_down(lines):
    HTML(string="<style>p { color: red }</style><p>Thank you!").write_pdf()
    logging.getLogger("weasyprint").warning("A face is missing.")

    [line] = lines()
    assert "A face is missing." in line
