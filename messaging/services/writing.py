"""Giving mails their text: after the transaction that caused them, outside every lock, and once.

What is written is what is sent, whatever becomes of the order later. A text that cannot be made fails the mail, with a
reason that names line and column; nothing else is touched by it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings as installation
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation

from backoffice.models import Shop
from layouts.engine import TemplateRefused, render_text
from messaging.frame import framed
from messaging.models import (
    DoNotMail,
    MailAttachment,
    MailState,
    OutboxMail,
    ShopFile,
    validate_one_address,
)
from messaging.models.address import LINE_BREAKS
from messaging.models.template import LONGEST_SUBJECT
from messaging.reasons import Reason
from messaging.sanitise import plain_text, sanitised
from messaging.services.mail_log import log_outcomes
from messaging.services.settings import settings_in
from messaging.texts import Text, language_for, text_of
from orders.documents import OrderDocument, order_documents
from orders.models import Order
from orders.papers.data import paper_data
from orders.papers.seller import seller_data
from statuses.catalogue import Catalogue, catalogue_of

log = structlog.get_logger("messaging.writing")

AT_ONCE = 50
# A mail that leaves much later is written when it leaves: it should tell what is true then.
AHEAD = timedelta(hours=1)


class Unwritable(Exception):
    """This mail cannot be written; `detail` says in people's words what exactly is wrong, where that is known."""

    def __init__(self, reason: Reason, detail: str = "", state: MailState = MailState.FAILED):
        self.reason, self.detail, self.state = reason, detail, state
        super().__init__(reason)


class Written(NamedTuple):
    subject: str
    html: str
    text: str


# Adds to the data of a mail's text what only some mails have; called with the mail, the order's data and the language.
Adder = Callable[[OutboxMail, dict[str, Any], str], None]
ADDERS: list[Adder] = []


