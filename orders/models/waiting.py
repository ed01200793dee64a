from django.db import models
from django.utils.translation import gettext_lazy as _


class WaitingFor(models.IntegerChoices):
    """The one thing an order waits for, most urgent first: the list sorts by these numbers."""

    REFUND_PAYOUT = 10, _("A refund must still be paid out")
    MESSAGE_READ = 20, _("Unread message from customer")
    NEW_PAYMENT = 30, _("Payment failed")
    CANCELLATION = 35, _("Refunded, but not cancelled")
    ADDRESS = 40, _("Address incomplete")
    GOODS_DUE = 45, _("Backordered goods are due")
    REST = 50, _("Partly shipped")
    LATE_START = 55, _("Not started for more than a day")
    SHIPPING = 60, _("Ready to ship")
    START = 65, _("Not started")
    PACKING = 70, _("In progress")
    OVERDUE_PAYMENT = 75, _("Unpaid for days")
    TRACKING_CODE = 80, _("Shipped without tracking code")
    LATE_PAYMENT = 82, _("Sent, but not paid")
    RELEASE = 85, _("On hold")
    PAYMENT = 90, _("Awaiting payment")
    GOODS = 95, _("Backordered")
    NOTHING = 100, _("Nothing")
