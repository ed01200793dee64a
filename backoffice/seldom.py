"""What most shops have none of. Whether there is any is asked along with the membership that every page reads, so
that pages do without a query for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, QuerySet

from backoffice.models import StaffMember


@dataclass(frozen=True)
class Seldom:
    """Rows of a shop, `OuterRef("shop")`; where there are none, `Shop.once(name, …)` gives `nothing` unasked."""

    rows: QuerySet
    nothing: Any


_registered: dict[str, Seldom] = {}


def register_seldom(name: str, rows: QuerySet, *, nothing: Any) -> None:
    """Apps call this in `ready()` for what they keep for a request under `name`."""
    _registered[name] = Seldom(rows, nothing)


def questions() -> Mapping[str, Exists]:
    """To annotate a membership with."""
    return {f"has_{name}": Exists(seldom.rows) for name, seldom in _registered.items()}


def absent_for(staff: StaffMember) -> dict[str, Any]:
    """By its name, what the annotated membership knows that there is not."""
    return {name: seldom.nothing for name, seldom in _registered.items() if not getattr(staff, f"has_{name}")}