def write_waiting(*, limit: int = 2000) -> int:
    """Write the mails that wait for their text and leave soon, in turns between the shops; returns how many.

    A few more than `limit` where more shops wait: each has one written.
    """
    done = 0
    while done < limit and (shops := _shops_in_turn()):
        some = min(max(limit // len(shops), 1), AT_ONCE)
        for shop_id in shops:
            mails = list(_with_all(_waiting().filter(shop=shop_id).order_by("id"))[:some])
            write(mails)
            done += len(mails)
    return done


def _waiting() -> QuerySet[OutboxMail]:
    soon = timezone.now() + AHEAD
    states = [MailState.HELD, MailState.QUEUED]
    return OutboxMail.objects.filter(state__in=states, written_at=None, due_at__lte=soon)


def _shops_in_turn() -> list[int]:
    waiting = _waiting().filter(shop=OuterRef("pk"))
    return list(Shop.objects.filter(Exists(waiting)).order_by("pk").values_list("pk", flat=True))


def _with_all(mails: QuerySet[OutboxMail]) -> QuerySet[OutboxMail]:
    related = mails.select_related("shop__mail_settings", "order__target_shop__mail_settings", "template")
    return related.prefetch_related("template__translations")


def write(mails: Sequence[OutboxMail]) -> None:
    """Write mails, of which the shop, order and template are at hand; the queries do not grow with their number."""
    by_shop: dict[int, list[OutboxMail]] = defaultdict(list)
    for mail in mails:
        by_shop[mail.shop_id].append(mail)
    for of_shop in by_shop.values():
        desk = Desk.of(of_shop)
        has_failed = [mail for mail in of_shop if not _write_one(mail, desk)]
        if has_failed:
            log_outcomes(of_shop[0].shop_id)


@dataclass
class Desk:
    """What is read once for all mails of a shop that are written together."""

    shop: Shop
    catalogue: Catalogue
    documents: dict[int, OrderDocument]
    unwanted: set[str]
    files: dict[int, ShopFile]
    sellers: dict[int, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, mails: Sequence[OutboxMail]) -> "Desk":
        shop = mails[0].shop
        keys = sorted({mail.order_id for mail in mails if mail.order_id is not None})
        addresses = {mail.recipient.lower() for mail in mails}
        wanted_files = {key for mail in mails for key in mail.extra.get("files", [])}
        files = ShopFile.objects.for_shop(shop).filter(pk__in=wanted_files) if wanted_files else []
        return cls(
            shop=shop,
            catalogue=catalogue_of(shop),
            documents=_documents(keys, shop),
            unwanted=set(
                DoNotMail.objects.for_shop(shop).filter(address__in=addresses).values_list("address", flat=True)
            ),
            files={file.pk: file for file in files},
        )

    def seller(self, shop: Shop) -> dict[str, Any]:
        if shop.pk not in self.sellers:
            self.sellers[shop.pk] = seller_data(shop)
        return self.sellers[shop.pk]


def _documents(keys: list[int], shop: Shop) -> dict[int, OrderDocument]:
    """The pictures of orders by key; those that are gone are left out."""
    numbers = dict(Order.objects.for_shop(shop).filter(pk__in=keys).values_list("number", "pk"))
    found = order_documents(keys, shop=shop) if keys else ()
    return {numbers[int(document.number)]: document for document in found}


def _write_one(mail: OutboxMail, desk: Desk) -> bool:
    """Write a mail or give it up; whether it has a text now."""
    try:
        written = written_of(mail, desk)
    except Unwritable as trouble:
        _give_up(mail, trouble.reason, trouble.detail, trouble.state)
    except Exception as problem:  # the edge: one mail that cannot be written must not stop the others
        log.exception("mail not written", mail=mail.pk)
        _give_up(mail, Reason.BROKEN_TEXT, type(problem).__name__, MailState.FAILED)
    else:
        _keep(mail, written, desk)
        return True
    return False


def written_of(mail: OutboxMail, desk: Desk) -> Written:
    """The mail as it would be sent. Raises Unwritable."""
    check_recipient(mail, desk)
    text = source_of(mail)
    shop = _voice_of(mail)
    mail.language = text.language
    # What may be wrong is told to staff, in the shop's language; the text itself is told its language.
    with translation.override(mail.shop.language):
        data = _data_of(mail, desk, shop, text.language)
        try:
            subject = render_text(text.subject, data, language=text.language, html=False)
            content = render_text(text.html, data, language=text.language)
        except TemplateRefused as refusal:
            raise Unwritable(Reason.BROKEN_TEXT, told(refusal)) from refusal
    subject = LINE_BREAKS.sub(" ", subject).strip()[:LONGEST_SUBJECT] or str(shop.name)
    clean = sanitised(content)
    html = framed(clean, seller=desk.seller(shop), colour=shop.colour, subject=subject, language=text.language)
    return Written(subject, html, plain_text(clean))


def told(refusal: TemplateRefused) -> str:
    """What is wrong with a text, where: `line 3: …`, the first few."""
    return "; ".join(f"{each.line}:{each.column} {each.message}" for each in refusal.problems[:3])[:500]


def check_recipient(mail: OutboxMail, desk: Desk) -> None:
    """Raises Unwritable for an address that no mail can, or may, go to, and for an order that is gone."""
    if not mail.recipient.strip():
        raise Unwritable(Reason.NO_ADDRESS)
    try:
        validate_one_address(mail.recipient)
    except ValidationError as refusal:
        raise Unwritable(Reason.BAD_ADDRESS, mail.recipient[:200]) from refusal
    if mail.recipient.lower() in desk.unwanted:
        raise Unwritable(Reason.DO_NOT_MAIL, state=MailState.CANCELLED)
    names_order = mail.unique_key.partition("|")[0] != ""
    if names_order and (mail.order is None or mail.order.deleted_at is not None or mail.order_id not in desk.documents):
        raise Unwritable(Reason.ORDER_DELETED)


def source_of(mail: OutboxMail) -> Text:
    """The Liquid that the mail is made of: written by hand, else the template's. Raises Unwritable."""
    wanted = mail.language or (mail.order.customer_language if mail.order and _is_to_customer(mail) else "")
    shop_language = _voice_of(mail).language
    if "html" in mail.extra:
        language = language_for(wanted, shop_language=shop_language, spoken=dict(installation.LANGUAGES))
        return Text(language, mail.extra["subject"], mail.extra["html"])
    text = text_of(mail.template, wanted, shop_language=shop_language) if mail.template else None
    if text is None:
        raise Unwritable(Reason.NO_TEXT)
    return text


def _is_to_customer(mail: OutboxMail) -> bool:
    """The shop reads its own language; everybody else that of the customer."""
    return not mail.unique_key.endswith("|shop")


def _voice_of(mail: OutboxMail) -> Shop:
    """The shop that the customer knows: the target shop where the order was placed, else the shop itself."""
    return (mail.order.target_shop if mail.order else None) or mail.shop


def _data_of(mail: OutboxMail, desk: Desk, shop: Shop, language: str) -> dict[str, Any]:
    if mail.order_id is None:
        data: dict[str, Any] = {"shop": desk.seller(shop)}
    else:
        document = desk.documents[mail.order_id]
        data = paper_data(document, shop, language=language, seller=desk.seller(shop), catalogue=desk.catalogue)
    for add in ADDERS:
        add(mail, data, language)
    return data


class Sender(NamedTuple):
    address: str
    name: str
    reply_to: str


def sender_of(shop: Shop, voice: Shop) -> Sender:
    """Who a mail is from. Only the shop's own server may send in the name of the shop's own address: another one
    that did would be taken for a forger."""
    base, own = settings_in(shop), settings_in(voice)
    name = own.sender_name or base.sender_name if voice.pk == shop.pk else own.sender_name or voice.name
    address = own.sender_address or base.sender_address or voice.email or shop.email
    reply_to = own.reply_to or base.reply_to
    if base.host and address:
        return Sender(address, name or voice.name, reply_to)
    return Sender(installation.DEFAULT_FROM_EMAIL, name or voice.name, reply_to or address)


def _keep(mail: OutboxMail, written: Written, desk: Desk) -> None:
    """Save the text and what belongs to the mail; another writer who was quicker has the last word."""
    sender = sender_of(mail.shop, _voice_of(mail))
    values = {
        "subject": written.subject,
        "html": written.html,
        "text": written.text,
        "language": mail.language,
        "sender": sender.address,
        "sender_name": sender.name,
        "reply_to": sender.reply_to,
        "written_at": timezone.now(),
    }
    attachments = _attachments_of(mail, desk)
    with transaction.atomic():
        if _unwritten(mail).update(**values) and attachments:
            MailAttachment.objects.bulk_create(attachments)
    for name, value in values.items():
        setattr(mail, name, value)


def _attachments_of(mail: OutboxMail, desk: Desk) -> list[MailAttachment]:
    papers = [MailAttachment(mail=mail, paper=kind) for kind in mail.extra.get("papers", [])]
    files = [desk.files[key] for key in mail.extra.get("files", []) if key in desk.files]
    rows = papers + [
        MailAttachment(mail=mail, shop_file=each, name=each.name, content_type=each.content_type) for each in files
    ]
    for position, row in enumerate(rows):
        row.position = position
    return rows


def _give_up(mail: OutboxMail, reason: Reason, detail: str, state: MailState) -> None:
    _unwritten(mail).update(state=state, reason=reason, last_answer=detail[:500], language=mail.language)
    mail.state, mail.reason, mail.last_answer = state, reason, detail[:500]


def _unwritten(mail: OutboxMail) -> QuerySet[OutboxMail]:
    waiting = [MailState.HELD, MailState.QUEUED]
    return OutboxMail.objects.filter(pk=mail.pk, written_at=None, state__in=waiting)
