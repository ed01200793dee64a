"""Sending orders of one customer as one: lines, payments, shipments and words move, the emptied orders are closed."""

import uuid
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Model
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from orders import money
from orders.models import LogAction, Order, OrderLine, OrderNote, Payment, Refund, Return, Shipment
from orders.services.change import Change, Changes, changing, plain
from orders.services.line_log import coming, leaving, record_line
from orders.services.line_rows import save_lines
from orders.services.merging import MOST_AT_ONCE, MergeRefused, reason_against, refuse_frozen, refuse_unknown_money
from orders.services.place import store_totals
from orders.services.search import refresh_search_text
from orders.services.splitting import ruled_status, says_what_was_paid, status_by_money
from orders.services.status import counts_of
from statuses.kinds import FulfilmentStatus, PaymentStatus

LONGEST_NOTE = 4000
# How the log calls the parts that came from other orders with an act, and those that went: {order's key: {what: keys}}.
ARRIVED, LEFT = "arrived", "left"
# Parts that were made or deleted on the way, with all they say: {what: rows}.
MADE = "made"
# What hangs on an order and moves with its lines.
MOVING: dict[str, type[Model]] = {
    "payments": Payment,
    "refunds": Refund,
    "returns": Return,
    "shipments": Shipment,
    "notes": OrderNote,
}
RULED = {FulfilmentStatus.READY, FulfilmentStatus.BACKORDERED}
TOTALS = ["lines_total", "total_ex", "total_vat", "total", "vat_totals", "weight_g", "volume_cm3"]
EMPTIED = {
    "shipping_cost": money.ZERO,
    "payment_fee": money.ZERO,
    "refunded_total": money.ZERO,
    "paid_total": money.ZERO,
    "discount": money.ZERO,
    "has_internal_note": False,
    "fulfilment_status": FulfilmentStatus.CANCELLED.value,
    "fulfilment_own_status_id": None,
    "payment_status": PaymentStatus.CANCELLED.value,
    "payment_own_status_id": None,
    "hold_reason": "",
    "status_before_hold": "",
}


def merge_orders(target: Order, others: Sequence[Order], *, by: Actor) -> uuid.UUID:
    """Move everything of `others` to `target` and close them; returns the act, for Undo.

    What the others charged for shipping and payment becomes lines, so that totals stay what they were to the cent.
    Raises MergeRefused, or OrderNotFound when one of them is another shop's.
    """
    with changing(target.shop, by=by) as change:
        first, *rest = locked_orders(change, target, others)
        if not rest:
            raise MergeRefused(_("Choose at least one other order."))
        for other in rest:
            if reason := reason_against(first, other):
                raise MergeRefused(reason)
        refuse_frozen([first, *rest])
        refuse_unknown_money([first, *rest])
        sums = sums_of([first, *rest])
        arrived, made = {}, []
        for other in rest:
            moved = move(change, first, other)
            close(change, first, other, LogAction.ORDER_MERGED, moved)
            arrived[str(other.pk)] = parts_of(moved)
            made += moved["made_notes"]
        diff = settle(change, first, sums) | {ARRIVED: {"old": None, "new": arrived}}
        if made:
            notes = [whole(note) for note in first.notes.filter(pk__in=made)]
            diff[MADE] = {"old": None, "new": {"notes": notes}}
        numbers = ", ".join(other.display_number for other in rest)
        change.record(first, LogAction.ORDERS_MERGED, diff, subject=numbers)
        refresh_search_text([first, *rest], change.shop)
    return change.act


def locked_orders(change: Change, target: Order, others: Sequence[Order]) -> list[Order]:
    """The target and then the others, each once."""
    keys = [target.pk, *(other.pk for other in others if other.pk != target.pk)]
    if len(set(keys)) > MOST_AT_ONCE:
        raise MergeRefused(_("At most %(number)d orders at once.") % {"number": MOST_AT_ONCE})
    by_key = {order.pk: order for order in change.lock_many(keys)}
    for order in by_key.values():
        order.shop = change.shop
    return [by_key[key] for key in dict.fromkeys(keys)]


def move(change: Change, target: Order, other: Order, *, leaves_places: bool = False) -> dict[str, list]:
    """Move what hangs on `other`; returns {what: keys}, lines as [key, position it had], and what was made for it.

    With `leaves_places` the places that its lines had stay free in the target.
    """
    moved: dict[str, list] = {
        name: list(rows._default_manager.filter(order=other).values_list("pk", flat=True))
        for name, rows in MOVING.items()
    }
    lines = list(other.lines.all())
    moved["lines"] = [[line.pk, line.position] for line in lines]
    made = _charges_of(other)
    last = target.lines.aggregate(last=Max("position"))["last"] or 0
    if leaves_places:
        last = max([last, *(line.position for line in lines)])
    for line in lines:
        record_line(change, other, line, leaving(line))
    for position, line in enumerate([*lines, *made], start=last + 1):
        line.order, line.position = target, position
    save_lines(lines, ["order", "position"])
    OrderLine.objects.bulk_create(made)
    for line in [*lines, *made]:
        record_line(change, target, line, coming(line))
    for name, rows in MOVING.items():
        rows._default_manager.filter(pk__in=moved[name]).update(order=target)
    notes = _message_as_note(target, other)
    return moved | {"made_lines": [line.pk for line in made], "made_notes": [note.pk for note in notes]}


