import csv
import io
import uuid
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django.asserts import assertContains, assertNotContains

from backoffice import jobs
from backoffice.models import Job, JobState
from backoffice.tests.factories import make_staff
from orders.exports.formats import Format
from orders.exports.jobs import ExportRequest, start_export
from orders.tests.factories import make_order, new_line

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def ask(clerk_client, shop, django_capture_on_commit_callbacks):
    """Sends the form; what it started is done when it answers."""

    def send(headers=None, **values):
        dull = {"which": "everything", "format": "csv", "rows": "order", "columns": "all", "token": uuid.uuid4()}
        with django_capture_on_commit_callbacks(execute=True):
            return clerk_client.post(reverse("exports:start", args=[shop.number]), dull | values, headers=headers)

    return send


def page(client, shop, query="", **headers):
    return client.get(reverse("exports:list", args=[shop.number]) + f"?{query}", headers=headers)


def post(client, shop, name, job):
    return client.post(reverse(name, args=[shop.number, job.pk]))


def download(client, shop, job):
    return client.get(reverse("job-file", args=[shop.number, job.pk]))


def numbers_in(job):
    return [row["Order number"] for row in csv.DictReader(io.StringIO(text_of(job)))]


def text_of(job):
    with job.file.open() as file:
        return file.read().decode("utf-8-sig")


def finished(shop, actor, **values):
    job = start_export(ExportRequest(**{"format": Format.CSV, "words": "All orders"} | values), shop=shop, by=actor)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


# --- asking


@pytest.mark.parametrize(("browser", "heading"), [("sv", "Ordernummer"), ("en", "Order number")])
def test_who_follows_the_browser_gets_headings_in_its_language(clerk, shop, ask, browser, heading):
    clerk.user.language = ""
    clerk.user.save()
    shop.language = "sv"
    shop.save()

    ask(headers={"Accept-Language": browser})

    assert text_of(Job.objects.get()).split(",")[0] == heading


def test_an_export_is_asked_for_made_and_downloaded(clerk_client, shop, ask):
    make_order(shop, number=12)

    response = ask(format="xlsx", name="For the bookkeeper")

    assert response.status_code == 302
    job = Job.objects.get()
    assert job.actor_name == "Marit Bakker"
    assertContains(page(clerk_client, shop), "For the bookkeeper")
    file = download(clerk_client, shop, job)
    assert file["Content-Disposition"] == 'attachment; filename="for-the-bookkeeper.xlsx"'
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Cache-Control"] == "no-store, private"
    sheet = load_workbook(io.BytesIO(b"".join(file.streaming_content))).active
    assert sheet["A2"].value == "00012"


def test_the_list_leads_to_the_export_of_its_filter(clerk_client, shop, ask):
    make_order(shop, number=1, payment_status="paid")
    make_order(shop, number=2, payment_status="open")
    listed = clerk_client.get(reverse("orders:list", args=[shop.number]) + "?payment=paid")
    assertContains(listed, f'href="{reverse("exports:list", args=[shop.number])}?payment=paid"')

    shown = page(clerk_client, shop, "payment=paid")
    ask(which="view", query="payment=paid")

    assertContains(shown, "The list: Payment status: Paid")
    assertContains(shown, "About 1 order<")
    assert numbers_in(Job.objects.get()) == ["00001"]
    assertContains(page(clerk_client, shop), "Payment status: Paid")


def test_ticked_orders_are_exported_and_foreign_ones_are_not_there(clerk_client, shop, other_shop, ask):
    make_order(shop, number=1)
    make_order(shop, number=2)
    make_order(other_shop, number=3)
    ticked = {"order": ["00001", "00003"], "shown": "00001,00002", "filter": "", "export": "1"}

    response = clerk_client.post(reverse("orders:select", args=[shop.number]), ticked)
    assert response["Location"] == reverse("exports:list", args=[shop.number])
    assertContains(page(clerk_client, shop), "The 2 selected orders")
    ask(which="selection")

    assert numbers_in(Job.objects.get()) == ["00001"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-total", ["00002", "00003", "00001"]),
        ("total", ["00001", "00003", "00002"]),
        ("number", ["00001", "00002", "00003"]),
        ("nonsense; DROP TABLE", ["00003", "00002", "00001"]),
    ],
)
@pytest.mark.parametrize("which", ["everything", "view", "selection"])
def test_a_file_is_sorted_as_the_list_was(clerk_client, shop, ask, which, sort, expected):
    for price in ("10", "30", "20"):
        make_order(shop, lines=[new_line(unit_price=Decimal(price))])
    query = urlencode({"status": "ready", "sort": sort})
    if which == "selection":
        ticked = {"query": query, "filter": "status=ready", "order": expected, "shown": ",".join(expected)}
        response = clerk_client.post(reverse("orders:select", args=[shop.number]), ticked | {"export": "1"})
        assert response["Location"] == reverse("exports:list", args=[shop.number]) + f"?{query}"

    ask(which=which, query=query)

    assert numbers_in(Job.objects.get()) == expected


