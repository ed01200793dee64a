import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orders.generate import TooFewOrders, generate_orders


class Command(BaseCommand):
    help = "Make very many orders in new shops, to measure with. Not in production."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--orders", type=int, default=25_900)
        parser.add_argument("--shops", type=int, default=1)

    def handle(self, *args, orders: int, shops: int, **options) -> None:
        if settings.PRODUCTION:
            raise CommandError("Generated orders have no place in production.")
        if shops < 1:
            raise CommandError("At least one shop is needed.")
        started = time.perf_counter()
        try:
            made = generate_orders(orders, number_of_shops=shops)
        except TooFewOrders:
            raise CommandError("Every shop needs at least one order.") from None
        seconds = time.perf_counter() - started
        self.stdout.write(
            f"{orders} orders in {len(made)} shops from {made[0].number} on, {orders / seconds:.0f} orders/s."
        )
