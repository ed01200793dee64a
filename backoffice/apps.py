from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """Shops, plans, staff, roles, access and the shared shell."""

    name = "backoffice"

    def ready(self) -> None:
        from backoffice import checks, receivers  # noqa: F401  (registers the access check and the sign-in ears)
