"""What the passing of time does to the reasons why orders wait. Nothing about an order changed, so no log, no mark."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from orders.models import Order
from orders.waiting import Wait, values_of, waits_of

AT_ONCE = 500


def review_waiting(now: datetime) -> int:
    """See again after every order whose time has come; returns how many. Safe to run twice at once.

    An order that somebody is changing just now is left to them: their change sees after it.
    """
    reviewed = 0
    while True:
        with transaction.atomic():
            due = Order.objects.select_for_update(skip_locked=True, of=("self",)).select_related("shop")
            orders = list(due.filter(waiting_review_at__lte=now).order_by("waiting_review_at")[:AT_ONCE])
            save_waits(orders, now)
        reviewed += len(orders)
        if len(orders) < AT_ONCE:
            return reviewed


def save_waits(orders: Iterable[Order], now: datetime) -> list[Order]:
    """Save what locked orders, which come with their shop, wait for; returns those for which it was something else."""
    by_shop = defaultdict(list)
    for order in orders:
        by_shop[order.shop].append(order)
    other: list[Order] = []
    alike: dict[Wait, list[int]] = defaultdict(list)
    for shop, of_shop in by_shop.items():
        waits = waits_of(of_shop, shop=shop, now=now)
        for order in of_shop:
            wait = waits[order.pk]
            if any(getattr(order, name) != value for name, value in values_of(wait).items()):
                other.append(order)
                alike[wait].append(order.pk)
    for wait, pks in alike.items():
        Order.objects.filter(pk__in=pks).update(**values_of(wait))
    return other
