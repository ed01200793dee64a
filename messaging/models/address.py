"""What an address and a header line may be, and the addresses that get no mail."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet

# Everything that a mail program or server may take for the end of a header line, and what no text may hold.
LINE_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
LONGEST_ADDRESS = 254


def validate_one_line(value: str) -> None:
    """Refuse what would end a header line: such a text must never reach a mail's head."""
    if LINE_BREAKS.search(value):
        raise ValidationError(_("Line breaks and control characters are not possible here."), code="line_break")


def validate_one_address(value: str) -> None:
    """Refuse all but one plain e-mail address, without a name."""
    validate_one_line(value)
    if "," in value or ";" in value or value.count("@") > 1:
        raise ValidationError(_("Enter one e-mail address."), code="several")
    validate_email(value)


class DoNotMail(models.Model):
    """An address that gets no mail of this shop: the customer asked for it, or mail to it came back."""

    class Reason(models.TextChoices):
        ASKED = "asked", _("Marked by staff")
        BOUNCED = "bounced", _("Mail came back")

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="do_not_mail")
    # Lower case.
    address = models.CharField(_("e-mail"), max_length=LONGEST_ADDRESS, validators=[validate_one_address])
    reason = models.CharField(max_length=10, choices=Reason.choices, default=Reason.ASKED)
    note = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["address"]
        constraints = [models.UniqueConstraint(fields=["shop", "address"], name="one_do_not_mail_per_address")]

    def __str__(self) -> str:
        return self.address

    def save(self, *args, **kwargs) -> None:
        self.address = self.address.lower()
        super().save(*args, **kwargs)
