"""Sending what is due: in turns between the shops, each over its own connection, each mail at least once.

SMTP cannot promise "exactly once": a worker may die between the server's 250 and our commit. What holds: no mail is
lost, every repeat carries the Message-ID of the first, and the order's log says that it was a repeat.

Only this thread touches the database. Servers are talked to in a thread per shop, so that one which hangs stops
nobody; what hangs too long is cut off.
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from backoffice.faults import fault
from messaging.models import MailLane, MailState, OutboxMail
from messaging.post import Post, Trouble, post_of
from messaging.post.message import message_of, travelling
from messaging.reasons import Reason
from messaging.services.enclosures import enclosures_of
from messaging.services.lanes import claim, clear_lane, close_lane, next_lane, open_lanes
from messaging.services.mail_log import log_outcomes, shops_to_tell
from messaging.services.settings import settings_in
from messaging.services.writing import AT_ONCE, Unwritable, write_waiting

log = structlog.get_logger("messaging.delivery")

MAIL_SECONDS = 45
# How many mails a shop's thread has at most: one travels while the next are put together. Refilled at half.
AHEAD = 4
# Without threads others wait for each mail of a turn.
AHEAD_INLINE = 2
# Longer than all of them may take, so that no living worker loses a mail.
LEASE = timedelta(seconds=MAIL_SECONDS * (AHEAD + 1))
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
LOG_EVERY = 100
# Of shops at once, where there are no threads (tests).
MOST_INLINE = 8


@dataclass
class Parcel:
    """A mail on its way: claimed, put together, handed to the thread of its shop."""

    mail: OutboxMail
    future: "Future[str]"
    handed_at: float


class Carrier:
    """The thread and the connection of one shop."""

    def __init__(self, lane: MailLane, post: Post, *, threads: bool):
        self.lane, self.post = lane, post
        self.parcels: list[Parcel] = []
        self.failed: Trouble | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail") if threads else None

    def hand_over(self, mail: OutboxMail, message: bytes) -> None:
        envelope = {
            "sender": travelling(mail.sender),
            "recipient": travelling(mail.recipient),
            "message": message,
            "message_id": mail.message_id,
        }
        future = self._thread.submit(self._send, **envelope) if self._thread else _done(self._send, **envelope)
        self.parcels.append(Parcel(mail, future, time.monotonic()))

    def _send(self, **envelope: Any) -> str:
        if self.failed is not None:
            raise NotTried
        fault("mail.before-smtp")
        try:
            answer = self.post.send(**envelope)
        except Trouble as trouble:
            if trouble.is_of_server:
                self.failed = trouble
            raise
        fault("mail.after-250")
        return answer

    def finished(self) -> list[Parcel]:
        """What was sent or refused since; a mail that takes too long is cut off."""
        done = [parcel for parcel in self.parcels if parcel.future.done()]
        self.parcels = [parcel for parcel in self.parcels if not parcel.future.done()]
        if done and self.parcels:
            self.parcels[0].handed_at = time.monotonic()
        if self.parcels and time.monotonic() - self.parcels[0].handed_at > MAIL_SECONDS:
            self.post.abort()
        return done

    def end(self) -> None:
        self.post.close()
        if self._thread:
            self._thread.shutdown(wait=False)


class NotTried(Exception):
    """The connection failed before this mail's turn: it goes back as it was."""


def _done(send: Callable[..., str], **envelope: Any) -> "Future[str]":
    future: Future[str] = Future()
    try:
        future.set_result(send(**envelope))
    except Exception as problem:  # noqa: BLE001  (handed on, as a thread would)
        future.set_exception(problem)
    return future


def send_due(*, seconds: float = 20, threads: int | None = None) -> int:
    """Send what is due for about so long; returns how many were sent. Safe to call at any time, from many workers."""
    return Round(seconds, settings.MAIL_THREADS if threads is None else threads).work()


