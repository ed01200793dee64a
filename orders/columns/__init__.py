"""All that the order list can show, defined once: label, field names, sort and how a cell reads."""

from orders.columns.column import CellContext, Column
from orders.columns.gather import gather
from orders.columns.markup import escape, format_html
from orders.columns.registry import (
    COLUMNS,
    DEFAULT_COLUMNS,
    GROUPS,
    ROW_FIELDS,
    WAITING_COLUMNS,
    known_columns,
    row_class,
)

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "GROUPS",
    "ROW_FIELDS",
    "WAITING_COLUMNS",
    "CellContext",
    "Column",
    "escape",
    "format_html",
    "gather",
    "known_columns",
    "row_class",
]
