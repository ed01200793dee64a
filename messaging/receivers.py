from django.dispatch import receiver

from messaging.services.suppliers import follow_suppliers
from messaging.services.triggers import follow_change
from orders.services import order_changed


@receiver(order_changed)
def queue_mails(sender, shop, entries, by, **kwargs) -> None:
    follow_change(shop, entries, by=by)
    follow_suppliers(shop, entries, by=by)
