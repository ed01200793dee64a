"""Long and bulk work as rows. A Celery message only rings the bell; what is to be done stands in the database.

A kind of job does its items chunk by chunk: the effect and the items' new state are saved in one transaction, so a
worker that is killed leaves each item either done or waiting, and the next one goes on there. Two workers that meet
at one chunk are told apart by the conditional update in `settle`: the later one rolls back.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import bells
from backoffice.actor import Actor
from backoffice.faults import fault
from backoffice.models import OPEN_STATES, Job, JobItem, JobState, Shop
from backoffice.roles import Permission

log = structlog.get_logger("backoffice.jobs")

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5
ITEMS_PER_INSERT = 2000
LONGEST_ERROR = 300


class Outcome(NamedTuple):
    """What became of one item."""

    state: str
    reason: str = ""


DONE = Outcome(JobItem.State.DONE)
UNCHANGED = Outcome(JobItem.State.UNCHANGED)


def failed(reason: str) -> Outcome:
    return Outcome(JobItem.State.FAILED, reason[:250])


@dataclass(frozen=True)
class JobKind:
    """How a kind of job is named, who may see and steer it, and how it works.

    Either `do_chunk(job, items)` acts on items and calls `settle` inside its transaction, or `do_whole(job)` does
    everything at once and can be begun again from scratch at any time (an export).
    """

    key: str
    title: Callable[[Job], str]
    permission: Permission
    do_chunk: Callable[[Job, list[JobItem]], None] | None = None
    do_whole: Callable[[Job], None] | None = None
    chunk_size: int = 200
    is_undoable: bool = False
    # A shop's jobs of this kind run one after the other, the first asked for first.
    is_one_at_a_time: bool = False
    # Whether a kind that does everything at once has items all the same: then what failed can be tried again.
    has_items: bool = False
    # A part of the job's page, shown when the job is done; it finds `job` and `shop`.
    after_template: str = ""


KINDS: dict[str, JobKind] = {}


def register_kind(kind: JobKind) -> None:
    KINDS[kind.key] = kind


class LeaseLost(Exception):
    """Another worker has taken the job over."""


class JobFailed(Exception):
    """Trying again would not help: the job ends at once and shows this text."""


class StopAsked(Exception):
    """Somebody pressed Stop while a job without items was at work."""


# --- starting and steering ------------------------------------------------------------------------


def start(
    kind: str,
    *,
    shop: Shop,
    by: Actor,
    arguments: dict | None = None,
    subjects: Iterable[tuple[int, str]] = (),
    token: uuid.UUID | None = None,
) -> Job:
    """Write the job with its items, (subject id, label) each, and ring the bell once that is committed.

    With the token of a form that was sent before, the job it started then is returned and nothing is written.
    """
    with transaction.atomic():
        job, is_new = Job.objects.get_or_create(
            shop=shop,
            token=token or uuid.uuid4(),
            defaults={
                "kind": kind,
                "arguments": (arguments or {}) | ({"is_quiet": True} if by.is_quiet else {}),
                "user_id": by.user_id,
                "actor_name": by.name,
                "actor_channel": by.channel,
                "actor_ip_address": by.ip_address,
            },
        )
        if is_new:
            job.number_of_items = _add_items(job, subjects)
            job.save(update_fields=["number_of_items"])
            transaction.on_commit(partial(ring, job.pk))
    return job


def _add_items(job: Job, subjects: Iterable[tuple[int, str]]) -> int:
    rows: list[JobItem] = []
    number = 0
    for number, (subject_id, label) in enumerate(subjects, start=1):
        rows.append(JobItem(job=job, position=number, subject_id=subject_id, label=label))
        if len(rows) == ITEMS_PER_INSERT:
            JobItem.objects.bulk_create(rows)
            rows.clear()
    JobItem.objects.bulk_create(rows)
    return number


def ring(job_id: int) -> None:
    """Tell a worker; a bell that is not heard is made up for by `sweep`."""
    # The tasks import this module, so the bell is fetched when it is rung.
    from backoffice.tasks import run_job

    bells.ring(run_job, job_id)


def stop(job: Job) -> bool:
    """Ask the job to end after the chunk at hand; a waiting one ends now. False when it had ended."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=JobState.WAITING)
    running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING)
    return bool(waiting.update(state=JobState.STOPPED, finished_at=now) or running.update(state=JobState.STOPPING))


