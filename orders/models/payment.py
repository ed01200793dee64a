from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import fields
from orders.models.line import OrderLine
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
    # Of the form that it was recorded with, so that sending it twice records one.
    key = models.UUIDField(null=True)
    # Money that was counted over between orders is a pair of rows, one below zero; each names the other's order and
    # the payment that the money came in with.
    other_order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="+")
    moved_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="moves")

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="one_payment_per_key")]

    def __str__(self) -> str:
        return f"{self.amount} {self.method}"


class Refund(models.Model):
    """Money to give back. `TO_PAY_OUT` until the provider did it or somebody did it by hand.

    One refund may go back over several payments: then there is a row for each under the same `key`, counted by
    `part`. What it is for (lines, shipping, the rest) and what was wished for stand on the first of them.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.RESTRICT, null=True, related_name="refunds")
    amount = fields.money()
    reason = models.CharField(max_length=250, blank=True)
    state = models.CharField(max_length=12, choices=RefundState.choices, default=RefundState.TO_PAY_OUT)
    created_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    paid_out_at = models.DateTimeField(null=True)
    # What the provider or the bank calls it.
    reference = models.CharField(max_length=80, blank=True)
    # Of the form that it was made with, so that sending it twice makes one. Refunds that came with an order have none.
    key = models.UUIDField(null=True)
    part = models.PositiveSmallIntegerField(default=0)
    shipping_amount = fields.money()
    free_amount = fields.money()
    restocks = models.BooleanField(default=False)
    wants_credit_note = models.BooleanField(default=False)
    notifies_customer = models.BooleanField(default=False)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["order", "key", "part"], name="one_refund_per_key")]
        indexes = [
            # The few that wait for somebody among all that were ever made.
            models.Index(fields=["order"], condition=models.Q(state="to_pay_out"), name="refund_to_pay_out")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"


class RefundLine(models.Model):
    """How much of a line a refund is for; without a quantity it is a compensation, and the line stays sold."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.RESTRICT, related_name="refund_lines")
    quantity = fields.quantity()
    amount = fields.money()

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} × {self.line_id}: {self.amount}"
