from django.dispatch import receiver

from orderpull.services import open_demo_shops
from orders.demo import demo_world_built


@receiver(demo_world_built)
def open_demo_shops_to_pulls(sender, shops, **kwargs) -> None:
    open_demo_shops(shops)
