"""What is larger than any page takes is refused before it is read: neither memory nor disk see it."""

import os
import subprocess
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

from backoffice.body_limit import LARGEST_BODY
from backoffice.tests.factories import make_staff
from backoffice.tests.servers import free_port, wait_until_open

MB = 1_000_000
FORM = "multipart/form-data; boundary=b"
UPLOADS = (
    "/s/12345/layouts/invoice/12345/draft/",
    "/s/12345/invoices/company/",
    "/s/12345/messages/files/",
    "/accounts/login/",
)


@pytest.fixture
def owner_client(client, shop):
    client.force_login(make_staff(shop, "owner").user)
    return client


class Body(BytesIO):
    """Counts the bytes that were read of it."""

    number_read = 0

    def read(self, size=-1):
        piece = super().read(size)
        self.number_read += len(piece)
        return piece


def post(client, path, body, *, announced, content_type=FORM):
    sent = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(announced), "wsgi.input": body}
    return client.generic("POST", path, **sent)


@pytest.mark.parametrize("path", [*UPLOADS, "/s/12345/nowhere/"])
def test_a_body_that_says_it_is_too_large_is_answered_before_it_is_read(owner_client, path):
    body = Body(b"x" * 1000)

    response = post(owner_client, path, body, announced=100 * MB)
    pieces = iter(response.streaming_content)
    page = next(pieces).decode()

    assert response.status_code == 413
    assert "has more than 16 MB" in page
    assert response["X-Request-ID"] in page
    assert response["Cache-Control"] == "no-store, private"
    assert response["Content-Security-Policy"]
    assert body.number_read == 0
    # What comes all the same is dropped, so that a browser gets to the answer.
    assert list(pieces) == []
    assert body.number_read == 1000


def test_a_body_of_just_what_is_allowed_comes_to_its_page(owner_client):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.pdf"\r\n\r\n%PDF-'
    end = b"\r\n--b--\r\n"
    body = Body(head + bytes(LARGEST_BODY - len(head) - len(end)) + end)

    response = post(owner_client, "/s/12345/messages/files/", body, announced=LARGEST_BODY)

    assert response.status_code == 422
    assert "larger than 10 MB" in response.content.decode()


@pytest.mark.parametrize("announced", ["", "-1"])
def test_a_length_of_nothing_is_no_body(owner_client, announced):
    body = Body(b"theme=dark")

    response = post(
        owner_client, "/theme/", body, announced=announced, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code < 500
    assert body.number_read == 0


def test_a_form_of_more_text_than_is_read_says_how_much_is(owner_client):
    text = b"html=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    response = post(
        owner_client, UPLOADS[0], Body(text), announced=len(text), content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 413
    assert "has more than 5 MB" in response.content.decode()


# --- a hundred megabytes to the server of the product -------------------------------------------------

# Prints the cookie of the owner of a new shop.
PREPARE = """
from django.core.management import call_command
from django.test import Client
from backoffice.tests.factories import make_shop, make_staff
call_command("migrate", verbosity=0)
browser = Client(SERVER_NAME="localhost")
browser.force_login(make_staff(make_shop("12345"), "owner").user)
print("; ".join(f"{each.key}={each.value}" for each in browser.cookies.values()))
"""


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_t21_100_mb_reach_neither_memory_nor_disk_of_the_web_server(tmp_path):
    with web_server(tmp_path) as (server, port, cookie):
        # What every first page costs is there before.
        with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            connection.request("GET", "/s/12345/messages/files/", headers={"Cookie": cookie})
            assert connection.getresponse().status == 200
        before = memory_of(server)
        for path in UPLOADS:
            with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
                connection.putrequest("POST", path)
                for name, value in {"Cookie": cookie, "Content-Type": FORM, "Content-Length": 100 * MB}.items():
                    connection.putheader(name, str(value))
                connection.endheaders()
                # The answer is there before anything was sent …
                answer = connection.getresponse()
                assert answer.status == 413
                page = b""
                while b"has more than 16 MB" not in page:
                    page += answer.read1(20_000)
                # … and is not cut off for who sends on.
                most_memory = most_on_disk = 0
                for _ in range(25):
                    connection.sock.sendall(bytes(4 * MB))
                    most_memory = max(most_memory, memory_of(server))
                    most_on_disk = max(most_on_disk, size_of(tmp_path / "tmp"))
                answer.read()
                connection.request("GET", "/healthz")
                assert connection.getresponse().status == 200
                assert most_memory - before < 30 * MB
                assert most_on_disk == 0


@contextmanager
def web_server(folder):
    """A web server as the product runs it, over a database of its own: its process, its port, the owner's cookie."""
    (folder / "tmp").mkdir()
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment = inherited | {
        "DJANGO_SETTINGS_MODULE": "backoffice.tests.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "VAR_DIR": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "LOG_LEVEL": "ERROR",
    }
    prepare = [sys.executable, "manage.py", "shell", "-v0", "-c", PREPARE]
    told = subprocess.run(
        prepare, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    ).stdout
    port = free_port()
    serve = ["gunicorn", "--config", "python:backoffice.web", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    command = [sys.executable, "-m", *serve, "backoffice.wsgi:application"]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment) as server:
        try:
            wait_until_open(port, server, seconds=120)
            yield server.pid, port, told.strip()
        finally:
            server.terminate()


def memory_of(pid):
    """Resident bytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in [pid, *children])
    return pages * os.sysconf("SC_PAGE_SIZE")


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
