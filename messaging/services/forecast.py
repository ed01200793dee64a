"""How many mails would go out, by the same triggers that then send them."""

from collections.abc import Sequence
from functools import cached_property

from django.db.models import Count, Exists, OuterRef
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backoffice.models import Shop
from messaging.happenings import Happening
from messaging.models import MailState, OutboxMail, Supplier, Trigger, TriggerEvent
from messaging.services.settings import settings_in
from messaging.services.suppliers import event_of, positions_of
from messaging.services.triggers import addressees_of, answering, triggers_in
from orders.mail_forecast import Occasion
from orders.models import Order, OrderLine


class TriggerForecast:
    """See `orders.mail_forecast.Forecaster`. Copies count as mails.

    One query for all triggers, one for suppliers, and one for each order whose mails are sent once.
    """

    def __init__(self, shop: Shop):
        self.shop = shop
        self._mailed: dict[int, set[str]] = {}
        self._orders: dict[tuple, Order] = {}

    @cached_property
    def triggers(self) -> dict[str, list[Trigger]]:
        """{event: those that answer to it, switched off or not}"""
        found: dict[str, list[Trigger]] = {event: [] for event in TriggerEvent.values}
        for trigger in triggers_in(self.shop, TriggerEvent.values):
            found[trigger.event].append(trigger)
        return found

    @cached_property
    def suppliers(self) -> list[Supplier]:
        return list(Supplier.objects.for_shop(self.shop))

    def mails_for(self, occasion: Occasion) -> int:
        triggers = self.triggers[occasion.event]
        if not triggers:
            return 0
        order, event = self._order_of(occasion), TriggerEvent(occasion.event)
        happening = Happening(
            order,
            event,
            occasion.code,
            occasion.own_id,
            is_new_word=occasion.is_new_word,
            line_id=occasion.line_id,
        )
        # As in the unique key of a mail: two triggers that send the same to the same send it once.
        letters = {
            (trigger.each_time, f"{happening.key}|{trigger.template_id}|{to.who}")
            for trigger in answering(triggers, happening)
            for to in addressees_of(trigger, order, settings_in(trigger.shop))
            if to.address
        }
        return sum(each_time or key not in self._mailed_of(occasion.order_id) for each_time, key in letters)

    def mails_once_paid(self, lines: Sequence[OrderLine]) -> int:
        suppliers = [supplier for supplier in self.suppliers if positions_of(supplier, lines)] if lines else []
        mailed = {key.partition("|")[0] for key in self._mailed_of(lines[0].order_id)} if suppliers else set()
        return sum(event_of(supplier) not in mailed for supplier in suppliers)

    def number_once_paid(self) -> Combinable:
        goods = OrderLine.objects.filter(
            order=OuterRef(OuterRef("pk")), kind=OrderLine.Kind.PHYSICAL, sku__istartswith=OuterRef("sku_prefix")
        )
        suppliers = Supplier.objects.for_shop(self.shop).filter(Exists(goods)).order_by()
        return Coalesce(suppliers.values("shop").annotate(number=Count("pk")).values("number"), 0)

    def _order_of(self, occasion: Occasion) -> Order:
        """As much of the order as triggers ask for."""
        about = (occasion.target_shop_id, occasion.source, occasion.has_address)
        if about not in self._orders:
            target_shop_id, source, has_address = about
            self._orders[about] = Order(
                shop=self.shop,
                target_shop_id=target_shop_id,
                source=source,
                customer_email="@" if has_address else "",
            )
        return self._orders[about]

    def _mailed_of(self, order_id: int | None) -> set[str]:
        """The unique keys of the mails that an order has, without its own number in front: none of them comes again."""
        if order_id is None:
            return set()
        if order_id not in self._mailed:
            mails = OutboxMail.objects.filter(order=order_id).exclude(state=MailState.CANCELLED)
            keys = mails.values_list("unique_key", flat=True)
            self._mailed[order_id] = {key.partition("|")[2] for key in keys}
        return self._mailed[order_id]
