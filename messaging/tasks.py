from celery import shared_task

from messaging.bells import ring_sender
from messaging.services import delivery, follow_ups
from messaging.services.writing import write_waiting

# Shorter than a worker that is told to end has time for (supervisord.conf): it finishes, and leaves no doubt behind.
ROUND_SECONDS = 5


@shared_task
def write_and_send() -> None:
    """Rung when mails were queued: they get their texts at once, and leave when their hold time is over."""
    write_waiting()
    _send_due()


@shared_task
def send_due_mail() -> None:
    _send_due()


@shared_task
def sweep_mail() -> None:
    delivery.sweep()


@shared_task
def follow_up() -> None:
    follow_ups.send_what_is_due()


def _send_due() -> None:
    if delivery.send_due(seconds=ROUND_SECONDS):
        # There may be more.
        ring_sender()
