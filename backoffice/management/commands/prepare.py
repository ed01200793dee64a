"""`manage.py prepare`: everything between new code and a start, in one go and quick when nothing is to be done."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compile translations, migrate, create the cache table and collect static files. Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("--demo", action="store_true", help="load the demo shops when there is no shop yet")

    def handle(self, *, demo, verbosity, **options):
        quiet = max(verbosity - 1, 0)
        call_command("translations", verbosity=quiet)
        call_command("migrate", interactive=False, verbosity=quiet)
        call_command("createcachetable", verbosity=quiet)
        collect_changed_static_files()
        if demo:
            call_command("demo", if_empty=True, verbosity=verbosity)


def collect_changed_static_files() -> None:
    """Run collectstatic unless the sources are those of the last time: compressing them takes most of a start."""
    collected, sources = Path(settings.STATIC_ROOT, ".collected"), static_sources()
    if collected.exists() and collected.read_text() == sources:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    collected.write_text(sources)


def static_sources() -> str:
    """Return one hash of the name, size and time of every file that collectstatic would take."""
    known = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list(ignore_patterns=None):
            state = Path(storage.path(path)).stat()
            known.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return known.hexdigest()
