from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Order


class OrderNote(models.Model):
    """Words of staff at an order. Removing one keeps its text in the log."""

    class Audience(models.TextChoices):
        INTERNAL = "internal", _("Internal")
        CUSTOMER = "customer", _("For the customer")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="notes")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.INTERNAL)
    text = models.TextField(max_length=4000)
    author = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    # Who wrote it anew, and when; the texts before are in the log.
    changed_by = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
