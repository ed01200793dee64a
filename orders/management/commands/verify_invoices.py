"""`manage.py verify_invoices`: prove that invoices and credit notes are whole and say what was issued."""

import hashlib

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from backoffice.models import Shop
from orders.invoicing.audit import audit, broken_links
from orders.models import InvoiceFile


class Command(BaseCommand):
    help = "Name every number that is missing, every document that was changed, and every paper with other bytes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", help="number of the only shop to look at")

    def handle(self, *, shop: str | None, **options) -> None:
        shops = Shop.objects.filter(base_shop=None)
        if shop is not None:
            shops = shops.filter(number=shop)
            if not shops:
                raise CommandError(f"There is no shop {shop}.")
        faults, number_of_documents = 0, 0
        with override("en"):
            for each in shops:
                number_of_documents += sum(series.count for series in audit(each))
                for fault in faults_of(each):
                    faults += 1
                    self.stdout.write(f"{each.number}, {fault}")
        self.stdout.write(f"{number_of_documents} documents, {faults} faults.")
        if faults:
            raise CommandError("The invoices are not as they were issued.")


def faults_of(shop: Shop) -> list[str]:
    """What is wrong with the documents of a shop, a line each."""
    faults = [f"{series.name}: {place} is missing" for series in audit(shop) for place in series.missing]
    for link in broken_links(shop):
        what = "it does not say any more what was issued" if link.is_changed else "the one before it is another"
        faults.append(f"{link.number}: {what}")
    made = InvoiceFile.objects.filter(invoice__shop=shop).exclude(pdf=None).select_related("invoice").order_by("pk")
    for file in made.defer("invoice__data").iterator(chunk_size=20):
        if hashlib.sha256(bytes(file.pdf)).hexdigest() != file.sha256:
            faults.append(f"{file.invoice.number}: the bytes of its paper are others")
    return faults
