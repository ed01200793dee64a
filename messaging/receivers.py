from django.dispatch import receiver

from messaging.demo import fill_demo_shops
from messaging.services.suppliers import follow_suppliers
from messaging.services.triggers import follow_change
from orders.demo import demo_world_built
from orders.services import order_changed


@receiver(order_changed)
def queue_mails(sender, shop, entries, by, **kwargs) -> None:
    follow_change(shop, entries, by=by)
    follow_suppliers(shop, entries, by=by)


@receiver(demo_world_built)
def show_mails_in_the_demo(sender, shops, **kwargs) -> None:
    fill_demo_shops(shops)
