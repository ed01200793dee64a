from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.colours import Colour
from backoffice.models import Shop, ShopQuerySet
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

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"


class Folder(models.Model):
    """A place to file orders, one level deep; an order in none is at the root."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="folders")
    name = models.CharField(_("name"), max_length=60)
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.GREY)
    position = models.PositiveSmallIntegerField(default=100)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="one_folder_per_name")]

    def __str__(self) -> str:
        return self.name
