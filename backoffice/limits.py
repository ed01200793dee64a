"""How often somebody may ask for a page that has no sign-in before it."""

import time

from django.core.cache import cache


def is_too_often(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more try of `who` at `what`; True from the one after `limit` within a window of `seconds`.

    Windows are fixed, so up to twice the limit fits across the border of two.
    """
    key = f"limit:{what}:{who}:{int(time.time() // seconds)}"
    cache.add(key, 0, timeout=seconds * 2)
    try:
        return cache.incr(key) > limit
    except ValueError:
        # The cache dropped it between the two calls: this is the first try again.
        return False
