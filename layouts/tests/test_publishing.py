"""Publishing: hard cases first, in which shops, and the way back."""

import pytest
from django.urls import reverse

from backoffice import jobs
from backoffice.models import Job, JobState
from backoffice.roles import Role
from backoffice.tests.factories import make_shop, make_staff
from layouts.fields import FieldList
from layouts.gallery import _CASES, cases_for
from layouts.kinds import Kind
from layouts.models import LayoutVersion
from layouts.published import layout_for
from layouts.standard import standard
from layouts.tests.factories import make_version

pytestmark = pytest.mark.django_db
State = LayoutVersion.State
KIND = Kind.PACKING_SLIP


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


@pytest.fixture(autouse=True)
def few_cases(monkeypatch):
    """Two of the cases tell these stories as well as all; test_gallery lays all of them out."""
    monkeypatch.setattr("layouts.gallery._CASES", [case for case in _CASES if case[0] in ("usual", "credit")])


def url(shop, name, *args, of=None):
    return reverse(f"layouts:{name}", args=[shop.number, KIND.value, (of or shop).number, *args])


def make_draft(shop, **values):
    return make_version(shop, KIND, state=State.DRAFT, **values)


@pytest.fixture
def press_publish(client, shop, django_capture_on_commit_callbacks):
    """A function that publishes the shop's draft and follows to what became of it."""

    def press_publish(*shops, edition=1, note=""):
        numbers = [each.number for each in shops or [shop]]
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(url(shop, "publish"), {"shops": numbers, "edition": edition, "note": note})
        return client.get(response.url) if response.status_code == 302 else response

    return press_publish


def test_a_draft_that_stands_the_hard_cases_is_printed_with(shop, press_publish):
    make_draft(shop, html="<p>{{ order.number }}</p>")

    page = press_publish(note="Larger")

    assert "Packing slip is published" in page.text
    version = LayoutVersion.objects.get()
    assert (version.state, version.published_by, version.note) == (State.PUBLISHED, "Elin Berg", "Larger")
    assert layout_for(shop, KIND).html == "<p>{{ order.number }}</p>"
    assert Job.objects.get().result == {"published": [["12345", 1]], "before": [["12345", None]]}


def test_a_layout_that_a_case_breaks_is_not_published(shop, press_publish, monkeypatch):
    html = "{% if order.totals.incl < 0 %}{% for page in (1..300) %}<p>{{ page }}</p>{% endfor %}{% endif %}"
    make_draft(shop, html=html, css="p { break-after: page }")

    page = press_publish()

    job = Job.objects.get()
    assert (job.state, job.error) == (
        JobState.FAILED,
        "1 hard case could not be laid out, so nothing was published.",
    )
    assert [failure["key"] for failure in job.result["failures"]] == ["credit"]
    assert "Hard case: amounts below zero" in page.text
    assert "The document has more than 200 pages." in page.text
    assert LayoutVersion.objects.get().state == State.DRAFT
    assert layout_for(shop, KIND) is standard(KIND)


def test_a_draft_with_errors_is_refused_before_any_work(shop, press_publish):
    make_draft(shop, html="<p>\n{{ order.numbr }}")

    page = press_publish()

    assert page.status_code == 422
    assert "1 error: this draft cannot be published" in page.text
    assert not Job.objects.exists()


def test_it_is_published_in_the_chosen_shops_alone_and_taken_back(client, shop, target, press_publish):
    make_version(target, KIND, html="before")
    make_draft(shop, html="new")

    page = press_publish(target)

    assert layout_for(target, KIND).html == "new"
    assert layout_for(shop, KIND) is standard(KIND)
    assert LayoutVersion.objects.get(layout__shop=shop).state == State.DRAFT
    [(name, number, undo)] = page.context["undos"]
    assert (name, number) == ("Outlet", 2)
    client.post(undo)
    assert layout_for(target, KIND).html == "before"


def test_undo_of_a_first_publishing_goes_back_to_the_standard_layout(client, shop, press_publish):
    make_draft(shop, html="new")
    [(_name, _number, undo)] = press_publish().context["undos"]

    client.post(undo)

    assert layout_for(shop, KIND) is standard(KIND)


def test_what_was_saved_after_pressing_publish_is_not_published(client, shop, django_capture_on_commit_callbacks):
    make_draft(shop, html="seen")
    with django_capture_on_commit_callbacks() as bells:
        client.post(url(shop, "publish"), {"shops": ["12345"], "edition": 1})
    LayoutVersion.objects.update(html="later", edition=2)

    for bell in bells:
        bell()

    assert Job.objects.get().error == (
        "The draft was changed, published or put away meanwhile, so nothing was published."
    )
    assert layout_for(shop, KIND) is standard(KIND)


def test_a_worker_that_dies_after_publishing_leaves_a_job_that_is_done(shop, press_publish):
    make_draft(shop, html="new")
    press_publish()
    Job.objects.update(state=JobState.WAITING)  # it died before it could say so

    jobs.run(Job.objects.get().pk)

    job = Job.objects.get()
    assert (job.state, job.result["published"]) == (JobState.DONE, [["12345", 1]])
    assert LayoutVersion.objects.count() == 1


def test_a_missing_legal_field_is_a_warning_and_no_refusal(client, shop):
    make_version(shop, Kind.INVOICE, state=State.DRAFT, html="{{ invoice.number }}")

    page = client.get(reverse("layouts:publish", args=[shop.number, "invoice", shop.number]))

    assert "your VAT number" in page.context["duties"]
    assert "Check and publish" in page.text


@pytest.mark.parametrize(
    "asked", [{"shops": ["54321"]}, {"shops": []}, {"shops": ["1\0"]}, {"edition": ""}, {"edition": "9" * 40}]
)
def test_nonsense_publishes_nothing_and_keeps_the_note(client, shop, other_shop, asked):
    make_draft(shop)

    response = client.post(url(shop, "publish"), {"shops": ["12345"], "edition": 1, "note": "kept"} | asked)

    assert response.status_code == 422
    assert response.context["form"]["note"].value() == "kept"
    assert not Job.objects.exists()


def test_a_publishing_of_another_shop_or_paper_does_not_exist_here(client, shop, target, press_publish):
    make_draft(shop)
    press_publish()
    job = Job.objects.get()

    assert client.get(url(shop, "publishing", job.pk)).status_code == 200
    assert client.get(url(shop, "publishing", job.pk, of=target)).status_code == 404
    assert client.get(url(shop, "publishing", 10**30)).status_code == 404


def test_the_cases_are_those_that_are_counted():
    assert [case.key for case in cases_for(FieldList())] == ["usual", "credit"]
