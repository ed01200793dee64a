"""Installations of their own for tests of faults: a database, files and processes that can be killed."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings

from backoffice.tests import servers

# Seconds. A process is up within a few; a machine that is busy with other things takes many times as long.
PATIENCE = 240


class Installation:
    """What belongs to one installation in `folder`; its database is SQLite there unless another is named.

    `variables` go into the environment of its processes: DATABASE_URL, CELERY_BROKER_URL, DJANGO_SETTINGS_MODULE.
    """

    def __init__(self, folder: Path, **variables: str):
        self.folder = folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
        dull = {
            "DJANGO_SETTINGS_MODULE": "backoffice.settings",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "CELERY_BROKER_URL": "memory://",
            "LOG_LEVEL": "ERROR",
        }
        self.environment = inherited | {"VAR_DIR": str(folder)} | dull | variables

    def manage(self, *arguments: str, fault: str = "", ends: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of `manage.py`, which dies at the place `fault` names; it must end with that exit code."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment | {"FAULT": fault},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == ends, done.stderr
        return done

    def python(self, code: str, *, fault: str = "", ends: int = 0) -> subprocess.CompletedProcess[str]:
        """Run Python there, with Django set up."""
        return self.manage("shell", "-v0", "-c", code, fault=fault, ends=ends)

    @contextmanager
    def process(self, *module: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `python -m module` beside the test; killed at the end, with its children, if it still runs then.

        What it writes is in `told`.
        """
        with (
            self._log.open("ab") as log,
            subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=settings.BASE_DIR,
                env=self.environment | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    @property
    def _log(self) -> Path:
        return self.folder / "processes.log"

    @property
    def told(self) -> str:
        """What all processes beside the test have written so far."""
        return self._log.read_text()

    def files(self) -> list[str]:
        """Names of what lies under its media."""
        return sorted(path.name for path in (self.folder / "media").rglob("*") if path.is_file())


@contextmanager
def on_postgres_and_redis(folder: Path, **variables: str) -> Iterator[Installation]:
    """An installation as in production, on servers of its own."""
    with servers.postgres() as url, servers.redis() as broker:
        yield Installation(folder, DATABASE_URL=own_database(url), CELERY_BROKER_URL=broker, **variables)


def own_database(url: str) -> str:
    """The URL of a new database on the server of `url`."""
    name = f"faults_{secrets.token_hex(4)}"
    with psycopg.connect(url.replace("/backoffice?", "/postgres?"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/backoffice?", f"/{name}?")


def wait_until(is_so: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    ends_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_at, "it never came to that"
        time.sleep(0.05)
