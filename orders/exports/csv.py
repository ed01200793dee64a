"""Tables as CSV in UTF-8 with a byte order mark, by which Excel knows the encoding.

Spreadsheets take a cell for a formula by its first character, quoted or not; a text that begins with one of those
gets an apostrophe before it. Numbers are written by us and keep their minus sign.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

from orders.exports.table import Heading, ValueKind, local_time
from orders.exports.xml import ILLEGAL, REPLACEMENT

CONTENT_TYPE = "text/csv; charset=UTF-8"
BYTE_ORDER_MARK = "\ufeff"
# The full-width forms too: some spreadsheets fold them.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
REPLACED = re.compile(f"{ILLEGAL.pattern}|\x7f")


class Dialect(NamedTuple):
    """What stands between cells and in decimal numbers."""

    separator: str
    decimal_sign: str


COMMA = Dialect(",", ".")
# What Excel expects where a comma is the decimal sign.
SEMICOLON = Dialect(";", ",")


class CsvWriter:
    """Writes one table to `file`. Afterwards `number_replaced` counts control characters that were taken out."""

    def __init__(self, file: IO[bytes], headings: Sequence[Heading], *, zone: ZoneInfo, dialect: Dialect = COMMA):
        self.headings = headings
        self.zone = zone
        self.number_replaced = 0
        self.decimal_sign = dialect.decimal_sign
        self.text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        self.writer = csv.writer(self.text, delimiter=dialect.separator, lineterminator="\r\n")

    def __enter__(self) -> "CsvWriter":
        return self

    def __exit__(self, *details: object) -> None:
        # Flushed, not closed: the file belongs to the caller.
        self.text.detach()

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self.text.write(BYTE_ORDER_MARK)
        self.writer.writerow([self._text(heading.label) for heading in self.headings])
        cells = [self._cell(heading.kind) for heading in self.headings]
        self.writer.writerows(
            ["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)] for row in rows
        )

    def _cell(self, kind: ValueKind) -> Callable[[Any], str]:
        return {
            ValueKind.TEXT: self._text,
            ValueKind.NUMBER: self._number,
            ValueKind.MONEY: self._number,
            ValueKind.MOMENT: self._moment,
            ValueKind.DAY: date.isoformat,
        }[kind]

    def _text(self, value: str) -> str:
        value, number = REPLACED.subn(REPLACEMENT, value)
        self.number_replaced += number
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value

    def _number(self, value: Any) -> str:
        return str(value).replace(".", self.decimal_sign)

    def _moment(self, value: datetime) -> str:
        return local_time(value, self.zone).replace(tzinfo=None).isoformat(" ", "seconds")
