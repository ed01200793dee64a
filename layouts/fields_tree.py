"""What layouts and mail texts may name: fields with a description and a sample, as a tree that can be searched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Shape(StrEnum):
    """What stands at a field; the first seven are values, which a filter turns into text."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    TIME = "time"
    FLAG = "flag"
    GROUP = "group"
    LIST = "list"


@dataclass(frozen=True)
class Field:
    """One name. A group and a list have `fields`; `rows` are what differs in the sample rows of a list."""

    name: str
    description: str
    sample: object = None
    shape: Shape = Shape.TEXT
    fields: tuple["Field", ...] = ()
    rows: tuple[Mapping[str, object], ...] = ({},)

    def child(self, name: object) -> "Field | None":
        return self._children.get(name)  # type: ignore[call-overload]

    @property
    def names(self) -> list[str]:
        return list(self._children)

    @cached_property
    def _children(self) -> dict[str, "Field"]:
        return {each.name: each for each in self.fields}

    def sample_value(self) -> object:
        """Plain data of this shape, made of the samples."""
        if self.shape is Shape.GROUP:
            return {each.name: each.sample_value() for each in self.fields}
        if self.shape is Shape.LIST:
            row = {each.name: each.sample_value() for each in self.fields}
            return [{**row, **differing} for differing in self.rows]
        return self.sample


@dataclass(frozen=True)
class FieldList:
    """The names a template may use, in the order in which they are shown."""

    fields: tuple[Field, ...] = field(default=())

    def __add__(self, other: "FieldList") -> "FieldList":
        return FieldList(self.fields + other.fields)

    @cached_property
    def roots(self) -> dict[str, Field]:
        return {each.name: each for each in self.fields}

    @cached_property
    def paths(self) -> dict[str, Field]:
        """Every field by its path, such as `order.number` or `order.lines[].sku`."""
        return dict(_paths(self.fields, ""))

    def find(self, path: str) -> Field | None:
        return self.paths.get(path)

    def search(self, words: str) -> dict[str, Field]:
        """The fields in whose path or description all of `words` occur."""
        wanted = words.casefold().split()
        return {
            path: each
            for path, each in self.paths.items()
            if all(word in f"{path} {each.description}".casefold() for word in wanted)
        }

    def sample(self) -> dict[str, object]:
        """The data that the samples make; new each time, so nobody changes another's."""
        return {each.name: each.sample_value() for each in self.fields}


def _paths(fields: tuple[Field, ...], before: str) -> Iterator[tuple[str, Field]]:
    for each in fields:
        path = f"{before}{each.name}"
        yield path, each
        yield from _paths(each.fields, f"{path}[]." if each.shape is Shape.LIST else f"{path}.")
