"""`manage.py recount`: count statuses anew and see why orders wait; says what was wrong."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.models import Shop
from orders.services.recount import Recounted, recount
from orders.services.waiting import review_waiting

NAMED_AT_MOST = 20


class Command(BaseCommand):
    help = "Put right the status counters and the reasons why orders wait, and say what was wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", help="number of the only shop to look at")

    def handle(self, *, shop: str | None, **options) -> None:
        shops = Shop.objects.filter(base_shop=None)
        if shop is not None:
            shops = shops.filter(number=shop)
            if not shops:
                raise CommandError(f"There is no shop {shop}.")
        # What only waits for the clock is not wrong.
        review_waiting(timezone.now())
        was_right = True
        for each in shops:
            found = recount(each, now=timezone.now())
            was_right = was_right and not (found.counters or found.orders)
            self.tell(each, found)
        if was_right:
            self.stdout.write("Everything was right.")

    def tell(self, shop: Shop, found: Recounted) -> None:
        for kind, code, said, number in found.counters:
            self.stdout.write(f"{shop.number}: {kind} {code} said {said}, is {number}")
        if found.orders:
            named = ", ".join(f"{number:05d}" for number in found.orders[:NAMED_AT_MOST])
            more = ", …" if len(found.orders) > NAMED_AT_MOST else ""
            self.stdout.write(f"{shop.number}: {len(found.orders)} orders waited for something else: {named}{more}")
