"""Jobs as pages: how far they are, what became of each item, stop and retry. They work without script too."""

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backoffice import jobs
from backoffice.access import PermissionMissing, requires
from backoffice.context import running
from backoffice.models import Job, JobItem, JobState
from backoffice.roles import Permission

log = structlog.get_logger("backoffice.jobs")

SHOWN_JOBS = 50
SHOWN_ITEMS = 200


@requires(Permission.VIEW_ORDERS)
def listing(request: HttpRequest) -> HttpResponse:
    """The newest jobs of the shop that this person may see."""
    newest = Job.objects.for_shop(request.shop)[:SHOWN_JOBS]
    shown = [(job, jobs.KINDS[job.kind].title(job)) for job in newest if _may_see(request, job)]
    return render(request, "backoffice/jobs.html", {"jobs": shown})


@requires(Permission.VIEW_ORDERS)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A job's page; for htmx only its progress."""
    job = _job_or_404(request, pk)
    is_part = request.htmx and not request.htmx.history_restore_request
    context = _context(job)
    if is_part:
        # The chip in the top strip goes with it.
        context |= {"is_part": True, "running_job": running(job) if job.is_open else None}
    response = render(request, "backoffice/_job.html" if is_part else "backoffice/job.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@requires(Permission.VIEW_ORDERS)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job_or_404(request, pk)
    if not jobs.stop(job):
        messages.info(request, _("The job had ended already."))
    return redirect("job", request.shop.number, job.pk)


@require_POST
@requires(Permission.VIEW_ORDERS)
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """A new job for what failed or was left over."""
    job = _job_or_404(request, pk)
    if job.is_open:
        messages.info(request, _("The job is still at work."))
        return redirect("job", request.shop.number, job.pk)
    again = jobs.retry_failed(job, by=request.actor)
    return redirect("job", request.shop.number, again.pk)


@requires(Permission.VIEW_ORDERS)
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The file a job made, as an attachment."""
    job = _job_or_404(request, pk)
    if not job.file or job.state != JobState.DONE or (job.expires_at and job.expires_at < timezone.now()):
        raise Http404("No file, or it expired.")
    name = job.result.get("filename", job.file.name.rsplit("/", 1)[-1])
    try:
        if job.file.size != job.result.get("size", job.file.size):
            raise _lost(job, "cut")
        return FileResponse(job.file.open("rb"), as_attachment=True, filename=name)
    except FileNotFoundError as gone:
        raise _lost(job, "missing") from gone


def _lost(job: Job, how: str) -> Http404:
    """A file that should be there whole: half of it would be taken for all of it."""
    log.error("job file lost", job=job.pk, shop=job.shop.number, how=how)
    return Http404("The file is not there any more.")


def _job_or_404(request: HttpRequest, pk: int) -> Job:
    job = get_object_or_404(Job.objects.for_shop(request.shop), pk=pk)
    if not _may_see(request, job):
        kind = jobs.KINDS.get(job.kind)
        raise PermissionMissing(kind.permission) if kind else PermissionDenied
    return job


def _may_see(request: HttpRequest, job: Job) -> bool:
    kind = jobs.KINDS.get(job.kind)
    return kind is not None and request.staff.may(kind.permission)


def _context(job: Job) -> dict:
    kind = jobs.KINDS[job.kind]
    has_rest = job.number_done + job.number_unchanged < job.number_of_items
    by_state = {
        state: list(job.items.filter(state=state)[:SHOWN_ITEMS])
        for state in (JobItem.State.FAILED, JobItem.State.DONE, JobItem.State.UNCHANGED)
    }
    return {
        "job": job,
        "title": kind.title(job),
        "number_waiting": max(job.number_of_items - job.number_finished, 0),
        "failed_items": by_state[JobItem.State.FAILED],
        "done_items": by_state[JobItem.State.DONE],
        "unchanged_items": by_state[JobItem.State.UNCHANGED],
        "is_undoable": kind.is_undoable and not job.is_open and job.number_done > 0,
        "can_retry": not job.is_open and (kind.do_chunk is not None or kind.has_items) and has_rest,
        "after_template": kind.after_template if job.state == JobState.DONE and job.number_done else "",
        "seconds_between": 1 if job.started_at and (timezone.now() - job.started_at).seconds < 60 else 3,
    }
