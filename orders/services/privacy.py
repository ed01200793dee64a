"""Data that is shown only on request, so that the log tells who has seen it."""

from backoffice.actor import Actor
from orders.models import LogAction, Order
from orders.services.change import changing


def show_personal_number(order: Order, *, by: Actor) -> str:
    """The customer's personal number; that it was looked at is recorded. Empty when there is none."""
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if locked.personal_number:
            change.record(locked, LogAction.PERSONAL_NUMBER_SEEN, moves_mark=False)
    return locked.personal_number
