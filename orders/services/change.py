"""The one door for change: lock, set, log, stamp, count and announce, all in one transaction.

    with changing(shop, by=actor) as change:
        order = change.lock(order_id)
        diff = change.set(order, internal_status_id=7)
        change.record(order, LogAction.INTERNAL_CHANGED, diff)

When the outermost block ends, rules add what follows by itself, the shop's clock row is locked and moved, every order
that was set or recorded is saved with that time and mark in one UPDATE per equal set of values, the log entries are
chained and written, the counters too, and `order_changed` is sent. The clock row stays locked until the commit, so
times and marks are in commit order and no poller can miss a change. Services called inside join the block, they never
open a second transaction.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone

from backoffice.actor import Actor
from backoffice.faults import fault
from backoffice.models import Shop
from orders.log_chain import heads_of, seal
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, ShopClock, StatusCount
from orders.services.errors import OrderNotFound
from orders.waiting import values_of, waits_of
from statuses.kinds import Kind

# Sent inside the transaction, while the shop's clock is locked: ears must be quick.
# Carries `shop`, `by` and `entries`, a list of saved OrderLogEntry, so one order and a thousand sound alike.
order_changed = Signal()

Changes = dict[str, dict[str, Any]]
_current: ContextVar["Change | None"] = ContextVar("current_change", default=None)


Rule = Callable[["Change"], None]
_rules: list[Rule] = []


def rule(follow: Rule) -> Rule:
    """Let `follow` see every change before it is written, to set and record what follows from it by itself."""
    _rules.append(follow)
    return follow


@contextmanager
def changing(shop: Shop, *, by: Actor, act: uuid.UUID | None = None) -> Iterator["Change"]:
    """One transaction of changes to orders of `shop` by one actor; joins the block it stands in.

    Raises RuntimeError when the block around it changes another shop, or when somebody else's transaction is
    already open: then the clock would not be locked last, and two such transactions could wait for each other.
    """
    outer = _current.get()
    if outer is not None:
        if outer.shop.pk != shop.pk:
            raise RuntimeError("One change belongs to one shop.")
        yield outer
        return
    with transaction.atomic(durable=True):
        change = Change(shop, by, act or uuid.uuid4())
        token = _current.set(change)
        try:
            yield change
        finally:
            _current.reset(token)
        change.finish()
        fault("change.before-commit")
    fault("change.after-commit")


class Change:
    """What one user action does to orders of one shop; made by `changing`."""

    def __init__(self, shop: Shop, by: Actor, act: uuid.UUID):
        self.shop = shop
        self.by = by
        self.act = act
        self.entries: list[OrderLogEntry] = []
        self._orders: dict[int, Order] = {}
        self._fields: dict[int, set[str]] = defaultdict(set)
        self._counted: dict[int, list[tuple[str, str]]] = {}
        self._touched: set[int] = set()
        self._new: set[int] = set()

    # --- taking orders ---------------------------------------------------------------------------

    def lock(self, pk: int) -> Order:
        """The order, read anew and locked to the commit. Raises OrderNotFound for another shop's."""
        return self.lock_many([pk])[0]

    def lock_many(self, pks: Iterable[int]) -> list[Order]:
        """The orders in the order of their keys, which is also the order of locking.

        Raises OrderNotFound when one of them is not an order of this shop.
        """
        wanted = sorted(set(pks))
        missing = [pk for pk in wanted if pk not in self._orders]
        if missing:
            rows = Order.objects.for_shop(self.shop).select_for_update().filter(pk__in=missing).order_by("pk")
            for order in rows:
                self.adopt(order, is_new=False)
        if not all(pk in self._orders for pk in wanted):
            raise OrderNotFound
        return [self._orders[pk] for pk in wanted]

    def adopt(self, order: Order, *, is_new: bool) -> None:
        """Take charge of an order that was just inserted (or locked) in this transaction."""
        self._orders[order.pk] = order
        self._counted[order.pk] = [] if is_new else _counted_under(order)
        if is_new:
            self._new.add(order.pk)

    def is_new(self, order: Order) -> bool:
        """Whether the order was placed by this change."""
        return order.pk in self._new

    def orders_with(self, *fields: str) -> list[Order]:
        """The orders that are new or in which one of these fields was set, in the order of their keys."""
        keys = {pk for pk, names in self._fields.items() if names.intersection(fields)} | self._new
        return [self._orders[pk] for pk in sorted(keys)]

    # --- changing them ---------------------------------------------------------------------------

    def set(self, order: Order, **values: Any) -> Changes:
        """Set fields on a locked order; they are saved when the block ends. Returns what differs."""
        diff: Changes = {}
        for field, new in values.items():
            old = getattr(order, field)
            if old != new:
                setattr(order, field, new)
                self._fields[order.pk].add(field)
                diff[field] = {"old": plain(old), "new": plain(new)}
        return diff

    def record(
        self,
        order: Order,
        action: LogAction,
        changes: Changes | None = None,
        *,
        line: OrderLine | None = None,
        subject: str = "",
        subject_id: int | None = None,
        undoes: uuid.UUID | None = None,
        moves_mark: bool = True,
    ) -> OrderLogEntry:
        """Add a log entry; it is saved, and has its key, when the block ends.

        `moves_mark=False` is for what concerns nobody outside (a personal number was looked at).
        """
        entry = OrderLogEntry(
            order=order,
            line=line,
            subject=subject[:120],
            subject_id=subject_id,
            action=action,
            changes=changes or {},
            actor=self.by.name,
            user_id=self.by.user_id,
            channel=self.by.channel,
            ip_address=self.by.ip_address,
            act=self.act,
            undoes=undoes,
        )
        self.entries.append(entry)
        if moves_mark:
            self._touched.add(order.pk)
        return entry

    # --- the end ---------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write everything; called once, by `changing`."""
        for follow in _rules:
            follow(self)
        changed = sorted(self._touched | self._fields.keys())
        if changed:
            at, mark = move_clock(self.shop)
            self._see_what_waits(changed, at)
            self._save_orders(changed, at, mark)
            self._move_counters(changed)
        if self.entries:
            now = timezone.now()
            for entry in self.entries:
                entry.created_at = now
                entry.version = self._orders[entry.order_id].version
            older = {entry.order_id for entry in self.entries} - self._new
            seal(self.entries, heads_of(older) if older else {})
            OrderLogEntry.objects.bulk_create(self.entries)
            order_changed.send(sender=Change, shop=self.shop, by=self.by, entries=self.entries)

    def _see_what_waits(self, pks: list[int], at: datetime) -> None:
        waits = waits_of((self._orders[pk] for pk in pks), shop=self.shop, now=at)
        for pk, wait in waits.items():
            self.set(self._orders[pk], **values_of(wait))

    def _save_orders(self, pks: list[int], at: datetime, mark: int) -> None:
        """One UPDATE for all orders that get the same values, whatever their versions; the stamp is part of it."""
        stamp = {"changed_at": at, "change_mark": mark, "changed_by": self.by.name}
        alike: dict[tuple, list[int]] = defaultdict(list)
        for pk in pks:
            order = self._orders[pk]
            order.version += 1
            for field, value in stamp.items():
                setattr(order, field, value)
            alike[tuple((field, _hashable(getattr(order, field))) for field in sorted(self._fields[pk]))].append(pk)
        for same in alike.values():
            sample = self._orders[same[0]]
            values = {field: getattr(sample, field) for field in [*self._fields[same[0]], *stamp]}
            Order.objects.filter(pk__in=same).update(version=F("version") + 1, **values)

    def _move_counters(self, pks: list[int]) -> None:
        moved: Counter[tuple[str, str]] = Counter()
        for pk in pks:
            after = _counted_under(self._orders[pk])
            moved.update(after)
            moved.subtract(self._counted[pk])
            self._counted[pk] = after
        rows = [(self.shop.pk, kind, code, delta) for (kind, code), delta in sorted(moved.items()) if delta]
        if rows:
            add_to_counters(rows)


