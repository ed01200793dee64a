"""Bringing back what was split off."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import money
from orders.models import LogAction, Order, OrderLine, Payment
from orders.models.order import OPEN
from orders.services.change import Change, changing
from orders.services.line_log import differing, leaving, record_line, told
from orders.services.line_rows import save_lines
from orders.services.merge import ARRIVED, MADE, close, locked_orders, move, parts_of, settle, sums_of, whole
from orders.services.merging import MergeRefused, reason_against, refuse_frozen, refuse_unknown_money
from orders.services.search import refresh_search_text
from orders.services.splitting import CUT_FIELDS
from statuses.kinds import FulfilmentStatus

SAME_WHEN_CUT = """
    kind sku name options unit_price_ex unit_price_incl vat_rate location is_backordered expected_on
""".split()  # noqa: SIM905
COUNTED = ["quantity_picked", "weight_g", "volume_cm3"]


def parts_to_merge_back(order: Order) -> list[Order]:
    """The orders split off `order` that can come back: nothing of them was sent, and both are still open."""
    parts = order.parts.filter(merged_into=None, deleted_at=None, fulfilment_status__in=OPEN).order_by("pk")
    return [part for part in parts if not reason_to_keep(order, part)]


def reason_to_keep(order: Order, part: Order) -> str:
    """Why a part cannot come back to the order that it was split from; empty when it can."""
    if part.shipments.exists() or part.fulfilment_status == FulfilmentStatus.PARTLY_SHIPPED:
        return _("Goods of order %(number)s were sent.") % {"number": part.display_number}
    return reason_against(order, part)


def merge_back(order: Order, *, by: Actor, parts: Sequence[Order] | None = None) -> list[Order]:
    """Bring the goods and the money of split-off orders back, all that can come or just `parts`; returns them.

    A line that was cut is one again, to the cent, where neither half was changed meanwhile. Raises MergeRefused.
    """
    with changing(order.shop, by=by) as change:
        first, *rest = locked_orders(change, order, parts if parts is not None else parts_to_merge_back(order))
        if not rest:
            raise MergeRefused(_("There is nothing to merge back."))
        for part in rest:
            if part.split_from_id != first.pk or part.merged_into_id is not None:
                raise MergeRefused(_("Order %(number)s was not split off this one.") % {"number": part.display_number})
            if reason := reason_to_keep(first, part):
                raise MergeRefused(reason)
        refuse_frozen([first, *rest])
        refuse_unknown_money([first, *rest])
        sums = sums_of([first, *rest])
        arrived = {}
        for part in rest:
            # What money was given back for, or is to come back, keeps its line.
            is_untouched = not (part.refunds.exists() or part.returns.exists())
            moved = move(change, first, part, leaves_places=True)
            if is_untouched:
                _join_lines(change, first, dict(moved["lines"]))
            close(change, first, part, LogAction.MERGED_BACK, moved)
            arrived[str(part.pk)] = parts_of(moved)
        dropped = _drop_pairs(first)
        diff = settle(change, first, sums) | {ARRIVED: {"old": None, "new": arrived}}
        if dropped:
            diff[MADE] = {"old": {"payments": dropped}, "new": None}
        numbers = ", ".join(part.display_number for part in rest)
        change.record(first, LogAction.MERGED_BACK, diff, subject=numbers)
        refresh_search_text([first, *rest], change.shop)
    return rest


def _join_lines(change: Change, order: Order, positions: dict[int, int]) -> None:
    """Make cut lines whole, and give whole ones their old place; `positions` are {key: position} before they moved."""
    lines = list(order.lines.all())
    there = {line.position: line for line in lines if line.pk not in positions}
    before = {line.pk: told(line) for line in lines}
    joined, gone = {}, []
    for line in lines:
        if line.pk not in positions:
            continue
        old = there.get(positions[line.pk])
        if old is None:
            line.position = positions[line.pk]
            there[line.position] = joined[line.pk] = line
        elif _what(old) == _what(line):
            money.join_line(old, line, includes_vat=order.prices_include_vat)
            for name in COUNTED:
                setattr(old, name, getattr(old, name) + getattr(line, name))
            joined[old.pk] = old
            gone.append(line)
    for line in gone:
        record_line(change, order, line, leaving(line))
    for line in joined.values():
        record_line(change, order, line, differing(before[line.pk], told(line)))
    save_lines(joined.values(), ["position", *CUT_FIELDS])
    OrderLine.objects.filter(pk__in=[line.pk for line in gone]).delete()


def _what(line: OrderLine) -> tuple:
    """What is sold; cut lines have it in common for as long as nobody changes one of them."""
    return tuple(getattr(line, name) for name in SAME_WHEN_CUT)


def _drop_pairs(order: Order) -> list[dict[str, Any]]:
    """Money that was counted over and came back is where it was: neither row says anything any more.

    Returns all that the rows said, for the log.
    """
    dropped: list[dict[str, Any]] = []
    pairs: dict[tuple, list[Payment]] = {}
    for payment in order.payments.filter(moved_from__order=order, refunds=None):
        pairs.setdefault((payment.moved_from_id, payment.created_at), []).append(payment)
    for rows in pairs.values():
        if sum(row.amount for row in rows) == 0:
            dropped += [whole(row) for row in rows]
            Payment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return dropped