def _charges_of(order: Order) -> list[OrderLine]:
    """Shipping cost and payment fee as lines; they are charged at the same rate, so with the same VAT."""
    with translation.override(order.shop.language):
        charges = [
            (order.shipping_cost, order.shipping_vat_rate, _("Shipping of order %(number)s")),
            (order.payment_fee, order.payment_fee_vat_rate, _("Payment fee of order %(number)s")),
        ]
        names = [name % {"number": order.display_number} for _amount, _rate, name in charges]
    lines = []
    for (amount, rate, _name), name in zip(charges, names, strict=True):
        if not amount:
            continue
        other = money.other_price(amount, rate, includes_vat=order.prices_include_vat)
        ex, incl = (other, amount) if order.prices_include_vat else (amount, other)
        line = OrderLine(kind=OrderLine.Kind.FEE, name=name, quantity=Decimal(1), vat_rate=rate)
        line.unit_price_ex, line.unit_price_incl = ex, incl
        lines.append(line)
    money.price_lines(lines, discount=money.ZERO, includes_vat=order.prices_include_vat)
    return lines


def _message_as_note(target: Order, other: Order) -> list[OrderNote]:
    """The customer's words at the other order, where whoever packs will read them."""
    if not other.customer_message:
        return []
    with translation.override(other.shop.language):
        text = _("Message of the customer at order %(number)s:") % {"number": other.display_number}
    note = OrderNote(
        order=target,
        text=f"{text}\n{other.customer_message}"[:LONGEST_NOTE],
        author=other.customer_name,
        created_at=timezone.now(),
    )
    return OrderNote.objects.bulk_create([note])


def parts_of(moved: dict[str, list]) -> dict[str, list]:
    """What of that moved hung on the order itself, by the keys it keeps."""
    return {name: moved[name] for name in MOVING}


def whole(row: Model) -> dict[str, Any]:
    """All that a row says, for the log, so that the past can be shown after it is gone."""
    return {field.attname: plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def close(change: Change, target: Order, other: Order, action: LogAction, moved: dict[str, list]) -> None:
    draft = copy(other)
    draft.shipping_cost = draft.payment_fee = money.ZERO
    store_totals(draft, [])
    totals = {name: getattr(draft, name) for name in TOTALS}
    diff: Changes = change.set(other, **EMPTIED, **totals, **counts_of([]), merged_into_id=target.pk)
    keys: Changes = {
        "moved": {"old": None, "new": moved},
        LEFT: {"old": None, "new": {str(target.pk): parts_of(moved)}},
    }
    change.record(other, action, diff | keys, subject=target.display_number)


@dataclass(frozen=True)
class Sums:
    """What the orders say together before any of them is touched."""

    discount: Decimal
    paid: Decimal
    refunded: Decimal
    is_by_money: bool
    is_partly_sent: bool


def sums_of(orders: Sequence[Order]) -> Sums:
    return Sums(
        discount=sum((order.discount for order in orders), money.ZERO),
        paid=sum((order.paid_total for order in orders), money.ZERO),
        refunded=sum((order.refunded_total for order in orders), money.ZERO),
        is_by_money=all(says_what_was_paid(order) for order in orders),
        is_partly_sent=any(order.fulfilment_status == FulfilmentStatus.PARTLY_SHIPPED for order in orders),
    )


def settle(change: Change, target: Order, sums: Sums) -> Changes:
    """Give the target the totals, counts and statuses that its lines and payments now say."""
    lines = list(target.lines.all())
    draft = copy(target)
    draft.discount, draft.paid_total, draft.refunded_total = sums.discount, sums.paid, sums.refunded
    store_totals(draft, lines)
    values = {name: getattr(draft, name) for name in (*TOTALS, "discount", "paid_total", "refunded_total")}
    values |= counts_of(lines) | {"has_internal_note": has_internal_note(target)}
    if sums.is_by_money:
        values["payment_status"] = status_by_money(draft, before=target.payment_status)
    if sums.is_partly_sent:
        values["fulfilment_status"] = FulfilmentStatus.PARTLY_SHIPPED.value
    elif target.fulfilment_status in RULED and target.shop.ready_rule:
        values["fulfilment_status"] = str(ruled_status(lines))
    for kind in ("payment", "fulfilment"):
        if values.get(f"{kind}_status", getattr(target, f"{kind}_status")) != getattr(target, f"{kind}_status"):
            values[f"{kind}_own_status_id"] = None
    return change.set(target, **values)


def has_internal_note(order: Order) -> bool:
    return order.notes.filter(audience=OrderNote.Audience.INTERNAL).exists()
