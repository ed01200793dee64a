from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.colours import Colour
from backoffice.models import Shop, ShopQuerySet
from orders.models.order import Order


class FilingQuerySet(ShopQuerySet):
    def kept(self) -> Self:
        """What was not deleted."""
        return self.filter(deleted_at=None)


class Filing(models.Model):
    """What orders are filed under. One that was deleted stays and holds its orders, so that it can come back with
    them; to everybody who looks, its orders are in none."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="%(class)ss")
    name = models.CharField(_("name"), max_length=60)
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.GREY)
    position = models.PositiveSmallIntegerField(default=100)
    deleted_at = models.DateTimeField(null=True)

    objects = FilingQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Folder(Filing):
    """A place to file orders, one level deep; an order in none is at the root."""

    class Meta(Filing.Meta):
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], condition=Q(deleted_at=None), name="one_folder_per_name")
        ]


class Tag(Filing):
    """A word that orders are marked with, as many on each as one likes. Without commas: the log joins them by those."""

    orders = models.ManyToManyField(Order, through="OrderTag", related_name="tags")

    class Meta(Filing.Meta):
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], condition=Q(deleted_at=None), name="one_tag_per_name")
        ]


class OrderTag(models.Model):
    """A tag on an order; added and removed by `orders.services.tags` alone."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="order_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="order_tags")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "tag"], name="one_tag_once_per_order")]

    def __str__(self) -> str:
        return f"{self.order}: {self.tag}"
