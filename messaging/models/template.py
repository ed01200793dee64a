from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import validate_one_line

LONGEST_SUBJECT = 250
LONGEST_HTML = 200_000


class Purpose(models.TextChoices):
    """What a built-in mail is for; `messaging.builtin` has its texts in every language."""

    CONFIRMATION = "confirmation", _("Order confirmation")
    PAID = "paid", _("Payment received")
    IN_PROGRESS = "in_progress", _("In progress")
    BACKORDERED = "backordered", _("Back-ordered")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")
    REFUNDED = "refunded", _("Refunded")
    REMINDER_1 = "reminder_1", _("Payment reminder 1")
    REMINDER_2 = "reminder_2", _("Payment reminder 2")
    REMINDER_3 = "reminder_3", _("Payment reminder 3")
    FEEDBACK = "feedback", _("Feedback")
    GIFT_CARD = "gift_card", _("Gift card")
    DOWNLOAD = "download", _("Download")
    SUPPLIER_COPY = "supplier_copy", _("Copy to the supplier")
    NEW_ORDER = "new_order", _("New order, to the shop")


class MailTemplate(models.Model):
    """A text that mails are made of. Its name is for the shop's own eyes.

    One with a purpose begins without texts of its own: as long as it has no translation in any language, the built-in
    texts of that purpose are sent. `messaging.texts.text_of` chooses the language.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="mail_templates")
    name = models.CharField(_("name"), max_length=80, validators=[validate_one_line])
    # Empty for what the shop wrote for occasions of its own.
    purpose = models.CharField(_("used for"), max_length=20, choices=Purpose.choices, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.CharField(max_length=120, blank=True)
    # Gone from the lists; mails that were made of it still name it.
    deleted_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "purpose"],
                condition=~models.Q(purpose="") & models.Q(deleted_at=None),
                name="one_mail_template_per_purpose",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MailTemplateTranslation(models.Model):
    """The text in one language, as it is now: subject and HTML in Liquid over the fields of an order."""

    template = models.ForeignKey(MailTemplate, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=LONGEST_SUBJECT, validators=[validate_one_line])
    html = models.TextField(_("text"), max_length=LONGEST_HTML)

    class Meta:
        ordering = ["language"]
        constraints = [models.UniqueConstraint(fields=["template", "language"], name="one_mail_text_per_language")]

    def __str__(self) -> str:
        return f"{self.template_id} {self.language}"


class MailTemplateVersion(models.Model):
    """A text as it was saved once, per language. Never changed; restoring one saves it as the newest."""

    template = models.ForeignKey(MailTemplate, on_delete=models.CASCADE, related_name="versions")
    language = models.CharField(max_length=5)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=LONGEST_SUBJECT)
    html = models.TextField()
    note = models.CharField(max_length=120, blank=True)
    by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "language", "number"], name="one_mail_version_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.language} {self.number}"
