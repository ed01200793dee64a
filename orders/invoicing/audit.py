"""Is every number there, and there once? What a series holds, and where it does not hold together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Max, Min, QuerySet, Sum, Window
from django.db.models.functions import Lag

from backoffice.models import Shop
from orders.invoicing.chain import digest_of
from orders.models import Invoice, InvoiceKind, NumberSeries
from orders.money import rounded

# A broken series has few holes or is not worth more names than these.
MOST_NAMED = 50


@dataclass(frozen=True)
class SeriesReport:
    """A series of numbers. `missing` are places, `doubles` how many are there again; amounts are per currency.

    A series begins where its first number was set, so only what is missing between the first and the next is a hole.
    """

    name: str
    kind: str
    first: str
    last: str
    first_on: date | None
    last_on: date | None
    next_number: int
    count: int
    number_missing: int
    missing: tuple[int, ...]
    doubles: int
    totals: tuple[tuple[str, Decimal, Decimal, Decimal], ...]

    @property
    def is_whole(self) -> bool:
        return not self.number_missing and not self.doubles


def audit(shop: Shop) -> list[SeriesReport]:
    """A report of each series of `shop` that has a document or a counter, by kind and name; a few queries each."""
    next_numbers = dict(
        NumberSeries.objects.filter(shop=shop, name__regex=r"^(invoice|credit_note)(-\d{4})?$").values_list(
            "name", "next_number"
        )
    )
    used = Invoice.objects.for_shop(shop).order_by().values_list("series", flat=True).distinct()
    names = sorted({*next_numbers, *used}, key=lambda name: (not name.startswith(InvoiceKind.INVOICE.value), name))
    return [_report(shop, name, next_numbers.get(name, 1)) for name in names]


def _report(shop: Shop, name: str, next_number: int) -> SeriesReport:
    rows = Invoice.objects.for_shop(shop).filter(series=name).order_by()
    facts = rows.aggregate(
        count=Count("pk"),
        places=Count("sequence", distinct=True),
        first=Min("sequence"),
        last=Max("sequence"),
        first_on=Min("issued_on"),
        last_on=Max("issued_on"),
    )
    expected = next_number - facts["first"] if facts["count"] else 0
    number_missing = max(expected - facts["places"], 0)
    return SeriesReport(
        name=name,
        kind=InvoiceKind.INVOICE if name.startswith(InvoiceKind.INVOICE.value) else InvoiceKind.CREDIT_NOTE,
        first=_number_at(rows, facts["first"]),
        last=_number_at(rows, facts["last"]),
        first_on=facts["first_on"],
        last_on=facts["last_on"],
        next_number=next_number,
        count=facts["count"],
        number_missing=number_missing,
        missing=tuple(_missing(rows, next_number)) if number_missing else (),
        doubles=facts["count"] - facts["places"],
        totals=tuple(_totals(rows)),
    )


def _totals(rows: QuerySet[Invoice]) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    sums = rows.values_list("currency").annotate(ex=Sum("total_ex"), vat=Sum("total_vat"), incl=Sum("total"))
    for currency, *amounts in sums.order_by("currency"):
        # SQLite adds up in another kind of number; cents are exact again.
        ex, vat, incl = map(rounded, amounts)
        yield currency, ex, vat, incl


def _number_at(rows: QuerySet[Invoice], sequence: int | None) -> str:
    return rows.filter(sequence=sequence).values_list("number", flat=True).first() or "" if sequence else ""


def _missing(rows: QuerySet[Invoice], next_number: int) -> Iterator[int]:
    """The first places that nobody stands at, from the steps that are longer than one."""
    steps = rows.annotate(before=Window(Lag("sequence"), order_by=F("sequence").asc()))
    gaps = [(before, at) for before, at in steps.values_list("before", "sequence") if before and at - before > 1]
    last = rows.aggregate(last=Max("sequence"))["last"]
    number = 0
    for before, at in [*gaps, (last, next_number)]:
        for place in range(before + 1, at):
            if number == MOST_NAMED:
                return
            number += 1
            yield place


@dataclass(frozen=True)
class BrokenLink:
    """A document that does not say any more what was issued, or whose forerunner is another."""

    number: str
    is_changed: bool


def broken_links(shop: Shop) -> list[BrokenLink]:
    """Every document of `shop` that was changed or had one removed before it; reads all of them, in flat memory."""
    broken = []
    series, previous = "", ""
    for invoice in Invoice.objects.for_shop(shop).order_by("series", "sequence").iterator(chunk_size=500):
        if invoice.series != series:
            series, previous = invoice.series, ""
        if digest_of(invoice) != invoice.digest:
            broken.append(BrokenLink(invoice.number, is_changed=True))
        elif invoice.previous_digest != previous:
            broken.append(BrokenLink(invoice.number, is_changed=False))
        previous = invoice.digest
    return broken
