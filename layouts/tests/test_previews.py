"""Previews: real papers of real orders, as pictures and as PDF, for whoever may see them."""

from base64 import b64decode
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from layouts.models import LayoutVersion
from layouts.tests.factories import make_version
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db
State = LayoutVersion.State
PNG = b"\x89PNG\r\n\x1a\n"
THREE_PAGES = """<h1>{{ order.number }}</h1>{% for page in (2..3) %}<p class="next">Page {{ page }}</p>{% endfor %}"""


@pytest.fixture
def manager_client(client, shop):
    client.force_login(make_staff(shop, Role.MANAGER).user)
    return client


@pytest.fixture
def looker_client(client, shop):
    client.force_login(make_staff(shop, Role.READ_ONLY).user)
    return client


def url(shop, name, *, kind="packing_slip", of=None):
    return reverse(f"layouts:{name}", args=[shop.number, kind, (of or shop).number])


def make_draft(shop, **values):
    return make_version(shop, "packing_slip", state=State.DRAFT, **values)


def type_in(client, shop, draft, html, css="", **values):
    texts = {"html": html, "css": css, "note": "", "number": draft.number, "edition": draft.edition, "preview": ""}
    return client.post(url(shop, "edit"), texts | values)


def text_of(response):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)


def is_png(preview):
    return b64decode(preview.picture.removeprefix("data:image/png;base64,")).startswith(PNG)


def test_what_is_typed_is_shown_page_by_page(manager_client, shop):
    make_order(shop, number=7)
    draft = make_draft(shop)
    css = ".next { break-before: page }"

    first = type_in(manager_client, shop, draft, THREE_PAGES, css).context["side"].preview
    second = type_in(manager_client, shop, draft, THREE_PAGES, css, preview="2").context["side"].preview
    beyond = type_in(manager_client, shop, draft, THREE_PAGES, css, page="9").context["side"].preview

    assert is_png(first)
    assert (first.page, first.number_of_pages, first.previous, first.next) == (1, 3, None, 2)
    assert (second.page, second.previous, second.next) == (2, 1, 3)
    assert (beyond.page, beyond.next) == (3, None)
    assert first.picture != second.picture


def test_what_is_typed_opens_as_pdf_with_the_drafts_pictures(manager_client, shop):
    make_order(shop, number=7)
    make_order(shop, number=8)
    draft = make_draft(shop, html="saved")

    texts = {"html": "typed {{ order.number }}", "css": "", "order": "7"}
    response = manager_client.post(url(shop, "typed-pdf"), texts)

    assert response["Content-Type"] == "application/pdf"
    assert text_of(response) == "typed 00007"
    draft.refresh_from_db()
    assert draft.html == "saved"


def test_an_error_comes_in_place_of_the_picture(manager_client, shop):
    draft = make_draft(shop)

    side = type_in(manager_client, shop, draft, "{{ order.numbr }}").context["side"]

    assert side.preview is None
    assert [problem.line for problem in side.problems] == [1]


def test_what_cannot_be_laid_out_says_why(manager_client, shop):
    draft = make_draft(shop)
    html = "{% for page in (1..300) %}<p>{{ page }}</p>{% endfor %}"

    response = type_in(manager_client, shop, draft, html, "p { break-after: page }")
    pdf = manager_client.post(url(shop, "typed-pdf"), {"html": html, "css": "p { break-after: page }"})

    preview = response.context["side"].preview
    assert (preview.picture, [problem.message for problem in preview.problems]) == (
        "",
        ["The document has more than 200 pages."],
    )
    assert pdf.status_code == 422
    assert "The document has more than 200 pages." in pdf.text


def test_what_was_left_out_is_remarked(manager_client, shop):
    draft = make_draft(shop)

    preview = type_in(manager_client, shop, draft, '<img src="http://example.org/x.png">x').context["side"].preview

    assert is_png(preview)
    assert [remark.message for remark in preview.remarks] == [
        "“http://example.org/x.png” is not fetched: a layout has only its own files."
    ]


@pytest.mark.parametrize("sent", ["a\0b", "x" * 300_000, "{{ '\x01' }}", "\ud800".encode("utf-8", "replace").decode()])
def test_odd_texts_break_nothing(manager_client, shop, sent):
    draft = make_draft(shop)

    assert type_in(manager_client, shop, draft, sent).status_code == 200
    assert manager_client.post(url(shop, "typed-pdf"), {"html": sent, "css": sent}).status_code in (200, 422)


@pytest.mark.parametrize(
    "asked", [{"page": "0"}, {"page": "9" * 30}, {"page": "x"}, {"language": "xx"}, {"order": "a\0"}, {"preview": "-1"}]
)
def test_odd_questions_get_the_first_page(manager_client, shop, asked):
    draft = make_draft(shop)

    side = type_in(manager_client, shop, draft, "<p>x</p>", **asked).context["side"]

    assert (side.preview.page, side.preview.number_of_pages) == (1, 1)


def test_an_order_that_is_not_there_is_said_and_the_sample_shown(manager_client, shop, other_shop):
    make_order(other_shop, number=9)
    draft = make_draft(shop)

    response = type_in(manager_client, shop, draft, "{{ order.number }}", order="9")

    assert response.context["side"].missing == "9"
    assert "There is no order 9 in this shop." in response.text


# --- saved ones


def test_who_may_only_look_sees_what_is_printed_with(looker_client, shop):
    make_order(shop, number=7)
    make_version(shop, "packing_slip", html="live {{ order.number }}")
    make_draft(shop, html="draft")

    page = looker_client.get(url(shop, "preview"))
    pdf = looker_client.get(url(shop, "pdf"))
    older = looker_client.get(url(shop, "pdf"), {"version": "2"})

    assert is_png(page.context["preview"])
    assert (text_of(pdf), text_of(older)) == ("live 00007", "draft")
    assert pdf["X-Content-Type-Options"] == "nosniff"
    assert looker_client.post(url(shop, "typed-pdf"), {"html": "x"}).status_code == 403


def test_a_target_shop_shows_its_own_order_in_the_base_shops_layout(looker_client, shop):
    target = make_shop("12346", base_shop=shop, name="Outlet")
    make_order(shop, number=7)
    make_order(shop, number=8, target_shop=target)
    make_version(shop, "packing_slip", html="{{ shop.name }} {{ order.number }}")

    assert text_of(looker_client.get(url(shop, "pdf", of=target))) == "Outlet 00008"


@pytest.mark.parametrize("version", ["3", "x", "1\0", "9" * 40])
def test_a_version_that_is_not_there_cannot_be_seen(looker_client, shop, version):
    make_version(shop, "packing_slip")

    assert looker_client.get(url(shop, "pdf"), {"version": version}).status_code == 404


@pytest.mark.parametrize("language", ["en", "nl", "sv"])
def test_the_language_can_be_chosen(looker_client, shop, language):
    make_order(shop, number=7)
    words = {"en": "Packing slip", "nl": "Pakbon", "sv": "Följesedel"}

    assert words[language] in text_of(looker_client.get(url(shop, "pdf"), {"language": language}))
