"""What changed between two versions, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from layouts.models import LayoutVersion

LINES_AROUND = 3
# Comparing is quadratic at worst; longer texts are said to differ, no more.
MOST_LINES = 3000


@dataclass(frozen=True)
class Row:
    """A line: `sign` is "-" (gone), "+" (new), " " (same) or "…" (a gap). Numbers count from 1."""

    sign: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class Difference:
    """What differs in a part; `is_too_long` when it does but is not told line by line."""

    rows: tuple[Row, ...] = ()
    is_too_long: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows) or self.is_too_long


@dataclass(frozen=True)
class FileChange:
    sign: str
    name: str


def text_difference(old: str, new: str) -> Difference:
    """The lines that differ with three around them; empty when none does."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return Difference()
    if max(len(before), len(after)) > MOST_LINES:
        return Difference(is_too_long=True)
    return Difference(tuple(_rows(before, after)))


def file_changes(old: LayoutVersion, new: LayoutVersion) -> list[FileChange]:
    """Files by name: "-" gone, "+" new, "~" another content."""
    before = dict(old.files.values_list("name", "sha256"))
    after = dict(new.files.values_list("name", "sha256"))
    changes = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            changes.append(FileChange("-", name))
        elif name not in before:
            changes.append(FileChange("+", name))
        elif before[name] != after[name]:
            changes.append(FileChange("~", name))
    return changes


def _rows(before: list[str], after: list[str]) -> Iterator[Row]:
    for number, group in enumerate(SequenceMatcher(None, before, after).get_grouped_opcodes(LINES_AROUND)):
        if number:
            yield Row("…", None, None, "")
        for tag, from_old, to_old, from_new, to_new in group:
            if tag == "equal":
                for step, text in enumerate(before[from_old:to_old]):
                    yield Row(" ", from_old + step + 1, from_new + step + 1, text)
                continue
            for at in range(from_old, to_old):
                yield Row("-", at + 1, None, before[at])
            for at in range(from_new, to_new):
                yield Row("+", None, at + 1, after[at])
