"""The mails that landed in the folder, as a page shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from backoffice.models import Shop
from messaging.models import OutboxMail
from messaging.post.folder import mailbox
from orders import display

MOST_SHOWN = 50


@dataclass(frozen=True)
class KeptLetter:
    """`mail_pk` is None for a mail that the outbox does not know any more."""

    to: str
    subject: str
    at: str
    attachments: list[str]
    mail_pk: int | None


def letters_in(shop: Shop) -> list[KeptLetter]:
    """The newest first; one query."""
    files = sorted(mailbox(shop.number).glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)[:MOST_SHOWN]
    read = [(message_from_bytes(file.read_bytes(), policy=policy.default), file) for file in files]
    ids = [str(message["Message-ID"]) for message, _file in read]
    known = OutboxMail.objects.for_shop(shop).filter(message_id__in=ids)
    keys = dict(known.values_list("message_id", "pk"))
    return [_letter(message, file, keys, shop) for message, file in read]


def _letter(message, file: Path, keys: dict[str, int], shop: Shop) -> KeptLetter:
    at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    return KeptLetter(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        at=display.date_time(at, shop.zone),
        attachments=[part.get_filename() or "" for part in message.iter_attachments()],
        mail_pk=keys.get(str(message["Message-ID"])),
    )
