"""Sending what is due: in turns between the shops, each over its own connection, each mail at least once.

SMTP cannot promise "exactly once": a worker may die between the server's 250 and our commit. What holds: no mail is
lost, every repeat carries the Message-ID of the first, and the order's log says that it was a repeat. That window is
as long as one commit: what a server has answered is kept at once, and while that is done only those few mails are on
their way that the server takes in the meantime (`messaging.services.carriers`).

The worker's own thread claims, marks and keeps. Servers are talked to, and papers made, in a thread per shop.
"""

import threading
import time
import uuid
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backoffice.faults import fault
from messaging.models import MailLane, MailState, OutboxMail
from messaging.post import Trouble, post_of
from messaging.reasons import Reason
from messaging.services.carriers import Carrier, NotTried, Parcel
from messaging.services.claims import (
    RENEW_AFTER,
    UNCLAIMED,
    claim,
    free_lapsed,
    give_back,
    give_back_untried,
    held_by,
    keep_sent,
    mark_handed,
    renew,
)
from messaging.services.lanes import clear_lane, close_lane, next_lane, open_lanes, others_wait
from messaging.services.mail_log import log_outcomes, shops_to_tell
from messaging.services.settings import settings_in
from messaging.services.writing import AT_ONCE, Unwritable, write_waiting

log = structlog.get_logger("messaging.delivery")

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
LOG_EVERY = 200
# Of shops at once, where there are no threads (tests).
MOST_INLINE = 8
# Other shops are looked at after so many mails, and after so many seconds.
LOOK_EVERY = 8
LOOK_SECONDS = 0.2
CHORES_SECONDS = 1.0


def send_due(*, seconds: float = 20, threads: int | None = None) -> int:
    """Send what is due for about so long; returns how many were sent. Safe to call at any time, from many workers."""
    return Round(seconds, settings.MAIL_THREADS if threads is None else threads).work()


