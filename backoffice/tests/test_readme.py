"""What the README says of dependencies, settings, commands and files is so."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from backoffice.models import StaffMember

ROOT = Path(settings.BASE_DIR)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def direct_dependencies(file: str) -> list[tuple[str, str, str]]:
    """(name, version, reason) of each line of a requirements.in."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return [re.match(r"(\S+)==(\S+)\s+# (.+)", line).groups() for line in lines if line and line[0] not in "#-"]


def rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")
    ]


def test_every_dependency_stands_there_with_version_licence_and_reason():
    told = [
        (name, version, why) for name, version, licence, why in rows(README.split("## What it stands on")[1]) if licence
    ]

    heading = ("Dependency", "Version", "What for")
    expected = [heading, *direct_dependencies("requirements.in"), heading, *direct_dependencies("requirements-test.in")]
    assert told == expected


def test_every_setting_of_the_environment_stands_there():
    source = (ROOT / "backoffice" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))

    told = {
        name
        for row in rows(README.split("## Settings")[1].split("## ")[0])
        for name in re.findall(r"^`(\w+)`$", row[0])
    }

    assert len(read) > 15
    assert told == read | {"PORT"}


def test_every_file_and_command_it_names_is_there():
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    named = re.findall(r"`((?:backoffice|orders|templates)/[\w/.]+)`", README)
    assert [path for path in linked + named if not (ROOT / path).exists()] == []

    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    used = {word for words in re.findall(r"(?:`|^    )make((?: [a-z-]+)+)", README, re.M) for word in words.split()}
    assert {"run", "test", "screenshots", "lint", "format"} <= used
    assert used <= targets


@pytest.mark.django_db
def test_the_first_shop_is_made_as_it_says(client, mailoutbox):
    code = re.search(r"manage\.py shell -c '\n(.+?)'\n", README, re.S)[1]

    exec(re.sub(r"^    ", "", code, flags=re.M), {})

    member = StaffMember.objects.get()
    assert [member.role, member.shop.number, member.shop.plan_key] == ["owner", "10001", "professional"]
    member.shop.full_clean()
    client.post("/accounts/password/reset/", {"email": member.user.email})
    assert "/accounts/password/reset/key/" in mailoutbox[0].body
