"""What production refuses to start with, asked of a process of its own as an operator would."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as product

# Not drawn anew each time: test processes must agree on the names of the tests.
A_KEY = base64.urlsafe_b64encode(b"a key of this test, of 32 bytes.").decode()
GOOD = {
    "SECRET_KEY": "a-key-of-this-test-" * 3,
    "FIELD_ENCRYPTION_KEYS": A_KEY,
    "ALLOWED_HOSTS": "backoffice.example",
}
DEMANDS = {
    "SECRET_KEY": "SECRET_KEY (at least 50 characters)",
    "FIELD_ENCRYPTION_KEYS": "FIELD_ENCRYPTION_KEYS (Fernet keys)",
    "ALLOWED_HOSTS": "ALLOWED_HOSTS (closed list)",
    "DEBUG": "DEBUG must be off",
}


@pytest.fixture
def manage(tmp_path):
    """A function that runs manage.py in production with these variables and no others of ours."""

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess:
        needed = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        own = {"DJANGO_ENV": "production", "VAR_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=Path(product.BASE_DIR),
            env=needed | own | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def demanded(refusal: subprocess.CompletedProcess) -> list[str]:
    assert refusal.returncode != 0
    last_line = refusal.stderr.strip().splitlines()[-1]
    return last_line.split("Production needs: ")[1].split("; ")


def test_production_names_everything_that_is_missing_at_once(manage):
    refusal = manage("check", DEBUG="on")

    assert demanded(refusal) == list(DEMANDS.values())


@pytest.mark.parametrize(
    ("name", "unsafe"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", product.DEVELOPMENT_SECRET),
        ("FIELD_ENCRYPTION_KEYS", ""),
        ("FIELD_ENCRYPTION_KEYS", "not-a-fernet-key"),
        ("FIELD_ENCRYPTION_KEYS", f"{A_KEY},{product.DEVELOPMENT_ENCRYPTION_KEY}"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "backoffice.example,*"),
        ("DEBUG", "true"),
    ],
)
def test_production_refuses_one_unsafe_setting_among_good_ones(manage, name, unsafe):
    refusal = manage("check", **GOOD | {name: unsafe})

    assert demanded(refusal) == [DEMANDS[name]]


def test_with_good_settings_djangos_own_list_for_deployment_has_nothing_to_say(manage):
    answer = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD)

    assert answer.returncode == 0
    assert "no issues (0 silenced)" in answer.stdout


def test_an_unknown_environment_is_refused(manage):
    answer = manage("check", **GOOD | {"DJANGO_ENV": "prod"})

    assert answer.returncode != 0
    assert "DJANGO_ENV is 'prod', it must be development, test or production." in answer.stderr


def test_keys_of_a_development_run_are_not_read_in_production(manage, tmp_path):
    (tmp_path / "secrets.env").write_text("".join(f"{name}={value}\n" for name, value in GOOD.items()))

    assert demanded(manage("check")) == [DEMANDS[name] for name in GOOD]


def test_the_demo_with_its_well_known_passwords_is_refused(manage):
    answer = manage("demo", **GOOD)

    assert answer.returncode != 0
    assert "not loaded in production" in answer.stderr


def test_options_of_the_database_address_stand_beside_ours(manage):
    address = "postgres://backoffice@db.example/backoffice?options=-c%20lock_timeout=5s"

    told = manage("diffsettings", DATABASE_URL=address, **GOOD)

    assert "'options': '-c jit=off -c lock_timeout=5s'" in told.stdout
