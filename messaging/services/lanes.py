"""Whose mail is next: each shop has a lane, the one that waited longest is served, a bad server closes only its own."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
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


def others_wait(now: datetime, *, besides: Collection[int]) -> bool:
    """Whether a lane has due mail that is none of these.

    Asked every few mails, so that nobody waits behind a shop that sends thousands. In plain SQL, for the ORM takes
    longer to put the question together than the database does to answer it.
    """
    at = connection.ops.adapt_datetimefield_value(now)
    not_these = f"AND shop_id NOT IN ({', '.join(['%s'] * len(besides))}) " if besides else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM messaging_maillane WHERE (paused_until IS NULL OR paused_until <= %s) AND NOT is_stopped "  # noqa: S608  (ours)
            f"{not_these}AND EXISTS (SELECT 1 FROM messaging_outboxmail AS mail "
            "WHERE mail.shop_id = messaging_maillane.shop_id AND mail.state = 'queued' "
            "AND mail.written_at IS NOT NULL AND mail.due_at <= %s) LIMIT 1",
            [at, *besides, at],
        )
        return cursor.fetchone() is not None


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
    stuck = of_lane.filter(state=MailState.SENDING, handed_at__lt=now - STUCK_AFTER)
    lanes = MailLane.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now), is_stopped=False)
    return lanes.filter(Exists(of_lane.due(now)), ~Exists(stuck)).order_by(F("served_at").asc(nulls_first=True), "pk")


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
