from django.db import models

from backoffice.models import Shop, ShopQuerySet
from statuses.kinds import Kind


class ShopClock(models.Model):
    """The shop's own time: moved by every change, its row lock held to the commit.

    So `at` and `mark` are in commit order, and a reader that has once held the lock can never later find a
    change with an earlier time. Only `orders.services.change` writes it.
    """

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="clock")
    at = models.DateTimeField()
    mark = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} mark {self.mark}"


class NumberSeries(models.Model):
    """The next number of a series of a shop, taken under lock in the transaction that uses it: no holes, no doubles."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="number_series")
    name = models.CharField(max_length=20)
    next_number = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "name"], name="one_series_per_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.next_number} is next"


class StatusCount(models.Model):
    """How many undeleted orders of a shop have a built-in status, moved in the transaction of the change."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="status_counts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    code = models.CharField(max_length=20)
    number_of_orders = models.IntegerField(default=0)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "kind", "code"], name="one_count_per_status")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}: {self.number_of_orders}"
