from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StatusesConfig(AppConfig):
    """The words an order can be in: four kinds, built-in and a shop's own."""

    name = "statuses"

    def ready(self) -> None:
        # Here and not above: the ground is loaded only when every app is known.
        from backoffice.context import NavEntry, register_page
        from backoffice.roles import Permission

        register_page(NavEntry("statuses:list", _("Statuses"), "tag", Permission.VIEW_ORDERS, position=60))
