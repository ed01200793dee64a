from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.models import Shop, ShopQuerySet
from messaging.models.address import LONGEST_ADDRESS
from messaging.models.shop_file import ShopFile
from messaging.models.template import LONGEST_SUBJECT, MailTemplate
from messaging.reasons import words_for
from orders.models import Order


class MailState(models.TextChoices):
    HELD = "held", pgettext_lazy("mail", "Held")
    QUEUED = "queued", pgettext_lazy("mail", "Queued")
    SENDING = "sending", pgettext_lazy("mail", "Sending")
    SENT = "sent", pgettext_lazy("mail", "Sent")
    DELIVERED = "delivered", pgettext_lazy("mail", "Delivered")
    FAILED = "failed", pgettext_lazy("mail", "Failed")
    BOUNCED = "bounced", pgettext_lazy("mail", "Bounced")
    CANCELLED = "cancelled", pgettext_lazy("mail", "Cancelled")


# In these a mail has still to leave.
OPEN_STATES = (MailState.HELD, MailState.QUEUED, MailState.SENDING)


class Origin(models.TextChoices):
    """Why there is a mail."""

    TRIGGER = "trigger", _("By itself")
    BY_HAND = "by_hand", _("Written by hand")
    RESENT = "resent", _("Sent again")
    BULK = "bulk", _("To a selection")
    REMINDER = "reminder", _("Payment reminder")
    FEEDBACK = "feedback", _("Feedback")
    TEST = "test", _("Test")


class OutboxQuerySet(ShopQuerySet):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def due(self, now) -> Self:
        """Ready to be sent at `now`, with their texts."""
        return self.filter(state=MailState.QUEUED, due_at__lte=now, written_at__isnull=False)


class OutboxMail(models.Model):
    """One mail to one address, from the moment it was caused until after it left.

    Made by `messaging.services.queue` in the transaction that causes it, without its text: that is written a moment
    later, outside every lock (`written_at`), and kept as it was sent. Moved on by `messaging.services.delivery` and
    `messaging.services.outbox` alone. `unique_key` names order, event, template and recipient, so that no event mails
    twice; a cancelled mail does not count. `message_id` never changes, whatever is repeated.
    """

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="mails")
    order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="mails")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    # Such as "fulfilment:shipped", "order.placed" or "by_hand".
    event = models.CharField(max_length=80)
    unique_key = models.CharField(max_length=400)
    # The user action that caused it: undoing that recalls the mail.
    act = models.UUIDField(null=True)
    template = models.ForeignKey(MailTemplate, on_delete=models.SET_NULL, null=True, related_name="mails")
    template_name = models.CharField(max_length=80, blank=True)
    # What a text needs beside the order, such as {"line": 7}.
    extra = models.JSONField(default=dict)
    # The mail of which this one is the same text again.
    resends = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="resent_as")

    language = models.CharField(max_length=5, blank=True)
    recipient = models.CharField(max_length=LONGEST_ADDRESS)
    recipient_name = models.CharField(max_length=120, blank=True)
    sender = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    reply_to = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    subject = models.CharField(max_length=LONGEST_SUBJECT, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    written_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=150, unique=True)

    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.HELD)
    # Not before this; held mails become queued then, failed tries come again then.
    due_at = models.DateTimeField()
    # From this on it is no longer tried again.
    gives_up_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    # How often it was broken off when the server may have had it, so that nobody knows whether it arrived.
    number_of_doubts = models.PositiveIntegerField(default=0)
    leased_by = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    # Set before a server hears of it: until then a mail that is being sent cannot have arrived.
    handed_at = models.DateTimeField(null=True)
    # A `messaging.reasons.Reason`: why it has not left, bounced or was cancelled; and what exactly the server, or the
    # template, said.
    reason = models.CharField(max_length=20, blank=True)
    last_answer = models.CharField(max_length=500, blank=True)
    last_tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    # Set once the order's log tells of it.
    logged_at = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "unique_key"],
                condition=~models.Q(state=MailState.CANCELLED),
                name="one_mail_per_event",
            )
        ]
        indexes = [
            models.Index(fields=["shop", "state", "-id"], name="mail_newest_by_state"),
            models.Index(fields=["shop", "-id"], name="mail_newest"),
            models.Index(fields=["order", "-id"], name="mail_of_order"),
            models.Index(fields=["act"], name="mail_of_act", condition=models.Q(act__isnull=False)),
            models.Index(
                fields=["shop", "due_at", "id"],
                name="mail_to_send",
                condition=models.Q(state=MailState.QUEUED, written_at__isnull=False),
            ),
            models.Index(
                fields=["due_at"],
                name="mail_held",
                condition=models.Q(state=MailState.HELD),
            ),
            models.Index(
                fields=["leased_until"],
                name="mail_under_way",
                condition=models.Q(state=MailState.SENDING),
            ),
            models.Index(
                fields=["shop", "id"],
                name="mail_to_write",
                condition=models.Q(state__in=[MailState.HELD, MailState.QUEUED], written_at=None),
            ),
            models.Index(
                fields=["shop", "id"],
                name="mail_to_log",
                condition=models.Q(state__in=[MailState.SENT, MailState.FAILED, MailState.BOUNCED], logged_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def reason_in_words(self) -> str:
        return words_for(self.reason)


class MailAttachment(models.Model):
    """What a mail carries: a file of the archive, or a paper that is made once, as the mail first leaves, and kept."""

    mail = models.ForeignKey(OutboxMail, on_delete=models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)
    shop_file = models.ForeignKey(ShopFile, on_delete=models.PROTECT, null=True, related_name="+")
    # A kind of layout, such as "invoice".
    paper = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    content = models.BinaryField(null=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name or self.paper
