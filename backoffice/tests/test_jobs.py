import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from backoffice import jobs
from backoffice.jobs import DONE, UNCHANGED, JobKind, LeaseLost, failed, settle
from backoffice.models import Job, JobItem, JobState
from backoffice.roles import Permission

pytestmark = pytest.mark.django_db


class Worker:
    """A kind of job that notes what it did: even numbers are refused, 13 breaks it, 7 was so already."""

    def __init__(self):
        self.done = []
        self.before_settling = lambda: None

    def do_chunk(self, job, items):
        with transaction.atomic():
            if any(item.subject_id == 13 for item in items):
                raise ZeroDivisionError
            outcomes = {item.pk: self.outcome(item.subject_id) for item in items}
            self.before_settling()
            settle(job, outcomes)
        self.done += [item.subject_id for item in items]

    @staticmethod
    def outcome(number):
        if number == 7:
            return UNCHANGED
        return failed("even") if number % 2 == 0 else DONE


@pytest.fixture
def worker(monkeypatch):
    worker = Worker()
    kind = JobKind("test", lambda job: "Test", Permission.CHANGE_ORDERS, do_chunk=worker.do_chunk, chunk_size=3)
    monkeypatch.setitem(jobs.KINDS, "test", kind)
    return worker


def start(shop, actor, numbers, **options):
    return jobs.start("test", shop=shop, by=actor, subjects=[(n, str(n)) for n in numbers], **options)


def states_of(job):
    return {item.subject_id: item.state for item in job.items.all()}


def test_every_item_ends_done_unchanged_or_failed_with_its_reason(shop, actor, worker):
    job = start(shop, actor, [1, 2, 3, 5, 7, 9, 11])

    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.number_done, job.number_unchanged, job.number_failed) == (JobState.DONE, 5, 1, 1)
    assert states_of(job) == {1: "done", 2: "failed", 3: "done", 5: "done", 7: "unchanged", 9: "done", 11: "done"}
    assert job.items.get(subject_id=2).reason == "even"
    assert job.percent == 100
    assert job.finished_at is not None


def test_one_bad_item_spoils_only_itself(shop, actor, worker):
    job = start(shop, actor, [1, 13, 3])

    jobs.run(job.pk)

    assert states_of(job) == {1: "done", 13: "failed", 3: "done"}
    assert job.items.get(subject_id=13).reason.startswith("Unexpected error, reference")
    assert worker.done == [1, 3]


def test_running_a_job_again_does_nothing_again(shop, actor, worker):
    job = start(shop, actor, [1, 3])
    jobs.run(job.pk)

    jobs.run(job.pk)

    assert worker.done == [1, 3]


def test_sending_the_form_twice_starts_one_job(shop, actor, worker):
    token = uuid.uuid4()

    first, second = start(shop, actor, [1], token=token), start(shop, actor, [1], token=token)

    assert first.pk == second.pk
    assert JobItem.objects.count() == 1


def test_a_worker_that_died_is_followed_by_another(shop, actor, worker):
    job = start(shop, actor, [1, 3, 5, 9])
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, leased_by=uuid.uuid4(), leased_until=timezone.now() - timedelta(seconds=1)
    )
    settle_first = job.items.first()
    settle_first.state = JobItem.State.DONE
    settle_first.save()

    assert jobs.sweep() == 1
    jobs.run(job.pk)

    assert worker.done == [3, 5, 9]


def test_a_job_somebody_works_on_is_left_alone(shop, actor, worker):
    job = start(shop, actor, [1])
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, leased_by=uuid.uuid4(), leased_until=timezone.now() + timedelta(seconds=30)
    )

    jobs.run(job.pk)

    assert worker.done == []
    assert jobs.sweep() == 0


def test_the_later_of_two_workers_rolls_back(shop, actor, worker):
    job = start(shop, actor, [1, 3])

    def somebody_else_was_first():
        job.items.filter(subject_id=3).update(state=JobItem.State.DONE)

    worker.before_settling = somebody_else_was_first
    items = list(job.items.all())

    with pytest.raises(LeaseLost):
        worker.do_chunk(job, items)

    assert states_of(job) == {1: "waiting", 3: "waiting"}


def test_stop_ends_after_the_chunk_at_hand(shop, actor, worker):
    job = start(shop, actor, [1, 3, 5, 9, 11])
    worker.before_settling = lambda: jobs.stop(job)

    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == JobState.STOPPED
    assert worker.done == [1, 3, 5]
    assert states_of(job)[9] == "waiting"


def test_a_waiting_job_stops_at_once(shop, actor, worker):
    job = start(shop, actor, [1])

    assert jobs.stop(job)
    jobs.run(job.pk)

    assert worker.done == []
    assert not jobs.stop(job)


def test_retry_takes_what_failed_and_what_was_left(shop, actor, worker):
    job = start(shop, actor, [1, 2, 3, 4])
    jobs.run(job.pk)

    again = jobs.retry_failed(job, by=actor)

    assert list(again.items.values_list("subject_id", flat=True)) == [2, 4]
    assert again.act != job.act


def test_a_kind_that_breaks_as_a_whole_is_given_up_after_five_attempts(shop, actor, monkeypatch):
    def breaks(job):
        raise OSError("disk full")

    monkeypatch.setitem(
        jobs.KINDS, "test", JobKind("test", lambda job: "Test", Permission.CHANGE_ORDERS, do_whole=breaks)
    )
    job = start(shop, actor, [])

    for _attempt in range(6):
        Job.objects.filter(pk=job.pk).update(leased_until=None)
        jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, "OSError", 5)


def test_the_bell_rings_after_the_commit(shop, actor, worker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = start(shop, actor, [1, 3])

    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_a_broker_that_is_away_fails_nothing(shop, actor, worker, monkeypatch, django_capture_on_commit_callbacks):
    from backoffice import tasks

    def away(*args):
        raise ConnectionError

    monkeypatch.setattr(tasks.run_job, "delay", away)

    with django_capture_on_commit_callbacks(execute=True):
        job = start(shop, actor, [1])
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(minutes=1))

    assert job.state == JobState.WAITING
    assert jobs.sweep() == 1
