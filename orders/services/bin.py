"""Deleting is moving to Deleted, from where it comes back."""

from collections.abc import Iterable

from django.utils import timezone

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction
from orders.services.change import changing
from orders.services.status import BulkResult


def delete_orders(orders: Iterable[int], *, shop: Shop, by: Actor) -> BulkResult:
    """Move orders (keys) to Deleted; pulls report them as deleted. Raises OrderNotFound for a foreign key."""
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        now = timezone.now()
        for order in change.lock_many(orders):
            diff = change.set(order, deleted_at=order.deleted_at or now)
            if diff:
                change.record(order, LogAction.ORDER_DELETED, diff)
            (result.changed if diff else result.unchanged).append(order)
    return result


def restore_orders(orders: Iterable[int], *, shop: Shop, by: Actor) -> BulkResult:
    """Bring orders (keys) back from Deleted."""
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        for order in change.lock_many(orders):
            diff = change.set(order, deleted_at=None)
            if diff:
                change.record(order, LogAction.ORDER_RESTORED, diff)
            (result.changed if diff else result.unchanged).append(order)
    return result
