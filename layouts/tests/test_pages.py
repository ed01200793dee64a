"""Stories of the layouts' pages: looking, beginning, writing, two people at one draft, and every way back."""

import os
import resource
import zipfile
from io import BytesIO

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pytest_django.asserts import assertContains, assertNotContains

from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from layouts.kinds import Kind
from layouts.models import Layout, LayoutVersion
from layouts.published import layout_for
from layouts.services.publishing import publish
from layouts.standard import standard
from layouts.tests.factories import make_version

pytestmark = pytest.mark.django_db
State = LayoutVersion.State


@pytest.fixture
def manager(shop):
    return make_staff(shop, Role.MANAGER, name="Elin Berg")


@pytest.fixture
def client(client, manager):
    client.force_login(manager.user)
    return client


@pytest.fixture
def target(shop):
    return make_shop("12346", base_shop=shop, name="Outlet")


def url(shop, name, *args, kind="invoice", of=None):
    return reverse(f"layouts:{name}", args=[shop.number, kind, (of or shop).number, *args])


def overview_url(shop):
    return reverse("layouts:list", args=[shop.number])


def make_draft(shop, **values):
    return make_version(shop, state=State.DRAFT, **values)


def save(client, shop, draft, *, html="<p>mine</p>", headers=None, **values):
    texts = {"html": html, "css": "", "note": "", "number": draft.number, "edition": draft.edition}
    return client.post(url(shop, "edit"), texts | values, headers=headers)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def undo_of(response):
    tags = [message.extra_tags for message in get_messages(response.wsgi_request)]
    return tags[0].removeprefix("undo:")


# --- the overview


def test_the_overview_names_every_kind_in_every_shop(client, shop, target):
    make_version(shop, Kind.INVOICE)
    make_version(target, Kind.PACKING_SLIP)
    make_draft(target, kind=Kind.INVOICE, changed_by="Marit")

    tables = client.get(overview_url(shop)).context["tables"]

    assert [(table.shop, [row.kind for row in table.rows]) for table in tables] == [
        (shop, list(Kind)),
        (target, list(Kind)),
    ]
    of_base, of_target = ({row.kind: row for row in table.rows} for table in tables)
    assert of_base[Kind.INVOICE].live.number == 1
    assert of_base[Kind.PACKING_SLIP].live is None
    assert (of_target[Kind.INVOICE].live, of_target[Kind.INVOICE].is_base_own) == (None, True)
    assert of_target[Kind.INVOICE].draft.changed_by == "Marit"
    assert (of_target[Kind.PICK_LIST].is_base_own, of_target[Kind.PACKING_SLIP].live.number) == (False, 1)


def queries_of(client, address):
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


def test_the_overview_costs_the_same_for_many_shops(client, shop, target):
    make_version(target)
    make_draft(target)
    client.get(overview_url(shop))
    for_one = queries_of(client, overview_url(shop))
    for number in range(4):
        other = make_shop(f"2000{number}", base_shop=shop)
        make_version(other)
        make_draft(other)

    assert queries_of(client, overview_url(shop)) == for_one


def test_the_page_of_a_layout_costs_the_same_for_many_versions(client, shop):
    make_version(shop)
    make_draft(shop)
    pages = [url(shop, "show"), url(shop, "edit"), url(shop, "version", 1)]
    for_two = [queries_of(client, page) for page in pages]
    for number in range(3, 9):
        make_version(shop, number=number, files={f"{number}.png": b"1"}, live=False)

    assert [queries_of(client, page) for page in pages] == for_two


def test_a_layout_of_a_shop_of_others_does_not_exist(client, shop, other_shop):
    make_version(other_shop)

    assert client.get(url(shop, "show", of=other_shop)).status_code == 404
    assert client.get(url(shop, "version", 1, of=other_shop)).status_code == 404
    assert client.post(url(shop, "begin", of=other_shop), {"source": "standard"}).status_code == 404
    assert LayoutVersion.objects.count() == 1


