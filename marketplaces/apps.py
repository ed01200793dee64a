from django.apps import AppConfig


class MarketplacesConfig(AppConfig):
    """Connections that fetch orders from marketplaces and report shipments back."""

    name = "marketplaces"
