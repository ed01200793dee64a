from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from lxml import html
from pytest_django.asserts import assertContains, assertNotContains

from backoffice import jobs
from backoffice.jobs import JobKind
from backoffice.models import Job, JobState
from backoffice.roles import Permission, Role
from backoffice.tests.factories import make_staff
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop):
    return make_order(shop, number=101)


@pytest.fixture
def job(shop, actor, order):
    return jobs.start(
        "orders.bulk",
        shop=shop,
        by=actor,
        arguments={"action": "fulfilment:shipped", "reason": ""},
        subjects=[(order.pk, order.display_number)],
    )


def page(client, shop, job, name="job"):
    return client.get(reverse(name, args=[shop.number, job.pk]))


def test_a_job_at_work_shows_how_far_it_is_and_refreshes_itself(clerk_client, shop, job):
    response = page(clerk_client, shop, job)

    assertContains(response, "Set to Shipped: 1 order")
    assertContains(response, "Waiting")
    assertContains(response, '<noscript><meta http-equiv="refresh" content="3"></noscript>')
    assertContains(response, 'hx-trigger="every')
    assertContains(response, "Stop")


def test_a_finished_job_rests_and_lists_its_orders(clerk_client, shop, job):
    jobs.run(job.pk)

    response = page(clerk_client, shop, job)

    assertNotContains(response, "http-equiv")
    assertNotContains(response, "hx-trigger")
    assertContains(response, reverse("orders:detail", args=[shop.number, "00101"]))
    assertContains(response, "Undo this change")


def test_the_chip_of_a_running_job_stands_on_every_page(clerk_client, shop, job):
    assertContains(clerk_client.get(reverse("orders:list", args=[shop.number])), 'class="job"')

    jobs.run(job.pk)
    assertNotContains(clerk_client.get(reverse("orders:list", args=[shop.number])), 'class="job"')


def test_the_chip_goes_with_the_progress_of_the_page(clerk_client, shop, job):
    def chip() -> str:
        part = clerk_client.get(reverse("job", args=[shop.number, job.pk]), headers={"HX-Request": "true"})
        (swapped,) = html.fragments_fromstring(part.content.decode())[1].xpath(
            "self::*[@hx-swap-oob][@id='running-job']"
        )
        return swapped.text_content()

    assert chip() == "Set to Shipped: 1 order 0\N{NO-BREAK SPACE}%"
    jobs.run(job.pk)
    assert chip() == ""


def test_stop_and_retry(clerk_client, shop, job):
    clerk_client.post(reverse("job-stop", args=[shop.number, job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.STOPPED

    response = clerk_client.post(reverse("job-retry", args=[shop.number, job.pk]))
    again = Job.objects.exclude(pk=job.pk).get()
    assert response["Location"] == reverse("job", args=[shop.number, again.pk])


def test_a_job_at_work_is_not_retried(clerk_client, shop, job):
    clerk_client.post(reverse("job-retry", args=[shop.number, job.pk]))

    assert Job.objects.count() == 1


def test_a_job_asks_for_the_right_of_its_kind(client, shop, job):
    client.force_login(make_staff(shop, Role.FINANCE).user)

    assert page(client, shop, job).status_code == 403
    assert client.post(reverse("job-stop", args=[shop.number, job.pk])).status_code == 403
    assertNotContains(client.get(reverse("jobs", args=[shop.number])), "Set to Shipped")


def test_the_list_of_jobs_names_them(clerk_client, shop, job):
    assertContains(clerk_client.get(reverse("jobs", args=[shop.number])), "Set to Shipped: 1 order")


def test_no_jobs_yet_says_what_will_appear(clerk_client, shop):
    assertContains(clerk_client.get(reverse("jobs", args=[shop.number])), "Long and bulk work appears here")


@pytest.fixture
def made_file(shop, actor, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    kind = JobKind("test.file", lambda job: "File", Permission.EXPORT_ORDERS, do_whole=lambda job: None)
    monkeypatch.setitem(jobs.KINDS, "test.file", kind)
    job = jobs.start("test.file", shop=shop, by=actor)
    jobs.run(job.pk)
    job.refresh_from_db()
    job.file.save("x", ContentFile(b"orders"))
    job.result = {"filename": "orders.xlsx"}
    job.save()
    return job


def test_a_file_comes_as_an_attachment(clerk_client, shop, made_file):
    response = page(clerk_client, shop, made_file, "job-file")

    assert b"".join(response.streaming_content) == b"orders"
    assert response["Content-Disposition"] == 'attachment; filename="orders.xlsx"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(("harm", "how"), [("cut", "cut"), ("gone", "missing")])
def test_f25_a_file_that_is_not_whole_is_not_handed_out(clerk_client, shop, made_file, caplog, harm, how):
    made_file.result["size"] = 6
    made_file.save()
    path = Path(made_file.file.path)
    assert b"".join(page(clerk_client, shop, made_file, "job-file").streaming_content) == b"orders"
    path.write_bytes(b"ord") if harm == "cut" else path.unlink()

    assert page(clerk_client, shop, made_file, "job-file").status_code == 404
    [told] = [record.msg for record in caplog.records if "job file lost" in str(record.msg)]
    assert (told["level"], told["how"]) == ("error", how)


def test_an_expired_file_is_gone(clerk_client, shop, made_file):
    Job.objects.filter(pk=made_file.pk).update(expires_at=timezone.now())

    assert page(clerk_client, shop, made_file, "job-file").status_code == 404
