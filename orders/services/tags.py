"""Marking orders with tags.

The log keeps the names of all tags of an order before and after, joined by commas, so that it reads by itself when a
tag is renamed or deleted later.
"""

from collections.abc import Iterable

from backoffice.actor import Actor
from backoffice.models import Shop
from orders.models import LogAction, Order, OrderTag, Tag
from orders.services.change import Change, changing
from orders.services.errors import OrderIsDeleted
from orders.services.status import BulkResult

FIELD = "tags"


def add_tag(orders: Iterable[int], tag: Tag, *, shop: Shop, by: Actor) -> BulkResult:
    """Mark orders (keys) with a tag. Raises OrderNotFound for a foreign key, ValueError for a tag of another shop."""
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        mark(change, change.lock_many(orders), tag, result)
    return result


def remove_tag(orders: Iterable[int], tag: Tag, *, shop: Shop, by: Actor) -> BulkResult:
    """Take a tag off orders (keys)."""
    with changing(shop, by=by) as change:
        result = BulkResult(change.act)
        mark(change, change.lock_many(orders), tag, result, off=True)
    return result


def mark(change: Change, orders: Iterable[Order], tag: Tag, result: BulkResult, *, off: bool = False) -> None:
    """Put a tag on locked orders, or take it off; those in Deleted are refused."""
    if tag.shop_id != change.shop.pk:
        raise ValueError("The tag belongs to another shop.")
    orders = list(orders)
    names = tag_names(order.pk for order in orders)
    for order in orders:
        if order.deleted_at is not None:
            result.refused.append((order, OrderIsDeleted()))
        elif (tag.name in names[order.pk]) is not off:
            result.unchanged.append(order)
        else:
            result.changed.append(order)
    changed = [order.pk for order in result.changed if order.pk in names]
    if off:
        OrderTag.objects.filter(order__in=changed, tag=tag).delete()
    else:
        OrderTag.objects.bulk_create(OrderTag(order_id=pk, tag=tag) for pk in changed)
    for order in result.changed:
        old = names[order.pk]
        new = [name for name in old if name != tag.name] if off else sorted([*old, tag.name])
        change.record(order, LogAction.TAGS_CHANGED, _diff(old, new))


def tag_names(orders: Iterable[int]) -> dict[int, list[str]]:
    """Order key → the names of its tags in alphabetical order, for each key that is asked."""
    keys = list(orders)
    found: dict[int, list[str]] = {key: [] for key in keys}
    rows = OrderTag.objects.filter(order__in=keys, tag__deleted_at=None).values_list("order_id", "tag__name")
    for key, name in rows:
        found[key].append(name)
    return {key: sorted(names) for key, names in found.items()}


def are_as_logged(order: Order, changes: dict) -> bool:
    """Whether the order still has the tags that a log entry left it with."""
    return _joined(tag_names([order.pk])[order.pk]) == changes[FIELD]["new"]


def take_back(order: Order, changes: dict) -> dict:
    """Give a locked order the tags it had before a log entry, as far as they are there; returns what changed."""
    now = tag_names([order.pk])[order.pk]
    wanted = {name for name in changes[FIELD]["old"].split(", ") if name}
    tags = list(Tag.objects.for_shop(order.shop).kept().filter(name__in=wanted))
    OrderTag.objects.filter(order=order, tag__deleted_at=None).exclude(tag__in=tags).delete()
    OrderTag.objects.bulk_create((OrderTag(order=order, tag=tag) for tag in tags), ignore_conflicts=True)
    return _diff(now, sorted(tag.name for tag in tags))


def _diff(old: list[str], new: list[str]) -> dict:
    return {FIELD: {"old": _joined(old), "new": _joined(new)}}


def _joined(names: list[str]) -> str:
    return ", ".join(names)
