"""`make run`: the whole back office of one machine in the foreground, until Ctrl-C or SIGTERM.

Prepares database, translations and static files, starts web, worker and beat under supervisor (supervisord.conf),
prints the address once the web answers, tells when a process had to be started again, and leaves no process behind.

Every process of a run carries its `VAR_DIR` in the environment variable `BACKOFFICE_RUN`. So what a run left behind
that was killed with -9 is found by the next one without trusting pid files, whose numbers may belong to others by then.
"""

import ctypes
import fcntl
import http.client
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", ROOT / "var")).resolve()
PORT = int(os.environ.get("PORT", "8000"))
DEVELOPMENT = os.environ.get("DJANGO_ENV", "development") == "development"

SUPERVISOR_LOG = VAR_DIR / "log" / "supervisor.log"

START_SECONDS = 120
STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1

WELCOME = f"""
The order back office is ready:  http://127.0.0.1:{PORT}/
Logs are in {VAR_DIR / "log"}. Ctrl-C ends everything.
"""
DEMO_LOGINS = """
  Sign in as    owner@12345.example     the gift shop, professional plan
                manager@  orders@  warehouse@  finance@  readonly@12345.example
                owner@54321.example     the Swedish shop, basic plan, same names
  Password      backoffice-demo
"""


class StartRefused(Exception):
    """The back office cannot start or go on; the text says why and what to do."""


class Stopped(BaseException):
    """We were told to end."""


def main() -> None:
    end_when_told()
    end_with_make()
    for folder in ("log", "run"):
        (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)
    with only_runner():
        end_processes_of_this_run()
        refuse_busy_port()
        if DEVELOPMENT:
            make_secrets()
        environment = environment_of_processes()
        prepare(environment)
        run(environment)


# --- Starting


