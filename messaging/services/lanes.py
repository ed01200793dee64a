"""Whose mail is next: each shop has a lane, the one that waited longest is served, a bad server closes only its own."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from backoffice.models import Shop
from messaging.models import MailLane, MailState, OutboxMail
from messaging.post.carrier import UNTIL_CHANGED
from messaging.reasons import Reason

# A lane in which a mail hangs so long is left to the worker that is stuck in it.
STUCK_AFTER = timedelta(seconds=5)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


def open_lanes() -> None:
    """Make the lanes of shops that have mail to send for the first time."""
    waiting = OutboxMail.objects.filter(shop=OuterRef("pk"), state=MailState.QUEUED)
    new = Shop.objects.filter(Exists(waiting), mail_lane=None).order_by("pk")
    lanes = [MailLane(shop=shop) for shop in new]
    if lanes:
        MailLane.objects.bulk_create(lanes, ignore_conflicts=True)


def next_lane(now: datetime, *, besides: Collection[int] = (), among: Collection[int] | None = None) -> MailLane | None:
    """The lane with due mail that waited longest for its turn, which it has herewith.

    Keys of shops: `besides` are left out, `among` are the only ones meant.
    """
    lanes = _servable(now).exclude(pk__in=besides)
    if among is not None:
        lanes = lanes.filter(pk__in=among)
    for lane in lanes.select_related("shop__mail_settings")[:5]:
        # Two workers that look at one moment: the later one takes the next lane.
        if MailLane.objects.filter(pk=lane.pk, served_at=lane.served_at).update(served_at=now):
            return lane
    return None


def _servable(now: datetime) -> QuerySet[MailLane]:
    of_lane = OutboxMail.objects.filter(shop=OuterRef("pk"))
    stuck = of_lane.filter(state=MailState.SENDING, last_tried_at__lt=now - STUCK_AFTER)
    lanes = MailLane.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now), is_stopped=False)
    return lanes.filter(Exists(of_lane.due(now)), ~Exists(stuck)).order_by(F("served_at").asc(nulls_first=True), "pk")


def claim(lane: MailLane, number: int, *, now: datetime, lease: timedelta) -> list[OutboxMail]:
    """Up to `number` due mails of the lane, which are this caller's alone until the lease ends."""
    worker = uuid.uuid4()
    wanted = (
        OutboxMail.objects.filter(shop=lane.pk).due(now).order_by("due_at", "id").select_for_update(skip_locked=True)
    )
    with transaction.atomic():
        # Chosen first: PostgreSQL may run a limited subquery anew for each row, and then takes far too many.
        chosen = list(wanted.values_list("pk", flat=True)[:number])
        taken = OutboxMail.objects.filter(pk__in=chosen, state=MailState.QUEUED).update(
            state=MailState.SENDING,
            leased_by=worker,
            leased_until=now + lease,
            last_tried_at=now,
            attempts=F("attempts") + 1,
        )
    if not taken:
        return []
    mine = OutboxMail.objects.filter(shop=lane.pk, state=MailState.SENDING, leased_by=worker)
    return list(mine.order_by("due_at", "id"))


def close_lane(shop_id: int, reason: Reason, answer: str, *, now: datetime) -> None:
    """Pause a lane whose server failed: a minute, then twice as long each time, up to an hour."""
    lane = MailLane.objects.get(pk=shop_id)
    failures = lane.failures_in_a_row + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    MailLane.objects.filter(pk=shop_id).update(
        failures_in_a_row=failures,
        paused_until=now + pause,
        is_stopped=reason in UNTIL_CHANGED,
        last_problem=f"{reason.value} {answer}"[:300],
        last_problem_at=now,
    )


def clear_lane(shop_id: int) -> None:
    """Forget the failures: the server works again, or somebody wants it tried."""
    MailLane.objects.filter(pk=shop_id).update(
        failures_in_a_row=0, paused_until=None, is_stopped=False, last_problem="", last_problem_at=None
    )
