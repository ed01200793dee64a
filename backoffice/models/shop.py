from collections.abc import Callable
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from backoffice.colours import Colour
from backoffice.plans import PLANS, Plan


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a known time zone."), params={"name": name})


# What is kept for a request under this name: the target shops.
TARGETS = "targets"


class ShopQuerySet(models.QuerySet):
    """Base of every queryset over rows that belong to a shop."""

    def for_shop(self, shop: "Shop") -> Self:
        """Only rows of `shop`. Every view starts here: another shop's row does not exist."""
        return self.filter(shop=shop)


class Shop(models.Model):
    """A webshop. A target shop has a `base_shop`: its orders belong to the base shop and name it."""

    class LineOrder(models.TextChoices):
        LOCATION = "location", _("Warehouse location")
        SKU = "sku", _("Product number")
        CART = "cart", _("Order in the cart")

    number = models.CharField(
        _("shop number"),
        max_length=12,
        unique=True,
        validators=[RegexValidator(r"\A[1-9][0-9]*\Z", _("Digits only, without a leading zero."))],
    )
    base_shop = models.ForeignKey(
        "self",
        verbose_name=_("base shop"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="target_shops",
    )
    name = models.CharField(_("name"), max_length=120)
    colour = models.CharField(_("colour"), max_length=10, choices=Colour.choices, default=Colour.BLUE)
    company = models.CharField(_("company"), max_length=120, blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, default="NL")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    registration_number = models.CharField(_("company number"), max_length=30, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    website = models.URLField(_("website"), max_length=200, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="Europe/Amsterdam", validators=[validate_time_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="en")
    plan_key = models.CharField(
        _("plan"), max_length=20, choices=[(plan.key, plan.label) for plan in PLANS.values()], default="basic"
    )
    line_order = models.CharField(_("line sorting"), max_length=10, choices=LineOrder.choices, default=LineOrder.SKU)
    ready_rule = models.BooleanField(
        _("set new orders to Ready or Backordered by themselves"),
        default=True,
        help_text=_("Without it every paid or unpaid new order starts as New."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def plan(self) -> Plan:
        return PLANS[self.plan_key]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    # Set by ShopMiddleware on the shop of a request, which lives as long as the request.
    request_cache: dict[str, Any] | None = None

    def once(self, name: str, read: Callable[[], Any]) -> Any:
        """What `read` gives, asked once a request; outside a request it is asked each time."""
        if self.request_cache is None:
            return read()
        if name not in self.request_cache:
            self.request_cache[name] = read()
        return self.request_cache[name]

    def targets(self) -> list["Shop"]:
        """The target shops, by number; read once a request, and never where it is known that there are none."""
        return self.once(TARGETS, lambda: list(self.target_shops.all()))

    @property
    def initial(self) -> str:
        return self.name[:1].upper()


class ShopLogo(models.Model):
    """The picture on a shop's papers; in a table of its own, because a shop is read with every page."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="logo")
    # image/png or image/jpeg, as its content says.
    content_type = models.CharField(max_length=20)
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.content_type}, {len(self.data)} bytes"
