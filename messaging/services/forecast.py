"""How many mails would go out, by the same triggers that then send them."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from backoffice.models import Shop
from messaging.happenings import Happening
from messaging.models import Recipient, Supplier, Trigger, TriggerEvent
from messaging.services.settings import settings_in
from messaging.services.triggers import answering, triggers_in
from orders.mail_forecast import Occasion
from orders.models import Order, OrderLine, Source
from orders.services.rules import NOT_SENT


class TriggerForecast:
    """See `orders.mail_forecast.Forecaster`. One query for all statuses; copies count as mails."""

    def __init__(self, shop: Shop):
        self.shop = shop

    @cached_property
    def triggers(self) -> list[Trigger]:
        return list(triggers_in(self.shop, TriggerEvent.values))

    def mails_for(self, occasion: Occasion) -> int:
        event = TriggerEvent(occasion.kind)
        if not any(trigger.event == event for trigger in self.triggers):
            return 0
        order = Order(shop=self.shop, target_shop_id=occasion.target_shop_id, source=occasion.source)
        happening = Happening(order, event, occasion.code, occasion.own_id, is_new_word=occasion.is_new_word)
        return sum(self._mails_of(trigger, occasion) for trigger in answering(self.triggers, happening))

    def mails_when_placed(self, order: Order) -> int:
        """For an order that is new, with the copies."""
        placed = Happening(order, TriggerEvent.PLACED)
        return sum(1 + trigger.copy_to_shop for trigger in answering(self.triggers, placed))

    def mails_once_paid(self, orders: QuerySet[Order]) -> int:
        return self._of_digital_goods(orders) + self._to_suppliers(orders)

    def _mails_of(self, trigger: Trigger, occasion: Occasion) -> int:
        if trigger.recipient != Recipient.CUSTOMER:
            return 1 + trigger.copy_to_shop
        if occasion.source == Source.MARKETPLACE and not settings_in(trigger.shop).mails_marketplace_customers:
            return 0
        return occasion.has_address + trigger.copy_to_shop

    def _of_digital_goods(self, orders: QuerySet[Order]) -> int:
        digital = [trigger for trigger in self.triggers if trigger.event == TriggerEvent.DIGITAL and trigger.is_on]
        return sum(
            (1 + trigger.copy_to_shop) * _having(orders, kind=trigger.code, status__in=NOT_SENT) for trigger in digital
        )

    def _to_suppliers(self, orders: QuerySet[Order]) -> int:
        goods = {"kind": OrderLine.Kind.PHYSICAL}
        return sum(
            _having(orders, sku__istartswith=supplier.sku_prefix, **goods)
            for supplier in Supplier.objects.for_shop(self.shop)
        )


def _having(orders: QuerySet[Order], **line: Any) -> int:
    """How many of the orders have such a line."""
    lines = OrderLine.objects.filter(order__in=orders.order_by().values("pk"), **line)
    return lines.order_by().values("order_id").distinct().count()
