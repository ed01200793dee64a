"""Choosing columns: which are shown, in which order, and one step of moving them."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from orders.columns.column import Column, Text
from orders.columns.registry import ALWAYS_SHOWN, COLUMNS, GROUPS, known_columns

STEPS = {"top": _("to the front"), "up": _("up"), "down": _("down")}


@dataclass(frozen=True)
class ChooserGroup:
    """Columns that are not shown."""

    label: Text
    columns: list[Column]


@dataclass(frozen=True)
class Chooser:
    """`shown` without the order's number, which stands first and cannot be hidden."""

    always: Column
    shown: list[Column]
    groups: list[ChooserGroup]


def chooser(keys: list[str]) -> Chooser:
    shown = known_columns(keys)
    groups = [
        ChooserGroup(label, [column for column in columns if column.key not in shown]) for label, columns in GROUPS
    ]
    return Chooser(
        always=COLUMNS[ALWAYS_SHOWN],
        shown=[COLUMNS[key] for key in shown if key != ALWAYS_SHOWN],
        groups=[group for group in groups if group.columns],
    )


def moved(keys: list[str], key: str, step: str) -> list[str]:
    """The keys with one of them moved; as they were for a step or a key that makes no sense."""
    rest = [each for each in known_columns(keys) if each != ALWAYS_SHOWN]
    if key in rest and step in STEPS:
        at = rest.index(key)
        to = {"top": 0, "up": max(at - 1, 0), "down": at + 1}[step]
        rest.insert(to, rest.pop(at))
    return known_columns(rest)
