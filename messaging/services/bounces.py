"""Mails that came back: reported by a mail provider, or found in the mailbox that bounces arrive in."""

from collections.abc import Iterable
from email.message import EmailMessage, Message
from typing import NamedTuple

from django.utils import timezone

from backoffice.models import Shop
from messaging.models import DoNotMail, MailState, OutboxMail
from messaging.reasons import Reason
from messaging.services.mail_log import log_outcomes
from messaging.services.outbox import mark_do_not_mail

# A mail that is known to have arrived, or only to have been taken by a server, may still come back.
MAY_BOUNCE = [MailState.SENT, MailState.DELIVERED]


class Bounce(NamedTuple):
    """`message_id` with its angle brackets; `detail` as the other server put it."""

    message_id: str
    detail: str


def mark_bounced(bounce: Bounce, *, shop: Shop | None = None) -> bool:
    """Mark the mail as come back, tell its order's log, and send nothing more to the address. Once, however often told.

    `shop` is the one that reports, whose mails alone are meant; None for the installation's own mailbox. Whether a mail
    was marked.
    """
    mails = OutboxMail.objects.filter(message_id=bounce.message_id, state__in=MAY_BOUNCE)
    mail = (mails if shop is None else mails.for_shop(shop)).select_related("shop").first()
    if mail is None:
        return False
    detail = bounce.detail.replace("\0", "")[:500]
    same = OutboxMail.objects.filter(pk=mail.pk, state__in=MAY_BOUNCE)
    if not same.update(state=MailState.BOUNCED, reason=Reason.BOUNCED, last_answer=detail, logged_at=None):
        return False
    mark_do_not_mail(mail.shop, mail.recipient, by="", reason=DoNotMail.Reason.BOUNCED, note=detail[:200])
    log_outcomes(mail.shop_id)
    return True


def mark_delivered(message_id: str, *, shop: Shop) -> bool:
    """The provider says that the mail arrived; a report that overtook another changes nothing."""
    sent = OutboxMail.objects.for_shop(shop).filter(message_id=message_id, state=MailState.SENT)
    return bool(sent.update(state=MailState.DELIVERED, last_tried_at=timezone.now()))


def bounces_in(message: Message) -> Iterable[Bounce]:
    """The bounces that a delivery report tells of (RFC 3464): failures for good, with the mail's own Message-ID.

    Nothing for any other mail, for delays, and for reports that do not say which mail they mean.
    """
    if message.get_content_type() != "multipart/report" or message.get_param("report-type") != "delivery-status":
        return
    message_id = _reported_message_id(message)
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _inner(part):
            status = str(block.get("Status", ""))
            failed = str(block.get("Action", "")).strip().lower() == "failed"
            if failed and status.startswith("5") and message_id:
                yield Bounce(message_id, str(block.get("Diagnostic-Code", status)))


def _reported_message_id(message: Message) -> str:
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            return next((str(inner.get("Message-ID", "")).strip() for inner in _inner(part)), "")
        if kind == "text/rfc822-headers":
            content = part.get_content() if isinstance(part, EmailMessage) else part.get_payload()
            for line in str(content).splitlines():
                if line.lower().startswith("message-id:"):
                    return line.partition(":")[2].strip()
    return ""


def _inner(part: Message) -> list[Message]:
    """The messages that a part is made of; none where it is text after all."""
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