@pytest.mark.parametrize("version", [2, 0, 10**30])
def test_a_version_that_is_not_there_does_not_exist(client, shop, version):
    make_version(shop)

    assert client.get(url(shop, "version", version)).status_code == 404
    assert client.get(url(shop, "show", kind="poster")).status_code == 404


# --- beginning


def test_the_standard_layout_is_copied_into_a_draft(client, shop):
    response = client.post(url(shop, "begin"), {"source": "standard"})

    assert response.url == url(shop, "edit")
    draft = LayoutVersion.objects.get()
    assert (draft.state, draft.html, draft.made_by) == (State.DRAFT, standard(Kind.INVOICE).html, "Elin Berg")
    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)


def test_a_target_shop_begins_with_the_base_shops_layout(client, shop, target):
    make_version(shop, html="of the base shop", files={"logo.png": b"logo"})

    client.post(url(shop, "begin", of=target), {"source": "base"})

    draft = LayoutVersion.objects.get(layout__shop=target)
    assert (draft.html, [file.name for file in draft.files.all()]) == ("of the base shop", ["logo.png"])


def test_the_live_version_is_changed_in_a_draft(client, shop):
    make_version(shop, html="live")

    client.post(url(shop, "begin"), {"source": "live"})

    assert [(each.number, each.state, each.html) for each in LayoutVersion.objects.all()] == [
        (2, State.DRAFT, "live"),
        (1, State.PUBLISHED, "live"),
    ]


def test_a_draft_that_gives_way_is_named_and_kept(client, shop):
    make_draft(shop, html="first try")

    response = client.post(url(shop, "begin"), {"source": "standard"})

    assert said(response) == ["The draft that was here is kept in the history as number 1."]
    assert LayoutVersion.objects.get(number=1).state == State.REPLACED


@pytest.mark.parametrize("source", ["", "moon", "a\0b"])
def test_nonsense_begins_nothing(client, shop, source):
    assert client.post(url(shop, "begin"), {"source": source}).status_code == 302
    assert not LayoutVersion.objects.exists()


# --- writing


def test_a_draft_is_saved(client, shop):
    draft = make_draft(shop)

    response = save(client, shop, draft, html="\n<p>{{ order.number }}</p>\n", css="p {}", note="Larger")

    assert (response.status_code, said(response)) == (302, ["Draft saved"])
    draft.refresh_from_db()
    assert (draft.html, draft.css, draft.note) == ("\n<p>{{ order.number }}</p>\n", "p {}", "Larger")
    assert (draft.changed_by, draft.edition) == ("Elin Berg", 2)


def test_lines_end_the_same_whatever_a_browser_sends(client, shop):
    draft = make_draft(shop)

    save(client, shop, draft, html="one\r\ntwo\r\n")

    draft.refresh_from_db()
    assert draft.html == "one\ntwo\n"


def test_a_draft_with_errors_can_be_saved_and_says_where_they_are(client, shop):
    draft = make_draft(shop)

    save(client, shop, draft, html="<p>\n{{ order.numbr }}</p>")
    page = client.get(url(shop, "edit"))

    problem = page.context["side"].problems[0]
    assert (problem.line, problem.quote) == (2, "{{ order.numbr }}</p>")
    assert "order.number" in problem.hint
    assert f'data-line="2" data-column="{problem.column}"' in page.text


def test_looking_at_a_preview_saves_nothing(client, shop):
    draft = make_draft(shop, html="saved")

    response = save(client, shop, draft, html="typed {{ order.numbr }}", preview="1")

    assert response.status_code == 200
    assert response.context["form"]["html"].value() == "typed {{ order.numbr }}"
    assert len(response.context["side"].problems) == 1
    draft.refresh_from_db()
    assert draft.html == "saved"


def test_a_field_is_found_without_a_script(client, shop):
    draft = make_draft(shop)

    found = save(client, shop, draft, preview="", find="BILLING city").context["side"].fields

    assert [row.snippet for row in found] == ["{{ order.billing_address.city }}"]


