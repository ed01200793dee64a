"""Mails as files, where there is no mail server: the demo's mailbox."""

import os
from pathlib import Path

from django.conf import settings


def mailbox(shop_number: str) -> Path:
    return Path(settings.VAR_DIR) / "mailbox" / shop_number


class FolderPost:
    """See `messaging.post.carrier.Post`. A mail that comes again takes the place of the first: it has the same name."""

    def __init__(self, shop_number: str):
        self.folder = mailbox(shop_number)

    def send(self, *, sender: str, recipient: str, message: bytes, message_id: str) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = message_id.strip("<>").partition("@")[0] + ".eml"
        unfinished = self.folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(message)
        unfinished.replace(self.folder / name)
        return "250 kept in the demo mailbox"

    def abort(self) -> None:
        """Nothing here hangs."""

    def close(self) -> None:
        """Nothing is open."""
