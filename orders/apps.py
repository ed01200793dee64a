from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Orders, their lines, payments, shipments and log, and the only services that change them."""

    name = "orders"
