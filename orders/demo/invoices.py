"""Reading the invoices of the "Online Retail" data set, row by row, in flat memory.

One row is one invoice line. The rows of an invoice need not stand together, so a first pass finds out where each
invoice ends; the second one hands an invoice out as soon as its last row was read.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from orders.services.acceptance import ILLEGAL_CHARACTERS, LARGEST_AMOUNT, LARGEST_QUANTITY

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
NUMBER = re.compile(r"[A-Z]?[1-9][0-9]{3,11}")
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
LONGEST_CODE, LONGEST_DESCRIPTION = 60, 250


class UnreadableFile(Exception):
    """The file is not what its name says; `str()` is a sentence."""


class BadRow(Exception):
    """A row that makes no sense; `str()` says why."""


class Problem(NamedTuple):
    """What could not be taken over, by the line of the file it stands on (the header is line 1)."""

    line_number: int
    reason: str


class Row(NamedTuple):
    """One invoice line as the file has it; `at` is British local time without a zone."""

    line_number: int
    invoice: str
    code: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str


@dataclass
class Invoice:
    """All rows with one number, in the order of the file; what an order has once comes from the first of them."""

    name: str
    rows: list[Row] = field(default_factory=list)

    @property
    def number(self) -> int:
        return int(self.name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

    @property
    def is_cancellation(self) -> bool:
        return self.name.startswith("C")

    @property
    def is_adjustment(self) -> bool:
        return self.name.startswith("A")

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def amount(self) -> Decimal:
        """Quantity times price over all rows, as the file has them."""
        return sum((row.quantity * row.price for row in self.rows), Decimal(0))


class InvoiceFile:
    """A gzipped file of invoices; `problems` grows while it is read for the first time."""

    def __init__(self, path: Path, *, newest: int | None = None):
        """Take the `newest` invoices of the file, all of them with None. Raises UnreadableFile."""
        self.path = path
        self.problems: list[Problem] = []
        ends: dict[str, int] = {}
        newest_at: datetime | None = None
        self.country_of: dict[str, str] = {}
        for row in self._rows(self.problems):
            ends.pop(row.invoice, None)
            ends[row.invoice] = row.line_number
            newest_at = max(newest_at or row.at, row.at)
            self.country_of.setdefault(row.customer, row.country)
        if newest_at is None:
            raise UnreadableFile(f"{path} holds no invoice.")
        if newest is not None:
            ends = dict(list(ends.items())[max(len(ends) - newest, 0) :])
        self.newest_at = newest_at
        self.ends = ends
        self.numbers = {Invoice(name).number for name in ends}

    def __len__(self) -> int:
        return len(self.ends)

    def invoices(self) -> Iterator[Invoice]:
        """The invoices in the order in which they end."""
        open_invoices: dict[str, Invoice] = {}
        for row in self.rows():
            invoice = open_invoices.setdefault(row.invoice, Invoice(row.invoice))
            invoice.rows.append(row)
            if row.line_number == self.ends[row.invoice]:
                yield open_invoices.pop(row.invoice)

    def rows(self) -> Iterator[Row]:
        """The rows of the invoices that were taken."""
        return (row for row in self._rows([]) if row.invoice in self.ends)

    def _rows(self, problems: list[Problem]) -> Iterator[Row]:
        try:
            # Bytes that are no UTF-8 become lone surrogates, which are refused row by row below.
            with gzip.open(self.path, "rt", encoding="utf-8", errors="surrogateescape", newline="\n") as text:
                if text.readline().rstrip("\n").split(",") != COLUMNS:
                    raise UnreadableFile(f"{self.path} does not begin with the columns {', '.join(COLUMNS)}.")
                for line_number, line in enumerate(text, start=2):
                    try:
                        yield parse(line, line_number)
                    except BadRow as bad:
                        problems.append(Problem(line_number, str(bad)))
        except (OSError, EOFError) as error:
            raise UnreadableFile(f"{self.path} cannot be read: {error}") from error


def parse(line: str, line_number: int) -> Row:
    """One line of the file. Raises BadRow.

    Every line is parsed by itself, so that a stray quotation mark costs one row and not the rest of the file.
    """
    if '"' in line:
        try:
            cells = next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            raise BadRow(f"it is no CSV: {error}") from None
    else:
        cells = line.rstrip("\n").split(",")
    if len(cells) != len(COLUMNS):
        raise BadRow(f"it has {len(cells)} cells instead of {len(COLUMNS)}")
    invoice, code, description, quantity, at, price, customer, country = cells
    if not _is_number(invoice):
        raise BadRow(f"{invoice!r} is no invoice number")
    if len(code) > LONGEST_CODE or len(description) > LONGEST_DESCRIPTION or ILLEGAL_CHARACTERS.search(line[:-1]):
        raise BadRow("it has a text that no order can hold")
    return Row(
        line_number, invoice, code, description, _quantity(quantity), _time(at), _price(price), customer, country
    )


@lru_cache(maxsize=1000)
def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _quantity(text: str) -> int:
    try:
        quantity = int(text)
    except ValueError:
        raise BadRow(f"{text!r} is no quantity") from None
    if not 0 < abs(quantity) <= LARGEST_QUANTITY:
        raise BadRow(f"{text!r} is no quantity")
    return quantity


@lru_cache(maxsize=1000)
def _time(text: str) -> datetime:
    try:
        if TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:  # the 30th of February
        raise BadRow(f"{text!r} is no date and time") from error
    raise BadRow(f"{text!r} is no date and time")


@lru_cache(maxsize=5000)
def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise BadRow(f"{text!r} is no price") from None
    if not price.is_finite() or abs(price) > LARGEST_AMOUNT:
        raise BadRow(f"{text!r} is no price")
    return price
