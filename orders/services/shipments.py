"""What has left the building."""

from decimal import Decimal

from django.utils import timezone

from backoffice.actor import Actor
from orders.models import LogAction, Order, OrderLine, OrderLogEntry, Shipment, ShipmentLine
from orders.services.change import changing
from orders.services.errors import OrderIsDeleted
from orders.services.search import refresh_search_text


def add_tracking(order: Order, tracking_code: str, *, by: Actor, carrier: str = "") -> OrderLogEntry | None:
    """Note the tracking code of what was sent; None when the order has it already.

    A shipment that still lacks its code gets it, else there is a new one with all goods not shipped before. The
    order's status stays as it is. Raises OrderIsDeleted.
    """
    with changing(order.shop, by=by) as change:
        locked = change.lock(order.pk)
        if locked.deleted_at is not None:
            raise OrderIsDeleted
        shipments = list(locked.shipments.all())
        if any(shipment.tracking_code == tracking_code for shipment in shipments):
            return None
        without_code = [shipment for shipment in shipments if not shipment.tracking_code]
        shipment = without_code[-1] if without_code else _ship_the_rest(locked)
        shipment.tracking_code = tracking_code
        shipment.carrier = carrier or shipment.carrier
        shipment.save(update_fields=["tracking_code", "carrier"])
        refresh_search_text([locked], change.shop)
        diff = {"tracking_code": {"old": None, "new": tracking_code}}
        return change.record(
            locked, LogAction.SHIPMENT_ADDED, diff, subject=f"{shipment.carrier} {tracking_code}".strip()
        )


def _ship_the_rest(order: Order) -> Shipment:
    """A shipment, of now, of all goods that have not left yet."""
    shipment = Shipment.objects.create(order=order, shipped_at=timezone.now(), weight_g=order.weight_g)
    for line in order.lines.filter(kind=OrderLine.Kind.PHYSICAL):
        rest = line.quantity - line.quantity_shipped
        if rest > Decimal(0):
            ShipmentLine.objects.create(shipment=shipment, line=line, quantity=rest)
            line.quantity_shipped = line.quantity
            line.save(update_fields=["quantity_shipped"])
    return shipment
