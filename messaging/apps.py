from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Mail to customers: templates, rules, outbox, delivery."""

    name = "messaging"
