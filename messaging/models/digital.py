from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.crypto import EncryptedTextField
from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import validate_one_line
from messaging.models.shop_file import ShopFile
from orders.models import Order


class DigitalProduct(models.Model):
    """Which file of the archive is sold under a product number."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="digital_products")
    sku = models.CharField(_("product number"), max_length=60, validators=[validate_one_line])
    shop_file = models.ForeignKey(ShopFile, verbose_name=_("file"), on_delete=models.PROTECT, related_name="+")

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["sku", "id"]
        constraints = [models.UniqueConstraint(fields=["shop", "sku"], name="one_file_per_product")]

    def __str__(self) -> str:
        return self.sku


class Download(models.Model):
    """A file that a customer bought: until when and how often it can be fetched, and how often it was."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="downloads")
    # The line's place in the cart; the line itself may be edited away.
    position = models.PositiveIntegerField()
    shop_file = models.ForeignKey(ShopFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=250)
    expires_at = models.DateTimeField()
    most_times = models.PositiveSmallIntegerField()
    times = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="one_download_per_line")]

    def __str__(self) -> str:
        return self.name


class GiftCard(models.Model):
    """One card of a line, made once; whoever has the code can spend it, so it is encrypted."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="gift_cards")
    position = models.PositiveIntegerField()
    # Among the cards of its line, from 1.
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=250)
    code = EncryptedTextField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "number"]
        constraints = [models.UniqueConstraint(fields=["order", "position", "number"], name="one_gift_card_per_number")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
