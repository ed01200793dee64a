"""Which mails would go out, by the same triggers and texts that then make them."""

from collections.abc import Sequence
from functools import cached_property

from django.db.models import Count, Exists, OuterRef
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from backoffice.models import Shop
from messaging.happenings import Happening
from messaging.models import MailState, OutboxMail, Recipient, Supplier, Trigger, TriggerEvent
from messaging.previews import preview_of
from messaging.services.settings import settings_in
from messaging.services.suppliers import event_of, positions_of
from messaging.services.triggers import Addressee, addressees_of, answering, triggers_in
from messaging.texts import text_of
from orders.mail_forecast import MailSample, Occasion
from orders.models import Order, OrderLine


class TriggerForecast:
    """See `orders.mail_forecast.Forecaster`. Copies count as mails.

    One query for all triggers, one for suppliers, and one for each order whose mails are sent once, or for all of
    those that are looked up.
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

    def look_up(self, orders: Sequence[Order]) -> None:
        keys: dict[int, set[str]] = {order.pk: set() for order in orders}
        mails = OutboxMail.objects.filter(order__in=keys).exclude(state=MailState.CANCELLED)
        for order_id, key in mails.values_list("order_id", "unique_key"):
            keys[order_id].add(key.partition("|")[2])
        self._mailed |= keys

    def mails_for(self, occasion: Occasion) -> int:
        return len(self._foretold(self._order_of(occasion), occasion))

    def sample_of(self, order: Order, occasion: Occasion) -> MailSample | None:
        samples = (self._sample(order, *each) for each in self._foretold(order, occasion).values())
        return next(filter(None, samples), None)

    def _foretold(self, order: Order, occasion: Occasion) -> dict[tuple[bool, str], tuple[Trigger, Addressee]]:
        """What would be sent, on which paper and to whom. As in the unique key of a mail: two triggers that send the
        same to the same send it once, and what went out before is not sent again."""
        happening = Happening(
            order,
            TriggerEvent(occasion.event),
            occasion.code,
            occasion.own_id,
            is_new_word=occasion.is_new_word,
            line_id=occasion.line_id,
        )
        found = {
            (trigger.each_time, f"{happening.key}|{trigger.template_id}|{to.who}"): (trigger, to)
            for trigger in answering(self.triggers[occasion.event], happening)
            for to in addressees_of(trigger, order, settings_in(trigger.shop))
            if to.address
        }
        return {
            (each_time, key): each
            for (each_time, key), each in found.items()
            if each_time or key not in self._mailed_of(occasion.order_id)
        }

    def _sample(self, order: Order, trigger: Trigger, to: Addressee) -> MailSample | None:
        """The mail as it would read, in the language of whoever reads it; None when its text has a fault."""
        voice = order.target_shop or self.shop
        wanted = "" if to.who == Recipient.SHOP else order.customer_language
        text = text_of(trigger.template, wanted, shop_language=voice.language)
        if text is None:
            return None
        mail = preview_of(text.subject, text.html, order=order, shop=self.shop, language=text.language)
        return None if mail.problems else MailSample(order.display_number, to.address, mail.subject, mail.text)

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
            self.look_up([Order(pk=order_id)])
        return self._mailed[order_id]