def move_clock(shop: Shop) -> tuple[datetime, int]:
    """Lock the shop's clock to the commit and move it; returns the new time and mark.

    The time is read after the lock is held: read before, a writer that waited would stamp a past time that a
    poller has already asked for. It never goes back, whatever the machine's clock does.
    """
    clock = lock_clock(shop)
    clock.at = max(clock.at, timezone.now())
    clock.mark += 1
    clock.save(update_fields=["at", "mark"])
    return clock.at, clock.mark


def settle_clock(shop: Shop) -> datetime:
    """Wait for the changes that are being committed; returns a time before which nothing can change any more.

    A reader that asks after this call sees every change up to that time, and one that later asks from it misses
    none: the shop's time is moved up to now, so that not even a machine's clock that is set back can undercut it.
    """
    with transaction.atomic():
        clock = lock_clock(shop)
        now = timezone.now()
        if now > clock.at:
            clock.at = now
            clock.save(update_fields=["at"])
    return clock.at


def lock_clock(shop: Shop) -> ShopClock:
    """The shop's clock, its row locked to the end of the transaction; made on first use."""
    clock = ShopClock.objects.select_for_update().filter(shop=shop).first()
    if clock is None:
        ShopClock.objects.get_or_create(shop=shop, defaults={"at": timezone.now()})
        clock = ShopClock.objects.select_for_update().get(shop=shop)
    return clock


def add_to_counters(rows: list[tuple[int, str, str, int]]) -> None:
    """Add (shop id, kind, code, number) rows to the status counters in one statement."""
    table = StatusCount._meta.db_table
    places = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (shop_id, kind, code, number_of_orders) VALUES {places} "  # noqa: S608  (ours)
            f"ON CONFLICT (shop_id, kind, code) DO UPDATE "
            f"SET number_of_orders = {table}.number_of_orders + excluded.number_of_orders",
            [value for row in rows for value in row],
        )


def _counted_under(order: Order) -> list[tuple[str, str]]:
    """The (kind, code) counters an order stands in: own statuses under `own:<id>`, deleted orders apart."""
    if order.deleted_at is not None:
        return [(Kind.FULFILMENT, "deleted")]
    return [
        (Kind.FULFILMENT, counter_code(order.fulfilment_status, order.fulfilment_own_status_id)),
        (Kind.PAYMENT, counter_code(order.payment_status, order.payment_own_status_id)),
    ]


def counter_code(code: str, own_id: int | None) -> str:
    return f"own:{own_id}" if own_id else code


def plain(value: Any) -> Any:
    """A field's value as the log keeps it in JSON."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _hashable(value: Any) -> Any:
    return repr(value) if isinstance(value, list | dict) else value
