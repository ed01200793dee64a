"""Who carries a shop's mails: a thread and a connection of their own, so that a server that hangs stops nobody else.

A mail is claimed by the worker, packed where it has papers or files, and then handed over: marked in the database and
given to the thread that talks to the server. Only a mail that was handed over can have arrived when its worker dies,
so only as many are handed over as the server takes while a few commits are made. An ordinary server has one of them at
a time; one that takes mails about as fast as the database does has a few, and their outcome is kept in one commit.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.db import connections
from django.utils import timezone

from backoffice.faults import fault
from messaging.models import MailLane, OutboxMail
from messaging.post import Post, Trouble
from messaging.post.message import Enclosure, message_of, travelling
from messaging.reasons import Reason
from messaging.services.enclosures import enclosures_of, has_enclosures
from messaging.services.writing import Unwritable

log = structlog.get_logger("messaging.carriers")

# A mail that takes longer is cut off.
MAIL_SECONDS = 45
# As many mails are claimed at once as the server takes in this time.
CLAIMED_SECONDS = 0.5
LEAST_CLAIMED, MOST_CLAIMED = 4, 50
# And as many handed over as it takes while so many commits are made.
HANDED_COMMITS = 8
MOST_HANDED = 8
# Seconds a mail, for a server of which nothing is known yet.
FIRST_PACE = 0.1
# Without threads others wait for each mail of a turn.
CLAIMED_INLINE = 2


class NotTried(Exception):
    """The connection failed before this mail's turn: it goes back as it was."""


class Parcel:
    """A mail on its way, and what became of it: the server's answer, or the problem."""

    def __init__(self, mail: OutboxMail):
        self.mail = mail
        self.enclosures: Sequence[Enclosure] = ()
        self.answer = ""
        self.problem: Exception | None = None


class Carrier:
    """The mails of one shop that this worker has.

    `_pack` and `_carry` run in the thread, everything else in the worker's own. `wake` is set when there is something
    to settle or room for more.
    """

    def __init__(self, lane: MailLane, post: Post, *, threads: bool, wake: threading.Event):
        self.lane, self.post, self.wake = lane, post, wake
        self.failed: Trouble | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail") if threads else None
        self._number_packing = 0
        self._packed: deque[Parcel] = deque()
        self._ready: deque[Parcel] = deque()
        self._on_way: deque[Parcel] = deque()
        self._finished: deque[Parcel] = deque()
        # Seconds a mail, and of the commit that keeps what became of them.
        self._pace = FIRST_PACE
        self._commit = 0.0
        self._began_at: float | None = None

    # --- what it has and may have -----------------------------------------------------------------

    @property
    def number_of_mails(self) -> int:
        return self._number_packing + len(self._ready) + len(self._on_way) + len(self._finished)

    @property
    def room(self) -> int:
        """How many mails may be claimed for it now: none as long as it has more than half of what it may have."""
        most = within(CLAIMED_SECONDS / self._pace, LEAST_CLAIMED, MOST_CLAIMED) if self._thread else CLAIMED_INLINE
        has = self.number_of_mails
        return most - has if has <= most // 2 else 0

    @property
    def _most_on_way(self) -> int:
        return within(HANDED_COMMITS * self._commit / self._pace, 1, MOST_HANDED)

    # --- the way of a mail ------------------------------------------------------------------------

    def take(self, mails: Iterable[OutboxMail]) -> None:
        for parcel in map(Parcel, mails):
            if has_enclosures(parcel.mail):
                self._number_packing += 1
                self._in_thread(self._pack, parcel)
            else:
                self._ready.append(parcel)

    def next_parcels(self) -> list[Parcel]:
        """Those whose turn it is: the caller marks them as handed over and hands them over."""
        most, on_way = self._most_on_way, len(self._on_way)
        if self.failed is not None or on_way > most // 2:
            return []
        return [self._ready.popleft() for _ in range(min(most - on_way, len(self._ready)))]

    def hand_over(self, parcels: Sequence[Parcel], *, marked_in: float) -> None:
        """Send these, which were marked in a commit that took so many seconds."""
        self._commit += (marked_in - self._commit) / 2
        self._on_way.extend(parcels)
        self._in_thread(self._carry, parcels)

    def finished(self) -> list[Parcel]:
        """What was sent or refused since; a mail that takes too long is cut off."""
        while self._packed:
            parcel = self._packed.popleft()
            self._number_packing -= 1
            (self._ready if parcel.problem is None else self._finished).append(parcel)
        if self._began_at is not None and time.monotonic() - self._began_at > MAIL_SECONDS:
            self.post.abort()
        return [self._finished.popleft() for _ in range(len(self._finished))]

    def take_back(self) -> list[OutboxMail]:
        """The mails that were claimed and not handed over: this carrier has them no more."""
        mails = [parcel.mail for parcel in self._ready]
        self._ready.clear()
        return mails

    def end(self) -> None:
        self.post.close()
        if self._thread:
            # What papers and files were read over is the thread's own.
            self._thread.submit(connections.close_all)
            self._thread.shutdown(wait=False)

    # --- in the thread ----------------------------------------------------------------------------

    def _in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        if self._thread:
            self._thread.submit(work, *arguments)
        else:
            work(*arguments)

    def _pack(self, parcel: Parcel) -> None:
        """Make the papers and read the files: it may take long, and nobody else waits for it."""
        try:
            self._go_on()
            fault("mail.packing")
            parcel.enclosures = enclosures_of(parcel.mail)
        except Exception as problem:  # noqa: BLE001  (whoever settles the parcel looks at it)
            parcel.problem = problem
        self._packed.append(parcel)
        self.wake.set()

    def _carry(self, parcels: Iterable[Parcel]) -> None:
        for parcel in parcels:
            self._began_at = time.monotonic()
            try:
                parcel.answer = self._send(parcel)
            except Exception as problem:  # noqa: BLE001  (whoever settles the parcel looks at it)
                parcel.problem = problem
            else:
                self._pace += (time.monotonic() - self._began_at - self._pace) / 2
            self._began_at = None
            self._finished.append(parcel)
            self._on_way.popleft()
            if parcel.problem is not None or len(self._on_way) <= self._most_on_way // 2:
                self.wake.set()

    def _send(self, parcel: Parcel) -> str:
        self._go_on()
        mail = parcel.mail
        try:
            envelope: dict[str, Any] = {
                "message": message_of(mail, parcel.enclosures, sent_at=timezone.now()),
                "message_id": mail.message_id,
                "sender": travelling(mail.sender),
                "recipient": travelling(mail.recipient),
            }
        except ValueError as problem:
            raise Unwritable(Reason.BROKEN_MAIL, f"{type(problem).__name__}: {problem}") from problem
        fault("mail.before-smtp")
        try:
            answer = self.post.send(**envelope)
        except Trouble as trouble:
            if trouble.is_of_server:
                self.failed = trouble
            raise
        fault("mail.after-250")
        return answer

    def _go_on(self) -> None:
        """Raises NotTried once the connection failed."""
        if self.failed is not None:
            raise NotTried


def within(value: float, least: int, most: int) -> int:
    return max(least, min(int(value), most))
