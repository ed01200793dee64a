from django.db import models

from orders.models import fields
from orders.models.line import OrderLine
from orders.models.order import Order


class Shipment(models.Model):
    """What left the building together, with its tracking code."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="shipments")
    carrier = models.CharField(max_length=60, blank=True)
    tracking_code = models.CharField(max_length=80, blank=True)
    tracking_url = models.URLField(max_length=300, blank=True)
    number_of_parcels = models.PositiveSmallIntegerField(default=1)
    weight_g = models.PositiveIntegerField(default=0)
    shipped_at = models.DateTimeField()

    class Meta:
        ordering = ["shipped_at", "id"]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_code}".strip()


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="shipment_lines")
    quantity = fields.quantity()

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"
