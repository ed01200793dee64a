from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from orders.models import fields
from orders.models.line import OrderLine
from orders.models.order import Order


class Shipment(models.Model):
    """What left the building together, with its tracking code."""

    class Way(models.TextChoices):
        CARRIER = "carrier", _("With a carrier")
        PICKED_UP = "picked_up", _("Picked up by the customer")
        BROUGHT = "brought", _("Delivered by ourselves")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="shipments")
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.CARRIER)
    carrier = models.CharField(max_length=60, blank=True)
    tracking_code = models.CharField(max_length=80, blank=True)
    tracking_url = models.URLField(max_length=300, blank=True)
    number_of_parcels = models.PositiveSmallIntegerField(default=1)
    weight_g = models.PositiveIntegerField(default=0)
    shipped_at = models.DateTimeField()

    class Meta:
        ordering = ["shipped_at", "id"]
        indexes = [
            # Each code that is typed in is looked for: was it used before?
            models.Index(fields=["tracking_code"], name="shipment_by_code", condition=~models.Q(tracking_code="")),
            # A carrier that is seldom used: the list would walk past all others to find its parcels.
            models.Index(Upper("carrier"), name="shipment_by_carrier"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_code}".strip() or self.way


class ShipmentLine(models.Model):
    """How much of a line is in a shipment."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="shipment_lines")
    quantity = fields.quantity()

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} × {self.line_id}"
