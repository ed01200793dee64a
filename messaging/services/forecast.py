"""How many mails a change of status would send, by the same triggers that then send them."""

from backoffice.models import Shop
from messaging.happenings import Happening
from messaging.models import TriggerEvent
from messaging.services.triggers import answering, triggers_of
from orders.mail_forecast import OrdersByTarget
from orders.models import Order


def mails_for(shop: Shop, kind: str, code: str, own_id: int | None, orders: OrdersByTarget) -> int:
    """At most so many; copies count as mails. One query where nothing is tied to that kind of status."""
    triggers = triggers_of(shop, {kind})
    number = 0
    for target, of_target in orders().items() if triggers else ():
        order = Order(shop=shop, target_shop_id=target)
        happening = Happening(order, TriggerEvent(kind), code, own_id, is_new_word=True)
        chosen = answering(triggers, happening)
        number += of_target * sum(2 if trigger.copy_to_shop else 1 for trigger in chosen)
    return number
