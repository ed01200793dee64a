"""Arithmetic in decimals: an amount times a quantity is to the cent what a calculator says."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from liquid.undefined import Undefined

MOST_PLACES = 10


def decimal_of(value: object) -> Decimal:
    """The number in `value`; nothing at all is zero. Raises ValueError for what is no number."""
    if value is None or isinstance(value, Undefined) or value == "":
        return Decimal(0)
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = Decimal(str(value))
    elif isinstance(value, str):
        try:
            found = Decimal(value.strip()[:50])
        except InvalidOperation as error:
            raise ValueError("not a number") from error
    else:
        raise ValueError("not a number")
    if not found.is_finite() or found.adjusted() > 18:
        raise ValueError("too large")
    return found


def _plain(value: Decimal) -> Decimal | int:
    """Whole numbers as such, so that they can count; the rest with a bounded number of places."""
    if value == value.to_integral_value() and value.as_tuple().exponent >= 0:  # type: ignore[operator]
        return int(value)
    return round(value, MOST_PLACES) if -value.as_tuple().exponent > MOST_PLACES else value  # type: ignore[operator]


def _with(calculate: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., object]:
    def filtered(context: Any, value: object, other: object) -> Decimal | int:
        return _plain(calculate(decimal_of(value), decimal_of(other)))

    return filtered


def _divided(value: Decimal, other: Decimal) -> Decimal:
    whole = value == int(value) and other == int(other) and value.as_tuple().exponent >= 0 == other.as_tuple().exponent  # type: ignore[operator]
    return value // other if whole else value / other


def rounded(context: Any, value: object, places: object = 0) -> Decimal | int:
    """Half away from zero, as invoices are."""
    wanted = min(max(int(decimal_of(places)), 0), MOST_PLACES)
    return _plain(decimal_of(value).quantize(Decimal(1).scaleb(-wanted), ROUND_HALF_UP))


def _to_whole(rounding: str) -> Callable[..., int]:
    return lambda context, value: int(decimal_of(value).to_integral_value(rounding))


NUMBER_FILTERS: dict[str, Callable[..., object]] = {
    "plus": _with(lambda value, other: value + other),
    "minus": _with(lambda value, other: value - other),
    "times": _with(lambda value, other: value * other),
    "divided_by": _with(_divided),
    "modulo": _with(lambda value, other: value % other),
    "at_least": _with(max),
    "at_most": _with(min),
    "abs": lambda context, value: _plain(abs(decimal_of(value))),
    "round": rounded,
    "ceil": _to_whole(ROUND_CEILING),
    "floor": _to_whole(ROUND_FLOOR),
}
