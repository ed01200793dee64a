"""What is left of an invoice to be credited, row by row of its ledger.

The parts of a row add up to it: whoever takes the last of it takes what rounding has left over, VAT included.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.invoicing.stored import from_json
from orders.models import Invoice
from orders.money import NOTHING, ZERO, Amount, rounded, spread


@dataclass(frozen=True)
class LeftRow:
    """A row of an invoice and how much of it was not credited yet; `line` is how the paper shows it."""

    key: str
    line: dict[str, Any]
    kind: str
    category: str
    rate: Decimal
    quantity: Decimal
    whole: Amount
    left: Amount

    def amount_of(self, quantity: Decimal) -> Decimal:
        """What the next `quantity` pieces come to, incl. VAT; credited one by one they add up to the row."""
        gone = self.line["quantity"] - self.quantity
        share = self._share(gone + quantity) - self._share(gone)
        return min(max(share, ZERO), self.left.incl) if self.whole.incl > 0 else share

    def _share(self, quantity: Decimal) -> Decimal:
        return rounded(self.whole.incl * quantity / self.line["quantity"])

    def cut(self, amount: Decimal) -> Amount:
        """`amount` incl. VAT of this row with its VAT; all that is left keeps its cents."""
        if amount == self.left.incl:
            return self.left
        vat = rounded(amount * self.whole.vat / self.whole.incl) if self.whole.incl else ZERO
        vat = min(max(vat, ZERO), self.left.vat) if self.left.vat >= 0 else max(min(vat, ZERO), self.left.vat)
        return Amount(amount - vat, vat, amount)


@dataclass(frozen=True)
class Left:
    """All rows of an invoice; `total` is what its credit notes have not given back yet."""

    invoice: Invoice
    data: dict[str, Any]
    rows: list[LeftRow]

    @property
    def total(self) -> Decimal:
        return sum((row.left.incl for row in self.rows), ZERO)

    def spread(self, amount: Decimal) -> list[tuple[LeftRow, Amount]]:
        """An amount incl. VAT over the rows, in proportion to what is left of each; at most what is left above zero."""
        rows = [row for row in self.rows if row.left.incl > 0]
        parts = spread(amount, [row.left.incl for row in rows])
        return [(row, row.cut(part)) for row, part in zip(rows, parts, strict=True) if part]


def left_of(invoice: Invoice) -> Left:
    """What is left of an invoice, with one query for its credit notes."""
    data = from_json(invoice.data)
    gone: dict[str, Amount] = defaultdict(lambda: NOTHING)
    pieces: dict[str, Decimal] = defaultdict(Decimal)
    for credit in _credits_of(invoice):
        gone[credit["key"]] += Amount(credit["ex"], credit["vat"], credit["total"])
        pieces[credit["key"]] += credit["quantity"]
    shown = data["invoice"]["lines"]
    rows = [
        _left_row(row, line, gone[row["key"]], pieces[row["key"]])
        for row, line in zip(data["ledger"]["rows"], shown, strict=True)
    ]
    return Left(invoice, data, rows)


def _credits_of(invoice: Invoice) -> Iterable[dict[str, Any]]:
    for stored in invoice.corrections.values_list("data", flat=True):
        yield from from_json(stored["ledger"]["credits"])


def _left_row(row: dict[str, Any], line: dict[str, Any], gone: Amount, pieces: Decimal) -> LeftRow:
    whole = Amount(row["ex"], row["vat"], row["total"])
    return LeftRow(
        key=row["key"],
        line=line,
        kind=row["line_kind"],
        category=row["category"],
        rate=row["rate"],
        quantity=row["quantity"] - pieces,
        whole=whole,
        left=Amount(whole.ex - gone.ex, whole.vat - gone.vat, whole.incl - gone.incl),
    )