def retry_failed(job: Job, *, by: Actor, token: uuid.UUID | None = None) -> Job:
    """A new job of the same kind for the items that failed, and those a stop left over."""
    again = job.items.filter(state__in=[JobItem.State.FAILED, JobItem.State.WAITING]).order_by("position")
    return start(
        job.kind,
        shop=job.shop,
        by=by,
        arguments=job.arguments,
        subjects=again.values_list("subject_id", "label").iterator(),
        token=token,
    )


# --- running --------------------------------------------------------------------------------------


def run(job_id: int) -> None:
    """Work on a job until it ends or another worker has it; safe to call at any time, any number of times."""
    job = _claim(job_id)
    if job is None:
        return
    with structlog.contextvars.bound_contextvars(job=job.pk, kind=job.kind, shop=job.shop.number):
        try:
            _work(job, KINDS[job.kind])
        except LeaseLost:
            log.info("job taken over")
        except JobFailed as refusal:
            log.warning("job failed for good", reason=str(refusal))
            _finish(job, JobState.FAILED, error=str(refusal)[:LONGEST_ERROR])
        except Exception as problem:  # the edge: whatever a kind raises must not kill the worker
            log.exception("job failed")
            _give_back_or_up(job, problem)
    _ring_next(job)


def sweep() -> int:
    """Ring for every job that waits unheard or whose worker died; returns how many."""
    now = timezone.now()
    unheard = Q(state=JobState.WAITING, leased_until=None, created_at__lt=now - timedelta(seconds=5))
    lapsed = Q(state__in=OPEN_STATES, leased_until__lt=now)
    due = list(Job.objects.filter(unheard | lapsed).values_list("pk", flat=True)[:500])
    for job_id in due:
        ring(job_id)
    return len(due)


def settle(job: Job, outcomes: dict[int, Outcome]) -> None:
    """Save what became of items (by key), inside the transaction of their effect.

    Raises LeaseLost, and so rolls the effect back, when another worker settled one of them already.
    """
    fault("jobs.before-settle")
    alike: dict[Outcome, list[int]] = defaultdict(list)
    for item_id, outcome in outcomes.items():
        alike[outcome].append(item_id)
    numbers = dict.fromkeys(JobItem.State.values, 0)
    for outcome, item_ids in alike.items():
        waiting = JobItem.objects.filter(job=job, pk__in=item_ids, state=JobItem.State.WAITING)
        if waiting.update(state=outcome.state, reason=outcome.reason) != len(item_ids):
            raise LeaseLost
        numbers[outcome.state] += len(item_ids)
    Job.objects.filter(pk=job.pk).update(
        number_done=F("number_done") + numbers[JobItem.State.DONE],
        number_unchanged=F("number_unchanged") + numbers[JobItem.State.UNCHANGED],
        number_failed=F("number_failed") + numbers[JobItem.State.FAILED],
    )


def report_progress(job: Job, number_done: int, number_of_items: int) -> None:
    """For kinds without items: say how far it is. Raises LeaseLost, or StopAsked after somebody pressed Stop."""
    mine = Job.objects.filter(pk=job.pk, leased_by=job.leased_by)
    changed = mine.filter(state=JobState.RUNNING).update(
        number_done=number_done, number_of_items=number_of_items, leased_until=timezone.now() + LEASE
    )
    if not changed:
        raise StopAsked if mine.filter(state=JobState.STOPPING).exists() else LeaseLost


