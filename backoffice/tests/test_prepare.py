"""`manage.py prepare`: quick when nothing changed, and never behind the sources."""

import pytest
from django.core.management import call_command

from backoffice.management.commands.prepare import collect_changed_static_files


@pytest.fixture
def source(tmp_path, settings):
    """One static file, collected into a folder of this test alone."""
    (tmp_path / "source").mkdir()
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    settings.STATIC_ROOT = tmp_path / "collected"
    source = tmp_path / "source/tokens.css"
    source.write_text(":root{}")
    return source


def test_static_files_are_collected_only_when_one_changed(source, tmp_path):
    collect_changed_static_files()
    collected = tmp_path / "collected/tokens.css"
    assert collected.read_text() == ":root{}"

    collected.write_text("marked")
    collect_changed_static_files()
    assert collected.read_text() == "marked"

    source.write_text(":root{--gap:1rem}")
    collect_changed_static_files()
    assert collected.read_text() == ":root{--gap:1rem}"


@pytest.mark.django_db
def test_prepare_may_be_repeated(source):
    call_command("prepare", verbosity=0)
    call_command("prepare", verbosity=0)
