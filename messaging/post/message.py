"""A mail as the bytes that travel: both texts, attachments, and a head in which nothing can be smuggled."""

import re
from collections.abc import Iterable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from messaging.models import LINE_BREAKS, OutboxMail

LARGEST_MESSAGE = 20 * 1024 * 1024


class Enclosure:
    """An attachment as it travels: its name with nothing in it that is a path, a quote or a line's end."""

    def __init__(self, name: str, content_type: str, content: bytes):
        self.name = safe_file_name(name)
        self.content_type = content_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", content_type) else ""
        self.content = content


def safe_file_name(name: str) -> str:
    """At most 120 characters, the extension kept; never empty."""
    plain = LINE_BREAKS.sub("", name).replace("\\", "/").rpartition("/")[2].replace('"', "'").strip(" .")
    stem, dot, extension = plain.rpartition(".")
    if not dot or len(extension) > 10:
        return plain[:120] or "attachment"
    return f"{stem[: 119 - len(extension)] or 'attachment'}.{extension}"


def message_of(mail: OutboxMail, enclosures: Iterable[Enclosure] = (), *, sent_at: datetime) -> bytes:
    """Raises ValueError for what no mail can hold."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(sent_at)
    message["From"] = _address(mail.sender, mail.sender_name)
    message["To"] = _address(mail.recipient, mail.recipient_name)
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to, "")
    message["Subject"] = LINE_BREAKS.sub(" ", mail.subject)
    # Answering machines leave these alone.
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for each in enclosures:
        kind, _slash, subtype = (each.content_type or "application/octet-stream").partition("/")
        message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    return message.as_bytes()


def _address(address: str, name: str) -> Address:
    return Address(display_name=LINE_BREAKS.sub(" ", name).strip(), addr_spec=travelling(address))


def travelling(address: str) -> str:
    """The address in the letters every server knows: a domain like `bücher.example` has a form for travelling.

    Raises ValueError for a domain that has none.
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode()}"
