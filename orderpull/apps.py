from django.apps import AppConfig


class OrderpullConfig(AppConfig):
    """External systems pull changed orders through /RPC with signed calls."""

    name = "orderpull"
