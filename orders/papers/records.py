"""What the order's log says of its papers: which were made, by whom, with which layout."""

import uuid

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction
from orders.papers.printing import Prints
from orders.services.change import Change, changing


def record_prints(prints: Prints, *, shop: Shop, by: Actor) -> uuid.UUID:
    """Note the papers in the log of each order; they change nothing, so no other system hears of it."""
    with changing(shop, by=by) as change:
        note_prints(change, prints, list(prints.made))
    return change.act


def note_prints(change: Change, prints: Prints, keys: list[int]) -> None:
    """The same for the orders with these keys, within a change."""
    for order in change.lock_many(key for key in keys if key in prints.made):
        papers = [[made.paper, made.version] for made in prints.made[order.pk]]
        change.record(order, LogAction.PAPERS_MADE, {"papers": {"old": None, "new": papers}}, moves_mark=False)
