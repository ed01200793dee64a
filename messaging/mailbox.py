"""The outbox as its pages show it: tabs with counts, rows, one mail with all that is known of it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop
from backoffice.plans import Limit
from messaging.models import MailState, OutboxMail
from messaging.reasons import words_for
from orders import display
from statuses.kinds import Look

PER_PAGE = 50
COUNTED_AT_MOST = 9999
# What is kept for a request under this name: how many mails wait for a person.
IN_TROUBLE = "mails_in_trouble"
S = MailState

# How each state looks: the same four shapes as everywhere, ring, half, full and square.
LOOKS = {
    S.HELD: ("yellow", "open"),
    S.QUEUED: ("blue", "open"),
    S.SENDING: ("blue", "half"),
    S.SENT: ("green", "full"),
    S.DELIVERED: ("green", "full"),
    S.FAILED: ("red", "stop"),
    S.BOUNCED: ("orange", "stop"),
    S.CANCELLED: ("grey", "stop"),
}


@dataclass(frozen=True)
class Tab:
    """A queue of the outbox; `needs_somebody` when what lies there waits for a person."""

    key: str
    label: str | Promise
    states: tuple[MailState, ...]
    needs_somebody: bool = False


TABS = (
    Tab("all", _("All"), ()),
    Tab("held", _("Held"), (S.HELD,)),
    Tab("queued", _("In the queue"), (S.QUEUED, S.SENDING)),
    Tab("sent", _("Sent"), (S.SENT,)),
    Tab("delivered", _("Delivered"), (S.DELIVERED,)),
    Tab("failed", _("Failed"), (S.FAILED,), needs_somebody=True),
    Tab("bounced", _("Bounced"), (S.BOUNCED,), needs_somebody=True),
    Tab("cancelled", _("Cancelled"), (S.CANCELLED,)),
)
BY_KEY = {tab.key: tab for tab in TABS}


@dataclass(frozen=True)
class MailRow:
    """A mail as text; `problem` is why it did not leave in plain words, `answer` what the server said."""

    pk: int
    look: Look
    at: str
    recipient: str
    subject: str
    order_number: str
    template: str
    origin: str
    attempts: int
    problem: str
    answer: str
    may_cancel: bool
    may_send_now: bool
    may_retry: bool


@dataclass(frozen=True)
class Mailbox:
    """One page of the outbox, newest first; `older` is the key to go on from, None at the end."""

    tab: Tab
    tabs: list[tuple[Tab, int]]
    rows: list[MailRow]
    older: int | None


def mailbox(shop: Shop, *, tab: str, words: str, before: int | None) -> Mailbox:
    """Two queries, whatever lies there."""
    chosen = BY_KEY.get(tab, TABS[0])
    mails = found(OutboxMail.objects.for_shop(shop), words)
    if chosen.states:
        mails = mails.filter(state__in=chosen.states)
    if before is not None:
        mails = mails.filter(pk__lt=before)
    page = list(mails.select_related("order").defer("html", "text").order_by("-pk")[: PER_PAGE + 1])
    older = page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None
    counts = numbers_by_state(shop)
    tabs = [(each, sum(counts.get(state, 0) for state in each.states or MailState)) for each in TABS]
    return Mailbox(chosen, tabs, [row_of(mail, shop) for mail in page[:PER_PAGE]], older)


def numbers_by_state(shop: Shop) -> dict[str, int]:
    rows = OutboxMail.objects.for_shop(shop).order_by().values_list("state").annotate(number=Count("pk"))
    return dict(rows)


def number_in_trouble(shop: Shop) -> int:
    """How many mails wait for a person; counted up to a point, once a request."""
    mails = in_trouble().for_shop(shop).order_by()
    return shop.once(IN_TROUBLE, lambda: mails[:COUNTED_AT_MOST].count())


def in_trouble() -> QuerySet[OutboxMail]:
    """Mails of all shops that wait for a person."""
    return OutboxMail.objects.filter(state__in=[S.FAILED, S.BOUNCED])


def found(mails: QuerySet[OutboxMail], words: str) -> QuerySet[OutboxMail]:
    """Mails to an address, about an order or with a subject that holds `words`."""
    words = words.replace("\x00", "").strip()[:200]
    if not words:
        return mails
    meant = Q(recipient__icontains=words) | Q(subject__icontains=words)
    number = words.lstrip("#")
    if number.isascii() and number.isdigit() and len(number) <= 18:
        meant |= Q(order__number=int(number))
    return mails.filter(meant)


def row_of(mail: OutboxMail, shop: Shop) -> MailRow:
    subject = mail.subject or str(mail.extra.get("subject", "")) or mail.template_name
    return MailRow(
        pk=mail.pk,
        look=look_of(mail),
        at=display.date_time(mail.sent_at or mail.created_at, shop.zone),
        recipient=mail.recipient,
        subject=subject,
        order_number=mail.order.display_number if mail.order else "",
        template=mail.template_name,
        origin=str(mail.get_origin_display()),
        attempts=mail.attempts,
        problem=words_for(mail.reason) if mail.reason else "",
        answer=mail.last_answer,
        may_cancel=mail.state in (S.HELD, S.QUEUED),
        may_send_now=mail.state in (S.HELD, S.QUEUED),
        may_retry=mail.state in (S.FAILED, S.BOUNCED),
    )


def look_of(mail: OutboxMail) -> Look:
    colour, shape = LOOKS[MailState(mail.state)]
    return Look(mail.state, str(mail.get_state_display()), colour, shape)


def facts_of(mail: OutboxMail, shop: Shop) -> list[tuple[str | Promise, str]]:
    """What is known of a mail, as (name, text), without what is empty."""

    def at(moment: Any) -> str:
        return display.date_time(moment, shop.zone) if moment else ""

    sender = f"{mail.sender_name} <{mail.sender}>" if mail.sender_name else mail.sender
    recipient = f"{mail.recipient_name} <{mail.recipient}>" if mail.recipient_name else mail.recipient
    facts = [
        (_("From"), sender),
        (_("To"), recipient),
        (_("Answers go to"), mail.reply_to),
        (_("Template"), mail.template_name),
        (_("Why"), str(mail.get_origin_display())),
        (_("Made"), f"{at(mail.created_at)}, {mail.made_by}" if mail.made_by else at(mail.created_at)),
        (_("Leaves at"), at(mail.due_at) if mail.state in (S.HELD, S.QUEUED) else ""),
        (_("Last tried"), at(mail.last_tried_at)),
        (_("Tries"), str(mail.attempts) if mail.attempts else ""),
        (_("Sent"), at(mail.sent_at)),
        (_("Message-ID"), mail.message_id),
    ]
    return [(name, text) for name, text in facts if text]


def plan_words(shop: Shop) -> int:
    """How many orders one message may go to at once in this shop's plan."""
    return shop.plan.limit(Limit.MESSAGES_AT_ONCE)
