"""Doorbells: messages that wake a worker. One that is not heard is made up for by the sweep."""

from typing import Any

import structlog

log = structlog.get_logger("messaging.bells")


def ring_writer() -> None:
    """There are mails without a text, and perhaps some to send."""
    # The tasks import what rings, so the bell is fetched when it is rung.
    from messaging.tasks import write_and_send

    _ring(write_and_send)


def ring_sender() -> None:
    """There may be more to send."""
    from messaging.tasks import send_due_mail

    _ring(send_due_mail)


def _ring(task: Any) -> None:
    try:
        task.delay()
    except Exception as problem:  # noqa: BLE001  (a broker that is away must not fail the request: the rows are there)
        log.warning("bell not heard", problem=type(problem).__name__)
