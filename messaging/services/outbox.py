"""What people do with mails in the outbox: cancel, send now, try again, correct an address, send the same again."""

import uuid
from datetime import timedelta
from typing import NoReturn

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from messaging.bells import ring_writer
from messaging.models import (
    DoNotMail,
    MailAttachment,
    MailState,
    Origin,
    OutboxMail,
    validate_one_address,
)
from messaging.reasons import Reason
from messaging.services.lanes import clear_lane
from messaging.services.queue import PATIENCE, cancel_all, new_message_id
from messaging.services.settings import settings_in
from orders.models import LogAction, Order
from orders.services import changing

WAITING = [MailState.HELD, MailState.QUEUED]
RETRYABLE = [MailState.FAILED, MailState.BOUNCED, MailState.QUEUED]


class MailRefused(Exception):
    """This cannot be done to the mail as it is now; `state` is what it is."""

    def __init__(self, state: str):
        self.state = state
        super().__init__(state)


def cancel(mail: OutboxMail) -> None:
    """Take a mail back that has not left. Raises MailRefused."""
    if not cancel_all(OutboxMail.objects.filter(pk=mail.pk), reason=Reason.BY_HAND):
        _refuse(mail)


def send_now(mail: OutboxMail) -> None:
    """End a mail's hold, or its wait for the next try. Raises MailRefused."""
    _bring_forward(mail, WAITING)
    transaction.on_commit(ring_writer)


def retry(mail: OutboxMail, *, address: str | None = None) -> None:
    """Try a mail again that failed or came back, to another address if one is given; with the same Message-ID.

    A text that could not be made is made anew. Raises ValidationError for an address that is bad or wants no mail, and
    for an order that is deleted, MailRefused.
    """
    values = {}
    if address is not None:
        validate_one_address(address)
        values["recipient"] = address
    _refuse_unwanted(mail.shop_id, address or mail.recipient)
    if mail.order is not None and mail.order.deleted_at is not None:
        raise ValidationError(Reason.ORDER_DELETED.label)
    with transaction.atomic():
        _bring_forward(mail, RETRYABLE, **values)
        transaction.on_commit(ring_writer)
    clear_lane(mail.shop_id)


def retry_all_failed(shop: Shop) -> int:
    """Try every failed mail of the shop again; returns how many. Those that came back stay, and those to addresses
    that want no mail or about orders that are deleted."""
    unwanted = DoNotMail.objects.filter(shop=OuterRef("shop"), address=Lower(OuterRef("recipient")))
    deleted = Order.objects.filter(pk=OuterRef("order"), deleted_at__isnull=False)
    with transaction.atomic():
        failed = OutboxMail.objects.for_shop(shop).filter(~Exists(unwanted), ~Exists(deleted), state=MailState.FAILED)
        number = failed.update(**_afresh())
        transaction.on_commit(ring_writer)
    clear_lane(shop.pk)
    return number


def try_server_again(shop: Shop) -> None:
    """Open the shop's lane after its server failed: the settings were changed, or somebody wants to know."""
    clear_lane(shop.pk)
    ring_writer()


def resend(mail: OutboxMail, *, by: Actor, token: uuid.UUID, address: str | None = None) -> OutboxMail:
    """Send the same text again, word for word as it was, in a mail of its own; the order's log tells of it.

    With the token of a form that was sent before, the mail of then is returned. Raises ValidationError for an address
    that is bad or wants no mail, and MailRefused for a mail that never had a text.
    """
    if mail.written_at is None:
        _refuse(mail)
    address = address if address is not None else mail.recipient
    validate_one_address(address)
    _refuse_unwanted(mail.shop_id, address)
    key = f"{mail.unique_key.partition('|')[0]}|resent@{token.hex}||{mail.pk}"
    again = _copy(mail, key, address, by)
    if mail.order is None:
        with transaction.atomic():
            # A button that is pressed twice is heard twice at one moment.
            OutboxMail.objects.select_for_update().get(pk=mail.pk)
            return _resent_before(again) or _insert(again, mail)
    with changing(mail.shop, by=by) as change:
        order = change.lock(mail.order.pk)
        if before := _resent_before(again):
            return before
        again.act = change.act
        _insert(again, mail)
        change.record(
            order, LogAction.MAIL_RESENT, subject=f"{mail.subject}, {address}", subject_id=again.pk, moves_mark=False
        )
    return again


def _resent_before(again: OutboxMail) -> OutboxMail | None:
    same = OutboxMail.objects.for_shop(again.shop).filter(unique_key=again.unique_key)
    return same.exclude(state=MailState.CANCELLED).first()


def _copy(mail: OutboxMail, key: str, address: str, by: Actor) -> OutboxMail:
    now = timezone.now()
    hold = settings_in(mail.shop).hold_seconds
    due_at = now + timedelta(seconds=hold)
    same = (
        "shop order template template_name extra language recipient_name sender sender_name reply_to subject html text"
    )
    return OutboxMail(
        **{name: getattr(mail, name) for name in same.split()},
        origin=Origin.RESENT,
        event=f"resent:{mail.event}"[:80],
        unique_key=key,
        resends=mail,
        recipient=address,
        written_at=now,
        message_id=new_message_id(),
        state=MailState.HELD if hold else MailState.QUEUED,
        due_at=due_at,
        gives_up_at=due_at + PATIENCE,
        made_by=by.name,
    )


def _insert(again: OutboxMail, mail: OutboxMail) -> OutboxMail:
    """Save it with what the other carries, in the caller's transaction."""
    again.save()
    rows = list(mail.attachments.all())
    for row in rows:
        row.pk, row.mail = None, again
    MailAttachment.objects.bulk_create(rows)
    transaction.on_commit(ring_writer)
    return again


def mark_do_not_mail(
    shop: Shop, address: str, *, by: str, reason: str = DoNotMail.Reason.ASKED, note: str = ""
) -> None:
    """Send nothing to an address any more, and take back what waits for it. Raises ValidationError."""
    validate_one_address(address)
    with transaction.atomic():
        DoNotMail.objects.get_or_create(
            shop=shop, address=address.lower(), defaults={"reason": reason, "note": note[:200], "actor": by}
        )
        mails = OutboxMail.objects.for_shop(shop).filter(recipient__iexact=address, state__in=WAITING)
        cancel_all(mails, reason=Reason.DO_NOT_MAIL)


def allow_mail(shop: Shop, address: str) -> None:
    DoNotMail.objects.for_shop(shop).filter(address=address.lower()).delete()


def _refuse_unwanted(shop_id: int, address: str) -> None:
    if DoNotMail.objects.filter(shop=shop_id, address=address.lower()).exists():
        raise ValidationError(Reason.DO_NOT_MAIL.label)


def _bring_forward(mail: OutboxMail, states: list[MailState], **values: object) -> None:
    waiting = OutboxMail.objects.filter(pk=mail.pk, state__in=states)
    if not waiting.update(**_afresh(), **values):
        _refuse(mail)


def _afresh() -> dict[str, object]:
    """Queued as if nothing had been tried; what is known of earlier tries stays on the row."""
    now = timezone.now()
    return {
        "state": MailState.QUEUED,
        "due_at": now,
        "gives_up_at": now + PATIENCE,
        "reason": "",
        "logged_at": None,
    }


def _refuse(mail: OutboxMail) -> NoReturn:
    mail.refresh_from_db(fields=["state"])
    raise MailRefused(mail.state)
