import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.line import OrderLine
from orders.models.order import Order


class LogAction(models.TextChoices):
    """What can happen to an order, as dotted codes; the label is the sentence's start in the timeline."""

    ORDER_PLACED = "order.placed", _("Order placed")
    ORDER_DELETED = "order.deleted", _("Moved to Deleted")
    ORDER_RESTORED = "order.restored", _("Restored from Deleted")
    ORDER_HELD = "order.held", _("Put on hold")
    ORDER_RELEASED = "order.released", _("Released from hold")
    ORDER_PRINTED = "order.printed", _("Marked as printed")
    PAPERS_MADE = "papers.made", _("Printed")
    ORDER_SPLIT = "order.split", _("Split off order")
    ORDER_SPLIT_OFF = "order.split_off", _("Split off from order")
    ORDERS_MERGED = "orders.merged", _("Merged with order")
    ORDER_MERGED = "order.merged", _("Merged into order")
    MERGED_BACK = "order.merged_back", _("Merged back with order")
    FULFILMENT_CHANGED = "fulfilment.changed", _("Order status")
    PAYMENT_CHANGED = "payment.changed", _("Payment status")
    INTERNAL_CHANGED = "internal.changed", _("Internal status")
    LINE_CHANGED = "line.changed", _("Line status")
    STATUS_RENAMED = "status.renamed", _("Status renamed")
    LINE_MOVED = "line.moved", _("Moved between orders")
    ORDER_EDITED = "order.edited", _("Order edited")
    LINE_ADDED = "line.added", _("Line added")
    LINE_EDITED = "line.edited", _("Line edited")
    LINE_REMOVED = "line.removed", _("Line removed")
    PAYMENT_RECEIVED = "payment.received", _("Payment received")
    PAYMENT_MARKED = "payment.marked", _("Payment noted")
    REFUND_MADE = "refund.made", _("Refund made")
    REFUND_PAID_OUT = "refund.paid_out", _("Refund paid out")
    PAYOUT_FAILED = "refund.payout_failed", _("Provider did not pay out")
    LINE_CREDITED = "line.credited", _("Credited")
    INVOICE_ISSUED = "invoice.issued", _("Invoice issued")
    CREDIT_NOTE_ISSUED = "credit_note.issued", _("Credit note issued")
    RETURN_ANNOUNCED = "return.announced", _("Return announced")
    RETURN_RECEIVED = "return.received", _("Return received")
    RETURN_SETTLED = "return.settled", _("Return settled")
    RETURN_REFUSED = "return.refused", _("Return refused")
    LINE_RETURNED = "line.returned", _("Came back")
    SHIPMENT_ADDED = "shipment.added", _("Shipment added")
    SHIPMENT_CHANGED = "shipment.changed", _("Shipment changed")
    SHIPMENT_REMOVED = "shipment.removed", _("Shipment removed")
    NOTE_ADDED = "note.added", _("Note added")
    NOTE_CHANGED = "note.changed", _("Note changed")
    NOTE_REMOVED = "note.removed", _("Note removed")
    DIGITAL_SENT = "digital.sent", _("Digital goods sent")
    MAIL_WRITTEN = "mail.written", _("Mail written")
    MAIL_RESENT = "mail.resent", _("Mail sent once more, as it was")
    MAIL_SENT = "mail.sent", _("Mail sent")
    MAIL_REPEATED = "mail.repeated", _("Mail sent again after an interruption; it may arrive twice")
    MAIL_FAILED = "mail.failed", _("Mail could not be sent")
    MAIL_BOUNCED = "mail.bounced", _("Mail came back")
    MESSAGE_READ = "message.read", _("Customer message read")
    FOLDER_CHANGED = "folder.changed", _("Folder")
    TAGS_CHANGED = "tags.changed", _("Tags")
    PERSONAL_NUMBER_SEEN = "personal_number.seen", _("Personal number shown")
    CHANGE_UNDONE = "change.undone", _("Undone")


class OrderLogEntry(models.Model):
    """Append-only. `changes` is {"field": {"old": …, "new": …}}; all entries of one user action share `act`.

    Written by `orders.services.change.Change.record` alone.
    """

    # Without an index of its own: `log_of_order` begins with it.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="log", db_index=False)
    # Set on entries about one line; the key stays, and `subject` names it, even after the line is gone.
    line = models.ForeignKey(OrderLine, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="log")
    subject = models.CharField(max_length=120, blank=True)
    # The key of the note, payment, refund, return or shipment that it is about, which may be gone by now.
    subject_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=30, choices=LogAction.choices)
    changes = models.JSONField(default=dict)
    actor = models.CharField(max_length=120)
    user_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10)
    ip_address = models.GenericIPAddressField(null=True)
    act = models.UUIDField(default=uuid.uuid4)
    # The act that this entry takes back.
    undoes = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    # The chain, see `orders.log_chain`: of the order's entry before this one, and of this one.
    previous_digest = models.CharField(max_length=64, default="")
    digest = models.CharField(max_length=64, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["order", "-id"], name="log_of_order"),
            models.Index(fields=["act"], name="log_of_act"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
