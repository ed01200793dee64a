from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class BackofficeConfig(AppConfig):
    """Shops, plans, staff, roles, access and the shared shell."""

    name = "backoffice"

    def ready(self) -> None:
        from django.db.models import OuterRef

        from backoffice import checks, receivers  # noqa: F401  (registers the access check and the sign-in ears)
        from backoffice.context import OPEN_JOBS
        from backoffice.icons import write_sprite
        from backoffice.models import OPEN_STATES, TARGETS, Job, Shop
        from backoffice.seldom import register_seldom

        register_seldom(TARGETS, Shop.objects.filter(base_shop=OuterRef("shop")), nothing=[])
        open_jobs = Job.objects.filter(shop=OuterRef("shop"), state__in=OPEN_STATES)
        register_seldom(OPEN_JOBS, open_jobs, nothing=[])
        write_sprite(Path(settings.MADE_STATIC_DIR))
