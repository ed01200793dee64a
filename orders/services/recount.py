"""Putting right what is kept beside the orders: status counters, and why orders wait. Normally finds nothing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q

from backoffice.models import Shop
from orders.models import Order, StatusCount, WaitingFor
from orders.services.change import counter_code, lock_clock
from orders.services.waiting import save_waits
from orders.waiting import SENT, WORK
from statuses.kinds import Kind

AT_ONCE = 1000


@dataclass
class Recounted:
    """What was wrong in a shop: counters as (kind, code, said, is), and the numbers of orders."""

    counters: list[tuple[str, str, int, int]] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)


def recount(shop: Shop, *, now: datetime) -> Recounted:
    """Count the shop's orders anew and see why each waits. Staff may go on working meanwhile."""
    return Recounted(_recount_statuses(shop), [order.number for order in _recount_waiting(shop, now)])


@transaction.atomic
def _recount_statuses(shop: Shop) -> list[tuple[str, str, int, int]]:
    # Every change adds to the counters with this row locked: whatever is not committed yet comes on top.
    lock_clock(shop)
    said = {
        (kind, code): number
        for kind, code, number in StatusCount.objects.for_shop(shop).values_list("kind", "code", "number_of_orders")
    }
    counted = _counted(shop)
    wrong = [
        (kind, code, said.get((kind, code), 0), counted[kind, code])
        for kind, code in sorted(said.keys() | counted.keys())
        if said.get((kind, code), 0) != counted[kind, code]
    ]
    for kind, code, _said, number in wrong:
        StatusCount.objects.update_or_create(shop=shop, kind=kind, code=code, defaults={"number_of_orders": number})
    return wrong


def _counted(shop: Shop) -> Counter[tuple[str, str]]:
    """(kind, code) → how many orders there are."""
    counted: Counter[tuple[str, str]] = Counter()
    orders = Order.objects.for_shop(shop).order_by()
    for kind in (Kind.FULFILMENT, Kind.PAYMENT):
        groups = orders.filter(deleted_at=None).values_list(f"{kind}_status", f"{kind}_own_status")
        for code, own_id, number in groups.annotate(number=Count("pk")):
            counted[kind, counter_code(code, own_id)] = number
    if deleted := orders.exclude(deleted_at=None).count():
        counted[Kind.FULFILMENT, "deleted"] = deleted
    return counted


def _recount_waiting(shop: Shop, now: datetime) -> list[Order]:
    """See after every order that waits or could wait; returns those that had it wrong."""
    could = Q(fulfilment_status__in=WORK | SENT) | ~Q(refunded_total=0)
    does = ~Q(waiting_for=WaitingFor.NOTHING) | Q(waiting_review_at__isnull=False)
    orders = Order.objects.for_shop(shop).filter(could | does).order_by("pk")
    wrong: list[Order] = []
    last = 0
    while True:
        with transaction.atomic():
            chunk = list(orders.select_for_update().filter(pk__gt=last)[:AT_ONCE])
            for order in chunk:
                order.shop = shop
            wrong += save_waits(chunk, now)
        if len(chunk) < AT_ONCE:
            return wrong
        last = chunk[-1].pk
