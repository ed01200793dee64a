"""The data of a paper as JSON and back, so that an amount is an amount again and a day a day."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# A value that JSON has no word for is an object with one of these as its only name; no name of ours begins so.
_READERS: dict[str, Callable[[str], Any]] = {
    "@decimal": Decimal,
    "@time": datetime.fromisoformat,
    "@date": date.fromisoformat,
}


def to_json(value: Any) -> Any:
    """`value` made of dicts, lists, texts, numbers, decimals, times and dates, as JSON can hold it.

    Raises TypeError for anything else: what is frozen must come back as it was.
    """
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if isinstance(value, Decimal):
        return {"@decimal": str(value)}
    if isinstance(value, datetime):
        return {"@time": value.isoformat()}
    if isinstance(value, date):
        return {"@date": value.isoformat()}
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"{type(value).__name__} cannot be frozen")


def from_json(value: Any) -> Any:
    """What `to_json` was given."""
    if isinstance(value, list):
        return [from_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, text),) = value.items()
        if name in _READERS:
            return _READERS[name](text)
    return {name: from_json(each) for name, each in value.items()}
