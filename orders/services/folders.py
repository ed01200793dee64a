"""Filing orders in folders."""

from collections.abc import Iterable

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import Folder, LogAction
from orders.services.change import changing
from orders.services.errors import OrderIsDeleted
from orders.services.status import BulkResult


def move_to_folder(orders: Iterable[int], folder: Folder | None, *, shop: Shop, by: Actor) -> BulkResult:
    """Move orders (keys) to a folder of the shop, or with None to the root; those in Deleted stay where they are.

    Raises OrderNotFound for a foreign key of an order, ValueError for a folder of another shop.
    """
    if folder is not None and folder.shop_id != shop.pk:
        raise ValueError("The folder belongs to another shop.")
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        for order in change.lock_many(orders):
            if order.deleted_at is not None:
                result.refused.append((order, OrderIsDeleted()))
                continue
            diff = change.set(order, folder_id=folder.pk if folder else None)
            if diff:
                change.record(order, LogAction.FOLDER_CHANGED, diff)
            (result.changed if diff else result.unchanged).append(order)
    return result
