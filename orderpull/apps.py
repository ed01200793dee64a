from django.apps import AppConfig


class OrderpullConfig(AppConfig):
    """External systems pull changed orders through /RPC with signed calls."""

    name = "orderpull"

    def ready(self) -> None:
        from orderpull import receivers  # noqa: F401  (sets up the demo's shops)
