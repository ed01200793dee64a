"""The ground under the tests themselves: real servers, and no way out of this machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).resolve().parents[2]


def test_the_tests_have_settings_of_their_own():
    assert settings.SETTINGS_MODULE == "backoffice.tests.settings"
    assert settings.TESTING


def test_a_test_cannot_reach_another_machine():
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("192.0.2.1", 80))


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_test_marked_postgres_runs_on_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()

    assert int(version.split(".")[0]) >= 14


@pytest.mark.faults
def test_a_test_marked_postgres_fails_on_sqlite_and_says_how_to_run_it():
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    story = "backoffice/tests/test_servers.py::test_a_test_marked_postgres_runs_on_postgresql"

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", story],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f'make test-postgres ARGS="{story}"' in done.stdout


@pytest.mark.faults
def test_a_command_that_is_no_test_finds_its_database():
    story = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).info.dbname)"

    done = subprocess.run(
        [sys.executable, "-m", "backoffice.tests.servers", sys.executable, "-c", story],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "backoffice\n"), done.stderr


@pytest.mark.redis
def test_redis_keeps_what_it_is_told(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.set("order", "10042")

        assert client.get("order") == b"10042"


@pytest.mark.browser
def test_a_page_that_complains_in_the_console_fails_its_test(open_page, db):
    # A page with an icon: for one without, Chromium looks for it and complains.
    page = open_page("/accounts/login/")

    with page.expect_console_message():
        page.evaluate("console.error('no such drawer')")

    assert [complaint.split(" (")[0] for complaint in open_page.complaints] == ["no such drawer"]
    open_page.complaints.clear()


@pytest.mark.browser
def test_chromium_cannot_reach_another_machine(open_page, db):
    page = open_page("/accounts/login/")

    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://backoffice.example/")
