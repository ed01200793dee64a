from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.icons import ICONS, sprite


class Command(BaseCommand):
    help = "Write static/icons.svg from the icons listed in backoffice/icons.py."

    def handle(self, **options) -> None:
        target = Path(settings.BASE_DIR) / "static" / "icons.svg"
        target.write_text(sprite(), encoding="utf-8")
        self.stdout.write(f"{len(ICONS)} icons written to {target.relative_to(settings.BASE_DIR)}")
