"""The sheets and rolls that address labels are printed on.

Sizes are those that the makers print on the box and in their templates, in millimetres; codes of one row are the same
sheet. Avery Zweckform: L7159, L7160, L7161, L7162, L7163, L7164, L7165, L7166, L7167, L7168, 3422, 3427, 3474, 3475,
3483, 3490, 3655, 3658, 3664. Herma: 4360, 4453, 4455, 4464. Rolls: DYMO 99014 (54 x 101), Brother DK-22205 (62 mm
endless, cut at 100), and the 100 x 150 mm (4 x 6 inch) of parcel label printers.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

A4 = (Decimal(210), Decimal(297))
# So much more room than rows and columns need, so that no rounding pushes the last one on.
SLACK = Decimal("0.3")


@dataclass(frozen=True)
class LabelSheet:
    """`top` and `left` are the margins of the first label, `across` and `down` the steps from label to label."""

    key: str
    name: str
    columns: int
    rows: int
    width: Decimal
    height: Decimal
    top: Decimal
    left: Decimal
    across: Decimal
    down: Decimal
    page: tuple[Decimal, Decimal] = A4

    @property
    def number_of_labels(self) -> int:
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        return self.number_of_labels == 1 and self.page != A4

    @property
    def css(self) -> str:
        """Style that puts the labels of the built-in layout, `.sheet` and `.label`, in their places."""
        wide, high = self.page
        # Room for the rows and no more: the row after the last goes to the next page.
        bottom = max(high - self.top - self.rows * self.down - SLACK, Decimal(0))
        return (
            f"@page {{ size: {wide}mm {high}mm; margin: {self.top}mm 0 {bottom}mm {self.left}mm }}\n"
            f".sheet {{ width: {self.columns * self.across + SLACK}mm }}\n"
            f".label {{ width: {self.width}mm; height: {self.height}mm;"
            f" margin: 0 {self.across - self.width}mm {self.down - self.height}mm 0;"
            f" font-size: {self._type_size}pt }}\n"
            f".label .to {{ max-height: {self.height - Decimal(12)}mm }}\n"
            + (_LARGE if self.is_large else _WIDE if self.width >= 90 else "")
        )

    @property
    def is_large(self) -> bool:
        return self.height >= 90 and self.width >= 90

    @property
    def _type_size(self) -> Decimal:
        """Of the address: five lines fit any label, and a large one is read from afar."""
        fitting = min((self.height - Decimal(11)) / Decimal("2.9"), self.width / Decimal("5.6"))
        largest = Decimal(14) if self.is_large else Decimal("9.5") if self.height < 60 else Decimal(12)
        return min(max(fitting, Decimal("6.5")), largest).quantize(Decimal("0.1"))


# Here even a long street stands on one line.
_WIDE = ".tiny .to { font-size: .8em }\n"
# Room for the bar code of the order.
_LARGE = """.label { padding: 6mm }
.label .from { font-size: 7pt; margin-bottom: 6mm }
.label .about { font-size: 9pt; bottom: 5mm; left: 6mm; right: 6mm }
.label .code { display: block; position: absolute; left: 6mm; bottom: 11mm }
.label .code img { width: 42mm; height: 13mm }
.label .to { max-height: none }
"""


def _sheet(codes: str, columns: int, rows: int, *sizes: str) -> LabelSheet:
    """`sizes` are width, height, top, left, and the steps across and down."""
    width, height, top, left, across, down = map(Decimal, sizes)
    name = f"{columns} × {rows}, {width} × {height} mm ({codes})"
    return LabelSheet(codes.split(",")[0].lower(), name, columns, rows, width, height, top, left, across, down)


def _roll(key: str, name: str, width: int, height: int) -> LabelSheet:
    wide, high = Decimal(width), Decimal(height)
    nothing = Decimal(0)
    return LabelSheet(key, name, 1, 1, wide, high - SLACK, nothing, nothing, wide, high - SLACK, page=(wide, high))


_ALL = (
    _sheet("L7160, 3664", 3, 7, "63.5", "38.1", "15.1", "7.2", "66", "38.1"),
    _sheet("L7159", 3, 8, "64", "33.9", "12.9", "6.5", "66.5", "33.9"),
    _sheet("L7161", 3, 6, "63.5", "46.6", "8.7", "7.2", "66", "46.6"),
    _sheet("L7162", 2, 8, "99.1", "33.9", "12.9", "4.7", "101.6", "33.9"),
    _sheet("L7163, 3655", 2, 7, "99.1", "38.1", "15.1", "4.7", "101.6", "38.1"),
    _sheet("L7164", 3, 4, "63.5", "72", "4.5", "7.2", "66", "72"),
    _sheet("L7165", 2, 4, "99.1", "67.7", "13.1", "4.7", "101.6", "67.7"),
    _sheet("L7166", 2, 3, "99.1", "93.1", "8.9", "4.7", "101.6", "93.1"),
    _sheet("L7168", 1, 2, "199.6", "143.5", "5", "5.2", "199.6", "143.5"),
    _sheet("L7167", 1, 1, "199.6", "289.1", "4", "5.2", "199.6", "289.1"),
    _sheet("3474, 3490, 4453", 3, 8, "70", "37", "0.5", "0", "70", "37"),
    _sheet("3475, 4464", 3, 8, "70", "36", "4.5", "0", "70", "36"),
    _sheet("3422", 3, 8, "70", "35", "8.5", "0", "70", "35"),
    _sheet("3427, 4360", 2, 4, "105", "74", "0.5", "0", "105", "74"),
    _sheet("3483, 4455", 2, 2, "105", "148", "0.5", "0", "105", "148"),
    _roll("100x150", "100 × 150 mm (4 × 6 inch)", 100, 150),
    _roll("62x100", "62 × 100 mm (DK-22205)", 62, 100),
    _roll("54x101", "54 × 101 mm (99014)", 101, 54),
)
SHEETS: dict[str, LabelSheet] = {sheet.key: sheet for sheet in _ALL}


def placed(labels: list[dict[str, object]], blank: dict[str, object], *, first: int) -> list[dict[str, object]]:
    """`labels` behind `first` - 1 blank ones: what was used of the sheet already. `first` counts from 1."""
    return list(chain((dict(blank, is_blank=True) for _ in range(first - 1)), labels))
