"""`manage.py verify_log`: prove that the logs of orders say what was written, or name each place where they do not."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from backoffice.models import Shop
from orders.log_chain import Fault, Verified, faults_in
from orders.models import OrderLogEntry


class Command(BaseCommand):
    help = "Walk the chains of the orders' logs and name every entry that was changed, removed or added afterwards."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", help="number of the only shop to look at")
        parser.add_argument("--order", type=int, help="number of the only order to look at")

    def handle(self, *, shop: str | None, order: int | None, **options) -> None:
        entries = OrderLogEntry.objects.all()
        if shop is not None:
            if not Shop.objects.filter(number=shop).exists():
                raise CommandError(f"There is no shop {shop}.")
            entries = entries.filter(order__shop__number=shop)
        if order is not None:
            entries = entries.filter(order__number=order)
        found, number_of_faults = Verified(), 0
        with override("en"):
            for fault in faults_in(entries, found):
                number_of_faults += 1
                self.stdout.write(line_of(fault))
        self.stdout.write(f"{found.number_of_entries} entries, {number_of_faults} faults.")
        if found.number_unsealed:
            self.stdout.write(f"{found.number_unsealed} entries are older than the chain and prove nothing.")
        if number_of_faults:
            raise CommandError("The log is not as it was written.")


def line_of(fault: Fault) -> str:
    """`12345_00012, entry 678, fulfilment.changed of 2026-03-21 17:44:55: it does not say …`."""
    name = fault.order.external_id(fault.order.shop)
    if fault.entry is None:
        return f"{name}: {fault.what}"
    when = f"{fault.entry.created_at:%Y-%m-%d %H:%M:%S}"
    return f"{name}, entry {fault.entry.pk}, {fault.entry.action} of {when}: {fault.what}"
