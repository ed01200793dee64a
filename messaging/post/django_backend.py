"""Mails through one of Django's own backends: the console, or the memory of tests."""

from email import message_from_bytes
from email.policy import SMTP

from django.core.mail import EmailMessage, get_connection


class _Ready(EmailMessage):
    """A mail that is put together already."""

    def __init__(self, message: bytes, **envelope):
        super().__init__(**envelope)
        self._ready = message_from_bytes(message, policy=SMTP)
        self.subject = str(self._ready["Subject"])
        plain = self._ready.get_body(("plain",))
        self.body = plain.get_content() if plain else ""

    def message(self):
        return self._ready


class DjangoPost:
    """See `messaging.post.carrier.Post`."""

    def send(self, *, sender: str, recipient: str, message: bytes, message_id: str) -> str:
        get_connection().send_messages([_Ready(message, from_email=sender, to=[recipient])])
        return "250 handed over"

    def abort(self) -> None:
        """Nothing here hangs."""

    def close(self) -> None:
        """Nothing is open."""
