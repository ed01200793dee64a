"""The orders of a selection: how many mails an action would send, and one of them as it would read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeGuard

from django.db.models import BooleanField, Case, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backoffice.models import Shop
from orders.bulk import Action, FieldAction, LineAction
from orders.mail_forecast.forecasters import Forecaster, MailSample, forecasters_of
from orders.mail_forecast.occasions import KINDS, STATUS_FIELDS, Leaving, Occasion, outcome_of, told_by
from orders.mail_forecast.one_order import OrderForecast
from orders.models import Order, OrderLine
from orders.services.errors import ChangeRefused
from orders.services.rules import NOT_SENT
from orders.services.status import ALREADY_DONE
from statuses.kinds import FulfilmentStatus, Kind, LineStatus

# The newest orders of a selection; where none of these is mailed there is no sample.
LOOKED_AT = 50


def mails_of_action(shop: Shop, action: Action, orders: QuerySet[Order]) -> int:
    """How many mails an action of the list would send; some queries, however many orders are meant."""
    if not _changes_statuses(action):
        return 0
    forecasters = forecasters_of(shop)
    if isinstance(action, LineAction):
        found, others = _occasions_of_lines(shop, action, orders), 0
    else:
        found, others = _occasions_of_fields(action, orders, forecasters)
    return others + sum(often * each.mails_for(occasion) for each in forecasters for occasion, often in found.items())


def sample_of_action(shop: Shop, action: Action, orders: QuerySet[Order]) -> MailSample | None:
    """The first mail to the newest order that the action would mail; nothing is written, and few queries are made."""
    if not _changes_statuses(action):
        return None
    kept = orders.filter(deleted_at=None).select_related("shop", "target_shop").prefetch_related("lines")
    newest = list(kept.order_by("-placed_at", "-id")[:LOOKED_AT])
    forecasters = forecasters_of(shop)
    for each in forecasters:
        each.look_up(newest)
    forecasts = (OrderForecast(order, order.lines.all(), forecasters) for order in newest)
    return next(filter(None, (forecast.sample_of(action) for forecast in forecasts)), None)


def _changes_statuses(action: Action) -> TypeGuard[FieldAction | LineAction]:
    """Whether it is one of the actions after which anybody may be mailed."""
    return isinstance(action, LineAction) or (
        isinstance(action, FieldAction) and not STATUS_FIELDS.isdisjoint(action.reads)
    )


def _occasions_of_fields(
    action: FieldAction, orders: QuerySet[Order], forecasters: Sequence[Forecaster]
) -> tuple[Counter[Occasion], int]:
    """What the action would make of how many orders, and how many mails there are beside; one query."""
    found: Counter[Occasion] = Counter()
    others = 0
    reads = list(dict.fromkeys([*action.reads, "fulfilment_status", "payment_status", "target_shop_id", "source"]))
    for *values, has_address, downloads, gift_cards, is_all, once_paid, number in _grouped(orders, reads, forecasters):
        order = Order(**dict(zip(reads, values, strict=True)), customer_email="@" if has_address else "")
        try:
            wanted = action.decide(order)
        except ChangeRefused:
            continue
        outcome = outcome_of(order, wanted, Leaving(downloads, gift_cards, is_all), [], told=told_by(action))
        for occasion in outcome.occasions:
            found[occasion] += number
        others += number * once_paid if outcome.is_paid else 0
    return found, others


def _grouped(orders: QuerySet[Order], reads: list[str], forecasters: Sequence[Forecaster]) -> Iterable[tuple]:
    """Rows of `reads`, whether there is an address, the three of `Leaving`, what goes out once paid, how many."""
    once_paid = sum((each.number_once_paid() for each in forecasters), start=Value(0))
    groups = orders.order_by().annotate(
        has_address=_has_address("customer_email"),
        **{f"number_of_{name}": _number_leaving(kind) for name, kind in KINDS.items()},
        is_all=~Exists(_goods_that_stay()),
        once_paid=once_paid,
    )
    of_group = [*reads, "has_address", *(f"number_of_{name}" for name in KINDS), "is_all", "once_paid"]
    return groups.values_list(*of_group).annotate(number=Count("pk")).iterator()


def _number_leaving(kind: str) -> Combinable:
    lines = OrderLine.objects.filter(order=OuterRef("pk"), kind=kind, status__in=NOT_SENT).order_by()
    return Coalesce(lines.values("order").annotate(number=Count("pk")).values("number"), 0)


def _goods_that_stay() -> QuerySet[OrderLine]:
    goods = OrderLine.objects.filter(order=OuterRef("pk")).exclude(kind=OrderLine.Kind.FEE)
    return goods.exclude(status__in=ALREADY_DONE).exclude(kind__in=KINDS.values(), status__in=NOT_SENT)


def _occasions_of_lines(shop: Shop, action: LineAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    orders = orders.filter(deleted_at=None)
    lines = OrderLine.objects.filter(order__in=orders).exclude(status=action.code, own_status=action.own_id)
    is_new_word = Case(When(status=action.code, then=False), default=True, output_field=BooleanField())
    groups = lines.order_by().annotate(is_new_word=is_new_word, has_address=_has_address("order__customer_email"))
    rows = groups.values_list("is_new_word", "order__target_shop_id", "order__source", "has_address")
    found = Counter(
        {
            Occasion(Kind.LINE, action.code, action.own_id, *of_line): number
            for *of_line, number in rows.annotate(number=Count("pk"))
        }
    )
    return found + _orders_following_lines(action, orders) if shop.ready_rule else found


def _orders_following_lines(action: LineAction, orders: QuerySet[Order]) -> Counter[Occasion]:
    """The orders whose status follows from all their lines getting this one (`rules.follow_back_orders`)."""
    if action.code == LineStatus.BACKORDERED:
        status = FulfilmentStatus.BACKORDERED
        moved = orders.filter(fulfilment_status=FulfilmentStatus.READY, number_of_lines__gt=0)
        moved = moved.exclude(number_of_lines_backordered=F("number_of_lines"))
    elif action.code not in ALREADY_DONE:
        status = FulfilmentStatus.READY
        moved = orders.filter(
            fulfilment_status=FulfilmentStatus.BACKORDERED, number_of_lines_backordered__gt=0, number_of_lines__gt=0
        )
    else:
        return Counter()
    groups = moved.order_by().annotate(has_address=_has_address("customer_email"))
    rows = groups.values_list("target_shop_id", "source", "has_address").annotate(number=Count("pk"))
    return Counter(
        {Occasion(Kind.FULFILMENT, status.value, None, True, *of_order): number for *of_order, number in rows}
    )


def _has_address(field: str) -> ExpressionWrapper:
    return ExpressionWrapper(~Q(**{field: ""}), output_field=BooleanField())
