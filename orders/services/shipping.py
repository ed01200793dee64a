"""What of an order is still to leave, and how: facts of lines and shipments that were read, nothing is asked anew."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from orders.models import Order, OrderLine, Shipment
from orders.services.status import ALREADY_DONE
from statuses.kinds import LineStatus

# What shops call it when no carrier comes, in the languages spoken here.
_PICKED_UP = ("pickup", "pick-up", "pick up", "collect", "afhalen", "ophalen", "hämta", "avhämtning", "abholung")
_BROUGHT = (
    "local delivery", "own delivery", "our own van", "eigen bezorg", "lokale bezorg", "lokal leverans", "egen leverans",
)  # fmt: skip


def left_of(line: OrderLine) -> Decimal:
    """How much of a line can still leave: goods that were ordered and have not; services and credits never do."""
    if line.kind != OrderLine.Kind.PHYSICAL or line.status in {LineStatus.CANCELLED, LineStatus.CREDITED}:
        return Decimal(0)
    return max(line.quantity - line.quantity_shipped, Decimal(0))


def proposed(line: OrderLine) -> Decimal:
    """How much of a line probably leaves now: what is left, but nothing that is back-ordered, came back or was
    credited before it left."""
    if line.status in {LineStatus.BACKORDERED, LineStatus.RETURNED}:
        return Decimal(0)
    credited_unsent = max(line.quantity_credited - line.quantity_returned, Decimal(0))
    return max(left_of(line) - credited_unsent, Decimal(0))


def lines_to_ship(lines: Iterable[OrderLine]) -> list[OrderLine]:
    return [line for line in lines if left_of(line) > 0]


def all_gone(lines: Iterable[OrderLine]) -> bool:
    """Whether nothing of the goods has still to leave; a line that was set to Shipped by hand has left."""
    return not any(left_of(line) > 0 and line.status not in ALREADY_DONE for line in lines)


def any_gone(lines: Iterable[OrderLine]) -> bool:
    return any(line.quantity_shipped > 0 or line.status == LineStatus.SHIPPED for line in lines)


def weight_of(quantities: Mapping[OrderLine, Decimal]) -> int:
    """Grams of parts of lines, whose own weight is that of the whole line."""
    grams = sum((line.weight_g * part / line.quantity for line, part in quantities.items()), Decimal(0))
    return round(grams)


def way_of(order: Order) -> str:
    """How the order probably leaves, by what its shipping method is called."""
    method = order.shipping_method.casefold()
    if any(word in method for word in _PICKED_UP):
        return Shipment.Way.PICKED_UP
    if any(word in method for word in _BROUGHT):
        return Shipment.Way.BROUGHT
    return Shipment.Way.CARRIER


def seen_of(shipments: Iterable[Shipment]) -> str:
    """What a form carries of the shipments its maker saw, so that nobody ships the same again without knowing."""
    keys = [shipment.pk for shipment in shipments]
    return f"{len(keys)}:{max(keys, default=0)}"