class Round:
    """One worker's turn at the outbox of all shops."""

    def __init__(self, seconds: float, threads: int):
        self.ends_at = time.monotonic() + seconds
        self.threads = threads
        self.worker = uuid.uuid4()
        # Set by the threads: something happened.
        self.wake = threading.Event()
        self.carriers: dict[int, Carrier] = {}
        self.closed: set[int] = set()
        self.to_log: dict[int, int] = {}
        self.number_sent = 0
        self.renews_at = time.monotonic() + RENEW_AFTER.total_seconds()
        self.chores_at = 0.0
        self.looks_at = 0.0
        self.number_settled = 0

    def work(self) -> int:
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
        self.wake.clear()
        self._keep_claims()
        is_over = time.monotonic() >= self.ends_at
        if is_over:
            self._take_back()
        has_taken = not is_over and self._take_or_write()
        has_settled = self._settle_and_hand_over()
        is_busy = any(carrier.number_of_mails for carrier in self.carriers.values())
        if not has_taken and not has_settled and is_busy:
            self.wake.wait(LOOK_SECONDS)
        # What was settled made room: there may be more to take.
        return has_taken or has_settled or is_busy

    def _keep_claims(self) -> None:
        if time.monotonic() >= self.renews_at:
            renew(self.worker)
            self.renews_at = time.monotonic() + RENEW_AFTER.total_seconds()

    def _take_back(self) -> None:
        """At the end of the round: what no server has heard of is left to the next."""
        mails = [mail for carrier in self.carriers.values() for mail in carrier.take_back()]
        if mails:
            give_back(self.worker, [mail.pk for mail in mails])

    # --- what is next ------------------------------------------------------------------------------

    def _take_or_write(self) -> bool:
        now = time.monotonic()
        if now >= self.chores_at:
            self.chores_at = now + CHORES_SECONDS
            release_held()
            write_waiting(limit=AT_ONCE)
            open_lanes()
        is_full = self.carriers and not any(carrier.room for carrier in self.carriers.values())
        if is_full and not self._others_wait(now):
            return False
        return self._take() or bool(write_waiting(limit=AT_ONCE))

    def _others_wait(self, now: float) -> bool:
        """Whether it is time to look, and somebody else has mail."""
        if self.number_settled < LOOK_EVERY and now < self.looks_at:
            return False
        self.number_settled, self.looks_at = 0, now + LOOK_SECONDS
        return others_wait(timezone.now(), besides=self.carriers.keys() | self.closed)

    def _take(self) -> bool:
        """Claim the next mails of the lane whose turn it is. False when nothing can be taken now."""
        now = timezone.now()
        full = {shop_id for shop_id, carrier in self.carriers.items() if not carrier.room}
        most = self.threads or MOST_INLINE
        if len(self.carriers) >= most:
            self._let_idle_go()
        if len(self.carriers) >= most:
            lane = next_lane(now, among=self.carriers.keys() - full - self.closed)
        else:
            lane = next_lane(now, besides=full | self.closed)
        if lane is None:
            return False
        carrier = self._carrier_of(lane)
        mails = claim(lane, carrier.room, worker=self.worker, now=now)
        fault("mail.claimed")
        for mail in mails:
            mail.shop = lane.shop
        carrier.take(mails)
        return True

    def _carrier_of(self, lane: MailLane) -> Carrier:
        carrier = self.carriers.get(lane.pk)
        if carrier is None:
            post = post_of(lane.shop, settings_in(lane.shop))
            carrier = self.carriers[lane.pk] = Carrier(lane, post, threads=bool(self.threads), wake=self.wake)
        return carrier

    def _let_idle_go(self) -> None:
        """Make room for other shops: connections that carry nothing just now."""
        for shop_id in [shop_id for shop_id, each in self.carriers.items() if not each.number_of_mails]:
            self.carriers.pop(shop_id).end()

    # --- what became of them -----------------------------------------------------------------------

    def _settle_and_hand_over(self) -> bool:
        """Keep what servers answered and mark what they get next, in one commit; whether anything moved."""
        now = timezone.now()
        done = [(carrier, parcel) for carrier in self.carriers.values() for parcel in carrier.finished()]
        turns = [(carrier, parcels) for carrier in self.carriers.values() if (parcels := carrier.next_parcels())]
        if not done and not turns:
            return False
        keys = [parcel.mail.pk for _carrier, parcels in turns for parcel in parcels]
        began_at = time.monotonic()
        with transaction.atomic():
            self._keep_sent([each for each in done if each[1].problem is None], now=now)
            mine = mark_handed(self.worker, keys, now=now) if keys else set()
        seconds = time.monotonic() - began_at
        if done:
            fault("mail.settled")
        if turns:
            fault("mail.handed")
        for carrier, parcels in turns:
            for parcel in parcels:
                parcel.mail.attempts += 1
            carrier.hand_over([parcel for parcel in parcels if parcel.mail.pk in mine], marked_in=seconds)
        for carrier, parcel in done:
            self._settle(carrier, parcel)
        self.number_settled += len(done)
        self._end_failed()
        return True

    def _keep_sent(self, sent: list[tuple[Carrier, Parcel]], *, now: datetime) -> None:
        if not sent:
            return
        answers = {parcel.mail.pk: parcel.answer for _carrier, parcel in sent}
        if keep_sent(self.worker, answers, now=now) < len(answers):
            log.warning("sent mails that another worker had taken over", mails=sorted(answers))

    def _settle(self, carrier: Carrier, parcel: Parcel) -> None:
        mail, problem = parcel.mail, parcel.problem
        if problem is None:
            self._was_sent(carrier, mail)
        elif isinstance(problem, NotTried):
            give_back_untried(self.worker, mail.pk)
        elif isinstance(problem, Unwritable):
            self._failed(mail, problem.reason, problem.detail)
        elif isinstance(problem, Trouble):
            self._not_sent(mail, problem)
        else:  # the edge: one mail that breaks must not stop the others
            log.error("sending failed", mail=mail.pk, exc_info=problem)
            self._not_sent(mail, Trouble(Reason.CUT_OFF, type(problem).__name__, is_in_doubt=True))

    def _was_sent(self, carrier: Carrier, mail: OutboxMail) -> None:
        self.number_sent += 1
        self._tell(mail.shop_id)
        if carrier.lane.failures_in_a_row:
            clear_lane(mail.shop_id)
            carrier.lane.failures_in_a_row = 0

    def _end_failed(self) -> None:
        """Give up connections that failed; what was claimed for them waits in its place."""
        for shop_id in [shop_id for shop_id, carrier in self.carriers.items() if carrier.failed is not None]:
            carrier = self.carriers[shop_id]
            give_back(self.worker, [mail.pk for mail in carrier.take_back()])
            if not carrier.number_of_mails:
                self.carriers.pop(shop_id).end()

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
            held_by(self.worker, [mail.pk]).update(
                state=MailState.QUEUED,
                due_at=due_at,
                reason=trouble.reason,
                last_answer=trouble.answer[:500],
                number_of_doubts=mail.number_of_doubts + trouble.is_in_doubt,
                **UNCLAIMED,
            )

    def _failed(self, mail: OutboxMail, reason: Reason, answer: str) -> None:
        held_by(self.worker, [mail.pk]).update(
            state=MailState.FAILED, reason=reason, last_answer=answer[:500], **UNCLAIMED
        )
        self._tell(mail.shop_id)

    def _tell(self, shop_id: int) -> None:
        """Tell the order's log, many mails at once."""
        self.to_log[shop_id] = self.to_log.get(shop_id, 0) + 1
        if self.to_log[shop_id] >= LOG_EVERY:
            del self.to_log[shop_id]
            log_outcomes(shop_id)


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
    number = free_lapsed(now=now)
    hopeless = OutboxMail.objects.filter(
        state=MailState.QUEUED, gives_up_at__lt=now, shop__mail_lane__failures_in_a_row__gt=0
    )
    number += hopeless.update(state=MailState.FAILED, reason=Reason.GIVEN_UP)
    for shop_id in shops_to_tell():
        log_outcomes(shop_id)
    return number
