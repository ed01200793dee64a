"""How the log tells of a line that comes to an order or leaves it: with all it says, so that the past can be shown."""

from typing import Any

from orders.models import LogAction, Order, OrderLine
from orders.services.change import Change, Changes, plain

TOLD = [field.attname for field in OrderLine._meta.concrete_fields if field.name not in ("id", "order")]


def coming(line: OrderLine) -> Changes:
    return {name: {"old": None, "new": value} for name, value in told(line).items()}


def leaving(line: OrderLine) -> Changes:
    return {name: {"old": value, "new": None} for name, value in told(line).items()}


def told(line: OrderLine) -> dict[str, Any]:
    return {name: plain(getattr(line, name)) for name in TOLD}


def differing(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    """What differs between two tellings of one line."""
    return {name: {"old": old, "new": after[name]} for name, old in before.items() if old != after[name]}


def record_line(change: Change, order: Order, line: OrderLine, changes: Changes) -> None:
    change.record(order, LogAction.LINE_MOVED, changes, line=line, subject=line.sku or line.name)
