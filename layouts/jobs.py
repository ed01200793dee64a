"""Publishing as a job: every hard case is laid out first, and the draft goes live only when all of them stand."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from backoffice.actor import Actor
from backoffice.jobs import JobFailed, JobKind, register_kind, report_progress, start
from backoffice.models import Job, Shop
from backoffice.roles import Permission
from layouts.gallery import Result, cases_for, tried
from layouts.kinds import Kind
from layouts.models import LayoutVersion
from layouts.published import source_of
from layouts.services.drafts import ChangedMeanwhile, DraftGone
from layouts.services.publishing import publish
from layouts.subjects import fields_of

PUBLISH = "layouts.publish"
MOST_PROBLEMS = 10


def start_publishing(
    draft: LayoutVersion,
    shops: Sequence[Shop],
    *,
    base: Shop,
    seen: int,
    note: str,
    by: Actor,
    token: uuid.UUID | None = None,
) -> Job:
    """A job of `base` that tries the `seen` edition of the draft and publishes it in `shops`."""
    asked = {
        "version": draft.pk,
        "kind": draft.layout.kind,
        "number": draft.layout.shop.number,
        "edition": seen,
        "shops": [shop.number for shop in shops],
        "note": note,
    }
    return start(PUBLISH, shop=base, by=by, arguments=asked, token=token)


def try_and_publish(job: Job) -> None:
    """The result says which cases failed, {"failures": […]}, or {"published": [[shop, number], …], "before": […]}."""
    asked = job.arguments
    if "published" in job.result:
        return
    with override((job.user.language if job.user else "") or job.shop.language):
        draft = _draft_of(job)
        failures = _failures(job, draft)
        if failures:
            _keep_result(job, {"failures": failures})
            text = ngettext(
                "%(number)d hard case could not be laid out, so nothing was published.",
                "%(number)d hard cases could not be laid out, so nothing was published.",
                len(failures),
            )
            raise JobFailed(text % {"number": len(failures)})
        shops = [shop for shop in [job.shop, *job.shop.target_shops.all()] if shop.number in asked["shops"]]
        try:
            _publish(job, draft, shops)
        except (ChangedMeanwhile, DraftGone):
            raise JobFailed(_changed()) from None


@transaction.atomic
def _publish(job: Job, draft: LayoutVersion, shops: Sequence[Shop]) -> None:
    """Publish, and keep in the same transaction that it was done: a worker that dies here begins no second time."""
    before = _live_numbers(shops, job.arguments["kind"])
    versions = publish(draft, shops, seen=job.arguments["edition"], by=job.actor, note=job.arguments["note"])
    published = [[version.layout.shop.number, version.number] for version in versions]
    _keep_result(job, {"published": published, "before": before})


def _draft_of(job: Job) -> LayoutVersion:
    """The draft as it was when somebody pressed Publish. Raises JobFailed when it changed since."""
    found = LayoutVersion.objects.select_related("layout__shop").filter(pk=job.arguments["version"]).first()
    if found is None or not found.is_draft or found.edition != job.arguments["edition"]:
        raise JobFailed(_changed())
    return found


def _failures(job: Job, draft: LayoutVersion) -> list[dict[str, Any]]:
    fields = fields_of(draft.layout.kind)
    number_of_cases = len(cases_for(fields))
    failures = []
    report_progress(job, 0, number_of_cases)
    for number, result in enumerate(tried(source_of(draft), fields), start=1):
        if result.problems:
            failures.append(_told(result))
        report_progress(job, number, number_of_cases)
    return failures


def _told(result: Result) -> dict[str, Any]:
    problems = [
        {"line": each.line, "column": each.column, "message": str(each.message), "quote": each.quote, "hint": each.hint}
        for each in result.problems[:MOST_PROBLEMS]
    ]
    return {"key": result.case.key, "title": str(result.case.title), "problems": problems}


def _live_numbers(shops: Sequence[Shop], kind: str) -> list[list[Any]]:
    """[shop number, number of the version that is live or None] of each."""
    live = LayoutVersion.objects.filter(layout__shop__in=shops, layout__kind=kind, pk=F("layout__live")).values_list(
        "layout__shop__number", "number"
    )
    numbers = dict(live)
    return [[shop.number, numbers.get(shop.number)] for shop in shops]


def _keep_result(job: Job, result: dict[str, Any]) -> None:
    Job.objects.filter(pk=job.pk, leased_by=job.leased_by).update(result=result)


def _changed() -> str:
    return _("The draft was changed, published or put away meanwhile, so nothing was published.")


def _title(job: Job) -> str:
    return _("Publish layout: %(kind)s") % {"kind": Kind(job.arguments["kind"]).label}


def register() -> None:
    register_kind(JobKind(PUBLISH, _title, Permission.MANAGE_SETTINGS, do_whole=try_and_publish))
