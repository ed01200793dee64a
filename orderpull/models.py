"""Who may pull a shop's orders, the ids handed out for it, and the log of all calls."""

from datetime import datetime, timedelta

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.crypto import EncryptedTextField
from backoffice.models import Shop, ShopQuerySet
from orderpull.addresses import is_allowed, validate_addresses
from orderpull.reasons import words_for

# How long the key before the present one is still accepted, so that an ERP can be switched without a gap.
KEY_OVERLAP = timedelta(hours=24)
RPC_ID_LIFETIME = timedelta(seconds=120)
# How far the clocks of two web servers may differ.
CLOCK_SKEW = timedelta(seconds=5)
CALL_LOG_RETENTION = timedelta(days=90)
# How long the answers themselves are kept, with all the personal data in them.
ANSWER_RETENTION = timedelta(days=7)


class PullSettings(models.Model):
    """How a shop's orders are pulled. Target shops have none: they are pulled with their base shop's."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="pull_settings")
    is_on = models.BooleanField(_("order pull"), default=False)
    key = EncryptedTextField(_("private key"), blank=True)
    previous_key = EncryptedTextField(blank=True)
    previous_key_until = models.DateTimeField(null=True)
    key_made_at = models.DateTimeField(null=True)
    key_made_by = models.CharField(max_length=120, blank=True)
    allowed_addresses = models.TextField(
        _("allowed addresses"),
        blank=True,
        validators=[validate_addresses],
        help_text=_("One address or network a line, IPv4 or IPv6. Empty: calls may come from anywhere."),
    )
    include_aborted = models.BooleanField(_("checkouts aborted before an order was placed too"), default=False)
    accepts_updates = models.BooleanField(
        _("business systems may update orders"),
        default=False,
        help_text=_("Status, tracking code and internal notes, by signed calls to /RPC/orders/update."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(is_on=False) | ~models.Q(key=""), name="pull_needs_a_key")
        ]

    def __str__(self) -> str:
        return f"order pull of {self.shop_id}"

    def allows(self, address: str | None) -> bool:
        return is_allowed(address, self.allowed_addresses)

    def keys_at(self, moment: datetime) -> list[str]:
        """The keys that sign a call at `moment`: the present one, and the one before it for a day."""
        keys = [self.key]
        if self.previous_key and self.previous_key_until is not None and moment < self.previous_key_until:
            keys.append(self.previous_key)
        return [key for key in keys if key]

    @property
    def key_ending(self) -> str:
        """The last four characters, by which people tell keys apart; empty for a key too short to give any away."""
        return ending_of(self.key)


# A key of 128 bits in hexadecimal: of anything shorter four characters are too much.
SHORTEST_WITH_ENDING = 32


def ending_of(key: str) -> str:
    return key[-4:] if len(key) >= SHORTEST_WITH_ENDING else ""


class PullPartner(models.Model):
    """A business partner that pulls with a name and key of its own (the protocol's partner edition)."""

    settings = models.ForeignKey(PullSettings, on_delete=models.CASCADE, related_name="partners")
    # The name is part of what is signed: what every program sends alike, however it encodes.
    name = models.CharField(
        _("partner"),
        max_length=60,
        validators=[RegexValidator(r"\A[A-Za-z0-9_.-]+\Z", _("Letters, digits, dots, hyphens and underscores only."))],
    )
    key = EncryptedTextField(_("private key"))
    key_made_at = models.DateTimeField(null=True)
    key_made_by = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["settings", "name"], name="one_partner_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def key_ending(self) -> str:
        return ending_of(self.key)


class PullEvent(models.Model):
    """Who did what to the settings. Keys are never in it, only that one was shown or made."""

    class Kind(models.TextChoices):
        TURNED_ON = "turned_on", _("Order pull turned on")
        TURNED_OFF = "turned_off", _("Order pull turned off")
        KEY_MADE = "key_made", _("Private key made")
        KEY_SHOWN = "key_shown", _("Private key shown")
        KEY_ROTATED = "key_rotated", _("Private key replaced, the one before valid for 24 hours more")
        KEY_REPLACED = "key_replaced", _("Private key replaced at once")
        ADDRESSES = "addresses", _("Allowed addresses changed")
        ABORTED = "aborted", _("Aborted checkouts")
        UPDATES = "updates", _("Updates by business systems")
        PARTNER_ADDED = "partner_added", _("Partner added")
        PARTNER_REMOVED = "partner_removed", _("Partner removed")
        TESTED = "tested", _("Test run")

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="pull_events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # The partner, or a value before and after.
    about = models.CharField(max_length=60, blank=True)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    actor = models.CharField(max_length=120)
    user_id = models.BigIntegerField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(default=timezone.now)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["shop", "-id"], name="pull_event_newest")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"


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
    UPDATES_OFF = "updates_off", _("Business systems may not update orders")
    NOT_DONE = "not_done", _("The update was not possible")


# What became of calls that were let in.
GOOD_OUTCOMES = (Outcome.ANSWERED, Outcome.CUT_OFF, Outcome.BROKEN_OFF, Outcome.NOT_DONE)


class PullCall(models.Model):
    """One call as it came and what became of it, kept for 90 days. Signature and key are never in it."""

    class Step(models.TextChoices):
        ID = "id", _("Ask for an rpc id")
        LIST = "list", _("List changed orders")
        COUNT = "count", _("Count orders per day")
        UPDATE = "update", _("Update an order")
        OTHER = "other", _("Unknown address")

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="pull_calls")
    at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    step = models.CharField(max_length=10, choices=Step.choices)
    # The number in the call: the shop's own or that of one of its target shops.
    shop_number = models.CharField(max_length=12)
    partner = models.CharField(max_length=60, blank=True)
    # The moment or the order id, as it was sent, cut to what fits.
    asked_for = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    # A Reason: what exactly was malformed, or how the signature was wrong.
    reason = models.CharField(max_length=30, blank=True)
    # Signed with the key before the present one, while that is still valid.
    with_old_key = models.BooleanField(default=False)
    number_of_orders = models.PositiveIntegerField(default=0)
    # Of the document, before compression.
    number_of_bytes = models.PositiveBigIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    # The document as it was sent, compressed, and the SHA-256 of it; only for a while and up to a size.
    answer = models.BinaryField(null=True)
    answer_digest = models.CharField(max_length=64, blank=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["shop", "-at", "-id"], name="pull_call_newest"),
            models.Index(fields=["shop", "address", "at"], name="pull_call_by_address"),
            models.Index(fields=["at"], name="pull_call_by_age"),
            models.Index(fields=["at"], name="pull_call_with_answer", condition=models.Q(answer__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"

    @property
    def is_refused(self) -> bool:
        return self.outcome not in GOOD_OUTCOMES

    @property
    def reason_in_words(self) -> str:
        return words_for(self.reason)


class PullReceipt(models.Model):
    """The first time that a caller got a version of an order, whole and to the end.

    By number and not by key: numbers never change, and receipts are written by the hundred thousand. Pulling the same
    version again adds nothing; the call log knows of it.
    """

    # Always that of the answer's own call: for the database to look each one up again takes a third of writing them.
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    order_number = models.PositiveBigIntegerField()
    # The partner, empty for the shop's own key.
    caller = models.CharField(max_length=60, blank=True)
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    # The key of the PullCall, which is forgotten long before.
    call_id = models.BigIntegerField()

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "order_number", "caller", "version"], name="one_receipt_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_number} version {self.version}"
