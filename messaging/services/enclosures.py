"""The attachments of a mail as bytes: files of the archive, and papers that are made once and kept."""

from django.utils import translation

from backoffice.actor import SYSTEM
from layouts.kinds import Kind
from layouts.rendering import RenderFailed
from messaging.models import MailAttachment, OutboxMail
from messaging.post.message import LARGEST_MESSAGE, Enclosure
from messaging.reasons import Reason
from messaging.services.writing import Unwritable
from orders.papers.printing import PaperMissing, paper_pdf


def has_enclosures(mail: OutboxMail) -> bool:
    return not {"papers", "files"}.isdisjoint(mail.extra)


def enclosures_of(mail: OutboxMail) -> list[Enclosure]:
    """What a written mail carries. Raises Unwritable when something is missing or it is too much together."""
    enclosures = [_enclosure(mail, row) for row in mail.attachments.select_related("shop_file")]
    # A third more, as bytes travel in letters.
    if sum(len(each.content) for each in enclosures) * 4 / 3 > LARGEST_MESSAGE:
        raise Unwritable(Reason.TOO_LARGE)
    return enclosures


def _enclosure(mail: OutboxMail, row: MailAttachment) -> Enclosure:
    if row.shop_file is not None:
        try:
            with row.shop_file.file.open("rb") as stored:
                content = stored.read()
        except OSError as problem:
            raise Unwritable(Reason.NO_FILE, row.name) from problem
        if len(content) != row.shop_file.size:
            # Cut off on the disk: half a file is worse than a mail that says what is wrong.
            raise Unwritable(Reason.NO_FILE, row.name)
        return Enclosure(row.name, row.content_type, content)
    if row.content is None:
        row.name, row.content = _made(mail, row.paper)
        row.content_type = "application/pdf"
        row.save(update_fields=["name", "content", "content_type"])
    return Enclosure(row.name, row.content_type, bytes(row.content))


def _made(mail: OutboxMail, kind: str) -> tuple[str, bytes]:
    """The file name and the PDF of a paper. Raises Unwritable."""
    if mail.order is None or kind not in Kind.values:
        raise Unwritable(Reason.BROKEN_PAPER, kind)
    with translation.override(mail.shop.language):
        try:
            return paper_pdf(mail.order, kind, by=SYSTEM)
        except (PaperMissing, RenderFailed) as problem:
            raise Unwritable(Reason.BROKEN_PAPER, str(problem)[:500]) from problem
