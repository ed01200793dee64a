from celery import shared_task

from messaging.services import delivery, follow_ups
from messaging.services.writing import write_waiting


@shared_task
def write_and_send() -> None:
    """Rung when mails were queued: they get their texts at once, and leave when their hold time is over."""
    write_waiting()
    delivery.send_due()


@shared_task
def send_due_mail() -> None:
    delivery.send_due()


@shared_task
def sweep_mail() -> None:
    delivery.sweep()


@shared_task
def follow_up() -> None:
    follow_ups.send_what_is_due()
