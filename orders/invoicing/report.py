"""What the audit of numbers says, in words for the page and as a table for a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from orders import display
from orders.exports.table import DAY, MONEY, NUMBER, TEXT, Heading
from orders.invoicing.audit import SeriesReport
from orders.models import InvoiceKind


@dataclass(frozen=True)
class SeriesRow:
    title: str
    first: str
    last: str
    since: str
    next_number: str
    count: str
    missing: str
    doubles: str
    totals: list[str]
    is_whole: bool


def series_rows(reports: list[SeriesReport]) -> list[SeriesRow]:
    return [_row(report) for report in reports]


def _row(report: SeriesReport) -> SeriesRow:
    since = [display.day(day) for day in (report.first_on, report.last_on) if day]
    missing = ", ".join(str(place) for place in report.missing)
    if report.number_missing > len(report.missing):
        missing += " …"
    return SeriesRow(
        title=title_of(report),
        first=report.first,
        last=report.last,
        since=" – ".join(dict.fromkeys(since)),
        next_number=display.integer(report.next_number),
        count=display.integer(report.count),
        missing=missing,
        doubles=display.integer(report.doubles) if report.doubles else "",
        totals=[display.money(incl, currency) for currency, _ex, _vat, incl in report.totals],
        is_whole=report.is_whole,
    )


def title_of(report: SeriesReport) -> str:
    kind = _("Invoices") if report.kind == InvoiceKind.INVOICE else _("Credit notes")
    _name, _dash, year = report.name.partition("-")
    return f"{kind} {year}".strip()


def HEADINGS() -> list[Heading]:
    return [
        Heading(_("Series"), TEXT),
        Heading(_("First number"), TEXT),
        Heading(_("Last number"), TEXT),
        Heading(_("First day"), DAY),
        Heading(_("Last day"), DAY),
        Heading(_("Next number"), NUMBER),
        Heading(_("Documents"), NUMBER),
        Heading(_("Missing"), NUMBER),
        Heading(_("Doubles"), NUMBER),
        Heading(_("Currency"), TEXT),
        Heading(_("Total excl. VAT"), MONEY),
        Heading(_("VAT"), MONEY),
        Heading(_("Total incl. VAT"), MONEY),
    ]


def report_rows(reports: list[SeriesReport]) -> Iterator[list[Any]]:
    """A row for each series and currency."""
    for report in reports:
        for currency, ex, vat, incl in report.totals or [("", None, None, None)]:
            yield [
                title_of(report),
                report.first,
                report.last,
                report.first_on,
                report.last_on,
                report.next_number,
                report.count,
                report.number_missing,
                report.doubles,
                currency,
                ex,
                vat,
                incl,
            ]