def test_a_script_gets_the_column_beside_the_texts_alone(client, shop):
    draft = make_draft(shop)

    response = save(client, shop, draft, headers={"HX-Request": "true"})

    assert response.templates[0].name == "layouts/_side.html"
    assert 'name="edition" value="2"' in response.text


@pytest.mark.parametrize(
    "values",
    [
        {"html": "x" * 200_001},
        {"html": ""},
        {"html": "a\0b"},
        {"note": "x" * 201},
        {"edition": "moon"},
        {"edition": "9" * 30},
    ],
)
def test_what_cannot_be_saved_comes_back_as_typed(client, shop, values):
    draft = make_draft(shop, html="saved")

    response = save(client, shop, draft, **values)

    assert response.status_code == 422
    draft.refresh_from_db()
    assert draft.html == "saved"
    if "edition" not in values:
        name, typed = next(iter(values.items()))
        assert response.context["form"][name].value() == typed


# --- two people


def test_who_saves_second_reads_what_the_first_changed_and_loses_nothing(client, shop):
    draft = make_draft(shop, html="<p>old</p>")
    theirs = LayoutVersion.objects.get()
    theirs.html, theirs.edition, theirs.changed_by = "<p>theirs</p>", 2, "Marit Bakker"
    theirs.save()

    response = save(client, shop, draft)

    assert response.status_code == 409
    assert "Marit Bakker saved this draft at" in response.text
    assert response.context["form"]["html"].value() == "<p>mine</p>"
    assert [(row.sign, row.text) for row in response.context["conflict"].html.rows] == [
        ("-", "<p>theirs</p>"),
        ("+", "<p>mine</p>"),
    ]
    theirs.refresh_from_db()
    assert theirs.html == "<p>theirs</p>"

    again = save(client, shop, draft, over="2")

    assert again.status_code == 302
    theirs.refresh_from_db()
    assert (theirs.html, theirs.edition) == ("<p>mine</p>", 3)


def test_who_writes_on_in_a_published_draft_makes_a_new_one(client, shop, manager):
    draft = make_draft(shop, html="<p>published</p>", files={"logo.png": b"logo"})
    publish(draft, [shop], seen=1, by=manager.as_actor(None))

    response = save(client, shop, draft)

    assert response.status_code == 409
    assert "This draft was published or put away meanwhile" in response.text
    assert layout_for(shop, Kind.INVOICE).html == "<p>published</p>"

    save(client, shop, draft, again="1")

    new = LayoutVersion.objects.get(state=State.DRAFT)
    assert (new.number, new.html, [file.name for file in new.files.all()]) == (2, "<p>mine</p>", ["logo.png"])
    assert layout_for(shop, Kind.INVOICE).html == "<p>published</p>"


# --- ways back


def test_a_draft_is_put_away_and_taken_out_again(client, shop):
    make_draft(shop, html="work of an hour")

    response = client.post(url(shop, "give-up"))

    assert client.get(url(shop, "edit")).url == url(shop, "show")
    client.post(undo_of(response))
    assert LayoutVersion.objects.get(state=State.DRAFT).html == "work of an hour"


def test_back_to_the_standard_layout_and_back_again(client, shop):
    make_version(shop, html="own")

    response = client.post(url(shop, "standard"))

    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)
    client.post(undo_of(response))
    assert layout_for(shop, Kind.INVOICE).html == "own"


def test_one_click_prints_with_an_older_version(client, shop):
    make_version(shop, html="good")
    make_version(shop, html="bad")

    response = client.post(url(shop, "print-with", 1))

    assert said(response) == ["Invoice of Shop 12345 is printed with version 1."]
    assert layout_for(shop, Kind.INVOICE).html == "good"
    client.post(undo_of(response))
    assert layout_for(shop, Kind.INVOICE).html == "bad"


def test_a_draft_is_not_printed_with_by_its_address(client, shop):
    make_draft(shop)

    assert client.post(url(shop, "print-with", 1)).status_code == 404
    assert Layout.objects.get().live is None


