from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LayoutsConfig(AppConfig):
    """Layouts of printed documents: what a shop uploads and what turns it into paper."""

    name = "layouts"

    def ready(self) -> None:
        # Here and not above: the ground is loaded only when every app is known.
        from backoffice.context import NavEntry, register_page
        from backoffice.roles import Permission
        from layouts import jobs

        jobs.register()
        register_page(NavEntry("layouts:list", _("Layouts"), "layout", Permission.VIEW_ORDERS, position=62))
