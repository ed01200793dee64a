"""The one way a mail comes to be: a row in the transaction of what causes it, once per event and recipient."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings as installation
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.faults import fault
from backoffice.models import Shop
from messaging.bells import ring_writer
from messaging.models import (
    LINE_BREAKS,
    MailSettings,
    MailState,
    MailTemplate,
    OutboxMail,
    validate_one_address,
    validate_one_line,
)
from messaging.reasons import Reason
from messaging.services.settings import settings_in
from orders.models import LogAction, Order
from orders.services import changing

# Longer than the longest outage that one waits out before asking what is wrong.
PATIENCE = timedelta(days=5)


@dataclass(frozen=True)
class Letter:
    """A mail that is to be: to whom, why, of which text and with what.

    `who` is the recipient in the unique key: a role, so that an address corrected later makes no second mail. With
    `subject` and `html` the text is written by hand, in Liquid too, and `template` only says where it came from.
    """

    event: str
    origin: str
    recipient: str
    who: str
    order: Order | None = None
    template: MailTemplate | None = None
    recipient_name: str = ""
    language: str = ""
    subject: str = ""
    html: str = ""
    act: uuid.UUID | None = None
    delay_minutes: int = 0
    papers: tuple[str, ...] = ()
    files: tuple[int, ...] = ()
    line_id: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def unique_key(self) -> str:
        template = self.template.pk if self.template else ""
        return f"{self.order.pk if self.order else ''}|{self.event}|{template}|{self.who}"


def queue_letters(shop: Shop, letters: Iterable[Letter], *, settings: MailSettings, by: Actor) -> None:
    """Insert the mails, in one query, inside the caller's transaction; an event that has its mail gets no second.

    No address is checked here: what happens to an order must never fail because of a mail. A bad one makes a mail
    that says so (`messaging.services.writing`).
    """
    now = timezone.now()
    rows = [_row(shop, letter, settings, by, now) for letter in letters]
    if rows:
        OutboxMail.objects.bulk_create(rows, ignore_conflicts=True)
        fault("mail.queued")
        transaction.on_commit(ring_writer)


def queue_mail(
    shop: Shop,
    letter: Letter,
    *,
    by: Actor,
    token: uuid.UUID | None = None,
    hold: bool = True,
) -> OutboxMail:
    """Queue a mail that somebody wrote or asked for, and tell of it in the order's log.

    With the `token` of a form that was sent before, the mail of then is returned. `hold=False` sends it at once.
    Raises ValidationError for an address or a subject that no mail can have.
    """
    validate_one_address(letter.recipient)
    validate_one_line(letter.subject)
    if token is not None:
        letter = replace(letter, event=f"{letter.event}@{token.hex}")
    if letter.order is None:
        with transaction.atomic():
            return _queued(shop, letter, by, hold=hold)[0]
    with changing(shop, by=by) as change:
        letter = replace(letter, order=change.lock(letter.order.pk), act=letter.act or change.act)
        mail, is_new = _queued(shop, letter, by, hold=hold)
        if is_new and letter.order is not None:
            subject = f"{letter.subject or mail.template_name}, {mail.recipient}"
            change.record(letter.order, LogAction.MAIL_WRITTEN, subject=subject, subject_id=mail.pk, moves_mark=False)
    return mail


def _queued(shop: Shop, letter: Letter, by: Actor, *, hold: bool) -> tuple[OutboxMail, bool]:
    """The mail of this letter, and whether it is new."""
    known = OutboxMail.objects.for_shop(shop).filter(unique_key=letter.unique_key)
    if mail := known.exclude(state=MailState.CANCELLED).first():
        return mail, False
    mail = _row(shop, letter, settings_in(shop), by, timezone.now(), hold=hold)
    mail.save()
    transaction.on_commit(ring_writer)
    return mail, True


def _row(
    shop: Shop, letter: Letter, settings: MailSettings, by: Actor, now: datetime, *, hold: bool = True
) -> OutboxMail:
    wait = max(timedelta(seconds=settings.hold_seconds if hold else 0), timedelta(minutes=letter.delay_minutes))
    due_at = now + wait
    extra = dict(letter.extra)
    extra |= {"papers": list(letter.papers)} if letter.papers else {}
    extra |= {"files": list(letter.files)} if letter.files else {}
    extra |= {"line": letter.line_id} if letter.line_id else {}
    if letter.subject or letter.html:
        extra |= {"subject": letter.subject, "html": letter.html}
    return OutboxMail(
        shop=shop,
        order=letter.order,
        origin=letter.origin,
        event=letter.event[:80],
        unique_key=letter.unique_key[:400],
        act=letter.act,
        template=letter.template,
        template_name=letter.template.name if letter.template else "",
        extra=extra,
        language=letter.language,
        recipient=letter.recipient[:254],
        # Customers wrote their names themselves; no line end of theirs reaches the head of a mail.
        recipient_name=LINE_BREAKS.sub(" ", letter.recipient_name)[:120],
        message_id=new_message_id(),
        state=MailState.HELD if wait else MailState.QUEUED,
        due_at=due_at,
        gives_up_at=due_at + PATIENCE,
        made_by=by.name,
        created_at=now,
    )


def new_message_id() -> str:
    domain = installation.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    return f"<{uuid.uuid4().hex}@{domain}>"


def cancel_all(mails: QuerySet[OutboxMail], *, reason: Reason) -> int:
    """Cancel those of `mails` that wait, by one conditional update; returns how many."""
    waiting = mails.filter(state__in=[MailState.HELD, MailState.QUEUED])
    return waiting.update(state=MailState.CANCELLED, reason=reason)
