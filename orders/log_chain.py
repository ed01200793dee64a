"""The log of an order as a chain: every entry carries a digest of all that it says and of the entry before it.

Whoever changes, inserts or removes an entry afterwards breaks the chain at that place, and `manage.py verify_log` names
it. Entries cut off at the end are missed too, because an order knows its version. What a chain without a secret cannot
show is a past that was rewritten from some entry on, digests and all: for that, compare with a backup.
"""

import hashlib
import ipaddress
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby, pairwise

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order, OrderLogEntry

# Entries that were written before there was a chain carry none.
UNSEALED = ""
CHANGED = gettext_lazy("it does not say any more what was written")
BROKEN = gettext_lazy("an entry before it was removed, added or moved")
UNWRITTEN = gettext_lazy("it was not written by this program")


def digest_of(entry: OrderLogEntry) -> str:
    """SHA-256 over everything that an entry says, as 64 hexadecimal digits."""
    said = [
        entry.previous_digest,
        entry.order_id,
        entry.line_id,
        entry.subject,
        entry.subject_id,
        entry.action,
        entry.changes,
        entry.actor,
        entry.user_id,
        str(entry.channel),
        # PostgreSQL gives an address back in its shortest form.
        str(ipaddress.ip_address(entry.ip_address)) if entry.ip_address else None,
        str(entry.act),
        str(entry.undoes) if entry.undoes else None,
        entry.version,
        entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def seal(entries: Iterable[OrderLogEntry], heads: dict[int, str]) -> None:
    """Chain entries that are about to be stored, oldest first; `heads` is {order id: last digest} and moves along."""
    for entry in entries:
        entry.previous_digest = heads.get(entry.order_id, UNSEALED)
        entry.digest = heads[entry.order_id] = digest_of(entry)


def heads_of(orders: Iterable[int]) -> dict[int, str]:
    """{order id: digest of its last entry} of the orders with these keys, in one query."""
    of_orders = OrderLogEntry.objects.filter(order__in=list(orders)).order_by()
    last = of_orders.values("order_id").annotate(last=Max("pk")).values("last")
    return dict(OrderLogEntry.objects.filter(pk__in=last).order_by().values_list("order_id", "digest"))


@dataclass(frozen=True)
class Fault:
    """A place where the log of an order is not as it was written; `entry` is None for what is missing at the end."""

    order: Order
    entry: OrderLogEntry | None
    what: str


@dataclass
class Verified:
    """What a look at logs found; `number_unsealed` entries are older than the chain."""

    number_of_entries: int = 0
    number_unsealed: int = 0


def faults_in(entries: QuerySet[OrderLogEntry], found: Verified) -> Iterator[Fault]:
    """Each place where the logs of orders are broken; `found` is filled on the way.

    `entries` holds whole logs, with their orders.
    """
    rows = entries.select_related("order__shop").order_by("order_id", "-id").iterator(chunk_size=2000)
    for _order_id, newest_first in groupby(rows, key=lambda entry: entry.order_id):
        log = list(newest_first)[::-1]
        found.number_of_entries += len(log)
        found.number_unsealed += sum(entry.digest == UNSEALED for entry in log)
        yield from _faults_of(log)


def _faults_of(log: Sequence[OrderLogEntry]) -> Iterator[Fault]:
    """`log` is one order's, oldest first."""
    order = log[-1].order
    if log[0].previous_digest != UNSEALED:
        yield Fault(order, log[0], str(BROKEN))
    for before, entry in pairwise([None, *log]):
        if before is not None and entry.previous_digest != before.digest:
            yield Fault(order, entry, str(BROKEN if entry.digest else UNWRITTEN))
        elif entry.digest and entry.digest != digest_of(entry):
            yield Fault(order, entry, str(CHANGED))
    if log[-1].digest and log[-1].version < order.version:
        missing = _("it ends at version %(last)d, the order has version %(version)d")
        yield Fault(order, None, missing % {"last": log[-1].version, "version": order.version})
