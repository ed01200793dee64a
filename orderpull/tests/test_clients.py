"""The programs we hand to integrators run as they are handed out, against a real server."""

import os
import subprocess
import sys

import pytest

from backoffice.bootstrap import TEST_COMMANDS, succeeds
from orderpull import clients
from orderpull.tests.client import open_pull
from orders.services import delete_orders
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "a key with spaces & signs: é"
SINCE = "20200101000000"


def command_of(name):
    """The program's interpreter; the test fails where it is missing and says what to install."""
    if name == "Python":
        return sys.executable
    for package in {"curl": ["curl"], "PHP": ["php-cli", "php-xml"]}[name]:
        if not succeeds(TEST_COMMANDS[package]):
            pytest.fail(f"This story needs Debian's package {package}: apt-get install {package}")
    return {"curl": "sh", "PHP": "php"}[name]


def run(language, server, tmp_path, *, key=KEY):
    program = tmp_path / clients.LANGUAGES[language]
    program.write_text(clients.program(language, address=server.url, shop_number="12345"))
    environment = {"PATH": os.environ["PATH"], "ORDER_PULL_KEY": key, "LANG": "C.UTF-8"}
    return subprocess.run(
        [command_of(language), str(program), SINCE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("language", ["PHP", "Python"])
def test_a_program_fetches_signs_lists_and_reads(language, shop, live_server, actor, tmp_path):
    open_pull(shop, key=KEY)
    make_order(shop, customer_name="Åsa <&>")
    delete_orders([make_order(shop).pk], shop=shop, by=actor)

    done = run(language, live_server, tmp_path)

    assert done.stderr == ""
    first, second, following = done.stdout.splitlines()
    assert (first, second) == ("12345_00001 ready 12.10 EUR", "12345_00002 deleted")
    assert following.startswith("next 20")


def test_the_shell_program_prints_the_document(shop, live_server, tmp_path):
    open_pull(shop, key=KEY)
    make_order(shop)

    done = run("curl", live_server, tmp_path)

    assert done.stderr == ""
    assert '<order id="12345_00001"' in done.stdout


@pytest.mark.parametrize("language", clients.LANGUAGES)
def test_a_program_with_a_wrong_key_fails_loudly(language, shop, live_server, tmp_path):
    open_pull(shop, key=KEY)

    done = run(language, live_server, tmp_path, key="wrong")

    assert done.returncode != 0
    assert "403" in done.stderr


def test_a_shop_finds_its_own_number_in_the_programs():
    for language in clients.LANGUAGES:
        text = clients.program(language, address="https://x.example", shop_number="777")
        assert '"777"' in text
        assert "12345" not in text
        assert "https://x.example" in text
