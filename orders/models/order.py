from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from backoffice.models import Shop, ShopQuerySet
from orders.models import fields
from orders.models.waiting import WaitingFor
from orders.money import still_open
from statuses.kinds import FulfilmentStatus, PaymentStatus
from statuses.models import ShopStatus

# In these something has still to be sent; the same as `orders.waiting.WORK`, spelled out for an index.
OPEN = ["new", "in_progress", "on_hold", "backordered", "ready", "partly_shipped"]


class Source(models.TextChoices):
    WEBSHOP = "webshop", _("Web shop")
    MARKETPLACE = "marketplace", _("Marketplace")
    MANUAL = "manual", _("Entered by staff")
    IMPORT = "import", _("Import")


@dataclass(frozen=True)
class Address:
    """A postal address; `country` is ISO 3166 alpha-2 or empty when unknown."""

    name: str = ""
    company: str = ""
    street: str = ""
    extra: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


class OrderQuerySet(ShopQuerySet):
    def visible(self) -> Self:
        """Everything but what is in Deleted; aborted checkouts are listed too."""
        return self.filter(deleted_at=None)

    def changed_since(self, moment: datetime) -> Self:
        """Created or changed at or after `moment`, deleted ones too, in the order the changes were committed."""
        return self.filter(changed_at__gte=moment).order_by("changed_at", "id")

    def newest_first(self) -> Self:
        return self.order_by("-placed_at", "-id")


