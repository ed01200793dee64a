"""Which cancellation belongs to which earlier order.

A cancellation (`C…`) does not name its invoice. It is a credit on an earlier order when that order is of the same
customer and holds every cancelled article at the same price and in at least that quantity, not credited before;
of several such orders it is the newest. All other cancellations become credit orders of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orders.demo.invoices import Invoice, InvoiceFile, Row

Article = tuple[str, Decimal]


@dataclass
class Credit:
    """A cancellation as it lands on an order: how many pieces of which of its rows (by line number)."""

    name: str
    at: datetime
    pieces: dict[int, int]


@dataclass
class _Sold:
    """What is left of an invoice to be credited."""

    name: str
    rows: dict[Article, list[Row]] = field(default_factory=lambda: defaultdict(list))
    credited: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def find_credits(file: InvoiceFile) -> dict[str, list[Credit]]:
    """{invoice: its credits, oldest first}; the cancellations in it need no order of their own."""
    cancellations = _cancellations(file)
    articles = {(row.customer, row.code, row.price) for invoice in cancellations.values() for row in invoice.rows}
    sold: dict[str, dict[str, _Sold]] = defaultdict(dict)
    found: dict[str, list[Credit]] = defaultdict(list)
    for row in file.rows():
        if row.invoice in cancellations:
            if row.line_number == file.ends[row.invoice]:
                cancelled = cancellations[row.invoice]
                _settle(cancelled, sold[cancelled.first.customer].values(), found)
        elif (row.customer, row.code, row.price) in articles and row.quantity > 0:
            known = sold[row.customer].setdefault(row.invoice, _Sold(row.invoice))
            known.rows[row.code, row.price].append(row)
    return dict(found)


def _cancellations(file: InvoiceFile) -> dict[str, Invoice]:
    """The cancellations of known customers; a nameless one can be anybody's."""
    found: dict[str, Invoice] = {}
    for row in file.rows():
        if row.invoice.startswith("C") and row.customer:
            found.setdefault(row.invoice, Invoice(row.invoice)).rows.append(row)
    return found


def _settle(cancelled: Invoice, earlier: Iterable[_Sold], found: dict[str, list[Credit]]) -> None:
    for sold in reversed(list(earlier)):
        pieces = _pieces(cancelled, sold)
        if pieces is not None:
            for line_number, number in pieces.items():
                sold.credited[line_number] += number
            found[sold.name].append(Credit(cancelled.name, cancelled.first.at, pieces))
            return


def _pieces(cancelled: Invoice, sold: _Sold) -> dict[int, int] | None:
    """How many pieces of each sold row the cancellation takes back; None when they do not cover it."""
    pieces: dict[int, int] = defaultdict(int)
    for row in cancelled.rows:
        wanted = -row.quantity
        for candidate in sold.rows.get((row.code, row.price), ()):
            left = candidate.quantity - sold.credited.get(candidate.line_number, 0) - pieces[candidate.line_number]
            taken = min(left, wanted)
            pieces[candidate.line_number] += taken
            wanted -= taken
        if wanted:
            return None
    return {line_number: number for line_number, number in pieces.items() if number}
