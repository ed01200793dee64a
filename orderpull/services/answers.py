"""What callers get: the orders that changed, written as the export writes them, and how many there are a day."""

import hashlib
import zlib
from array import array
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, groupby

import structlog
from django.db import DatabaseError
from django.utils import timezone

from backoffice.models import Shop
from orderpull.calls import ListCall, earliest_moment
from orderpull.models import Outcome, PullCall
from orderpull.services.entry import Pull
from orderpull.services.log import write_down
from orderpull.services.receipts import write_receipts
from orders.exports.xml import WrittenOrder, wall_time, write_orders
from orders.exports.xml_orders import written_orders
from orders.keys import keys_of
from orders.models import Order
from orders.models.order import OrderQuerySet
from orders.services.change import settle_clock
from statuses.kinds import FulfilmentStatus

# What is kept of an answer for replay; larger ones, of some thousand orders, are only told of in the call log.
MOST_BYTES_KEPT = 8 * 1024 * 1024
# The quickest that still makes a tenth of XML: the answer is compressed while somebody waits for it.
QUICK = 1

log = structlog.get_logger("orderpull")


@dataclass(frozen=True)
class Found:
    """The orders that answer a call, fixed by key, and the moment to ask for next time."""

    order_ids: "array[int]"
    next_change_time: datetime


def find_orders(call: ListCall, pull: Pull) -> Found:
    """The orders created or changed since the moment asked for, or the one order; deleted ones too.

    The shop's clock is settled first: what could be committed later with a time before `next_change_time` is
    waited for, so that no caller misses a change however it remembers where it was.
    """
    settled = settle_clock(pull.owner)
    return Found(keys_of(_asked_for(orders_for(pull), call, pull.shop, pull.owner)), settled)


def orders_for(pull: Pull) -> OrderQuerySet:
    """The orders that this caller may see."""
    orders = Order.objects.for_shop(pull.owner)
    if pull.shop.base_shop_id:
        orders = orders.filter(target_shop=pull.shop)
    if not pull.settings.include_aborted:
        orders = orders.exclude(fulfilment_status=FulfilmentStatus.ABORTED)
    return orders


def _asked_for(orders: OrderQuerySet, call: ListCall, shop: Shop, owner: Shop) -> OrderQuerySet:
    if call.wall_time is not None:
        return orders.changed_since(earliest_moment(call.wall_time, shop.zone))
    shop_number, number = call.order or ("", 0)
    return orders.filter(number=number) if shop_number == owner.number else orders.none()


def answer(call: ListCall, pull: Pull, record: PullCall) -> Generator[bytes, None, None]:
    """The document in pieces, as the export writes it; `record` is saved when the last piece is gone.

    The orders are found and the first of them written before this returns, so that a fault shows as one and not as a
    broken document.
    """
    found = find_orders(call, pull)
    record.number_of_orders = len(found.order_ids)
    seen = Seen()
    pieces = write_orders(
        seen.passing(written_orders(found.order_ids, shop=pull.shop)),
        shop=pull.shop,
        generated=timezone.now(),
        count=len(found.order_ids),
        change_time=call.subject if call.wall_time is not None else "",
        next_change_time=found.next_change_time,
    )
    try:
        first = next(pieces)
    except Exception:
        _note(record, Outcome.BROKEN_OFF, seen)
        raise
    return _recorded(chain([first], pieces), record, seen)


class Seen:
    """Number and version of the orders that went into an answer, sixteen bytes each, and what was replaced in them."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.versions = array("q")
        self.number_replaced = 0

    def passing(self, orders: Iterable[WrittenOrder]) -> Iterator[WrittenOrder]:
        for order in orders:
            self.numbers.append(int(order.number))
            self.versions.append(order.version)
            self.number_replaced += order.number_replaced
            yield order


class Kept:
    """A copy of an answer as it is sent, compressed, until it grows too large to be kept."""

    def __init__(self) -> None:
        self.number_of_bytes = 0
        self._hash = hashlib.sha256()
        self._squeeze = zlib.compressobj(QUICK, wbits=zlib.MAX_WBITS | 16)
        self._squeezed: list[bytes] | None = []

    def add(self, piece: bytes) -> None:
        self.number_of_bytes += len(piece)
        if self._squeezed is None:
            return
        if self.number_of_bytes > MOST_BYTES_KEPT:
            self._squeezed = None
            return
        self._hash.update(piece)
        self._squeezed.append(self._squeeze.compress(piece))

    def put_into(self, record: PullCall) -> None:
        if self._squeezed is not None:
            record.answer = b"".join(self._squeezed) + self._squeeze.flush()
            record.answer_digest = self._hash.hexdigest()


def _recorded(pieces: Iterator[bytes], record: PullCall, seen: Seen) -> Generator[bytes, None, None]:
    """Pass the pieces on and save `record` at the end, however it ends; receipts only when all of it was taken."""
    outcome, kept = Outcome.BROKEN_OFF, Kept()
    try:
        for piece in pieces:
            kept.add(piece)
            record.number_of_bytes += len(piece)
            yield piece
        outcome = Outcome.ANSWERED
        kept.put_into(record)
    except GeneratorExit:
        outcome = Outcome.CUT_OFF
        raise
    finally:
        _note(record, outcome, seen)
        if seen.number_replaced:
            log.warning("characters replaced", shop=record.shop_number, number=seen.number_replaced)


def _note(record: PullCall, outcome: Outcome, seen: Seen) -> None:
    try:
        write_down(record, outcome)
        if outcome == Outcome.ANSWERED and record.shop_id is not None:
            write_receipts(record, seen.numbers, seen.versions)
    except DatabaseError:
        # The caller has its answer: what we could not note about it must not look to them as if it broke off.
        log.exception("call or receipts lost", shop=record.shop_number, call=record.pk)


# --- How many orders a day ------------------------------------------------------------------------


def count_answer(call: ListCall, pull: Pull, record: PullCall) -> bytes:
    """Number and checksum of the living orders of each day, by the day they were placed on.

    Days before the one of `change_time` are left out. The checksum is the SHA-1 of one line per order, `id:version`,
    in the order of their numbers.
    """
    settled = settle_clock(pull.owner)
    since = earliest_moment(call.wall_time.replace(hour=0, minute=0, second=0), pull.shop.zone)  # type: ignore[union-attr]
    orders = orders_for(pull).visible().filter(placed_at__gte=since).order_by("placed_at", "id")
    days = []
    for day, of_day in groupby(
        orders.values_list("placed_at", "number", "version").iterator(chunk_size=5_000),
        key=lambda row: row[0].astimezone(pull.shop.zone).date(),
    ):
        versions = [(number, version) for _placed_at, number, version in of_day]
        record.number_of_orders += len(versions)
        days.append(_day_element(day, versions, pull.owner.number))
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<counts shop="{pull.shop.number}"'
        f' generated="{wall_time(timezone.now(), pull.shop.zone)}" change_time="{call.subject}"'
        f' next_change_time="{wall_time(settled, pull.shop.zone)}" orders="{record.number_of_orders}">\n'
    )
    body = (head + "".join(days) + "</counts>\n").encode()
    record.number_of_bytes = len(body)
    return body


def _day_element(day: date, versions: list[tuple[int, int]], shop_number: str) -> str:
    lines = "".join(f"{shop_number}_{number:05d}:{version}\n" for number, version in sorted(versions))
    checksum = hashlib.sha1(lines.encode(), usedforsecurity=False).hexdigest()
    return f'<day date="{day:%Y%m%d}" orders="{len(versions)}" checksum="{checksum}"/>\n'