def test_an_older_version_becomes_the_draft(client, shop):
    make_version(shop, html="good")
    make_draft(shop, html="at work")

    client.post(url(shop, "restore", 1))

    assert [(each.number, each.state, each.html) for each in LayoutVersion.objects.all()] == [
        (3, State.DRAFT, "good"),
        (2, State.REPLACED, "at work"),
        (1, State.PUBLISHED, "good"),
    ]


def test_a_version_tells_what_changed_since_the_one_before(client, shop):
    make_version(shop, html="a\nb", css="x")
    make_version(shop, html="a\nc", css="x", note="b is c now", files={"logo.png": b"1"})
    make_version(shop, html="d")

    page = client.get(url(shop, "version", 2))
    since_last = client.get(url(shop, "version", 2), {"with": "3"})

    assert [(row.sign, row.text) for row in page.context["html"].rows] == [(" ", "a"), ("-", "b"), ("+", "c")]
    assert not page.context["css"]
    assert "b is c now" in page.text
    assert "logo.png" in page.text
    assert since_last.context["other"].number == 3
    assert client.get(url(shop, "version", 2), {"with": "a\0b"}).context["other"] is None


# --- files


def test_a_file_comes_as_an_attachment_that_no_browser_shows(client, shop):
    version = make_version(shop, files={"évil.svg": b"<svg onload='alert(1)'/>"})

    response = client.get(url(shop, "file", version.files.get().pk))

    assert response.content == b"<svg onload='alert(1)'/>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_another_layout_does_not_exist_here(client, shop, other_shop):
    theirs = make_version(other_shop, files={"logo.png": b"1"}).files.get()
    make_version(shop)

    assert client.get(url(shop, "file", theirs.pk)).status_code == 404


# --- the tracking code


def test_bx11_a_packing_slip_without_a_tracking_code_is_warned_of(client, shop):
    draft = make_draft(shop, kind="packing_slip")
    words = "It never names the tracking code"

    for page in ("edit", "publish"):
        assertContains(client.get(url(shop, page, kind="packing_slip")), words)

    named = standard(Kind.PACKING_SLIP).html
    LayoutVersion.objects.filter(pk=draft.pk).update(html=named)
    for page in ("edit", "publish"):
        assertNotContains(client.get(url(shop, page, kind="packing_slip")), words)


def test_bx11_an_invoice_needs_no_tracking_code(client, shop):
    make_draft(shop)

    assertNotContains(client.get(url(shop, "edit")), "It never names the tracking code")


# --- uploads


def png(colour="red"):
    written = BytesIO()
    Image.new("RGB", (4, 4), colour).save(written, "PNG")
    return written.getvalue()


def upload(client, shop, draft, *files, **values):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return save(client, shop, draft, upload="1", files=uploads, **values)


def file_names(version):
    return [file.name for file in version.files.all()]


def test_a_picture_is_added_and_what_was_typed_is_saved(client, shop):
    draft = make_draft(shop)

    upload(client, shop, draft, ("Mijn logo.PNG", png()), ("b.png", png()))

    draft.refresh_from_db()
    assert (draft.html, file_names(draft)) == ("<p>mine</p>", ["Mijn_logo.png", "b.png"])


def test_an_uploaded_template_takes_the_drafts_place_and_the_draft_is_kept(client, shop):
    draft = make_draft(shop, css="p {}", files={"logo.png": b"1"})
    make_version(shop, html="live")

    response = upload(client, shop, draft, ("invoice.liquid", b"<p>uploaded</p>"))

    assert said(response) == [
        "The upload is the draft now; the one before is kept in the history as number 1.",
        "Draft saved",
    ]
    new = LayoutVersion.objects.get(state=State.DRAFT)
    assert (new.html, new.css, file_names(new)) == ("<p>uploaded</p>", "", ["logo.png"])
    kept = LayoutVersion.objects.get(state=State.REPLACED)
    assert (kept.number, kept.html) == (1, "<p>mine</p>")
    assert layout_for(shop, Kind.INVOICE).html == "live"


