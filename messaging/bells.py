"""The doorbells of those who write and send mails."""

from backoffice.bells import ring


def ring_writer() -> None:
    """There are mails without a text, and perhaps some to send."""
    # The tasks import what rings, so the bell is fetched when it is rung.
    from messaging.tasks import write_and_send

    ring(write_and_send)


def ring_sender() -> None:
    """There may be more to send."""
    from messaging.tasks import send_due_mail

    ring(send_due_mail)
