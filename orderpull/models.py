"""Who may pull a shop's orders, the ids handed out for it, and the log of all calls."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.crypto import EncryptedTextField
from backoffice.models import Shop, ShopQuerySet
from orderpull.addresses import is_allowed, validate_addresses

# How long the key before the present one is still accepted, so that an ERP can be switched without a gap.
KEY_OVERLAP = timedelta(hours=24)
RPC_ID_LIFETIME = timedelta(seconds=120)
# How far the clocks of two web servers may differ.
CLOCK_SKEW = timedelta(seconds=5)
CALL_LOG_RETENTION = timedelta(days=90)


class PullSettings(models.Model):
    """How a shop's orders are pulled. Target shops have none: they are pulled with their base shop's."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="pull_settings")
    is_on = models.BooleanField(_("order pull"), default=False)
    key = EncryptedTextField(_("private key"), blank=True)
    previous_key = EncryptedTextField(blank=True)
    previous_key_until = models.DateTimeField(null=True)
    allowed_addresses = models.TextField(
        _("allowed addresses"),
        blank=True,
        validators=[validate_addresses],
        help_text=_("One address or network a line, IPv4 or IPv6. Empty: calls may come from anywhere."),
    )
    include_aborted = models.BooleanField(_("checkouts aborted before an order was placed too"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(is_on=False) | ~models.Q(key=""), name="pull_needs_a_key")
        ]

    def __str__(self) -> str:
        return f"order pull of {self.shop_id}"

    def clean(self) -> None:
        if self.is_on and not self.key:
            raise ValidationError({"key": _("Order pull needs a private key.")})

    def allows(self, address: str | None) -> bool:
        return is_allowed(address, self.allowed_addresses)

    def keys_at(self, moment: datetime) -> list[str]:
        """The keys that sign a call at `moment`: the present one, and the one before it for a day."""
        keys = [self.key]
        if self.previous_key and self.previous_key_until is not None and moment < self.previous_key_until:
            keys.append(self.previous_key)
        return [key for key in keys if key]


class PullPartner(models.Model):
    """A business partner that pulls with a name and key of its own (the protocol's partner edition)."""

    settings = models.ForeignKey(PullSettings, on_delete=models.CASCADE, related_name="partners")
    name = models.CharField(_("partner"), max_length=60)
    key = EncryptedTextField(_("private key"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["settings", "name"], name="one_partner_per_name")]

    def __str__(self) -> str:
        return self.name


class RpcId(models.Model):
    """Ten unguessable digits that one shop's calls may carry for two minutes, as often as they like."""

    digits = models.CharField(max_length=10, primary_key=True)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    issued_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digits

    def is_valid_at(self, moment: datetime) -> bool:
        """Given out in the last two minutes; not "later", or a clock that is set back would prolong its life."""
        return -CLOCK_SKEW <= moment - self.issued_at <= RPC_ID_LIFETIME


class Outcome(models.TextChoices):
    """What became of a call; the label is for the shop's own call log, never for the caller."""

    ANSWERED = "answered", _("Answered")
    CUT_OFF = "cut_off", _("The caller hung up before the end")
    BROKEN_OFF = "broken_off", _("The answer broke off because of a fault here")
    MALFORMED = "malformed", _("Not a call of this protocol")
    UNKNOWN_SHOP = "unknown_shop", _("There is no such shop")
    PULL_OFF = "pull_off", _("Order pull is off")
    ADDRESS_NOT_ALLOWED = "address_not_allowed", _("The address is not allowed")
    TOO_MANY = "too_many", _("Too many calls from this address")
    ID_UNKNOWN = "id_unknown", _("This rpc id was never given")
    ID_OF_OTHER_SHOP = "id_of_other_shop", _("This rpc id was given to another shop")
    ID_EXPIRED = "id_expired", _("This rpc id is older than two minutes")
    PARTNER_UNKNOWN = "partner_unknown", _("There is no such partner or module")
    SIGNATURE_WRONG = "signature_wrong", _("The signature does not fit")


class PullCall(models.Model):
    """One call as it came and what became of it, kept for 90 days. Signature and key are never in it."""

    class Step(models.TextChoices):
        ID = "id", _("Ask for an rpc id")
        LIST = "list", _("List changed orders")
        OTHER = "other", _("Unknown address")

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="pull_calls")
    at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    step = models.CharField(max_length=5, choices=Step.choices)
    # The number in the call: the shop's own or that of one of its target shops.
    shop_number = models.CharField(max_length=12)
    partner = models.CharField(max_length=60, blank=True)
    # The moment or the order id, as it was sent, cut to what fits.
    asked_for = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    # What exactly was malformed.
    detail = models.CharField(max_length=120, blank=True)
    number_of_orders = models.PositiveIntegerField(default=0)
    # Of the document, before compression.
    number_of_bytes = models.PositiveBigIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["shop", "-at", "-id"], name="pull_call_newest"),
            models.Index(fields=["shop", "address", "at"], name="pull_call_by_address"),
            models.Index(fields=["at"], name="pull_call_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"
