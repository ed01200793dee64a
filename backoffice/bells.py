"""Doorbells: messages that tell a worker of rows that wait. Ringing holds nobody up and fails nothing.

A broker may be away, slow, or take what it is sent and never answer. So bells are rung in a thread of their own, one
after the other. One that nobody heard is made up for by a sweep: what is to be done stands in the database.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import structlog
from celery import Task

log = structlog.get_logger("backoffice.bells")


class Bell(NamedTuple):
    task: Task
    arguments: tuple[Any, ...]


class Ringer:
    """Rings in its own thread; a bell that waits for its turn already is not rung twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[Bell] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bells")

    def ring_soon(self, bell: Bell) -> None:
        with self._lock:
            if bell in self._waiting:
                return
            self._waiting.add(bell)
        try:
            self._thread.submit(self._ring, bell)
        except RuntimeError as problem:  # the process is ending
            tell(bell, problem)

    def settle(self) -> None:
        """Wait until all that waited until now were rung."""
        self._thread.submit(int).result()

    def _ring(self, bell: Bell) -> None:
        with self._lock:
            if bell not in self._waiting:
                return
            # From now on there may be rows that whoever hears this bell does not see.
            self._waiting.remove(bell)
        if not is_heard(bell):
            self._give_up()

    def _give_up(self) -> None:
        """No bell is heard for now: those that wait would only wait for the same."""
        with self._lock:
            self._waiting.clear()


def ring(task: Task, *arguments: Any) -> None:
    """Tell a worker that there is something to do; call it when that is committed."""
    bell = Bell(task, arguments)
    if task.app.conf.task_always_eager:
        is_heard(bell)
    else:
        _ringer.ring_soon(bell)


def is_heard(bell: Bell) -> bool:
    try:
        bell.task.delay(*bell.arguments)
    except Exception as problem:  # noqa: BLE001  (a broker that is away must not fail the caller: the rows are there)
        tell(bell, problem)
        return False
    return True


def tell(bell: Bell, problem: Exception) -> None:
    log.warning("bell not heard", task=bell.task.name, arguments=bell.arguments, problem=type(problem).__name__)


def _begin_anew() -> None:
    global _ringer
    _ringer = Ringer()


_begin_anew()
# A thread does not come along into a child.
os.register_at_fork(after_in_child=_begin_anew)
