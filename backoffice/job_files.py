"""Files that jobs make, under `MEDIA_ROOT/jobs/<shop>/` with names nobody guesses.

A file is written aside and renamed when it is whole. What a killed worker leaves is swept an hour later.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.faults import fault
from backoffice.jobs import JobFailed, LeaseLost
from backoffice.models import OPEN_STATES, Job

KEPT_FOR = timedelta(days=7)
ORPHANED_AFTER = timedelta(hours=1)
WORKPLACE = "work-"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def publish(job: Job, *, filename: str, write: Callable[[IO[bytes]], dict]) -> None:
    """Let `write` fill the job's file, offered for download as `filename`; what it returns is kept in the result.

    Raises JobFailed when the disk is full, and LeaseLost when another worker has the job by now. Either way, and
    whatever `write` raises, nothing is left behind.
    """
    name = f"jobs/{job.shop.number}/{secrets.token_urlsafe(24)}{Path(filename).suffix}"
    path = Path(settings.MEDIA_ROOT) / name
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("xb") as file:
            result = write(file)
            file.flush()
            os.fsync(file.fileno())
        fault("job-files.written")
        result |= {"filename": filename, "size": aside.stat().st_size}
        aside.replace(path)
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise JobFailed(_("There is no room left on the disk. Nothing was written; try again later.")) from problem
        raise
    finally:
        aside.unlink(missing_ok=True)
    fault("job-files.renamed")
    mine = Job.objects.filter(pk=job.pk, leased_by=job.leased_by)
    if not mine.update(file=name, result=result, expires_at=timezone.now() + KEPT_FOR):
        path.unlink()
        raise LeaseLost


def workplace(job: Job) -> Path:
    """A folder of the job's own for what a worker has made so far; when it dies, the next worker finds it there."""
    folder = _workplace(job)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear_workplace(job: Job) -> None:
    """Once nobody will go on there; what is not cleared is swept when the job has ended."""
    shutil.rmtree(_workplace(job), ignore_errors=True)


def _workplace(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "jobs" / str(job.shop.number) / f"{WORKPLACE}{job.pk}"


def delete(job: Job) -> None:
    """Delete the job with its file."""
    path = _path_of(job.file.name)
    with transaction.atomic():
        job.delete()
        transaction.on_commit(lambda: path and path.unlink(missing_ok=True))


def forget_expired() -> int:
    """Delete the files that nobody may download any more; returns how many. The jobs stay, without their file."""
    expired = Job.objects.filter(expires_at__lt=timezone.now()).exclude(file="")
    number = 0
    for job in expired.iterator():
        path = _path_of(job.file.name)
        # The row first: a file without a row is swept, a row without a file is a broken promise.
        number += Job.objects.filter(pk=job.pk).update(file="")
        if path:
            path.unlink(missing_ok=True)
    return number


def sweep_orphans() -> int:
    """Delete what killed workers left: files older than an hour that no job knows, and the workplaces of jobs that
    have ended; returns how many."""
    folder = Path(settings.MEDIA_ROOT) / "jobs"
    oldest = (timezone.now() - ORPHANED_AFTER).timestamp()
    old = [path for path in folder.glob("*/*") if path.is_file() and path.stat().st_mtime < oldest]
    names = {path: str(path.relative_to(settings.MEDIA_ROOT)) for path in old}
    known = set(Job.objects.exclude(file="").values_list("file", flat=True))
    orphans = [path for path, name in names.items() if name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans) + _sweep_workplaces(folder)


def _sweep_workplaces(folder: Path) -> int:
    found = {path: path.name.removeprefix(WORKPLACE) for path in folder.glob(f"*/{WORKPLACE}*") if path.is_dir()}
    at_work = Job.objects.filter(state__in=OPEN_STATES, pk__in=[key for key in found.values() if key.isdigit()])
    kept = {str(key) for key in at_work.values_list("pk", flat=True)}
    left = [path for path, key in found.items() if key not in kept]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _path_of(name: str) -> Path | None:
    return Path(settings.MEDIA_ROOT) / name if name else None