class Round:
    """One worker's turn at the outbox of all shops."""

    def __init__(self, seconds: float, threads: int):
        self.ends_at = time.monotonic() + seconds
        self.threads = threads
        self.ahead = AHEAD if threads else AHEAD_INLINE
        self.carriers: dict[int, Carrier] = {}
        self.closed: set[int] = set()
        self.to_log: dict[int, int] = {}
        self.number_sent = 0

    def work(self) -> int:
        release_held()
        write_waiting(limit=AT_ONCE)
        open_lanes()
        try:
            while self._turn():
                pass
        finally:
            for carrier in self.carriers.values():
                carrier.end()
            for shop_id in self.to_log:
                log_outcomes(shop_id)
        return self.number_sent

    def _turn(self) -> bool:
        """Take what is ready, settle what is done; whether there is anything left to do in this round."""
        has_taken = time.monotonic() < self.ends_at and (self._take() or bool(write_waiting(limit=AT_ONCE)))
        has_settled = self._settle_finished()
        under_way = [parcel.future for each in self.carriers.values() for parcel in each.parcels]
        if not has_taken and not has_settled and under_way:
            wait(under_way, timeout=0.5, return_when=FIRST_COMPLETED)
        # What was settled made room: there may be more to take.
        return has_taken or has_settled or bool(under_way)

    def _take(self) -> bool:
        """Claim the next mails of the lane whose turn it is. False when nothing can be taken now."""
        now = timezone.now()
        busy = {shop_id for shop_id, each in self.carriers.items() if len(each.parcels) > self.ahead // 2}
        if len(self.carriers) >= (self.threads or MOST_INLINE):
            self._let_idle_go()
        if len(self.carriers) >= (self.threads or MOST_INLINE):
            lane = next_lane(now, among=self.carriers.keys() - busy - self.closed)
        else:
            lane = next_lane(now, besides=busy | self.closed)
        if lane is None:
            return False
        number = self.ahead - len(self.carriers[lane.pk].parcels) if lane.pk in self.carriers else self.ahead
        mails = claim(lane, number, now=now, lease=LEASE)
        fault("mail.claimed")
        for mail in mails:
            mail.shop = lane.shop
            self._hand_over(lane, mail)
        return True

    def _let_idle_go(self) -> None:
        """Make room for other shops: connections that carry nothing just now."""
        for shop_id in [shop_id for shop_id, each in self.carriers.items() if not each.parcels]:
            self.carriers.pop(shop_id).end()

    def _hand_over(self, lane: MailLane, mail: OutboxMail) -> None:
        try:
            message = message_of(mail, enclosures_of(mail), sent_at=timezone.now())
        except Unwritable as trouble:
            self._failed(mail, trouble.reason, trouble.detail)
        except Exception as problem:  # the edge: one mail that breaks must not stop the others
            log.exception("mail not put together", mail=mail.pk)
            self._failed(mail, Reason.BROKEN_MAIL, f"{type(problem).__name__}: {problem}")
        else:
            carrier = self.carriers.get(lane.pk)
            if carrier is None:
                post = post_of(lane.shop, settings_in(lane.shop))
                carrier = self.carriers[lane.pk] = Carrier(lane, post, threads=bool(self.threads))
            carrier.hand_over(mail, message)

    # --- what became of them -----------------------------------------------------------------------

    def _settle_finished(self) -> bool:
        has_settled = False
        for shop_id, carrier in list(self.carriers.items()):
            for parcel in carrier.finished():
                self._settle(carrier, parcel)
                has_settled = True
            if carrier.failed is not None and not carrier.parcels:
                self.carriers.pop(shop_id).end()
        return has_settled

    def _settle(self, carrier: Carrier, parcel: Parcel) -> None:
        mail = parcel.mail
        problem = parcel.future.exception()
        if problem is None:
            self._sent(carrier, mail, parcel.future.result())
        elif isinstance(problem, NotTried):
            _mine(mail).update(state=MailState.QUEUED, attempts=mail.attempts - 1, leased_by=None, leased_until=None)
        elif isinstance(problem, Trouble):
            self._not_sent(mail, problem)
        else:
            log.error("sending failed", mail=mail.pk, exc_info=problem)
            self._not_sent(mail, Trouble(Reason.CUT_OFF, type(problem).__name__, is_in_doubt=True))

    def _sent(self, carrier: Carrier, mail: OutboxMail, answer: str) -> None:
        now = timezone.now()
        kept = _mine(mail).update(
            state=MailState.SENT, sent_at=now, last_answer=answer[:500], reason="", leased_by=None, leased_until=None
        )
        fault("mail.settled")
        if not kept:
            log.warning("sent a mail that another worker had taken over", mail=mail.pk)
            return
        self.number_sent += 1
        self._tell(mail.shop_id)
        if carrier.lane.failures_in_a_row:
            clear_lane(mail.shop_id)
            carrier.lane.failures_in_a_row = 0

    def _not_sent(self, mail: OutboxMail, trouble: Trouble) -> None:
        now = timezone.now()
        if trouble.is_of_server and mail.shop_id not in self.closed:
            self.closed.add(mail.shop_id)
            close_lane(mail.shop_id, trouble.reason, trouble.answer, now=now)
        if trouble.is_final:
            self._failed(mail, trouble.reason, trouble.answer)
        elif now >= mail.gives_up_at:
            self._failed(mail, Reason.GIVEN_UP, trouble.answer)
        else:
            # A closed lane waits as a whole: its mails keep their places.
            due_at = mail.due_at if trouble.is_of_server else now + delay_after(mail.attempts)
            _mine(mail).update(
                state=MailState.QUEUED,
                due_at=due_at,
                reason=trouble.reason,
                last_answer=trouble.answer[:500],
                number_of_doubts=mail.number_of_doubts + trouble.is_in_doubt,
                leased_by=None,
                leased_until=None,
            )

    def _failed(self, mail: OutboxMail, reason: Reason, answer: str) -> None:
        _mine(mail).update(
            state=MailState.FAILED, reason=reason, last_answer=answer[:500], leased_by=None, leased_until=None
        )
        self._tell(mail.shop_id)

    def _tell(self, shop_id: int) -> None:
        """Tell the order's log, many mails at once."""
        self.to_log[shop_id] = self.to_log.get(shop_id, 0) + 1
        if self.to_log[shop_id] >= LOG_EVERY:
            del self.to_log[shop_id]
            log_outcomes(shop_id)


def _mine(mail: OutboxMail) -> QuerySet[OutboxMail]:
    """The mail, as long as it is still ours: after a lapsed lease it is another worker's."""
    return OutboxMail.objects.filter(pk=mail.pk, state=MailState.SENDING, leased_by=mail.leased_by)


def delay_after(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts: a minute, then twice as long each time, up to an hour."""
    return min(FIRST_DELAY * 2 ** min(max(attempts - 1, 0), 10), LONGEST_DELAY)


def release_held() -> int:
    """Queue the mails whose hold time is over; returns how many."""
    now = timezone.now()
    return OutboxMail.objects.filter(state=MailState.HELD, due_at__lte=now).update(state=MailState.QUEUED)


def sweep() -> int:
    """Put back what a worker that died had taken, and give up what a closed lane kept too long; returns how many."""
    now = timezone.now()
    lapsed = OutboxMail.objects.filter(state=MailState.SENDING, leased_until__lt=now)
    number = 0
    for mail in lapsed.order_by("pk")[:1000]:
        number += _mine(mail).update(
            state=MailState.QUEUED,
            reason=Reason.INTERRUPTED,
            number_of_doubts=mail.number_of_doubts + 1,
            leased_by=None,
            leased_until=None,
        )
    hopeless = OutboxMail.objects.filter(
        state=MailState.QUEUED, gives_up_at__lt=now, shop__mail_lane__failures_in_a_row__gt=0
    )
    number += hopeless.update(state=MailState.FAILED, reason=Reason.GIVEN_UP)
    for shop_id in shops_to_tell():
        log_outcomes(shop_id)
    return number