def test_a_zip_brings_a_whole_layout(client, shop):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mine/layout.html", "<p>zipped</p>")
        archive.writestr("mine/layout.css", "p { color: red }")
        archive.writestr("mine/logo.png", png())

    upload(client, shop, make_draft(shop), ("layout.zip", packed.getvalue()))

    new = LayoutVersion.objects.get(state=State.DRAFT)
    assert (new.html, new.css, file_names(new)) == ("<p>zipped</p>", "p { color: red }", ["logo.png"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.png", b""),
        ("logo.png", b"<script>alert(1)</script>"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("page.html", b"\xff\xfe\x00"),
        ("bomb.zip", b"PK\x03\x04"),
        ("program.exe", b"MZ"),
        ("large.png", b"x" * 8_000_001),
    ],
)
def test_what_is_no_picture_is_refused_and_the_texts_are_saved(client, shop, name, content):
    draft = make_draft(shop)

    response = upload(client, shop, draft, ("good.png", png()), (name, content))

    assert len(said(response)) == 2
    assert name in said(response)[0]
    draft.refresh_from_db()
    assert (draft.html, file_names(draft)) == ("<p>mine</p>", [])


def noise():
    """A picture that does not pack: 3 MB, more than an upload keeps in memory."""
    written = BytesIO()
    Image.frombytes("RGB", (1_000, 1_000), os.urandom(3_000_000)).save(written, "PNG")
    return written.getvalue()


def test_f24_an_upload_for_which_the_disk_has_no_room_changes_nothing(client, shop):
    """As on a full disk no file may grow; with room the same upload is taken."""
    draft, picture = make_draft(shop, html="<p>before</p>"), noise()
    seen = draft.edition
    client.raise_request_exception = False
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, hard))
    try:
        refused = upload(client, shop, draft, ("noise.png", picture))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assertContains(refused, "There is no room left on the disk. Nothing was written", status_code=507)
    draft.refresh_from_db()
    assert (draft.html, draft.edition, file_names(draft)) == ("<p>before</p>", seen, [])
    upload(client, shop, draft, ("noise.png", picture))
    assert file_names(draft) == ["noise.png"]


@pytest.mark.parametrize(
    ("name", "content", "kept_as"),
    [
        ("logo.png", png() + b"<script>alert(1)</script>", "logo.png"),
        ("page.html.png", png() + b"<html><script>alert(1)</script></html>", "page_html.png"),
        ("logo.html.jpg", png() + b"PK\x05\x06" + b"\0" * 18, "logo_html.png"),
        ("../../../x.php.png", png() + b"<?php phpinfo(); ?>", "x_php.png"),
    ],
)
def test_t21_a_picture_that_is_something_else_too_stays_a_picture(client, shop, name, content, kept_as):
    """Its name says what it is, and it comes as an attachment that no browser takes for a page."""
    draft = make_draft(shop)

    upload(client, shop, draft, (name, content))

    [file] = draft.files.all()
    assert (file.name, file.content_type) == (kept_as, "image/png")
    response = client.get(url(shop, "file", file.pk))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{kept_as}"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_more_files_than_a_layout_may_have_are_refused(client, shop):
    draft = make_draft(shop)

    response = upload(client, shop, draft, *((f"{number}.png", png()) for number in range(31)))

    assert said(response)[0] == "A layout has at most 30 files of 12 MB together."
    assert not draft.files.exists()


def test_pressing_upload_without_a_file_saves_the_texts(client, shop):
    draft = make_draft(shop)

    response = upload(client, shop, draft)

    assert said(response) == ["Draft saved"]


def test_a_file_is_removed_from_the_draft_alone(client, shop):
    make_version(shop, files={"logo.png": b"live"})
    draft = make_draft(shop, files={"logo.png": b"draft", "b.png": b"b"})

    save(client, shop, draft, remove="logo.png")
    save(client, shop, LayoutVersion.objects.get(state=State.DRAFT), remove="no\0such.png")

    assert file_names(draft) == ["b.png"]
    assert layout_for(shop, Kind.INVOICE).files == {"logo.png": b"live"}
