"""What a shop usually sends: its templates, and the statuses that send them. Asked for once, changed at will."""

from django.db import transaction
from django.utils import translation

from backoffice.models import Shop
from messaging.models import MailTemplate, Purpose, Recipient, Trigger, TriggerEvent
from orders.models import OrderLine
from statuses.kinds import FulfilmentStatus, PaymentStatus

# Event, status, mail, to whom, whether it is on from the first.
USUAL: tuple[tuple[TriggerEvent, str, Purpose, Recipient, bool], ...] = (
    (TriggerEvent.PLACED, "", Purpose.CONFIRMATION, Recipient.CUSTOMER, True),
    (TriggerEvent.PLACED, "", Purpose.NEW_ORDER, Recipient.SHOP, True),
    (TriggerEvent.DIGITAL, OrderLine.Kind.DIGITAL, Purpose.DOWNLOAD, Recipient.CUSTOMER, True),
    (TriggerEvent.DIGITAL, OrderLine.Kind.GIFT_CARD, Purpose.GIFT_CARD, Recipient.CUSTOMER, True),
    (TriggerEvent.PAYMENT, PaymentStatus.PAID, Purpose.PAID, Recipient.CUSTOMER, False),
    (TriggerEvent.PAYMENT, PaymentStatus.REFUNDED, Purpose.REFUNDED, Recipient.CUSTOMER, True),
    (TriggerEvent.PAYMENT, PaymentStatus.PARTLY_REFUNDED, Purpose.REFUNDED, Recipient.CUSTOMER, True),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.IN_PROGRESS, Purpose.IN_PROGRESS, Recipient.CUSTOMER, False),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.BACKORDERED, Purpose.BACKORDERED, Recipient.CUSTOMER, True),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.PARTLY_SHIPPED, Purpose.PARTLY_SHIPPED, Recipient.CUSTOMER, True),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.SHIPPED, Purpose.SHIPPED, Recipient.CUSTOMER, True),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.DELIVERED, Purpose.DELIVERED, Recipient.CUSTOMER, False),
    (TriggerEvent.FULFILMENT, FulfilmentStatus.CANCELLED, Purpose.CANCELLED, Recipient.CUSTOMER, True),
)


@transaction.atomic
def begin_with_usual_mails(shop: Shop) -> list[Trigger]:
    """Tie the usual mails to their statuses; nothing where the shop has tied any mail itself. Returns what was made."""
    # Two that press at one moment must see each other.
    Shop.objects.select_for_update().get(pk=shop.pk)
    if Trigger.objects.for_shop(shop).exists():
        return []
    return [
        Trigger.objects.create(
            shop=shop, event=event, code=code, template=template_for(shop, purpose), recipient=recipient, is_on=is_on
        )
        for event, code, purpose, recipient, is_on in USUAL
    ]


def template_for(shop: Shop, purpose: str) -> MailTemplate:
    """The shop's row for a built-in mail, made when it is needed for the first time, named in the shop's language."""
    with translation.override(shop.language):
        name = str(Purpose(purpose).label)
    found, _is_new = MailTemplate.objects.get_or_create(
        shop=shop, purpose=purpose, deleted_at=None, defaults={"name": name}
    )
    return found
