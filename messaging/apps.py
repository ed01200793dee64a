from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Mail to customers: templates, triggers, outbox, delivery."""

    name = "messaging"

    def ready(self) -> None:
        # Here and not above: models are loaded only when every app is known.
        from messaging import receivers  # noqa: F401  (listens to changes of orders)
        from messaging.registering import register

        register()
