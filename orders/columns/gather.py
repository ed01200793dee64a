"""What columns show of other tables: read for the orders of one page, one query for each gatherer in use."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from backoffice.models import Shop
from orders.models import OrderLine, OrderNote, OrderTag, Shipment


class Parcel(NamedTuple):
    carrier: str
    code: str
    url: str
    shipped_at: datetime


class Good(NamedTuple):
    sku: str
    location: str


class Filing(NamedTuple):
    """A folder or a tag, as far as lists show it."""

    pk: int
    name: str
    colour: str


class Filings(NamedTuple):
    folders: tuple[Filing, ...]
    tags: tuple[Filing, ...]


def folders_of(shop: Shop) -> tuple[Filing, ...]:
    """The shop's folders."""
    return _filings(shop).folders


def tags_of(shop: Shop) -> tuple[Filing, ...]:
    """The shop's tags."""
    return _filings(shop).tags


def _filings(shop: Shop) -> Filings:
    """Folders and tags in their order, both read with one query a request."""
    return shop.once("filings", lambda: _read_filings(shop))


# Written down, because the ORM takes as long to put two tables together as to read the page's orders.
_FILINGS = """
SELECT 1 AS is_folder, id, name, colour, position FROM orders_folder WHERE shop_id = %s AND deleted_at IS NULL
UNION ALL
SELECT 0, id, name, colour, position FROM orders_tag WHERE shop_id = %s AND deleted_at IS NULL
ORDER BY position, name
"""


def _read_filings(shop: Shop) -> Filings:
    with connection.cursor() as cursor:
        cursor.execute(_FILINGS, [shop.pk, shop.pk])
        rows = cursor.fetchall()
    return Filings(
        folders=tuple(Filing(*row) for is_folder, *row, _position in rows if is_folder),
        tags=tuple(Filing(*row) for is_folder, *row, _position in rows if not is_folder),
    )


def _folders(shop: Shop, order_ids: list[int]) -> dict[int, Filing]:
    return {folder.pk: folder for folder in folders_of(shop)}


def _tags(shop: Shop, order_ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    """Name and colour of each tag."""
    marked = OrderTag.objects.filter(order__in=order_ids, tag__deleted_at=None).order_by("tag__name")
    return _by_order(
        (key, (name, colour)) for key, name, colour in marked.values_list("order_id", "tag__name", "tag__colour")
    )


def _targets(shop: Shop, order_ids: list[int]) -> dict[int, str]:
    return {target.pk: target.name for target in shop.targets()}


def _note_authors(shop: Shop, order_ids: list[int]) -> dict[int, str]:
    """Who wrote an order's last internal note."""
    notes = OrderNote.objects.filter(order__in=order_ids, audience=OrderNote.Audience.INTERNAL)
    return dict(notes.order_by("created_at", "id").values_list("order_id", "author"))


def _parcels(shop: Shop, order_ids: list[int]) -> dict[int, list[Parcel]]:
    shipments = Shipment.objects.filter(order__in=order_ids).order_by("shipped_at", "id")
    rows = shipments.values_list("order_id", "carrier", "tracking_code", "tracking_url", "shipped_at")
    return _by_order((order_id, Parcel(*rest)) for order_id, *rest in rows)


def _goods(shop: Shop, order_ids: list[int]) -> dict[int, list[Good]]:
    lines = OrderLine.objects.filter(order__in=order_ids).exclude(kind=OrderLine.Kind.FEE)
    rows = lines.order_by("order_id", "position").values_list("order_id", "sku", "location")
    return _by_order((order_id, Good(*rest)) for order_id, *rest in rows)


def _by_order(pairs: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    grouped = defaultdict(list)
    for order_id, value in pairs:
        grouped[order_id].append(value)
    return dict(grouped)


GATHERERS: dict[str, Callable[[Shop, list[int]], dict[int, Any]]] = {
    "folders": _folders,
    "tags": _tags,
    "targets": _targets,
    "note_authors": _note_authors,
    "parcels": _parcels,
    "goods": _goods,
}


def gather(names: Iterable[str], shop: Shop, order_ids: list[int]) -> dict[str, dict[int, Any]]:
    """What the named gatherers know of these orders; nothing is asked for an empty page."""
    if not order_ids:
        return {name: {} for name in names}
    return {name: GATHERERS[name](shop, order_ids) for name in names}
