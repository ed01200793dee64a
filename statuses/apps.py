from django.apps import AppConfig


class StatusesConfig(AppConfig):
    """The words an order can be in: four kinds, built-in and a shop's own."""

    name = "statuses"
