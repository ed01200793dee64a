"""`manage.py demo`: a world to click through, made of real invoices."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.models import Shop
from orders.demo.invoices import UnreadableFile
from orders.demo.issued import issue_some
from orders.demo.world import CUT, Tally, build_world


class Command(BaseCommand):
    help = "Build the demo shops with staff and orders from real invoices (orders/demo/README.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a shop already")
        parser.add_argument("--file", type=Path, default=CUT, help="invoices of Online Retail as .csv.gz")
        parser.add_argument("--orders", type=int, help="take only that many of the newest invoices")

    def handle(self, *, if_empty: bool, file: Path, orders: int | None, verbosity: int, **options) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo has well-known passwords: it is not loaded in production.")
        if orders is not None and orders < 1:
            raise CommandError("--orders takes a number from 1 up.")
        if Shop.objects.exists():
            if if_empty:
                return
            raise CommandError("There is a shop already. The demo needs an empty database and deletes nothing.")
        try:
            tally = build_world(file, now=timezone.now(), newest=orders, say=self.say if verbosity else _keep_quiet)
        except UnreadableFile as unreadable:
            raise CommandError(str(unreadable)) from None
        self.report(tally)
        self.stdout.write(f"{issue_some()} invoices and credit notes")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def report(self, tally: Tally) -> None:
        for problem in sorted(tally.problems):
            self.stderr.write(f"line {problem.line_number}: {problem.reason}")
        for number in sorted(tally.orders):
            self.stdout.write(f"{number}: {tally.orders[number]} orders, {tally.lines[number]} lines")
        self.stdout.write(
            f"{tally.number_of_orders} orders in {tally.seconds:.1f} s ({tally.orders_per_second:.0f} a second, "
            f"peak memory {tally.peak_memory_mb:.0f} MB); {tally.credited} cancellations became credits on orders; "
            f"{len(tally.problems)} rows reported."
        )


def _keep_quiet(text: str) -> None:
    """What `--verbosity 0` says."""
