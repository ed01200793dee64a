"""Whose mail it is: claimed by one worker, for as long as that keeps its lease, and handed over to a server or not.

A worker renews the lease of all its mails while it works. When it dies the lease lapses, and its mails go to the next:
those that were handed over may have arrived, which is told; the others cannot have and leave as if nothing had been.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from messaging.models import MailLane, MailState, OutboxMail
from messaging.reasons import Reason

LEASE = timedelta(seconds=60)
# Often enough that a worker which is held up for most of a minute keeps its mails.
RENEW_AFTER = timedelta(seconds=10)
# What no mail has that nobody is sending.
UNCLAIMED: dict[str, Any] = {"leased_by": None, "leased_until": None, "handed_at": None}


def claim(lane: MailLane, number: int, *, worker: uuid.UUID, now: datetime) -> list[OutboxMail]:
    """Up to `number` due mails of the lane, which are this worker's alone until its lease ends."""
    wanted = (
        OutboxMail.objects.filter(shop=lane.pk).due(now).order_by("due_at", "id").select_for_update(skip_locked=True)
    )
    with transaction.atomic():
        # Chosen first: PostgreSQL may run a limited subquery anew for each row, and then takes far too many.
        mails = list(wanted[:number])
        OutboxMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
            state=MailState.SENDING,
            leased_by=worker,
            leased_until=now + LEASE,
            handed_at=None,
        )
    return mails


def renew(worker: uuid.UUID) -> None:
    """Keep what the worker claimed for another while."""
    of_worker = OutboxMail.objects.filter(leased_by=worker, state=MailState.SENDING)
    of_worker.update(leased_until=timezone.now() + LEASE)


def held_by(worker: uuid.UUID, keys: Iterable[int]) -> QuerySet[OutboxMail]:
    """Those mails that are still the worker's: after a lapsed lease they are another's."""
    return OutboxMail.objects.filter(pk__in=keys, state=MailState.SENDING, leased_by=worker)


def mark_handed(worker: uuid.UUID, keys: Sequence[int], *, now: datetime) -> set[int]:
    """Note that these may have arrived from now on; returns those that may be handed over."""
    at = connection.ops.adapt_datetimefield_value(now)
    if _update_of(worker, keys, "handed_at = %s, last_tried_at = %s, attempts = attempts + 1", [at, at]) == len(keys):
        return set(keys)
    return set(held_by(worker, keys).values_list("pk", flat=True))


def keep_sent(worker: uuid.UUID, answers: Mapping[int, str], *, now: datetime) -> int:
    """Note that the server took these, {key: what it said}; returns how many were still the worker's."""
    by_key = [value for key, answer in answers.items() for value in (key, answer[:500])]
    return _update_of(
        worker,
        list(answers),
        "state = 'sent', reason = '', leased_by = NULL, leased_until = NULL, handed_at = NULL, sent_at = %s, "
        f"last_answer = CASE id {'WHEN %s THEN %s ' * len(answers)}END",
        [connection.ops.adapt_datetimefield_value(now), *by_key],
    )


def _update_of(worker: uuid.UUID, keys: Sequence[int], assignments: str, values: Sequence[Any]) -> int:
    """What is done to every few mails while a server waits for the next. In plain SQL: to put such a statement
    together takes the ORM longer than sending a mail does."""
    places = ", ".join(["%s"] * len(keys))
    held = OutboxMail._meta.get_field("leased_by").get_db_prep_value(worker, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE messaging_outboxmail SET {assignments} "  # noqa: S608  (the assignments are those above)
            f"WHERE id IN ({places}) AND state = 'sending' AND leased_by = %s",
            [*values, *keys, held],
        )
        return cursor.rowcount


def give_back(worker: uuid.UUID, keys: Iterable[int]) -> None:
    """Put mails that were not handed over back to their places."""
    held_by(worker, keys).update(state=MailState.QUEUED, **UNCLAIMED)


def give_back_untried(worker: uuid.UUID, key: int) -> None:
    """Put a mail back that was handed over, and of which the server heard nothing all the same."""
    held_by(worker, [key]).update(state=MailState.QUEUED, attempts=F("attempts") - 1, **UNCLAIMED)


def free_lapsed(*, now: datetime) -> int:
    """Put back what workers that died had claimed; returns how many."""
    lapsed = OutboxMail.objects.filter(state=MailState.SENDING, leased_until__lt=now)
    untouched = lapsed.filter(handed_at=None).update(state=MailState.QUEUED, **UNCLAIMED)
    in_doubt = lapsed.filter(handed_at__isnull=False).update(
        state=MailState.QUEUED,
        reason=Reason.INTERRUPTED,
        number_of_doubts=F("number_of_doubts") + 1,
        **UNCLAIMED,
    )
    return untouched + in_doubt