@contextmanager
def only_runner() -> Iterator[None]:
    """Hold the lock of this VAR_DIR; the kernel gives it back however we end."""
    with open(VAR_DIR / "run" / "runner.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise StartRefused(f"The back office of {VAR_DIR} is running already.") from held
        yield


def refuse_busy_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as busy:
            raise StartRefused(
                f"Port {PORT} cannot be used ({busy.strerror}). Choose another: make run PORT={PORT + 1}"
            ) from busy


def make_secrets() -> None:
    """Write var/secrets.env on the first start, so that no two installations share a key; the settings read it."""
    path = VAR_DIR / "secrets.env"
    if path.exists():
        return
    made = {"SECRET_KEY": secrets.token_urlsafe(64), "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(f"{name}={value}\n" for name, value in made.items())


def environment_of_processes() -> dict[str, str]:
    """Return what the processes are started with: ours, the mark, and what supervisord.conf refers to."""
    return os.environ | {
        "BACKOFFICE_RUN": str(VAR_DIR),
        "VAR_DIR": str(VAR_DIR),
        "VENV": sys.prefix,
        "PORT": str(PORT),
        "PYTHONUNBUFFERED": "1",
    }


def prepare(environment: dict[str, str]) -> None:
    """Bring database and files up to date; the first start gets the demo shops too.

    The first start works on a file aside: when it is interrupted, the next one begins anew and not with half a demo.
    """
    database, unfinished = VAR_DIR / "db.sqlite3", VAR_DIR / "first-start.sqlite3"
    for left in VAR_DIR.glob(f"{unfinished.name}*"):
        left.unlink()
    if "DATABASE_URL" in environment or database.exists():
        manage_prepare(environment)
        return
    manage_prepare(environment | {"DATABASE_URL": f"sqlite:///{unfinished}"})
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all in one file, so that it may be renamed
    unfinished.rename(database)


def manage_prepare(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "prepare", *(["--demo"] if DEVELOPMENT else [])]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise StartRefused("The database could not be prepared, see above.")


# --- Running


def run(environment: dict[str, str]) -> None:
    """Run the processes until we are told to end or one of them cannot be kept alive.

    supervisor is followed through its log and not through a pipe: a pipe without a reader would keep it from ending
    its processes when we are gone.
    """
    set_old_logs_aside()
    with open(SUPERVISOR_LOG, "ab+") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(ROOT / "supervisord.conf")],
            env=environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        try:
            watch(supervisor, log)
        finally:
            end(supervisor)


def set_old_logs_aside() -> None:
    """Keep the logs of the run before as *.previous, so that what we show is of this run."""
    for path in (VAR_DIR / "log").glob("*.log"):
        path.rename(path.with_suffix(".previous"))


def watch(supervisor: subprocess.Popen[bytes], log: BinaryIO) -> None:
    """Tell what happens to the processes, and the address as soon as the web answers."""
    ready, give_up_at = False, time.monotonic() + START_SECONDS
    while supervisor.poll() is None:
        for line in log.readlines():
            tell(line.decode(errors="replace"))
        if make_was_interrupted():
            raise Stopped
        if not ready and web_answers():
            ready = True
            say(WELCOME + (DEMO_LOGINS if DEVELOPMENT else ""))
        if not ready and time.monotonic() > give_up_at:
            raise StartRefused(f"The web does not answer after {START_SECONDS} seconds. It wrote:\n{end_of_log('web')}")
        time.sleep(0.3)
    raise StartRefused(f"supervisor ended unexpectedly, see {SUPERVISOR_LOG}.")


def tell(line: str) -> None:
    """Turn what supervisor reports about a process into a sentence; a process it gave up ends the run."""
    if found := re.search(r"gave up: (\w+) entered FATAL", line):
        raise StartRefused(f"The {found[1]} cannot be kept running. It wrote:\n{end_of_log(found[1])}")
    if found := re.search(r"exited: (\w+) \((.+?)[;)]", line):
        say(f"The {found[1]} ended ({found[2]}) and is started again; see {VAR_DIR / 'log' / found[1]}.log")


def end_of_log(program: str) -> str:
    """Return the last lines a program wrote in this run, indented to tell them from our own."""
    path = VAR_DIR / "log" / f"{program}.log"
    lines = path.read_text(errors="replace").splitlines()[-25:] if path.exists() else []
    return "\n".join(f"    {line}" for line in lines)


def web_answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# --- Ending


def end_when_told() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal one and the same order; nohup keeps its meaning."""

    def stop(*_: object) -> None:
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when our parent is gone, even by kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with_make() -> None:
    if "MAKELEVEL" in os.environ:
        end_with_parent()


def make_was_interrupted() -> bool:
    """Say whether the make that started us got SIGINT.

    A make that is sent SIGINT alone (Ctrl-C reaches us too) passes nothing on and waits for us, with SIGINT blocked:
    that is how it can be seen.
    """
    if "MAKELEVEL" not in os.environ:
        return False
    status = Path(f"/proc/{os.getppid()}/status").read_text()
    blocked = int(re.search(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)[1], 16)
    return bool(blocked >> (signal.SIGINT - 1) & 1)


def end(supervisor: subprocess.Popen[bytes]) -> None:
    """End supervisor, which ends its processes, and whatever should be left of them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    supervisor.terminate()
    try:
        supervisor.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    end_processes_of_this_run()


def end_processes_of_this_run() -> None:
    """End what carries our mark: first asked, after some seconds forced."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        for pid in processes_of_this_run():
            send(pid, number)
        give_up_at = time.monotonic() + seconds
        while processes_of_this_run() and time.monotonic() < give_up_at:
            time.sleep(0.1)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended since it was seen."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def processes_of_this_run() -> list[int]:
    """Return the pids of the processes that carry our mark in their environment."""
    mark = f"BACKOFFICE_RUN={VAR_DIR}".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if int(folder.name) != os.getpid() and mark in environment_block(folder).split(b"\0")
    ]


def environment_block(folder: Path) -> bytes:
    """Read the environment of a process; empty when it has ended or is another user's."""
    try:
        return (folder / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main()
    except StartRefused as refused:
        sys.exit(str(refused))
    except Stopped:
        say("Stopped.")
