"""Names that were perhaps meant."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 60


def closest(name: str, names: Iterable[str]) -> str:
    """The name most like `name`, or an empty text when none is near."""
    found = get_close_matches(name[:LONGEST].lower(), [each for each in names if len(each) <= LONGEST], n=1, cutoff=0.6)
    return found[0] if found else ""
