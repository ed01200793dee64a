"""Whether the paper that goes with a parcel says how to follow it. What is missing is a warning, never a refusal."""

import re

from layouts.kinds import Kind


def lacks_tracking(kind: str, html: str) -> bool:
    """A packing slip whose template never names a tracking code; the other papers need none."""
    return kind == Kind.PACKING_SLIP and re.search(r"\.tracking_(code|url)\b", html) is None
