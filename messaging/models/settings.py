from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.crypto import EncryptedTextField
from backoffice.models import Shop
from messaging.models.address import LONGEST_ADDRESS, validate_one_address, validate_one_line


class Security(models.TextChoices):
    STARTTLS = "starttls", _("STARTTLS (usually port 587)")
    TLS = "tls", _("TLS from the start (usually port 465)")
    NONE = "none", _("None (never over the internet)")


class MailSettings(models.Model):
    """Who a shop's mails are from and which server takes them; without a host it is the installation's server.

    A target shop may have a row with a sender of its own; server, hold time and the rest are the base shop's.
    """

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="mail_settings")
    sender_name = models.CharField(_("sender's name"), max_length=80, blank=True, validators=[validate_one_line])
    sender_address = models.CharField(
        _("sender's address"), max_length=LONGEST_ADDRESS, blank=True, validators=[validate_one_address]
    )
    reply_to = models.CharField(
        _("answers go to"), max_length=LONGEST_ADDRESS, blank=True, validators=[validate_one_address]
    )
    copy_address = models.CharField(
        _("copies to the shop go to"), max_length=LONGEST_ADDRESS, blank=True, validators=[validate_one_address]
    )
    hold_seconds = models.PositiveIntegerField(
        _("hold time in seconds"),
        default=60,
        validators=[MaxValueValidator(3600)],
        help_text=_("So long a mail waits before it leaves, and can be taken back with Undo."),
    )
    mails_marketplace_customers = models.BooleanField(
        _("mail customers of marketplaces too"),
        default=False,
        help_text=_("Most marketplaces mail their customers themselves and forbid shops to."),
    )
    host = models.CharField(
        _("mail server"),
        max_length=253,
        blank=True,
        validators=[
            RegexValidator(r"\A[A-Za-z0-9.:_-]+\Z", _("Enter the name of a server, such as smtp.example.org."))
        ],
    )
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("encryption"), max_length=10, choices=Security.choices, default=Security.STARTTLS)
    username = models.CharField(_("user name"), max_length=120, blank=True, validators=[validate_one_line])
    password = EncryptedTextField(_("password"), blank=True)
    # Signs the calls by which a mail provider reports bounces.
    bounce_secret = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return f"mail settings of {self.shop_id}"


class MailLane(models.Model):
    """Whose turn it is: each shop's mails move in a lane of their own, so that none waits behind another's.

    A server that does not answer closes its own lane until `paused_until`, one that refuses the login until somebody
    changes the settings or asks to try again (`is_stopped`).
    """

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="mail_lane")
    # Of the last turn: the lane that waited longest is next.
    served_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    is_stopped = models.BooleanField(default=False)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    last_problem = models.CharField(max_length=300, blank=True)
    last_problem_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mail lane of {self.shop_id}"
