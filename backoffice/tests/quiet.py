"""Waiting for the live server to be quiet: what it still answers would meet the emptying of the database."""

import threading
import time

from django.core.signals import request_finished, request_started

# A request that was sent just before its window closed shows up within this time, in seconds.
ON_ITS_WAY = 0.05


class RequestsUnderWay:
    """Counts the requests that this process is answering, whichever thread does it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0

    def watch(self) -> None:
        request_started.connect(self.begin)
        request_finished.connect(self.end)

    def forget(self) -> None:
        request_started.disconnect(self.begin)
        request_finished.disconnect(self.end)

    def wait(self, *, seconds: float = 10) -> None:
        """Until none has been under way for a moment. Raises TimeoutError after so many seconds."""
        until = time.monotonic() + seconds
        with self._changed:
            while self._changed.wait_for(lambda: self._number == 0, timeout=until - time.monotonic()):
                # Woken up by the next request, else quiet.
                if not self._changed.wait_for(lambda: self._number > 0, timeout=ON_ITS_WAY):
                    return
        raise TimeoutError(f"{self._number} requests are still under way.")

    def begin(self, **_told: object) -> None:
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def end(self, **_told: object) -> None:
        with self._changed:
            self._number -= 1
            self._changed.notify_all()