def test_the_columns_are_those_of_the_list(clerk_client, shop, ask):
    make_order(shop, number=1)
    query = "columns=total,folder,ship_city,number,nonsense"
    assertContains(page(clerk_client, shop, query), 'value="view" required id="id_columns_1" checked')

    ask(columns="view", query=query)

    assert text_of(Job.objects.get()).splitlines() == [
        "Total,Currency,Shipping address: city,Order number",
        "12.10,EUR,,00001",
    ]


def test_a_list_of_what_stays_inside_exports_the_number(shop, ask):
    make_order(shop, number=1)

    ask(columns="view", query="columns=folder")

    assert text_of(Job.objects.get()).splitlines() == ["Order number", "00001"]


def test_a_status_and_dates_narrow_what_is_exported(shop, ask):
    make_order(shop, number=1, fulfilment_status="new", placed_at=timezone.now() - timedelta(days=400))
    make_order(shop, number=2, fulfilment_status="new")
    make_order(shop, number=3, fulfilment_status="shipped")
    first = timezone.now() - timedelta(days=3000)

    ask(which="period", status=["new"], placed_from=f"{first:%Y-%m-%d}", placed_to="2026-03-21")

    assert "00003" not in numbers_in(Job.objects.get())
    assert "Order status: New" in Job.objects.get().arguments["words"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"which": "period"}, "Choose a status or a date, or all orders."),
        ({"which": "period", "placed_from": "2026-03-02", "placed_to": "2026-03-01"}, "before the first one"),
        ({"which": "selection"}, "Select a valid choice"),
        ({"which": "view"}, "Select a valid choice"),
        ({"format": "exe"}, "Select a valid choice"),
        ({"status": ["nonsense"]}, "Select a valid choice"),
        ({"placed_from": "99999-01-01"}, "Enter a valid date"),
        ({"token": "x"}, "Enter a valid UUID"),
        ({"name": "x" * 61}, "at most 60 characters"),
    ],
)
def test_a_form_that_makes_no_sense_starts_nothing_and_says_why(ask, values, complaint):
    response = ask(**values)

    assertContains(response, complaint, status_code=422)
    assert not Job.objects.exists()


def test_a_hostile_query_is_left_out_with_the_list_as_choice(clerk_client, shop):
    response = page(clerk_client, shop, "status=%00&placed_from=x&q=%f0%28%8c&total_from=1e999")

    assert response.status_code == 200


def test_sending_the_form_twice_starts_one_export(shop, ask):
    token = uuid.uuid4()

    ask(token=token)
    ask(token=token)

    assert Job.objects.count() == 1


def test_a_carrier_file_has_the_carriers_headings(shop, ask):
    make_order(shop)

    ask(format="labels")

    assert text_of(Job.objects.get()).startswith("order_number,name,")


# --- the downloads


def test_a_download_says_what_it_is(clerk_client, shop, actor):
    job = finished(shop, actor, format=Format.XLSX, words="Payment status: Paid")
    job.result |= {"rows": 12345, "replaced": 3, "cut": 1}
    job.save()

    response = page(clerk_client, shop)

    assertContains(response, "Payment status: Paid")
    assertContains(response, "<td>XLSX</td>")
    assertContains(response, "12,345")
    assertContains(response, "3 characters were replaced")
    assertContains(response, "1 text was cut")
    assertContains(response, "Marit Bakker")
    assertContains(response, "until ")
    assertNotContains(response, "hx-trigger")


def test_a_carrier_file_says_how_many_orders_it_leaves_out(clerk_client, shop, actor):
    make_order(shop)

    finished(shop, actor, format=Format.MYPARCEL)

    assertContains(page(clerk_client, shop), "1 order is left out: it has no street to be sent to.")


