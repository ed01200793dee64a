"""The built-in words of the four kinds of status. Stored as they are; what is shown may be renamed by a shop."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.colours import Colour


class Kind(models.TextChoices):
    FULFILMENT = "fulfilment", _("Order status")
    PAYMENT = "payment", _("Payment status")
    LINE = "line", _("Line status")
    INTERNAL = "internal", _("Internal status")


class PaymentStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("payment status", "Open")
    AWAITING = "awaiting", _("Awaiting payment")
    PAID = "paid", _("Paid")
    PARTLY_PAID = "partly_paid", _("Partly paid")
    FAILED = "failed", _("Payment failed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    PARTLY_REFUNDED = "partly_refunded", _("Partly refunded")
    REFUNDED = "refunded", _("Refunded")


class FulfilmentStatus(models.TextChoices):
    ABORTED = "aborted", _("Aborted at checkout")
    NEW = "new", pgettext_lazy("order status", "New")
    IN_PROGRESS = "in_progress", _("In progress")
    ON_HOLD = "on_hold", _("On hold")
    BACKORDERED = "backordered", _("Backordered")
    READY = "ready", _("Ready")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    RETURNED = "returned", _("Returned")


class LineStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("line status", "Open")
    BACKORDERED = "backordered", _("Backordered")
    READY = "ready", _("Ready")
    SHIPPED = "shipped", _("Shipped")
    CANCELLED = "cancelled", _("Cancelled")
    COMPLAINT = "complaint", _("Complaint")
    CREDITED = "credited", _("Credited")
    RETURNED = "returned", _("Returned")


class Shape(models.TextChoices):
    """The dot beside the word, so that colour is never the only sign."""

    OPEN = "open", _("Ring: not started")
    HALF = "half", _("Half: under way")
    FULL = "full", _("Full: done")
    STOP = "stop", _("Square: stopped")


class RowLook(models.TextChoices):
    NONE = "none", _("None")
    EDGE = "edge", _("Edge")
    ROW = "row", _("Row")


@dataclass(frozen=True)
class Look:
    """How a status shows: label, colour name, dot shape and what its rows in the list look like."""

    code: str
    label: str | Promise
    colour: str
    shape: str
    row_look: str = RowLook.NONE
    is_todo: bool = False
    is_shown_to_customer: bool = True


def _looks(kind: type[models.TextChoices], table: dict[str, tuple]) -> dict[str, Look]:
    return {code: Look(code, kind(code).label, *row) for code, row in table.items()}


BUILTIN: dict[str, dict[str, Look]] = {
    Kind.PAYMENT: _looks(
        PaymentStatus,
        {
            "open": (Colour.GREY, Shape.OPEN),
            "awaiting": (Colour.YELLOW, Shape.OPEN),
            "paid": (Colour.GREEN, Shape.FULL),
            "partly_paid": (Colour.LIME, Shape.HALF),
            "failed": (Colour.RED, Shape.STOP),
            "cancelled": (Colour.GREY, Shape.STOP),
            "expired": (Colour.BROWN, Shape.STOP),
            "partly_refunded": (Colour.PURPLE, Shape.HALF),
            "refunded": (Colour.PURPLE, Shape.FULL),
        },
    ),
    Kind.FULFILMENT: _looks(
        FulfilmentStatus,
        {
            "aborted": (Colour.GREY, Shape.STOP),
            "new": (Colour.BLUE, Shape.OPEN, RowLook.EDGE, True),
            "in_progress": (Colour.INDIGO, Shape.HALF, RowLook.EDGE, True),
            "on_hold": (Colour.YELLOW, Shape.STOP, RowLook.ROW, True),
            "backordered": (Colour.ORANGE, Shape.HALF, RowLook.ROW, True),
            "ready": (Colour.GREEN, Shape.FULL, RowLook.EDGE, True),
            "partly_shipped": (Colour.TEAL, Shape.HALF, RowLook.EDGE, True),
            "shipped": (Colour.TEAL, Shape.FULL),
            "delivered": (Colour.TEAL, Shape.FULL),
            "completed": (Colour.GREY, Shape.FULL),
            "cancelled": (Colour.GREY, Shape.STOP),
            "expired": (Colour.BROWN, Shape.STOP),
            "returned": (Colour.PINK, Shape.STOP),
        },
    ),
    Kind.LINE: _looks(
        LineStatus,
        {
            "open": (Colour.BLUE, Shape.OPEN),
            "backordered": (Colour.ORANGE, Shape.HALF),
            "ready": (Colour.GREEN, Shape.FULL),
            "shipped": (Colour.TEAL, Shape.FULL),
            "cancelled": (Colour.GREY, Shape.STOP),
            "complaint": (Colour.RED, Shape.STOP),
            "credited": (Colour.PURPLE, Shape.FULL),
            "returned": (Colour.PINK, Shape.STOP),
        },
    ),
    Kind.INTERNAL: {},
}
WORDS: dict[str, type[models.TextChoices]] = {
    Kind.PAYMENT: PaymentStatus,
    Kind.FULFILMENT: FulfilmentStatus,
    Kind.LINE: LineStatus,
}
