import errno
import os
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import job_files, jobs
from backoffice.jobs import JobFailed, JobKind, LeaseLost
from backoffice.models import Job, JobState
from backoffice.roles import Permission

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_in(media):
    return [path for path in media.rglob("*") if path.is_file()]


def make_job(shop, **values):
    dull = {"kind": "test", "actor_name": "Marit", "actor_channel": "web", "leased_by": uuid.uuid4()}
    return Job.objects.create(shop=shop, **dull | values)


def write_hello(file):
    file.write(b"hello")
    return {"rows": 1}


def make_old(path, **age):
    moment = time.time() - timedelta(**age).total_seconds()
    os.utime(path, (moment, moment))


def test_a_file_is_published_whole_under_a_name_nobody_guesses(shop, media):
    job = make_job(shop)

    job_files.publish(job, filename="orders.csv", write=write_hello)

    job.refresh_from_db()
    (path,) = files_in(media)
    assert path == media / job.file.name
    assert path.parent == media / "jobs" / "12345"
    assert len(path.stem) >= 32
    assert path.suffix == ".csv"
    assert path.read_bytes() == b"hello"
    assert job.result == {"rows": 1, "filename": "orders.csv", "size": 5}
    assert timedelta(days=6) < job.expires_at - timezone.now() <= timedelta(days=7)


def test_nothing_is_seen_before_the_file_is_whole(shop, media):
    def look(file):
        file.write(b"half")
        assert [path.suffix for path in files_in(media)] == [".part"]
        return {}

    job_files.publish(make_job(shop), filename="orders.csv", write=look)

    assert [path.suffix for path in files_in(media)] == [".csv"]


def test_a_full_disk_is_said_and_leaves_nothing(shop, media):
    def fill(file):
        file.write(b"much")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    job = make_job(shop)

    with pytest.raises(JobFailed, match="no room left on the disk"):
        job_files.publish(job, filename="orders.csv", write=fill)

    job.refresh_from_db()
    assert (files_in(media), job.file.name, job.result) == ([], "", {})


def test_whatever_breaks_leaves_nothing(shop, media):
    def stumble(file):
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        job_files.publish(make_job(shop), filename="orders.csv", write=stumble)

    assert files_in(media) == []


def test_a_worker_whose_job_was_taken_over_publishes_nothing(shop, media):
    job = make_job(shop)
    Job.objects.filter(pk=job.pk).update(leased_by=uuid.uuid4())

    with pytest.raises(LeaseLost):
        job_files.publish(job, filename="orders.csv", write=write_hello)

    job.refresh_from_db()
    assert (files_in(media), job.file.name) == ([], "")


def test_an_expired_file_goes_and_its_job_stays(shop, media):
    old, young = make_job(shop), make_job(shop)
    job_files.publish(old, filename="old.csv", write=write_hello)
    job_files.publish(young, filename="young.csv", write=write_hello)
    Job.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(minutes=1))

    assert job_files.forget_expired() == 1

    old.refresh_from_db()
    young.refresh_from_db()
    assert old.file.name == ""
    assert files_in(media) == [media / young.file.name]


def test_what_killed_workers_left_is_swept_after_an_hour(shop, media):
    job = make_job(shop)
    job_files.publish(job, filename="orders.csv", write=write_hello)
    job.refresh_from_db()
    kept = media / job.file.name
    unfinished, unknown, recent = (kept.with_name(name) for name in (".a.csv.part", "b.csv", ".c.csv.part"))
    for path in (unfinished, unknown, recent):
        path.write_bytes(b"left")
    for path in (kept, unfinished, unknown):
        make_old(path, minutes=61)

    assert job_files.sweep_orphans() == 2

    assert sorted(files_in(media)) == sorted([kept, recent])


def test_the_workplace_of_a_job_is_kept_while_another_worker_may_go_on_there(shop, media):
    waiting, ended = make_job(shop), make_job(shop)
    Job.objects.filter(pk=ended.pk).update(state=JobState.FAILED)
    for job in (waiting, ended):
        (job_files.workplace(job) / "1.part").write_bytes(b"made so far")

    assert job_files.sweep_orphans() == 1

    assert files_in(media) == [job_files.workplace(waiting) / "1.part"]
    job_files.clear_workplace(waiting)
    assert files_in(media) == []


def test_deleting_a_job_deletes_its_file(shop, media, django_capture_on_commit_callbacks):
    job = make_job(shop)
    job_files.publish(job, filename="orders.csv", write=write_hello)
    job.refresh_from_db()

    with django_capture_on_commit_callbacks(execute=True):
        job_files.delete(job)

    assert (files_in(media), Job.objects.count()) == ([], 0)


# --- jobs that wait for each other


@pytest.fixture
def kind(monkeypatch):
    """A kind done one at a time; `done` names the jobs in the order they were done."""
    done = []
    kind = JobKind(
        "test",
        lambda job: "Test",
        Permission.EXPORT_ORDERS,
        do_whole=lambda job: done.append(job.pk),
        is_one_at_a_time=True,
    )
    monkeypatch.setitem(jobs.KINDS, "test", kind)
    return done


def lease(job, **ahead):
    until = timezone.now() + timedelta(**ahead)
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, leased_by=uuid.uuid4(), leased_until=until)


def test_a_shops_jobs_of_such_a_kind_wait_for_each_other(shop, other_shop, actor, kind):
    busy, waiting, elsewhere = (jobs.start("test", shop=where, by=actor) for where in (shop, shop, other_shop))
    lease(busy, seconds=30)

    jobs.run(waiting.pk)
    jobs.run(elsewhere.pk)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (JobState.WAITING, 0)
    assert kind == [elsewhere.pk]


def test_the_next_begins_when_one_ends(shop, actor, kind):
    first, second, third = (jobs.start("test", shop=shop, by=actor) for _ in range(3))

    jobs.run(first.pk)

    assert kind == [first.pk, second.pk, third.pk]


def test_a_dead_worker_holds_nobody_up(shop, actor, kind):
    dead, waiting = (jobs.start("test", shop=shop, by=actor) for _ in range(2))
    lease(dead, seconds=-1)

    jobs.run(waiting.pk)

    assert kind == [waiting.pk]


def test_a_job_that_cannot_be_done_ends_at_once_and_says_why(shop, actor, monkeypatch):
    def refuse(job):
        raise JobFailed("The shop has no orders.")

    monkeypatch.setitem(
        jobs.KINDS, "test", JobKind("test", lambda job: "Test", Permission.EXPORT_ORDERS, do_whole=refuse)
    )
    job = jobs.start("test", shop=shop, by=actor)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, "The shop has no orders.", 1)
    assert job.finished_at is not None
