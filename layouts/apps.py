from django.apps import AppConfig


class LayoutsConfig(AppConfig):
    """Layouts of printed documents: what a shop uploads and what turns it into paper."""

    name = "layouts"