def test_the_list_asks_again_while_an_export_is_at_work(clerk_client, shop, actor):
    job = start_export(ExportRequest(Format.CSV), shop=shop, by=actor)
    ahead = timezone.now() + timedelta(seconds=30)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, leased_until=ahead, number_of_items=200, number_done=100
    )
    start_export(ExportRequest(Format.CSV), shop=shop, by=actor)

    response = page(clerk_client, shop, **{"HX-Request": "true"})

    assertContains(response, 'hx-trigger="every 2s"')
    assertContains(response, "50 %")
    assertContains(response, "Waits for the one before")
    assertNotContains(response, "<form class=")


def test_the_page_costs_the_same_for_one_download_as_for_three(clerk_client, shop, actor, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(100, exact=False) as asked:
            page(clerk_client, shop)
        return len(asked)

    finished(shop, actor)
    one = queries()
    finished(shop, actor)
    finished(shop, actor)

    assert queries() == one <= 10


def test_an_export_runs_again_over_what_matches_now(clerk_client, shop, actor, django_capture_on_commit_callbacks):
    make_order(shop, number=1)
    job = finished(shop, actor)
    make_order(shop, number=2)

    with django_capture_on_commit_callbacks(execute=True):
        post(clerk_client, shop, "exports:again", job)

    newest = Job.objects.first()
    assert newest.pk != job.pk
    assert numbers_in(newest) == ["00002", "00001"]


def test_a_download_is_deleted_with_its_file(clerk_client, shop, actor, media, django_capture_on_commit_callbacks):
    job = finished(shop, actor)

    with django_capture_on_commit_callbacks(execute=True):
        post(clerk_client, shop, "exports:delete", job)

    assert not Job.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_an_export_at_work_is_not_deleted(clerk_client, shop, actor):
    job = start_export(ExportRequest(Format.CSV), shop=shop, by=actor)

    post(clerk_client, shop, "exports:delete", job)

    assert Job.objects.filter(pk=job.pk).exists()


def test_an_expired_download_is_gone(clerk_client, shop, actor):
    job = finished(shop, actor)
    Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert download(clerk_client, shop, job).status_code == 404
    response = page(clerk_client, shop)
    assertContains(response, "Expired")
    assertNotContains(response, reverse("job-file", args=[shop.number, job.pk]))


def test_a_file_that_was_swept_is_not_found(clerk_client, shop, actor, media):
    job = finished(shop, actor)
    (media / job.file.name).unlink()

    assert download(clerk_client, shop, job).status_code == 404


def test_a_failed_export_says_why(clerk_client, shop, actor):
    job = finished(shop, actor, query="status=gone")

    assertContains(page(clerk_client, shop), "makes no sense any more")
    assertContains(clerk_client.get(reverse("job", args=[shop.number, job.pk])), "makes no sense any more")


# --- whose they are


@pytest.mark.parametrize("name", ["exports:again", "exports:delete", "job-file"])
def test_another_shops_export_does_not_exist(clerk_client, shop, other_shop, actor, name):
    job = finished(other_shop, actor)
    url = reverse(name, args=[shop.number, job.pk])

    response = clerk_client.get(url) if name == "job-file" else clerk_client.post(url)

    assert response.status_code == 404
    assert list(Job.objects.values_list("pk", flat=True)) == [job.pk]
    assertNotContains(page(clerk_client, shop), "All orders</span>")


def test_whoever_may_not_export_sees_no_downloads(client, shop, actor):
    job = finished(shop, actor)
    client.force_login(make_staff(shop, "warehouse").user)

    assert download(client, shop, job).status_code == 403
    assert page(client, shop).status_code == 403
    listed = client.get(reverse("orders:list", args=[shop.number]))
    assertNotContains(listed, reverse("exports:list", args=[shop.number]))


def test_only_exports_run_again_here(clerk_client, shop, actor):
    bulk = {"action": "delete:", "reason": ""}
    other = Job.objects.create(shop=shop, kind="orders.bulk", arguments=bulk, actor_name="x", actor_channel="web")

    assert post(clerk_client, shop, "exports:delete", other).status_code == 404
    assert Job.objects.filter(pk=other.pk).exists()
