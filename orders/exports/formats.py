"""The formats there are: what a file of each holds and who writes it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import Shop
from orders.documents import order_documents, order_values
from orders.exports.carriers import LABELS, MYPARCEL, CarrierTable
from orders.exports.csv import COMMA, SEMICOLON, CsvWriter, Dialect
from orders.exports.table import ORDER_COLUMNS, Heading, Table
from orders.exports.xlsx import XlsxWriter
from orders.exports.xml import WrittenOrder, write_orders
from orders.exports.xml_orders import written_orders


class Format(TextChoices):
    XLSX = "xlsx", gettext_lazy("Excel (XLSX)")
    XML = "xml", gettext_lazy("XML, all there is to know")
    CSV = "csv", gettext_lazy("CSV, comma and decimal point")
    CSV_SEMICOLON = "csv_semicolon", gettext_lazy("CSV, semicolon and decimal comma")
    MYPARCEL = "myparcel", gettext_lazy("MyParcel shipments (CSV)")
    LABELS = "labels", gettext_lazy("Address labels (CSV)")

    @property
    def short_label(self) -> str:
        """What it is called in a narrow column."""
        return {Format.MYPARCEL: "MyParcel", Format.LABELS: _("Labels")}.get(self, self.suffix.upper())

    @property
    def suffix(self) -> str:
        return self.value if self in (Format.XLSX, Format.XML) else "csv"

    @property
    def is_table(self) -> bool:
        """Whether rows and columns can be chosen."""
        return self in (Format.XLSX, Format.CSV, Format.CSV_SEMICOLON)

    @property
    def is_for_carrier(self) -> bool:
        return self in (Format.MYPARCEL, Format.LABELS)


@dataclass
class Written:
    """What became of an export: rows written, characters replaced because no file can carry them, texts cut."""

    rows: int = 0
    replaced: int = 0
    cut: int = 0


# What is read of the orders with these keys, one thing each, and who writes so many of them to a file.
Reader = Callable[[Iterable[int]], Iterator[Any]]
Writer = Callable[[IO[bytes], Iterable[Any], int], Written]
RowsOf = Callable[[Iterable[Any]], Iterator[Sequence[Any]]]


@dataclass(frozen=True)
class Layout:
    """Which columns a table has; no `columns` means all. Without effect on XML and carrier files."""

    columns: tuple[str, ...] = ()
    is_per_line: bool = False
    has_stable_headings: bool = False


def reader_and_writer(chosen: Format, layout: Layout, shop: Shop) -> tuple[Reader, Writer]:
    """How orders of `shop` are read for a format, and how what was read is written."""
    if chosen == Format.XML:
        return partial(written_orders, shop=shop), partial(_write_xml, shop)
    if chosen.is_for_carrier:
        carrier = CarrierTable(MYPARCEL if chosen == Format.MYPARCEL else LABELS)
        read = partial(order_documents, shop=shop, parts=carrier.parts)
        return read, partial(_write_csv, shop, carrier.headings(), carrier.rows, COMMA)
    table = Table(layout.columns or list(ORDER_COLUMNS), is_per_line=layout.is_per_line)
    headings = table.headings(is_stable=layout.has_stable_headings)
    read, rows_of = _reader_of(table, shop)
    if chosen == Format.XLSX:
        return read, partial(_write_xlsx, shop, headings, rows_of)
    dialect = SEMICOLON if chosen == Format.CSV_SEMICOLON else COMMA
    return read, partial(_write_csv, shop, headings, rows_of, dialect)


def _reader_of(table: Table, shop: Shop) -> tuple[Reader, RowsOf]:
    """What is read for a table and how it becomes rows: the values themselves where that is enough."""
    if table.paths is not None:
        return partial(order_values, shop=shop, paths=table.paths), iter
    return partial(order_documents, shop=shop, parts=table.parts), table.rows


def _write_xlsx(
    shop: Shop,
    headings: list[Heading],
    rows_of: RowsOf,
    file: IO[bytes],
    orders: Iterable[Any],
    count: int,
) -> Written:
    written = Written()
    with XlsxWriter(file, headings, title=_("Orders"), zone=shop.zone) as writer:
        writer.write(_counted(rows_of(orders), written))
    written.replaced, written.cut = writer.number_replaced, writer.number_cut
    return written


def _write_csv(
    shop: Shop,
    headings: list[Heading],
    rows_of: RowsOf,
    dialect: Dialect,
    file: IO[bytes],
    orders: Iterable[Any],
    count: int,
) -> Written:
    written = Written()
    with CsvWriter(file, headings, zone=shop.zone, dialect=dialect) as writer:
        writer.write(_counted(rows_of(orders), written))
    written.replaced = writer.number_replaced
    return written


def _write_xml(shop: Shop, file: IO[bytes], orders: Iterable[WrittenOrder], count: int) -> Written:
    written = Written()

    def counted() -> Iterator[WrittenOrder]:
        for order in _counted(orders, written):
            written.replaced += order.number_replaced
            yield order

    file.writelines(write_orders(counted(), shop=shop, generated=timezone.now(), count=count))
    return written


def _counted(rows: Iterable[Any], written: Written) -> Iterator[Any]:
    for row in rows:
        written.rows += 1
        yield row