def _claim(job_id: int) -> Job | None:
    """Take the job when it is free or its worker died. One worker wins: a conditional update decides."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    worker = uuid.uuid4()
    with transaction.atomic():
        if _must_wait(job_id, now):
            return None
        taken = Job.objects.filter(free, pk=job_id, state__in=OPEN_STATES).update(
            leased_by=worker, leased_until=now + LEASE, attempts=F("attempts") + 1
        )
    if not taken:
        return None
    Job.objects.filter(pk=job_id, state=JobState.WAITING).update(state=JobState.RUNNING, started_at=now)
    return Job.objects.select_related("shop").get(pk=job_id)


def _must_wait(job_id: int, now: datetime) -> bool:
    """Whether another job of the shop is at work on what is done one at a time; run it in the claim's transaction."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not KINDS[job.kind].is_one_at_a_time:
        return False
    # Two workers that claim two jobs of a shop at one moment must see each other.
    Shop.objects.select_for_update(no_key=True).get(pk=job.shop_id)
    others = Job.objects.filter(shop=job.shop_id, kind=job.kind, state__in=OPEN_STATES).exclude(pk=job_id)
    return others.filter(leased_until__gt=now).exists()


def _ring_next(job: Job) -> None:
    """Where jobs wait for each other, tell a worker of the next; a bell that is lost is made up for by `sweep`."""
    if not KINDS[job.kind].is_one_at_a_time:
        return
    waiting = Job.objects.filter(shop=job.shop_id, kind=job.kind, state=JobState.WAITING).exclude(pk=job.pk)
    following = waiting.order_by("pk").values_list("pk", flat=True).first()
    if following is not None:
        ring(following)


def _work(job: Job, kind: JobKind) -> None:
    if kind.do_whole is not None:
        try:
            kind.do_whole(job)
        except StopAsked:
            _finish(job, JobState.STOPPED)
        else:
            _finish(job, JobState.DONE)
        return
    while True:
        if _was_asked_to_stop(job):
            return _finish(job, JobState.STOPPED)
        items = list(job.items.filter(state=JobItem.State.WAITING).order_by("position")[: kind.chunk_size])
        if not items:
            return _finish(job, JobState.DONE)
        _do_chunk(job, kind, items)
        fault("jobs.between-chunks")


def _do_chunk(job: Job, kind: JobKind, items: list[JobItem]) -> None:
    """Do a chunk; when it fails as a whole, one by one, so that a single bad item spoils only itself."""
    try:
        kind.do_chunk(job, items)
        return
    except LeaseLost:
        raise
    except Exception:
        if len(items) == 1:
            log.exception("item failed", item=items[0].label)
            reference = structlog.contextvars.get_contextvars().get("request_id", job.pk)
            with transaction.atomic():
                settle(job, {items[0].pk: failed(_("Unexpected error, reference %(id)s.") % {"id": reference})})
            return
        log.exception("chunk failed, going on one by one")
    for item in items:
        _do_chunk(job, kind, [item])


def _was_asked_to_stop(job: Job) -> bool:
    """Renew the lease; whether somebody pressed Stop. Raises LeaseLost when the job is another worker's now."""
    mine = Job.objects.filter(pk=job.pk, leased_by=job.leased_by)
    if not mine.update(leased_until=timezone.now() + LEASE):
        raise LeaseLost
    return mine.filter(state=JobState.STOPPING).exists()


def _finish(job: Job, state: str, error: str = "") -> None:
    Job.objects.filter(pk=job.pk, leased_by=job.leased_by).update(
        state=state, error=error, finished_at=timezone.now(), leased_by=None, leased_until=None
    )


def _give_back_or_up(job: Job, problem: Exception) -> None:
    """Try again later, after five attempts never: then the job says so."""
    mine = Job.objects.filter(pk=job.pk, leased_by=job.leased_by)
    if job.attempts < MOST_ATTEMPTS:
        mine.update(leased_by=None, leased_until=timezone.now())
    else:
        _finish(job, JobState.FAILED, error=type(problem).__name__)
