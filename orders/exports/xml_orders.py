"""Orders as XML by the quickest way that the database has."""

from collections.abc import Iterable, Iterator

from django.db import connection
from django.utils import timezone

from backoffice.models import Shop
from orders.documents import FIRST_CHUNK, order_documents
from orders.exports.xml import WrittenOrder, orders_of_documents, write_orders
from orders.exports.xml_sql import orders_of_database
from orders.keys import keys_of
from orders.models.order import OrderQuerySet


def export_orders(orders: OrderQuerySet, shop: Shop) -> Iterator[bytes]:
    """The document of `orders` (of `shop`), in their order, in pieces."""
    order_ids = keys_of(orders)
    written = written_orders(order_ids, shop=shop)
    return write_orders(written, shop=shop, generated=timezone.now(), count=len(order_ids))


def written_orders(order_ids: Iterable[int], *, shop: Shop) -> Iterator[WrittenOrder]:
    """The orders (keys) of `shop`, in the order of the keys; keys of other shops are left out."""
    if connection.vendor == "postgresql":
        return orders_of_database(order_ids, shop=shop)
    return orders_of_documents(order_documents(order_ids, shop=shop, first=FIRST_CHUNK), shop)
