from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import fields
from orders.models.line import OrderLine
from orders.models.order import Order
from orders.models.payment import Refund


class ReturnReason(models.TextChoices):
    CHANGED_MIND = "changed_mind", _("Changed their mind")
    DOES_NOT_FIT = "does_not_fit", _("Does not fit")
    DAMAGED = "damaged", _("Damaged")
    DEFECTIVE = "defective", _("Defective")
    WRONG_PRODUCT = "wrong_product", _("Wrong product sent")
    NOT_AS_DESCRIBED = "not_as_described", _("Not as described")
    TOO_LATE = "too_late", _("Arrived too late")
    OTHER = "other", _("Something else")


class ReturnState(models.TextChoices):
    ANNOUNCED = "announced", pgettext_lazy("return", "Announced")
    RECEIVED = "received", pgettext_lazy("return", "Received")
    SETTLED = "settled", pgettext_lazy("return", "Settled")
    REFUSED = "refused", pgettext_lazy("return", "Refused")


class Return(models.Model):
    """Goods that come back: announced, then received, then settled with a refund or without; or refused."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="returns")
    state = models.CharField(max_length=10, choices=ReturnState.choices, default=ReturnState.ANNOUNCED)
    reason = models.CharField(max_length=20, choices=ReturnReason.choices)
    remark = models.CharField(max_length=250, blank=True)
    # The first part of the refund that settled it; none where the goods were exchanged or repaired.
    refund = models.ForeignKey(Refund, on_delete=models.SET_NULL, null=True, related_name="returns")
    created_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Of the form that it was announced with, so that sending it twice announces one.
    key = models.UUIDField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="one_return_per_key")]

    def __str__(self) -> str:
        return f"{self.reason}, {self.state}"


class ReturnLine(models.Model):
    """How much of a line was announced and, once it is here, how much came."""

    of_return = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.RESTRICT, related_name="return_lines")
    quantity = fields.quantity()
    quantity_received = fields.quantity()

    class Meta:
        ordering = ["line__position"]
        constraints = [models.UniqueConstraint(fields=["of_return", "line"], name="one_line_per_return")]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} × {self.line_id}"
