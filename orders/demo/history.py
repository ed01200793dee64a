"""Writing the invented past of freshly placed orders.

The orders themselves come in through `place_order`, today. Their past cannot be lived through again, so this module,
and it alone beside the services, writes log entries and the columns that say when and by whom an order was changed.
What the services promise holds afterwards: a version per act in the log, the latest act on the order, marks in the
order of the changes and a shop clock that is behind none of them.
"""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from backoffice.models import Shop
from orders.demo.lives import Life, Step
from orders.log_chain import seal
from orders.models import Order, OrderLogEntry, ShopClock
from orders.services.waiting import save_waits

LATER_KNOWN = ("message_read_at", "printed_at", "mailed_at")
ORDER_COLUMNS = ("created_at", "changed_at", "changed_by", "version", *LATER_KNOWN)
ENTRY_COLUMNS = ("created_at", "act", "actor", "user_id", "channel", "ip_address", "previous_digest", "digest")
MARK_IN_ORDER_OF_CHANGE = """
    UPDATE orders_order SET change_mark = ranked.mark
    FROM (
        SELECT id, row_number() OVER (ORDER BY changed_at, id) AS mark FROM orders_order WHERE shop_id = %s
    ) AS ranked
    WHERE ranked.id = orders_order.id
"""


class PlacedLife(NamedTuple):
    """An order as it was placed, the log entries of that, oldest first, and what is still to be told of it."""

    order: Order
    entries: list[OrderLogEntry]
    life: Life


def write_history(placed: Sequence[PlacedLife]) -> None:
    """Give a batch of orders their past."""
    later: list[OrderLogEntry] = []
    for order, entries, life in placed:
        acts = Random(f"acts {order.shop.number} {order.number}")  # noqa: S311  (invention, not secrecy)
        _backdate(order, entries, life, acts)
        for version, step in enumerate(life.steps, start=2):
            later += _entries(order, step, version, UUID(int=acts.getrandbits(128), version=4))
    first = [entry for each in placed for entry in each.entries]
    seal([*first, *later], {})
    with transaction.atomic():
        _update(first, ENTRY_COLUMNS)
        OrderLogEntry.objects.bulk_create(later)
        _update([each.order for each in placed], ORDER_COLUMNS)
        save_waits([each.order for each in placed], timezone.now())


def _backdate(order: Order, entries: Sequence[OrderLogEntry], life: Life, acts: Random) -> None:
    by, act = life.placed_by, UUID(int=acts.getrandbits(128), version=4)
    order.created_at = order.placed_at
    for entry in entries:
        entry.created_at, entry.act = order.placed_at, act
        entry.actor, entry.user_id, entry.channel, entry.ip_address = by.name, by.user_id, by.channel, by.ip_address
    last = life.steps[-1] if life.steps else Step(order.placed_at, by, [])
    order.changed_at, order.changed_by = last.at, last.by.name
    order.version = 1 + len(life.steps)
    for name in LATER_KNOWN:
        setattr(order, name, life.times.get(name))


def _entries(order: Order, step: Step, version: int, act: UUID) -> list[OrderLogEntry]:
    return [
        OrderLogEntry(
            order=order,
            subject=subject[:120],
            action=action,
            changes=changes,
            actor=step.by.name,
            user_id=step.by.user_id,
            channel=step.by.channel,
            ip_address=step.by.ip_address,
            act=act,
            version=version,
            created_at=step.at,
        )
        for action, changes, subject in step.entries
    ]


def _update(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Save these columns, one small statement a row: `bulk_update` writes a CASE that costs five times as much."""
    if not rows:
        return
    fields = [rows[0]._meta.get_field(name) for name in columns]
    assignments = ", ".join(f"{field.column} = %s" for field in fields)
    values = [
        [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {rows[0]._meta.db_table} SET {assignments} WHERE id = %s", values)  # noqa: S608


def set_clock(shop: Shop, now: datetime) -> None:
    """Number the shop's orders in the order in which they changed, and let its clock be behind none of them."""
    with transaction.atomic():
        clock = ShopClock.objects.select_for_update().filter(shop=shop).first()
        if clock is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(MARK_IN_ORDER_OF_CHANGE, [shop.pk])
            clock.mark = max(clock.mark, cursor.rowcount)
        clock.at = max(clock.at, now)
        clock.save(update_fields=["at", "mark"])
