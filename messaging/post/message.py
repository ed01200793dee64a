"""A mail as the bytes that travel: both texts, attachments, and a head in which nothing can be smuggled.

The standard library's `EmailMessage` parses and folds every line of every head anew, which costs more than sending it.
Here the head's lines that are plain ASCII and short are written as they are; for all others the library is asked.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import format_datetime, quote
from functools import lru_cache

from messaging.models import LINE_BREAKS, OutboxMail

LARGEST_MESSAGE = 20 * 1024 * 1024
# Words like these need neither quoting nor encoding nor folding.
PLAIN_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
PLAIN_TEXT = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
ANY_LINE_END = re.compile(r"\r\n?")
NOT_WORD = re.compile(r"[^A-Za-z0-9]")


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


def message_of(mail: OutboxMail, enclosures: Sequence[Enclosure] = (), *, sent_at: datetime) -> bytes:
    """The mail with lines that end in CR LF and are never longer than a server takes.

    Raises ValueError for what no mail can hold.
    """
    head = [
        f"Message-ID: {_one_word(mail.message_id)}",
        f"Date: {format_datetime(sent_at)}",
        _address_line("From", mail.sender, mail.sender_name),
        _address_line("To", mail.recipient, mail.recipient_name),
    ]
    if mail.reply_to:
        head.append(_address_line("Reply-To", mail.reply_to, ""))
    head.append(_subject_line(LINE_BREAKS.sub(" ", mail.subject)))
    # Answering machines leave these alone.
    head.append("Auto-Submitted: auto-generated")
    if mail.language:
        head.append(f"Content-Language: {_one_word(mail.language)}")
    head.append("MIME-Version: 1.0")
    # "=_" stands in no text that is quoted-printable and in no base64: it divides parts and nothing else.
    mark = f"=_{NOT_WORD.sub('', mail.message_id)[:40]}"
    texts = _multipart("alternative", f"{mark}_t", [_text("plain", mail.text), _text("html", mail.html)])
    parts = [texts, *map(_attached, enclosures)]
    body = _multipart("mixed", f"{mark}_a", parts) if enclosures else texts
    return "\r\n".join(head).encode("ascii") + b"\r\n" + body


def _multipart(kind: str, boundary: str, parts: Iterable[bytes]) -> bytes:
    line = f"--{boundary}".encode("ascii")
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode("ascii")
    return b"\r\n".join([head, *(line + b"\r\n" + part for part in parts), line + b"--\r\n"])


def _text(kind: str, text: str) -> bytes:
    lines = ANY_LINE_END.sub("\n", text)
    quoted = binascii.b2a_qp(lines.encode("utf-8"), istext=True).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode("ascii") + quoted


def _attached(each: Enclosure) -> bytes:
    kind, _slash, subtype = (each.content_type or "application/octet-stream").partition("/")
    part = MIMEPart(policy=SMTP)
    # The library writes the head, with the name in whatever form it needs; the content would take it far too long.
    part.set_content(b"", maintype=kind, subtype=subtype, disposition="attachment", filename=each.name)
    return part.as_bytes().rstrip(b"\r\n") + b"\r\n\r\n" + base64.encodebytes(each.content).replace(b"\n", b"\r\n")


def _one_word(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"not one word: {value!r}")
    return value


@lru_cache(maxsize=500)
def _address_line(field: str, address: str, name: str) -> str:
    name = LINE_BREAKS.sub(" ", name).strip()
    address = travelling(address)
    if not PLAIN_ADDRESS.fullmatch(address):
        # The library knows all the others; it raises ValueError for what is none.
        address = Address(addr_spec=address).addr_spec
    if not name:
        return f"{field}: {address}"
    if not PLAIN_WORDS.fullmatch(name):
        name = _encoded(name, field) if _needs_letters(name) else f'"{quote(name)}"'
    return f"{field}: {name} <{address}>"


def _subject_line(subject: str) -> str:
    if PLAIN_TEXT.fullmatch(subject) and not _needs_letters(subject):
        return f"Subject: {subject}"
    return f"Subject: {_encoded(subject, 'Subject')}"


def _needs_letters(words: str) -> bool:
    """Whether these cannot stand in a head as they are; what looks like an encoded word would be read as one."""
    return not words.isascii() or not words.isprintable() or "=?" in words


def _encoded(words: str, field: str) -> str:
    """Folded, and encoded where needed (RFC 2047)."""
    return Header(words, "utf-8" if _needs_letters(words) else "us-ascii", header_name=field).encode(linesep="\r\n")


def travelling(address: str) -> str:
    """The address in the letters every server knows: a domain like `bücher.example` has a form for travelling.

    Raises ValueError for a domain that has none.
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode()}"
