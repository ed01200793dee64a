"""Tables as XLSX, written as a stream: memory does not grow with the rows.

The rows are written here, because building an object per cell takes most of an export's time; everything around
them (workbook, styles, relations) is openpyxl's. A text is always an inline string, so whatever a customer typed can
become neither formula nor link.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from orders.exports.table import Heading, ValueKind, local_time
from orders.exports.xml import SPECIAL, Escape

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel's own limits: a longer text or a sheet of more rows makes it call the file damaged.
LONGEST_TEXT = 32_767
MOST_ROWS = 1_048_576
# A character takes up to two of the units that Excel counts.
SURELY_FITS = LONGEST_TEXT // 2
ROWS_PER_PIECE = 200
# A third of the time of level 6 for a file that is a fifth larger.
COMPRESSION = 1

NUMBER_FORMATS = {
    ValueKind.TEXT: "General",
    ValueKind.NUMBER: "General",
    ValueKind.MONEY: "#,##0.00",
    ValueKind.MOMENT: "yyyy-mm-dd hh:mm",
    ValueKind.DAY: "yyyy-mm-dd",
}
WIDTHS = {ValueKind.TEXT: 22, ValueKind.NUMBER: 10, ValueKind.MONEY: 13, ValueKind.MOMENT: 17, ValueKind.DAY: 12}
# Excel counts days from here; what lies before the first day of 1900 is no date to it.
DAY_ZERO = date(1899, 12, 30)
FIRST_DAY = date(1900, 3, 1)
SECONDS_PER_DAY = 86_400
# Excel reads `_x0041_` in a text as the letter A: the underscore before it is written as such an escape itself.
EXCEL_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
NEEDS_A_LOOK = re.compile(f"{SPECIAL.pattern}|_x")

SHEET_START = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
    ' state="frozen"/></sheetView></sheetViews>'
)
SHEET_END = "</sheetData></worksheet>"
TEXT = '<c r="{}%d" s="{}" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>'

Cell = Callable[[Any, int], str]


class XlsxWriter:
    """Writes one table to `file`; use it as a context and call `write` once with all rows.

    Afterwards `number_replaced` counts characters no XML can carry and `number_cut` texts too long for a cell.
    """

    def __init__(self, file: IO[bytes], headings: Sequence[Heading], *, title: str, zone: ZoneInfo):
        self.headings = headings
        self.title = title
        self.zone = zone
        self.escape = Escape()
        self.number_cut = 0
        self.number_of_sheets = 0
        self.styles = Styles()
        self.package = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=COMPRESSION)
        self.cells = [self._cell(heading.kind, index) for index, heading in enumerate(headings, start=1)]

    @property
    def number_replaced(self) -> int:
        return self.escape.number_replaced

    def __enter__(self) -> "XlsxWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if kind is None:
            self._write_frame()
        self.package.close()

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write all rows, on as many sheets as they need; each begins with the headings."""
        remaining = iter(rows)
        while self._write_sheet(remaining):
            pass

    def _write_sheet(self, rows: Iterable[Sequence[Any]]) -> bool:
        """Write one sheet; whether it was filled and rows may be left."""
        self.number_of_sheets += 1
        name = f"xl/worksheets/sheet{self.number_of_sheets}.xml"
        cells, number, piece = self.cells, 1, [self._head()]
        with self.package.open(name, "w", force_zip64=True) as sheet:
            for row in rows:
                number += 1
                piece.append(f'<row r="{number}">')
                piece += [
                    cell(value, number)
                    for cell, value in zip(cells, row, strict=True)
                    if value is not None and value != ""
                ]
                piece.append("</row>")
                if number % ROWS_PER_PIECE == 0:
                    sheet.write("".join(piece).encode())
                    piece.clear()
                if number == MOST_ROWS:
                    break
            sheet.write("".join([*piece, SHEET_END]).encode())
        return number == MOST_ROWS

    def _head(self) -> str:
        widths = "".join(
            f'<col min="{index}" max="{index}" width="{WIDTHS[heading.kind]}" customWidth="1"/>'
            for index, heading in enumerate(self.headings, start=1)
        )
        names = "".join(
            TEXT.format(get_column_letter(index), self.styles.heading) % (1, self._text(heading.label))
            for index, heading in enumerate(self.headings, start=1)
        )
        return f'{SHEET_START}<cols>{widths}</cols><sheetData><row r="1">{names}</row>'

    def _cell(self, kind: ValueKind, index: int) -> Cell:
        """How a value of a column becomes a cell; the row's number comes with it."""
        column, style = get_column_letter(index), self.styles.of_kind[kind]
        text = TEXT.format(column, self.styles.of_kind[ValueKind.TEXT])
        number = f'<c r="{column}%d" s="{style}"><v>%s</v></c>'
        if kind in (ValueKind.NUMBER, ValueKind.MONEY):
            return lambda value, row: number % (row, value)
        if kind in (ValueKind.MOMENT, ValueKind.DAY):
            return lambda value, row: self._date(value, row, number, text)

        def text_cell(value: str, row: int) -> str:
            # Most texts need no second look; asking here saves a call for each.
            is_plain = len(value) < SURELY_FITS and NEEDS_A_LOOK.search(value) is None
            return text % (row, value if is_plain else self._text(value))

        return text_cell

    def _date(self, value: date | datetime, row: int, number: str, text: str) -> str:
        """A day or a moment in the shop's zone; one that Excel does not know stays readable as text."""
        if not isinstance(value, datetime):
            return number % (row, (value - DAY_ZERO).days) if value >= FIRST_DAY else text % (row, value.isoformat())
        local = local_time(value, self.zone)
        if local.date() < FIRST_DAY:
            return text % (row, local.isoformat(" ", "seconds"))
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return number % (row, (local.date() - DAY_ZERO).days + seconds / SECONDS_PER_DAY)

    def _text(self, value: str) -> str:
        if len(value) >= SURELY_FITS and len(value.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST_TEXT:
            value = _beginning_of(value)
            self.number_cut += 1
        if "_x" in value:
            value = EXCEL_ESCAPE.sub("_x005F_", value)
        return self.escape(value)

    def _write_frame(self) -> None:
        """Add what stands around the sheets, as openpyxl writes it for a workbook of as many sheets."""
        for name, content in self.styles.frame(self.title, self.number_of_sheets).items():
            if not name.startswith("xl/worksheets/"):
                self.package.writestr(name, content)


def _beginning_of(text: str) -> str:
    """As much of `text` as a cell holds, ending in an ellipsis; Excel counts UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * (LONGEST_TEXT - 1)]
    return units.decode("utf-16-le", "ignore") + "…"


class Styles:
    """The numbers of our cell styles in the style sheet that openpyxl writes for them."""

    def __init__(self) -> None:
        cells = self._styled_cells(Workbook(write_only=True))
        *of_kind, heading = [cell.style_id for cell in cells]
        self.of_kind: dict[ValueKind, int] = dict(zip(NUMBER_FORMATS, of_kind, strict=True))
        self.heading: int = heading

    def frame(self, title: str, number_of_sheets: int) -> dict[str, bytes]:
        """The parts of a package with empty sheets, by name."""
        workbook = Workbook(write_only=True)
        for number in range(1, number_of_sheets + 1):
            sheet = workbook.create_sheet(title if number == 1 else f"{title} {number}")
            if number == 1:
                sheet.append(self._styled_cells(workbook))
        package = BytesIO()
        workbook.save(package)
        with ZipFile(package) as parts:
            return {name: parts.read(name) for name in parts.namelist()}

    @staticmethod
    def _styled_cells(workbook: Workbook) -> list[WriteOnlyCell]:
        """A cell of each style; made in this order in any workbook they get the same numbers."""
        sheet = workbook.worksheets[0] if workbook.worksheets else workbook.create_sheet()
        cells = []
        for number_format in NUMBER_FORMATS.values():
            cell = WriteOnlyCell(sheet, Decimal(0))
            cell.number_format = number_format
            cells.append(cell)
        heading = WriteOnlyCell(sheet, "")
        heading.font = Font(bold=True)
        return [*cells, heading]
