from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrderpullConfig(AppConfig):
    """External systems pull changed orders through /RPC with signed calls."""

    name = "orderpull"

    def ready(self) -> None:
        # Here and not above: models are loaded only when every app is known.
        from backoffice.context import NavEntry, register_page
        from backoffice.roles import Permission
        from orderpull import receivers  # noqa: F401  (sets up the demo's shops)
        from orderpull.selectors import panel_of
        from orders.order_page.panels import register_panel

        register_panel(panel_of)
        register_page(NavEntry("pull:settings", _("Order pull"), "pull", Permission.VIEW_ORDERS, position=70))
