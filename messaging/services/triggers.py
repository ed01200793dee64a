"""From what happened to orders to the mails it causes."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from messaging.bells import ring_writer
from messaging.happenings import Happening, happenings_of
from messaging.models import MailSettings, MailState, Origin, OutboxMail, Recipient, Trigger
from messaging.reasons import Reason
from messaging.services.queue import Letter, cancel_all, queue_letters
from messaging.services.settings import settings_in
from orders.models import Order, OrderLogEntry, Source


def follow_change(shop: Shop, entries: Sequence[OrderLogEntry], *, by: Actor) -> None:
    """Queue the mails that new log entries cause, in their transaction, and recall those of what was taken back.

    Three queries at most, for one order as for a thousand; none where nothing happened that a mail may be tied to.
    What waits about an order that is deleted is given up, and taken up again when it is restored.
    """
    if undone := {entry.undoes for entry in entries if entry.undoes is not None}:
        recall(shop, undone, {entry.order_id for entry in entries if entry.undoes is not None})
    moved = [entry for entry in entries if "deleted_at" in entry.changes]
    if deleted := {entry.order_id for entry in moved if entry.changes["deleted_at"]["new"]}:
        _give_up_mails_of(deleted)
    if restored := {entry.order_id for entry in moved} - deleted:
        _take_up_mails_of(restored)
    if by.is_quiet:
        return
    happenings = happenings_of(entries)
    if not happenings:
        return
    triggers = triggers_of(shop, {each.event for each in happenings})
    if not triggers:
        return
    settings = settings_in(triggers[0].shop)
    act = entries[0].act
    letters = [
        letter
        for happening in happenings
        for trigger in answering(triggers, happening)
        for letter in letters_of(trigger, happening, settings, act)
    ]
    queue_letters(shop, letters, settings=settings, by=by)


def recall(shop: Shop, acts: Iterable[uuid.UUID], orders: Iterable[int]) -> int:
    """Cancel what these acts caused at these orders and has not left yet; returns how many."""
    mails = OutboxMail.objects.for_shop(shop).filter(act__in=acts, order__in=orders, attempts=0)
    return cancel_all(mails.filter(state__in=[MailState.HELD, MailState.QUEUED]), reason=Reason.UNDONE)


def _give_up_mails_of(deleted: Iterable[int]) -> None:
    """What waits with its text leaves no more; what has none yet is refused as it is written, and the sweep tells."""
    waiting = OutboxMail.objects.filter(order__in=deleted, state__in=[MailState.HELD, MailState.QUEUED])
    waiting.filter(written_at__isnull=False).update(state=MailState.FAILED, reason=Reason.ORDER_DELETED)


def _take_up_mails_of(restored: Iterable[int]) -> None:
    """Who deleted by mistake and pressed Undo deleted no mail; one that would be days late stays given up."""
    given_up = OutboxMail.objects.filter(order__in=restored, state=MailState.FAILED, reason=Reason.ORDER_DELETED)
    if given_up.filter(gives_up_at__gt=timezone.now()).update(state=MailState.HELD, reason="", logged_at=None):
        transaction.on_commit(ring_writer)


def triggers_of(shop: Shop, events: Iterable[str]) -> list[Trigger]:
    """The triggers of these events with their files."""
    return list(triggers_in(shop, events).prefetch_related("files"))


def is_silent(shop: Shop) -> bool:
    """Whether no trigger was ever made, so that no mail is sent by itself."""
    return not Trigger.objects.for_shop(shop).exists()


def triggers_in(shop: Shop, events: Iterable[str]) -> QuerySet[Trigger]:
    """The triggers of these events, those that are off too: they silence a target shop."""
    triggers = Trigger.objects.for_shop(shop).filter(event__in=events)
    return triggers.select_related("template", "shop__mail_settings")


def answering(triggers: Iterable[Trigger], happening: Happening) -> list[Trigger]:
    """The triggers that answer to what happened: for each recipient those of its target shop, else the base shop's.

    An own status that has triggers of its own speaks for itself; one without lets the built-in word speak, if that
    is new.
    """
    meant = [each for each in triggers if each.event == happening.event and _fits_target(each, happening)]
    own = [each for each in meant if each.own_status_id is not None and each.own_status_id == happening.own_id]
    builtin = [each for each in meant if each.own_status_id is None and each.code == happening.code]
    speaks = own or (builtin if happening.is_new_word or not happening.code else [])
    by_recipient: dict[tuple[str, str], list[Trigger]] = defaultdict(list)
    for each in speaks:
        by_recipient[each.recipient, each.address].append(each)
    chosen = []
    for alike in by_recipient.values():
        of_target = [each for each in alike if each.target_shop_id is not None]
        chosen += of_target or alike
    return [each for each in chosen if each.is_on and each.template.is_active and each.template.deleted_at is None]


def _fits_target(trigger: Trigger, happening: Happening) -> bool:
    return trigger.target_shop_id in (None, happening.order.target_shop_id)


def letters_of(trigger: Trigger, happening: Happening, settings: MailSettings, act: uuid.UUID | None) -> list[Letter]:
    """What one trigger sends for one happening: a letter, and the copy for the shop."""
    event = happening.key
    if trigger.each_time and act is not None:
        event += f"@{act.hex[:16]}"
    return [
        Letter(
            order=happening.order,
            event=event,
            origin=Origin.TRIGGER,
            template=trigger.template,
            recipient=to.address,
            recipient_name=to.name,
            who=to.who,
            act=act,
            delay_minutes=trigger.delay_minutes,
            papers=tuple(trigger.papers),
            files=tuple(file.pk for file in trigger.files.all()),
            line_id=happening.line_id,
        )
        for to in addressees_of(trigger, happening.order, settings)
    ]


class Addressee(NamedTuple):
    """Who gets a letter; `who` as the unique key of the mail names it."""

    who: str
    address: str
    name: str


def addressees_of(trigger: Trigger, order: Order, settings: MailSettings) -> list[Addressee]:
    """To whom a trigger writes about an order, the copy for the shop last; an address may be missing."""
    shop = Addressee(Recipient.SHOP, shop_address(trigger.shop, settings), trigger.shop.name)
    if trigger.recipient == Recipient.SHOP:
        to = shop
    elif trigger.recipient == Recipient.ADDRESS:
        to = Addressee(trigger.address, trigger.address, "")
    elif order.source == Source.MARKETPLACE and not settings.mails_marketplace_customers:
        return []
    else:
        to = Addressee(Recipient.CUSTOMER, order.customer_email, order.customer_name)
    return [to, shop._replace(who="copy")] if trigger.copy_to_shop else [to]


def shop_address(shop: Shop, settings: MailSettings) -> str:
    """Where the shop itself gets mail; empty when it never said."""
    return settings.copy_address or shop.email
