from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import LONGEST_ADDRESS, validate_one_address
from messaging.models.shop_file import ShopFile
from messaging.models.template import MailTemplate
from statuses.models import ShopStatus


class TriggerEvent(models.TextChoices):
    """What happens to an order. The first four are kinds of status, told apart further by code or own status."""

    FULFILMENT = "fulfilment", _("Order status")
    PAYMENT = "payment", _("Payment status")
    INTERNAL = "internal", _("Internal status")
    LINE = "line", _("Line status")
    PLACED = "order.placed", _("Order placed")
    DIGITAL = "digital.sent", _("Downloads or gift cards released")


class Recipient(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    SHOP = "shop", _("Shop")
    ADDRESS = "address", _("Another address")


class Trigger(models.Model):
    """Something happens to an order, and a mail goes out: which, to whom, when and with what.

    A trigger of a target shop stands for its orders in place of those of the base shop for the same event and
    recipient; switched off, it silences them there. `each_time` off: once per order, event, template and recipient.
    """

    # The base shop, to which the orders belong.
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="mail_triggers")
    target_shop = models.ForeignKey(Shop, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    event = models.CharField(_("when"), max_length=20, choices=TriggerEvent.choices)
    # For a kind of status: the built-in code, or the shop's own status (then `code` is empty).
    code = models.CharField(max_length=20, blank=True)
    own_status = models.ForeignKey(ShopStatus, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    template = models.ForeignKey(MailTemplate, on_delete=models.CASCADE, related_name="triggers")
    recipient = models.CharField(_("to"), max_length=10, choices=Recipient.choices, default=Recipient.CUSTOMER)
    # Only for Recipient.ADDRESS.
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True, validators=[validate_one_address])
    delay_minutes = models.PositiveIntegerField(_("delay in minutes"), default=0)
    each_time = models.BooleanField(_("each time, not only the first"), default=False)
    # Kinds of papers made when the mail is sent, such as ["invoice"].
    papers = models.JSONField(_("documents"), default=list, blank=True)
    files = models.ManyToManyField(ShopFile, verbose_name=_("files"), blank=True, related_name="triggers")
    copy_to_shop = models.BooleanField(_("copy to the shop"), default=False)
    is_on = models.BooleanField(_("on"), default=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["event", "code", "id"]
        indexes = [models.Index(fields=["shop", "event"], name="mail_trigger_by_event")]

    def __str__(self) -> str:
        return f"{self.event} {self.code or self.own_status_id or ''}".strip()
