"""Places where tests make the process die, wait or fail, to prove that nothing is lost there.

`FAULT=name:exit9`, `name:sleep:5` or `name:raise` in the environment; `name#3:exit9` acts the third time the place
is passed. Without the variable a place costs one dictionary look-up.
"""

import os
import signal
import time
from collections import Counter

_passed: Counter[str] = Counter()


class Fault(Exception):
    """Raised by `raise` faults."""


def fault(name: str) -> None:
    """Mark a place between two steps."""
    wanted = os.environ.get("FAULT")
    if not wanted:
        return
    place, _colon, action = wanted.partition(":")
    place, _hash, nth = place.partition("#")
    if place != name:
        return
    _passed[name] += 1
    if nth and _passed[name] != int(nth):
        return
    if action == "exit9":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action.startswith("sleep:"):
        time.sleep(float(action.removeprefix("sleep:")))
    else:
        raise Fault(name)