class Order(models.Model):
    """One order. It changes through `orders.services` only, which logs, counts, stamps and announces."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="orders")
    target_shop = models.ForeignKey(Shop, on_delete=models.PROTECT, null=True, related_name="orders_taken")
    number = models.PositiveBigIntegerField()
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.WEBSHOP)
    # Which marketplace or import, and the order's own id there.
    source_name = models.CharField(max_length=30, blank=True)
    source_id = models.CharField(max_length=80, null=True)

    placed_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField()
    change_mark = models.BigIntegerField(default=0)
    changed_by = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=0)

    payment_status = models.CharField(max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.OPEN)
    payment_own_status = models.ForeignKey(ShopStatus, on_delete=models.PROTECT, null=True, related_name="+")
    fulfilment_status = models.CharField(max_length=20, choices=FulfilmentStatus.choices, default=FulfilmentStatus.NEW)
    fulfilment_own_status = models.ForeignKey(ShopStatus, on_delete=models.PROTECT, null=True, related_name="+")
    internal_status = models.ForeignKey(ShopStatus, on_delete=models.PROTECT, null=True, related_name="+")
    # Why the order is on hold, and the built-in status it goes back to.
    hold_reason = models.CharField(max_length=250, blank=True)
    status_before_hold = models.CharField(max_length=20, blank=True)
    # Why it waits (`orders.waiting`), the day that its sentence names, and when time alone may change the answer.
    waiting_for = models.PositiveSmallIntegerField(choices=WaitingFor.choices, default=WaitingFor.NOTHING)
    waiting_day = models.DateField(null=True)
    waiting_review_at = models.DateTimeField(null=True)
    folder = models.ForeignKey("orders.Folder", on_delete=models.SET_NULL, null=True, related_name="orders")
    # The order that some of the goods stood in first, and the one that all of them went to.
    split_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="parts")
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="merged")

    customer_name = models.CharField(max_length=120, blank=True)
    customer_company = models.CharField(max_length=120, blank=True)
    customer_email = models.CharField(max_length=254, blank=True)
    customer_phone = models.CharField(max_length=40, blank=True)
    customer_number = models.CharField(max_length=40, blank=True)
    customer_language = models.CharField(max_length=5, blank=True)
    personal_number = models.CharField(max_length=30, blank=True)
    vat_number = models.CharField(max_length=30, blank=True)

    billing_name = models.CharField(max_length=120, blank=True)
    billing_company = models.CharField(max_length=120, blank=True)
    billing_street = models.CharField(max_length=160, blank=True)
    billing_extra = models.CharField(max_length=160, blank=True)
    billing_postcode = models.CharField(max_length=20, blank=True)
    billing_city = models.CharField(max_length=80, blank=True)
    billing_region = models.CharField(max_length=80, blank=True)
    billing_country = models.CharField(max_length=2, blank=True)
    shipping_name = models.CharField(max_length=120, blank=True)
    shipping_company = models.CharField(max_length=120, blank=True)
    shipping_street = models.CharField(max_length=160, blank=True)
    shipping_extra = models.CharField(max_length=160, blank=True)
    shipping_postcode = models.CharField(max_length=20, blank=True)
    shipping_city = models.CharField(max_length=80, blank=True)
    shipping_region = models.CharField(max_length=80, blank=True)
    shipping_country = models.CharField(max_length=2, blank=True)

    customer_message = models.TextField(blank=True)
    message_read_at = models.DateTimeField(null=True)
    ip_address = models.GenericIPAddressField(null=True)
    affiliate = models.CharField(max_length=80, blank=True)

    currency = models.CharField(max_length=3, default="EUR")
    # One unit of `currency` in the shop's currency, frozen at placing.
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(1))
    # Which of the two the customer was quoted; amounts below are in that sense.
    prices_include_vat = models.BooleanField(default=True)
    payment_method = models.CharField(max_length=60, blank=True)
    shipping_method = models.CharField(max_length=60, blank=True)
    shipping_cost = fields.money()
    shipping_vat_rate = fields.vat_rate()
    payment_fee = fields.money()
    payment_fee_vat_rate = fields.vat_rate()
    discount = fields.money()

    # Stored results of `orders.money.totals`, never computed anywhere else.
    lines_total = fields.money()
    total_ex = fields.money()
    total_vat = fields.money()
    total = fields.money()
    # [{"rate": "21.00", "ex": "…", "vat": "…", "incl": "…"}] highest rate first.
    vat_totals = models.JSONField(default=list)
    paid_total = fields.money()
    refunded_total = fields.money()
    weight_g = models.PositiveIntegerField(default=0)
    volume_cm3 = models.PositiveIntegerField(default=0)
    # What the list shows of lines and notes, so that it needs no join.
    number_of_lines = models.PositiveIntegerField(default=0)
    number_of_lines_done = models.PositiveIntegerField(default=0)
    number_of_lines_backordered = models.PositiveIntegerField(default=0)
    has_internal_note = models.BooleanField(default=False)
    printed_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="one_order_per_number"),
            models.UniqueConstraint(
                fields=["shop", "source", "source_name", "source_id"], name="one_order_per_source_id"
            ),
        ]
        indexes = [
            # With what the list always asks besides, so that PostgreSQL counts thousands without reading the orders.
            models.Index(fields=["shop", "-placed_at", "-id"], include=["deleted_at"], name="order_newest"),
            models.Index(
                fields=["shop", "fulfilment_status", "-placed_at", "-id"],
                include=["fulfilment_own_status", "deleted_at"],
                name="order_by_fulfilment",
            ),
            models.Index(
                fields=["shop", "payment_status", "-placed_at", "-id"],
                include=["payment_own_status", "deleted_at"],
                name="order_by_payment",
            ),
            # With what pulls always ask besides: they begin to answer when they have the keys of all that changed.
            models.Index(
                fields=["shop", "changed_at", "id"],
                include=["fulfilment_status", "target_shop"],
                name="order_by_change",
            ),
            # Few of many: without these the list would walk past all others to find them.
            models.Index(
                fields=["shop", "-placed_at", "-id"],
                condition=models.Q(deleted_at__isnull=False),
                name="order_deleted",
            ),
            models.Index(
                fields=["shop", "-placed_at", "-id"],
                condition=models.Q(message_read_at=None) & ~models.Q(customer_message=""),
                name="order_unread",
            ),
            models.Index(fields=["shop", "waiting_for", "id"], name="order_by_waiting"),
            # What is seldom among all orders and typed into a filter. Equal texts are kept once: these are small.
            models.Index("shop", Upper("payment_method"), name="order_by_method"),
            models.Index("shop", Upper("shipping_country"), name="order_by_country"),
            models.Index("shop", Upper("affiliate"), name="order_by_affiliate", condition=~models.Q(affiliate="")),
            models.Index(
                "shop", Upper("source_name"), name="order_by_marketplace", condition=~models.Q(source_name="")
            ),
            # Only what is open, so that it stays small: for orders of one customer that could be sent together.
            models.Index(
                "shop",
                Upper("customer_email"),
                name="order_open_by_email",
                condition=models.Q(fulfilment_status__in=OPEN, deleted_at__isnull=True),
            ),
            models.Index(
                fields=["waiting_review_at"],
                name="order_review_due",
                condition=models.Q(waiting_review_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.display_number

    @property
    def display_number(self) -> str:
        """The number as people know it: at least five digits, `00012`."""
        return f"{self.number:05d}"

    def external_id(self, shop: Shop) -> str:
        """The id other systems use, `12345_00012`; `shop` is the order's shop, passed to save a query."""
        return f"{shop.number}_{self.display_number}"

    @property
    def billing_address(self) -> Address:
        return self._address("billing")

    @property
    def shipping_address(self) -> Address:
        return self._address("shipping")

    def _address(self, kind: str) -> Address:
        return Address(**{part: getattr(self, f"{kind}_{part}") for part in Address.__dataclass_fields__})

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; negative for what has still to be given back."""
        return still_open(self.total, self.paid_total, self.refunded_total)


class OrderSearchText(models.Model):
    """What an order is found by, lower case, in a side table so that status changes never rewrite its index.

    `text` is made by `orders.services.search`; the trigram index on it is made by a migration per database.
    PostgreSQL's knows the trigrams of each part of a shop apart: see `orders.search_parts`.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="search_text")
    # Without an index of its own: it would tempt SQLite's planner away from the trigrams.
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+", db_index=False)
    placed_at = models.DateTimeField()
    text = models.TextField()
    # Some thousand orders of the shop that came in one after the other, counted from 0; on SQLite there is one.
    part = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.text.split("\n", 1)[0]
