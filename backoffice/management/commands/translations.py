"""`manage.py translations` compiles the catalogues; `--extract` first collects what is new in code and templates."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compile locale/*.po to .mo, without gettext's tools; --extract needs them (Debian: gettext)."

    def add_arguments(self, parser):
        parser.add_argument("--extract", action="store_true", help="collect new texts into the .po files first")

    def handle(self, *args, extract: bool, **options):
        if extract:
            call_command(
                "makemessages",
                locale=[code for code, _name in settings.LANGUAGES if code != "en"],
                ignore_patterns=["var/*", ".venv/*", "*/tests/*"],
                no_wrap=True,
                no_location=True,
                no_obsolete=True,
                verbosity=0,
            )
        for catalogue in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/*.po")):
            compile_catalogue(catalogue)
            if options["verbosity"]:
                self.stdout.write(f"{catalogue.parent.parent.name}: compiled")


def compile_catalogue(catalogue: Path) -> Path:
    """Write the .mo beside a .po; fuzzy entries stay out, as gettext does.

    In one step: a server or a test that starts meanwhile never reads half a catalogue.
    """
    with catalogue.open("rb") as source:
        messages = read_po(source)
    compiled = catalogue.with_suffix(".mo")
    unfinished = compiled.with_name(f"{compiled.stem}.{os.getpid()}.mo")
    with unfinished.open("wb") as target:
        write_mo(target, messages)
    return unfinished.replace(compiled)
