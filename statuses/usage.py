"""The seam to whatever carries statuses: this app lists, renames and removes them without knowing what an order is.

The app above registers its `Carrier` in `ready()`. Without one nothing is in use.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

from backoffice.actor import Actor
from backoffice.models import Job, Shop
from statuses.models import ShopStatus


@dataclass(frozen=True)
class Moved:
    """What became of the orders of a status: so many changed in one act, or a job is at it."""

    number: int
    act: uuid.UUID | None = None
    job: Job | None = None


class Carrier(Protocol):
    """What the app above answers for the orders."""

    def counts(self, shop: Shop) -> dict[tuple[str, str], int]:
        """(kind, code) → number of orders outside Deleted; own statuses stand under `own:<id>`.

        Built-in words of a kind that is not counted are missing.
        """

    def number_with(self, status: ShopStatus) -> int:
        """How many orders carry an own status, those in Deleted too."""

    def number_showing(self, shop: Shop, status: ShopStatus) -> int | None:
        """How many orders outside Deleted name a status of `shop`; None where nobody counts them."""

    def tell_of_new_name(self, status: ShopStatus, old: str, new: str, *, by: Actor) -> Moved:
        """Start a job that lets all orders that name a status count as changed.

        Called in the transaction that renames it.
        """

    def move(self, status: ShopStatus, code: str, *, by: Actor) -> Moved:
        """Give all orders with an own status another one of its kind, deleted orders too."""

    def take_back(self, act: uuid.UUID, *, shop: Shop, by: Actor) -> int:
        """Undo such a move; returns how many orders went back. Raises ValueError with a sentence when it cannot."""


class _Nobody:
    """No app carries statuses."""

    def counts(self, shop: Shop) -> dict[tuple[str, str], int]:
        return {}

    def number_with(self, status: ShopStatus) -> int:
        return 0

    def number_showing(self, shop: Shop, status: ShopStatus) -> int | None:
        return 0

    def tell_of_new_name(self, status: ShopStatus, old: str, new: str, *, by: Actor) -> Moved:
        return Moved(0)

    def move(self, status: ShopStatus, code: str, *, by: Actor) -> Moved:
        return Moved(0)

    def take_back(self, act: uuid.UUID, *, shop: Shop, by: Actor) -> int:
        return 0


_carrier: Carrier = _Nobody()


def register_carrier(carrier: Carrier) -> None:
    global _carrier
    _carrier = carrier


def carrier() -> Carrier:
    return _carrier
