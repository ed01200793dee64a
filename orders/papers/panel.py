"""The card of an order's papers: what was issued and printed, when, by whom and with which layout."""

import re
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders import display
from orders.models import Invoice, LogAction, Order, OrderLogEntry
from orders.order_page.panels import OrderPanel
from orders.papers.wish import PAPERS, label_of
from orders.timeline import Log

SHOWN = 30


@dataclass(frozen=True)
class PaperRow:
    """A kind of paper that was printed: the last time, and how often."""

    paper: str
    label: str
    about: str
    times: int


@dataclass(frozen=True)
class InvoiceRow:
    url: str
    label: str
    about: str


@dataclass(frozen=True)
class Papers:
    invoices: list[InvoiceRow]
    printed: list[PaperRow]
    choices: list[tuple[str, str]]


def papers_panel(order: Order, shop: Shop, log: Log) -> OrderPanel:
    """One query."""
    invoices = Invoice.objects.filter(order=order).defer("data").order_by("issued_at", "pk")[:SHOWN]
    content = Papers(
        invoices=[_invoice_row(invoice, shop) for invoice in invoices],
        printed=_printed(log.newest(LogAction.PAPERS_MADE, most=SHOWN), shop),
        choices=[(kind.value, label_of(kind)) for kind in PAPERS],
    )
    return OrderPanel("orders/_papers.html", content)


def _invoice_row(invoice: Invoice, shop: Shop) -> InvoiceRow:
    amount = display.money(invoice.amount_on_paper, invoice.currency)
    about = " · ".join([display.date_time(invoice.issued_at, shop.zone), invoice.issued_by, amount])
    url = reverse("invoices:show", args=[shop.number, invoice.pk])
    return InvoiceRow(url, f"{label_of(invoice.kind)} {invoice.number}", about)


def _printed(entries: list[OrderLogEntry], shop: Shop) -> list[PaperRow]:
    """One row for each kind, the one printed last first."""
    newest: dict[str, tuple[OrderLogEntry, str]] = {}
    times: dict[str, int] = {}
    for entry in entries:
        for paper, version in entry.changes["papers"]["new"]:
            newest.setdefault(paper, (entry, version))
            times[paper] = times.get(paper, 0) + 1
    return [
        PaperRow(paper, label_of(paper), _about(entry, version, shop), times[paper])
        for paper, (entry, version) in newest.items()
    ]


# How `layouts.published` calls what it gives: `12345 packing_slip 3`, perhaps with the sheet of labels behind it.
_OWN = re.compile(r"(\d+) [a-z_]+ (\d+)\b")


def version_in_words(version: str) -> str:
    """The layout that a paper was made with, or the number of an invoice as it is."""
    if version.startswith("built-in"):
        return _("built-in layout")
    own = _OWN.match(version)
    return _("layout %(number)s of shop %(shop)s") % {"shop": own[1], "number": own[2]} if own else version


def _about(entry: OrderLogEntry, version: str, shop: Shop) -> str:
    who = _("System") if entry.user_id is None else entry.actor
    return " · ".join(filter(None, [display.date_time(entry.created_at, shop.zone), who, version_in_words(version)]))
