"""`make run` as a user sees it: it starts, it keeps its processes alive, it leaves nothing behind."""

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from backoffice import runner
from backoffice.tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
# Seconds. A start takes a few; a machine that is busy with other things may take many times as long.
PATIENCE = 120
PROGRAMS = ("web", "worker", "beat")

pytestmark = pytest.mark.timeout(5 * PATIENCE)


class BackOffice:
    """A back office of its own in a temporary folder, started as `make run` starts it, without the demo shops."""

    def __init__(self, var_dir):
        self.var_dir, self.port = var_dir, free_port()
        self.kind = "test"
        self.output = var_dir / "terminal"
        self.starts = []

    @property
    def environment(self):
        """That of the test, without a database it may name: each back office has its own file."""
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return inherited | {"DJANGO_ENV": self.kind, "VAR_DIR": str(self.var_dir), "PORT": str(self.port)}

    def start(self):
        with open(self.output, "w") as terminal:
            started = subprocess.Popen(
                [sys.executable, "-m", "backoffice.runner"],
                cwd=ROOT,
                env=self.environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts.append(started)
        return started

    def start_and_wait_until_ready(self):
        started = self.start()
        wait_for(lambda: "is ready" in self.text or started.poll() is not None)
        assert "is ready" in self.text, self.text
        return started

    @property
    def text(self):
        return self.output.read_text()

    @property
    def processes(self):
        """The command line of every process of this back office by its pid."""
        mark = f"BACKOFFICE_RUN={self.var_dir}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            if mark in runner.environment_block(folder).split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        return found

    def pid_of(self, program):
        """The pid of `web`, `worker` or `beat` as supervisor started it last, or its own; children have others."""
        log = (self.var_dir / "log/supervisor.log").read_text()
        told = f"'{program}' with pid" if program != "supervisord" else "supervisord started with pid"
        return int(re.findall(rf"{told} (\d+)", log)[-1])

    def answers(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def clean_up(self):
        for started in self.starts:
            started.kill()
            started.wait()
        for pid in self.processes:
            runner.send(pid, signal.SIGKILL)


def wait_for(condition):
    """Until it is so once: what is asked may change again at once, as when a program takes over from another."""
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)


@pytest.fixture
def back_office(tmp_path):
    office = BackOffice(tmp_path)
    yield office
    office.clean_up()


@pytest.mark.faults
@pytest.mark.parametrize("order_to_end", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_runner_ends_every_process(back_office, order_to_end):
    started = back_office.start_and_wait_until_ready()
    assert back_office.answers()
    assert {back_office.pid_of(program) for program in PROGRAMS} < set(back_office.processes)

    started.send_signal(order_to_end)

    assert started.wait(timeout=PATIENCE) == 0
    assert back_office.processes == {}


@pytest.mark.faults
def test_a_process_that_dies_is_started_again(back_office):
    back_office.start_and_wait_until_ready()
    log = back_office.var_dir / "log/supervisor.log"
    for name in PROGRAMS:
        wait_for(lambda: f"{name} entered RUNNING" in log.read_text())  # noqa: B023  (called at once)
    killed = {name: back_office.pid_of(name) for name in PROGRAMS}

    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)

    for name in PROGRAMS:
        wait_for(lambda: back_office.pid_of(name) != killed[name])  # noqa: B023
        wait_for(lambda: f"The {name} ended (terminated by SIGKILL) and is started again" in back_office.text)  # noqa: B023
    wait_for(back_office.answers)


@pytest.mark.faults
def test_a_web_killed_with_9_leaves_no_worker_at_its_port(back_office):
    back_office.start_and_wait_until_ready()
    web = back_office.pid_of("web")
    os.kill(web, signal.SIGSTOP)  # so that it starts no other worker meanwhile
    workers = {pid for pid, command in back_office.processes.items() if "gunicorn" in command} - {web}
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)  # as one that is too busy to see that its master is gone

    os.kill(web, signal.SIGKILL)

    assert workers
    wait_for(lambda: not workers & set(back_office.processes))
    wait_for(back_office.answers)


