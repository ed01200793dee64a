"""The list of downloads: what was exported, how far it is and what is left of it."""

from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.models import Job, JobState, Shop
from orders import display
from orders.exports.formats import Format
from orders.exports.jobs import EXPORT, ExportRequest

SHOWN = 50


@dataclass(frozen=True)
class Download:
    """One line of the list; texts in the language of whoever looks."""

    job: Job
    name: str
    words: str
    layout: str
    format: str
    made_by: str
    made_at: str
    rows: str
    size: str
    expires_on: str
    state: str
    # What a person should know of the file: characters replaced, texts cut, or why there is none.
    remarks: tuple[str, ...]
    is_ready: bool
    is_waiting_for_another: bool


def downloads_of(shop: Shop) -> list[Download]:
    """The newest exports of the shop, in one query."""
    now = timezone.now()
    jobs = list(Job.objects.for_shop(shop).filter(kind=EXPORT)[:SHOWN])
    is_busy = any(job.is_open and job.leased_until and job.leased_until > now for job in jobs)
    return [_download(job, shop, now, is_busy=is_busy) for job in jobs]


def _download(job: Job, shop: Shop, now: datetime, *, is_busy: bool) -> Download:
    request = ExportRequest.of(job)
    result = job.result
    is_expired = job.state == JobState.DONE and (not job.file or (job.expires_at is not None and job.expires_at < now))
    return Download(
        job=job,
        name=request.name,
        words=request.words,
        layout=_("One row per order line") if request.layout.is_per_line else "",
        format=Format(request.format).short_label,
        made_by=job.actor_name,
        made_at=display.short_time(job.created_at, shop.zone, timezone.localdate(timezone=shop.zone)),
        rows=display.integer(result["rows"]) if "rows" in result else "",
        size=filesizeformat(result["size"]) if "size" in result else "",
        expires_on=display.day(job.expires_at.astimezone(shop.zone).date())
        if job.expires_at and not is_expired
        else "",
        state=_("Expired") if is_expired else str(job.get_state_display()),
        remarks=tuple(_remarks(job)),
        is_ready=job.state == JobState.DONE and not is_expired,
        is_waiting_for_another=is_busy and job.state == JobState.WAITING,
    )


def _remarks(job: Job) -> list[str]:
    remarks = []
    left_out = job.result.get("orders", 0) - job.result.get("rows", 0)
    if left_out > 0 and Format(job.arguments["format"]).is_for_carrier:
        remarks.append(
            ngettext(
                "%(number)s order is left out: it has no street to be sent to.",
                "%(number)s orders are left out: they have no street to be sent to.",
                left_out,
            )
            % {"number": display.integer(left_out)}
        )
    if number := job.result.get("replaced"):
        remarks.append(
            ngettext(
                "%(number)s character was replaced, because the format cannot hold it.",
                "%(number)s characters were replaced, because the format cannot hold them.",
                number,
            )
            % {"number": display.integer(number)}
        )
    if number := job.result.get("cut"):
        remarks.append(
            ngettext(
                "%(number)s text was cut, because a cell cannot hold it.",
                "%(number)s texts were cut, because a cell cannot hold them.",
                number,
            )
            % {"number": display.integer(number)}
        )
    if job.state == JobState.FAILED:
        remarks.append(_failure(job))
    return remarks


def _failure(job: Job) -> str:
    if job.has_given_reason:
        return job.error
    return _("The export was given up after several attempts (%(error)s).") % {"error": job.error}
