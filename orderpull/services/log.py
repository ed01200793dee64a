"""The call log: what became of each call, and forgetting it in time."""

from datetime import timedelta

import structlog
from django.utils import timezone

from orderpull.models import ANSWER_RETENTION, CALL_LOG_RETENTION, RPC_ID_LIFETIME, Outcome, PullCall, PullEvent, RpcId
from orderpull.reasons import Reason

# An expired id is remembered for a while, so that the call log can tell "too old" from "never given".
RPC_ID_REMEMBERED = timedelta(minutes=15)
# Who was shown a key is asked long after.
EVENT_RETENTION = timedelta(days=730)

log = structlog.get_logger("orderpull")


def write_down(record: PullCall, outcome: Outcome, reason: Reason | None = None) -> None:
    """Save what became of a call; calls that name no shop of ours only reach the server's log."""
    record.outcome, record.reason = outcome, reason or ""
    record.milliseconds = max(0, round((timezone.now() - record.at).total_seconds() * 1000))
    if record.shop_id is not None:
        record.save()
    log.info(
        "call", step=str(record.step), outcome=str(outcome), shop=record.shop_number, orders=record.number_of_orders
    )


def forget_old_calls() -> None:
    """Delete rpc ids that no call can use any more, answers after a week and log rows after 90 days."""
    now = timezone.now()
    RpcId.objects.filter(issued_at__lt=now - RPC_ID_LIFETIME - RPC_ID_REMEMBERED).delete()
    PullCall.objects.filter(at__lt=now - ANSWER_RETENTION, answer__isnull=False).update(answer=None)
    PullCall.objects.filter(at__lt=now - CALL_LOG_RETENTION).delete()
    PullEvent.objects.filter(at__lt=now - EVENT_RETENTION).delete()
