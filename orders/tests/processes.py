"""Python in processes of their own, over a database and files of their own, so that they can be killed."""

import os
import subprocess
import sys

from django.conf import settings

# A fresh database.
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
# Does the only job there is, as the sweep does once the lease of a dead worker has lapsed.
WORK = """
import django; django.setup()
from backoffice import jobs
from backoffice.models import Job
Job.objects.filter(leased_until__isnull=False).update(leased_until="2026-01-01T00:00Z")
jobs.run(Job.objects.get().pk)
job = Job.objects.get()
"""


def run(code, folder, fault=""):
    """Run `code` over the database and the files in `folder`; `fault` is a place where the process is to die."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    environment |= {
        "VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "FAULT": fault,
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-u", "-c", code]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)


def files_in(folder):
    """Names of what lies under the media of `folder`."""
    return sorted(path.name for path in (folder / "media").rglob("*") if path.is_file())
