import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from backoffice.benches import BENCHES, DEFAULT_SIZE, Bench, Measured
from backoffice.tests import servers

HEAD = ("bench", "what", "measured", "hold")
INTRODUCTION = """\
# Speed and memory

What `make bench` measured: ratios of two things that took turns in one run, and counts of queries; neither depends
much on the machine. `make bench ARGS="--postgres --orders 100000 --write docs/speed.md"` writes its table anew; name
benches before the options to run only some, as in `make bench ARGS="pages search bulk --postgres --orders 1000000"`.
"""


class Command(BaseCommand):
    help = "Measure speed and memory in a fresh temporary database and print one table with ratios."

    def add_arguments(self, parser) -> None:
        parser.add_argument("names", nargs="*", help="Which benches; all by default.")
        parser.add_argument("--postgres", action="store_true", help="On a private PostgreSQL instead of SQLite.")
        parser.add_argument("--orders", type=int, default=DEFAULT_SIZE, help="Orders of the largest shop.")
        parser.add_argument("--write", metavar="FILE", help="Keep the table in a Markdown file too, docs/speed.md.")
        parser.add_argument("--here", action="store_true", help="In the database of the settings, which must be empty.")

    def handle(
        self, *args, names: list[str], postgres: bool, orders: int, write: str | None, here: bool, **options
    ) -> None:
        autodiscover_modules("benches", "list_benches", "page_benches", "exports.benches", "papers.benches")
        if unknown := set(names) - BENCHES.keys():
            raise CommandError(f"No such bench: {', '.join(sorted(unknown))}. There are: {', '.join(BENCHES)}.")
        if here:
            self.measure([BENCHES[name] for name in names or BENCHES], orders, write)
            return
        with fresh_postgresql() if postgres else fresh_sqlite() as url:
            run_child(url, "migrate", "--verbosity", "0")
            run_child(url, "bench", "--here", "--orders", str(orders), *(["--write", write] if write else []), *names)

    def measure(self, benches: list[Bench], size: int, write: str | None) -> None:
        if settings.PRODUCTION:
            raise CommandError("Benches have no place in production.")
        print_row = self.stdout.write
        print_row(f"{connection.vendor}, {size} orders\n")
        print_row("{:<14}{:<64}{:>12}{:>10}".format(*HEAD))
        rows = []
        for bench in benches:
            if bench.is_for_postgresql and connection.vendor != "postgresql":
                print_row(f"{bench.name:<14}needs --postgres")
                continue
            for measured in bench.measure(size):
                rows.append((bench, measured))
                print_row(as_row(bench, measured))
                if write:
                    keep_table(Path(write), f"{connection.display_name}, {size:,} orders", rows)
        if missed := sum(not measured.is_held for _bench, measured in rows):
            raise CommandError(f"{missed} not held.")


def keep_table(file: Path, title: str, rows: Sequence[tuple[Bench, Measured]]) -> None:
    """Write the table under its title; tables of other databases and sizes in the file stay as they are."""
    lines = [f"## {title}", "", f"Measured on {timezone.localdate():%-d %B %Y}, with {os.cpu_count()} processors.", ""]
    lines += ["| bench | what | measured | hold | |", "|---|---|---:|---:|---|"]
    for bench, measured in rows:
        hold = "" if measured.hold is None else f"≤ {measured.hold:g}"
        remark = "; ".join(filter(None, ["" if measured.is_held else "**not held**", measured.remark]))
        lines.append(f"| {bench.name} | {measured.what} | {measured.value:.4g} {measured.unit} | {hold} | {remark} |")
    before = file.read_text() if file.exists() else INTRODUCTION
    introduction, *sections = re.split("^(?=## )", before, flags=re.MULTILINE)
    tables = {section.splitlines()[0]: section.rstrip() for section in sections}
    # A key that is there keeps its place.
    tables[f"## {title}"] = "\n".join(lines)
    file.write_text("\n\n".join([introduction.rstrip(), *tables.values()]) + "\n")


def as_row(bench: Bench, measured: Measured) -> str:
    hold = "" if measured.hold is None else f"≤ {measured.hold:g}"
    value = f"{measured.value:.4g} {measured.unit}"
    remark = f"  {measured.remark}" if measured.remark else ""
    verdict = "" if measured.is_held else "  NOT HELD"
    return f"{bench.name:<14}{measured.what:<64}{value:>12}{hold:>10}{verdict}{remark}"


@contextmanager
def fresh_sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"


@contextmanager
def fresh_postgresql() -> Iterator[str]:
    with servers.postgres() as url:
        name = f"bench_{os.getpid()}"
        with psycopg.connect(on_database(url, "postgres"), autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}"')
            yield on_database(url, name)
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def on_database(url: str, name: str) -> str:
    """The same server's database `name`; urlunsplit would lose the empty host of a Unix socket."""
    old = urlsplit(url).path
    return url.replace(f"{old}?", f"/{name}?") if "?" in url else url.removesuffix(old) + f"/{name}"


def run_child(url: str, *arguments: str) -> None:
    """Run a command of ours on another database: which one is read from the environment at the start.

    The environment `test` needs no collected static files and writes nothing under var/.
    """
    command = [sys.executable, sys.argv[0], *arguments]
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_ENV": "test", "LOG_LEVEL": "ERROR"}
    if code := subprocess.run(command, env=environment, check=False).returncode:  # noqa: S603
        sys.exit(code)
