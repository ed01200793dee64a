"""What somebody who begins should know: other apps register it, the empty order list shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from backoffice.models import Shop


@dataclass(frozen=True)
class Hint:
    """A sentence, and the page of the shop on which something is done about it."""

    text: str | Promise
    url_name: str
    action: str | Promise


SOURCES: list[Callable[[Shop], Hint | None]] = []


def register_hint(source: Callable[[Shop], Hint | None]) -> None:
    SOURCES.append(source)


def hints_for(shop: Shop) -> list[Hint]:
    return [hint for source in SOURCES if (hint := source(shop)) is not None]
