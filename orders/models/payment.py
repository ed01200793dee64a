from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import fields
from orders.models.order import Order


class PaymentState(models.TextChoices):
    PENDING = "pending", _("Pending")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class RefundState(models.TextChoices):
    TO_PAY_OUT = "to_pay_out", _("Must still be paid out")
    PAID_OUT = "paid_out", _("Paid out")


class Payment(models.Model):
    """Money a customer paid or tried to pay, in the order's currency."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payments")
    amount = fields.money()
    method = models.CharField(max_length=60)
    provider = models.CharField(max_length=60, blank=True)
    provider_reference = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=12, choices=PaymentState.choices, default=PaymentState.PENDING)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]


class Refund(models.Model):
    """Money to give back. `TO_PAY_OUT` until the provider did it or somebody did it by hand."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="refunds")
    amount = fields.money()
    reason = models.CharField(max_length=250, blank=True)
    state = models.CharField(max_length=12, choices=RefundState.choices, default=RefundState.TO_PAY_OUT)
    created_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    paid_out_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]