@pytest.mark.faults
def test_a_runner_killed_with_9_takes_its_processes_with_it(back_office):
    started = back_office.start_and_wait_until_ready()

    started.kill()

    wait_for(lambda: back_office.processes == {})


@pytest.mark.faults
def test_what_was_left_behind_is_ended_by_the_next_start(back_office):
    started = back_office.start_and_wait_until_ready()
    supervisor = back_office.pid_of("supervisord")
    os.kill(supervisor, signal.SIGSTOP)  # so that it cannot end the others in time
    started.kill()
    started.wait()
    os.kill(supervisor, signal.SIGKILL)
    left = set(back_office.processes)
    assert left

    back_office.start_and_wait_until_ready()

    assert back_office.answers()
    assert not left & set(back_office.processes)


@pytest.mark.faults
def test_an_interrupted_first_start_leaves_no_half_a_demo(back_office):
    back_office.kind = "development"  # with the demo shops
    unfinished = back_office.var_dir / "first-start.sqlite3"
    started = back_office.start()
    wait_for(lambda: "Shop 12345" in back_office.text)
    assert unfinished.exists()

    started.kill()
    started.wait()

    assert not (back_office.var_dir / "db.sqlite3").exists()
    for pid in back_office.processes:
        runner.send(pid, signal.SIGKILL)
    back_office.kind = "test"
    back_office.start_and_wait_until_ready()
    with closing(sqlite3.connect(back_office.var_dir / "db.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM backoffice_shop").fetchone() == (0,)
    assert not unfinished.exists()


@pytest.mark.faults
def test_a_second_start_beside_a_running_one_is_refused_and_harms_nothing(back_office):
    back_office.start_and_wait_until_ready()
    before = back_office.pid_of("supervisord")

    second = back_office.start()

    assert second.wait(timeout=PATIENCE) == 1
    assert "is running already" in back_office.text
    assert back_office.pid_of("supervisord") == before
    assert back_office.answers()


def test_a_port_in_use_is_a_sentence_and_starts_nothing(back_office):
    with socket.socket() as other:
        other.bind(("127.0.0.1", back_office.port))
        other.listen()

        started = back_office.start()

        assert started.wait(timeout=PATIENCE) == 1
    expected = f"Port {back_office.port} cannot be used (Address already in use). Choose another: make run PORT="
    assert back_office.text.startswith(expected)
    assert back_office.processes == {}


def test_what_a_given_up_process_wrote_last_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "VAR_DIR", tmp_path)
    (tmp_path / "log").mkdir()
    (tmp_path / "log/web.log").write_text("ModuleNotFoundError: No module named 'shelf'\n")

    with pytest.raises(runner.StartRefused) as refused:
        runner.tell("INFO gave up: web entered FATAL state, too many start retries too quickly")

    assert (
        str(refused.value)
        == "The web cannot be kept running. It wrote:\n    ModuleNotFoundError: No module named 'shelf'"
    )


def test_the_first_start_makes_secrets_that_only_the_owner_can_read(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "VAR_DIR", tmp_path)
    path = tmp_path / "secrets.env"

    runner.make_secrets()

    made = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert len(made["SECRET_KEY"]) >= 50
    Fernet(made["FIELD_ENCRYPTION_KEYS"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_once_made_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "VAR_DIR", tmp_path)
    runner.make_secrets()
    made = (tmp_path / "secrets.env").read_text()

    runner.make_secrets()

    assert (tmp_path / "secrets.env").read_text() == made


def test_development_reads_the_secrets_of_the_first_start(tmp_path):
    (tmp_path / "secrets.env").write_text("SECRET_KEY=made-by-the-first-start\n")
    environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    show = [sys.executable, "-c", "from backoffice import settings; print(settings.SECRET_KEY)"]

    for name, expected in {"development": True, "test": False}.items():
        environment |= {"DJANGO_ENV": name, "VAR_DIR": str(tmp_path)}
        shown = subprocess.run(show, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

        assert (shown.strip() == "made-by-the-first-start") is expected
