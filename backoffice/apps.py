from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class BackofficeConfig(AppConfig):
    """Shops, plans, staff, roles, access and the shared shell."""

    name = "backoffice"

    def ready(self) -> None:
        from backoffice import checks, receivers  # noqa: F401  (registers the access check and the sign-in ears)
        from backoffice.icons import write_sprite

        write_sprite(Path(settings.MADE_STATIC_DIR))
