from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from orders.models import fields
from orders.models.order import Order
from statuses.kinds import LineStatus
from statuses.models import ShopStatus


class OrderLine(models.Model):
    """One line of an order; amounts in the order's currency, frozen as charged."""

    class Kind(models.TextChoices):
        PHYSICAL = "physical", _("Physical goods")
        DIGITAL = "digital", _("Download")
        GIFT_CARD = "gift_card", _("Gift card")
        FEE = "fee", _("Fee")

    # Without an index of its own: the one on order and position begins with it.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    # Place in the cart, from 1.
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PHYSICAL)
    sku = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=250, blank=True)
    options = models.CharField(max_length=250, blank=True)
    quantity = fields.quantity()
    unit_price_ex = fields.unit_price()
    unit_price_incl = fields.unit_price()
    vat_rate = fields.vat_rate()
    # This line's own discount and its share of the order's, in the sense of `prices_include_vat`.
    discount = fields.money()
    discount_share = fields.money()
    total_ex = fields.money()
    total_vat = fields.money()
    total = fields.money()
    location = models.CharField(max_length=40, blank=True)
    # Of the whole line, not of a piece.
    weight_g = models.PositiveIntegerField(default=0)
    volume_cm3 = models.PositiveIntegerField(default=0)
    is_backordered = models.BooleanField(default=False)
    expected_on = models.DateField(null=True)
    status = models.CharField(max_length=20, choices=LineStatus.choices, default=LineStatus.OPEN)
    own_status = models.ForeignKey(ShopStatus, on_delete=models.PROTECT, null=True, related_name="+")
    quantity_picked = fields.quantity()
    quantity_shipped = fields.quantity()
    quantity_credited = fields.quantity()
    quantity_returned = fields.quantity()

    class Meta:
        ordering = ["order", "position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position")]
        indexes = [
            models.Index(fields=["sku", "-id"], name="line_by_sku"),
            # A place in the warehouse where few goods lie: the list would walk past all other orders to find them.
            models.Index(Upper("location"), name="line_by_location"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} × {self.sku or self.name}"
