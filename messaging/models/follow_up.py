from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import LONGEST_ADDRESS, validate_one_address, validate_one_line
from messaging.models.template import MailTemplate

_DAYS = [MinValueValidator(1), MaxValueValidator(365)]


class FollowUps(models.Model):
    """What a shop sends later by itself: payment reminders, a request for feedback; how long downloads work.

    `…_since` is when it was turned on: what was due before that is not made up for.
    """

    class From(models.TextChoices):
        PLACED = "placed", _("the order was placed")
        SHIPPED = "shipped", _("it was shipped")

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="follow_ups")
    reminds = models.BooleanField(default=False)
    reminds_since = models.DateTimeField(null=True)
    first_after_days = models.PositiveSmallIntegerField(default=7, validators=_DAYS)
    second_after_days = models.PositiveSmallIntegerField(default=14, validators=_DAYS)
    third_after_days = models.PositiveSmallIntegerField(default=21, validators=_DAYS)
    asks_feedback = models.BooleanField(default=False)
    feedback_since = models.DateTimeField(null=True)
    feedback_after_days = models.PositiveSmallIntegerField(default=10, validators=_DAYS)
    feedback_from = models.CharField(max_length=10, choices=From.choices, default=From.SHIPPED)
    feedback_template = models.ForeignKey(
        MailTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    download_days = models.PositiveSmallIntegerField(default=30, validators=_DAYS)
    download_times = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )

    def __str__(self) -> str:
        return f"follow-ups of {self.shop_id}"

    @property
    def reminder_days(self) -> tuple[int, int, int]:
        return self.first_after_days, self.second_after_days, self.third_after_days


class Supplier(models.Model):
    """Who sends lines straight to customers: those whose product number begins with the prefix."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="suppliers")
    name = models.CharField(_("name"), max_length=80, validators=[validate_one_line])
    email = models.CharField(_("e-mail"), max_length=LONGEST_ADDRESS, validators=[validate_one_address])
    sku_prefix = models.CharField(_("product numbers that begin with"), max_length=60, validators=[validate_one_line])

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["shop", "sku_prefix"], name="one_supplier_per_prefix")]

    def __str__(self) -> str:
        return self.name
