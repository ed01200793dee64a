from decimal import Decimal
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from orders.models import fields
from orders.models.order import Order
from orders.models.payment import Refund

YEAR = "{year}"


class IssueWhen(models.TextChoices):
    BY_HAND = "by_hand", _("By hand only")
    PLACED = "placed", _("As soon as the order is placed")
    PAID = "paid", _("As soon as the order is paid")
    SHIPPED = "shipped", _("As soon as the order is shipped")


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class InvoiceSettings(models.Model):
    """How a shop invoices; made on first use. Target shops invoice as their base shop does."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="invoice_settings")
    issue_when = models.CharField(
        _("issue invoices"), max_length=10, choices=IssueWhen.choices, default=IssueWhen.BY_HAND
    )
    invoices_unpaid = models.BooleanField(
        _("invoice unpaid orders too"),
        default=False,
        help_text=_("For customers who pay after they got the invoice. Aborted and cancelled orders never get one."),
    )
    invoice_prefix = models.CharField(
        _("before the number of an invoice"),
        max_length=16,
        blank=True,
        default=f"{YEAR}-",
        help_text=_("{year} stands for the year of the invoice."),
    )
    credit_note_prefix = models.CharField(
        _("before the number of a credit note"), max_length=16, blank=True, default=f"C{YEAR}-"
    )
    padding = models.PositiveSmallIntegerField(
        _("digits"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("Shorter numbers get zeros in front."),
    )
    resets_yearly = models.BooleanField(_("begin at 1 each year"), default=True)
    payment_days = models.PositiveSmallIntegerField(_("days to pay"), default=14, validators=[MaxValueValidator(365)])
    is_small_business = models.BooleanField(
        _("small enterprise without VAT"),
        default=False,
        help_text=_("Lines at 0 % then name the scheme for small enterprises as the reason."),
    )
    footer = models.CharField(
        _("own note on every invoice"), max_length=500, blank=True, help_text=_("For instance your terms of delivery.")
    )

    def __str__(self) -> str:
        return f"{self.issue_when}, {self.number_of(InvoiceKind.INVOICE, 1, 2026)}"

    def series_of(self, kind: str, year: int) -> str:
        """The name of the counter that a number of this kind comes from."""
        return f"{kind}-{year}" if self.resets_yearly else kind

    def number_of(self, kind: str, sequence: int, year: int) -> str:
        """The number as it stands on paper."""
        prefix = self.invoice_prefix if kind == InvoiceKind.INVOICE else self.credit_note_prefix
        return f"{prefix.replace(YEAR, str(year))}{sequence:0{self.padding}d}"


class InvoiceQuerySet(ShopQuerySet):
    def standing(self) -> Self:
        """Invoices that were not taken back whole by a credit note."""
        return self.filter(kind=InvoiceKind.INVOICE, reversed_at=None)


class Invoice(models.Model):
    """An invoice or a credit note, issued once and never changed; made by `orders.services` alone.

    `data` is what it says, as `orders.invoicing.stored` writes it. Amounts here are for lists and reports: a credit
    note's are below zero, while in `data` and on paper they are what is given back.
    """

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="invoices")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices)
    # Where the number comes from, and its place there, from 1.
    series = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    number = models.CharField(max_length=40)
    issued_at = models.DateTimeField()
    # The day in the shop's zone.
    issued_on = models.DateField()
    issued_by = models.CharField(max_length=120)
    customer_name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=5)
    currency = models.CharField(max_length=3)
    total_ex = fields.money()
    total_vat = fields.money()
    total = fields.money()
    # Of a credit note: what it corrects, why, and the refund that it belongs to.
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    reason = models.CharField(max_length=250, blank=True)
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="credit_note")
    # Of an invoice: when a credit note took back all that was left of it. Then the order may change again.
    reversed_at = models.DateTimeField(null=True)
    data = models.JSONField()
    # The chain, see `orders.invoicing.chain`: of the document before it in its series, and of this one.
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "series", "sequence"], name="one_invoice_per_place"),
            models.UniqueConstraint(fields=["shop", "number"], name="one_invoice_per_number"),
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(kind="invoice", reversed_at__isnull=True),
                name="one_standing_invoice_per_order",
            ),
        ]
        indexes = [models.Index(fields=["shop", "-issued_at", "-id"], name="invoice_newest")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE

    @property
    def amount_on_paper(self) -> Decimal:
        return -self.total if self.is_credit_note else self.total


class InvoiceFile(models.Model):
    """The bytes of an invoice: made after it was issued, by a step that may be tried again, and then kept for ever.

    The row is written with the invoice, so that no kill can lose the work; `pdf` is None until it is done. Whoever
    makes it asks for `pdf=None` in its UPDATE: of two that meet at it the first one wins.
    """

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, primary_key=True, related_name="file")
    pdf = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    layout = models.CharField(max_length=80, blank=True)
    number_of_pages = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is to be tried next, and why it did not work; empty once it is made.
    due_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="invoice_file_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.sha256 or f"due {self.due_at}"


class InvoiceDue(models.Model):
    """An order whose status calls for an invoice, or a refund that wants a credit note.

    Noted in the transaction of the change and issued right after it: so the counter of a shop is locked for the
    moment that issuing takes, not for a whole bulk change. What is refused stays, with the reason, for a person.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="invoices_due")
    refund = models.OneToOneField(Refund, on_delete=models.CASCADE, null=True, related_name="credit_note_due")
    since = models.DateTimeField()
    refusal = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(refund__isnull=True), name="one_invoice_due_per_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} since {self.since}"
