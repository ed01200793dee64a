"""What freezes the amounts of an order. An app that makes something final of an order says so here.

@freezes
def invoiced(order: Order) -> str:
    return _("Invoice 2026-0012 was issued. …") if … else ""
"""

from collections.abc import Callable

from orders.models import Order

Freezer = Callable[[Order], str]
_freezers: list[Freezer] = []


def freezes(freezer: Freezer) -> Freezer:
    """Let `freezer` say why an order cannot change any more and what to do instead; empty when it may change."""
    _freezers.append(freezer)
    return freezer


def why_frozen(order: Order) -> str:
    """A sentence that says why the amounts of an order are final and what to do instead, or an empty text."""
    return next(filter(None, (freezer(order) for freezer in _freezers)), "")


def is_frozen(order: Order) -> bool:
    return bool(why_frozen(order))
