"""How many mails an action on orders would send, asked of whoever sends them: they register, the pages ask."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache

from django.db.models import Count, QuerySet

from backoffice.models import Shop
from orders.bulk import Action, FieldAction
from orders.models import Order
from orders.services.errors import ChangeRefused, UnknownStatus
from orders.services.status import resolve
from statuses.catalogue import catalogue_of
from statuses.kinds import Kind

# Counts the orders that would change, {target shop or None: number}, when somebody wants to know.
OrdersByTarget = Callable[[], Mapping[int | None, int]]
# Shop, kind, built-in code, own status or None, orders → mails.
Forecaster = Callable[[Shop, str, str, int | None, OrdersByTarget], int]
FORECASTERS: list[Forecaster] = []
KINDS = (Kind.FULFILMENT, Kind.PAYMENT, Kind.INTERNAL)


def register_mail_forecast(forecaster: Forecaster) -> None:
    FORECASTERS.append(forecaster)


def number_of_mails(shop: Shop, key: str, action: Action, orders: QuerySet[Order]) -> int:
    """How many mails to people `action` (the form's `kind:code`) would send; at most so many, for one that went out
    before is not sent again."""
    kind, _colon, code = key.partition(":")
    if kind not in KINDS or not code or not isinstance(action, FieldAction) or not FORECASTERS:
        return 0
    try:
        target = resolve(catalogue_of(shop), kind, code)
    except UnknownStatus:
        return 0

    @cache
    def changed() -> Mapping[int | None, int]:
        return changed_by_target(action, orders.exclude(customer_email=""))

    return sum(forecast(shop, kind, target.code, target.own_id, changed) for forecast in FORECASTERS)


def changed_by_target(action: FieldAction, orders: QuerySet[Order]) -> Counter[int | None]:
    """How many orders the action would change, by target shop; one query."""
    changed: Counter[int | None] = Counter()
    reads = [name for name in action.reads if name != "target_shop_id"]
    groups = orders.order_by().values_list("target_shop_id", *reads).annotate(number=Count("pk"))
    for target, *values, number in groups.iterator():
        order = Order(**dict(zip(reads, values, strict=True)))
        try:
            wanted = action.decide(order)
        except ChangeRefused:
            continue
        if any(getattr(order, name) != value for name, value in wanted.items()):
            changed[target] += number
    return changed
