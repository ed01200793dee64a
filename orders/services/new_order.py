"""An order as somebody brings it, before it is one: plain data, whoever brings it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from backoffice.models import Shop
from orders import money
from orders.models import Address, OrderLine, OrderNote, Source


@dataclass(frozen=True)
class NewLine:
    """A line as it was sold; `unit_price` is in the sense of the order's `prices_include_vat`.

    The last three are for lines with a past; how much was shipped follows from the shipments.
    """

    sku: str
    name: str
    quantity: Decimal
    unit_price: Decimal
    vat_rate: Decimal
    discount: Decimal = money.ZERO
    options: str = ""
    kind: str = OrderLine.Kind.PHYSICAL
    location: str = ""
    weight_g: int = 0
    volume_cm3: int = 0
    is_backordered: bool = False
    expected_on: date | None = None
    status: str | None = None
    quantity_picked: Decimal = Decimal(0)
    quantity_credited: Decimal = Decimal(0)
    quantity_returned: Decimal = Decimal(0)


@dataclass(frozen=True)
class NewPayment:
    amount: Decimal
    method: str
    state: str
    created_at: datetime
    provider: str = ""
    provider_reference: str = ""
    paid_at: datetime | None = None


@dataclass(frozen=True)
class NewRefund:
    amount: Decimal
    reason: str
    state: str
    created_at: datetime
    paid_out_at: datetime | None = None
    created_by: str = ""


@dataclass(frozen=True)
class NewShipment:
    """What already left together; `quantities` is {line position: quantity}, empty for all lines.

    Without a weight it is that of the order.
    """

    carrier: str
    tracking_code: str
    shipped_at: datetime
    tracking_url: str = ""
    quantities: dict[int, Decimal] = field(default_factory=dict)
    number_of_parcels: int = 1
    weight_g: int | None = None


@dataclass(frozen=True)
class NewNote:
    text: str
    author: str
    created_at: datetime
    audience: str = OrderNote.Audience.INTERNAL


@dataclass(frozen=True)
class NewOrder:
    """An order as somebody brings it. Amounts have two places in `currency`; times are aware.

    `number` is for imports that keep their numbers; `fulfilment_status` and `payment_status` are for orders
    with a past, a fresh one gets them from the rules.
    """

    placed_at: datetime
    lines: Sequence[NewLine]
    source: str = Source.WEBSHOP
    source_name: str = ""
    source_id: str | None = None
    number: int | None = None
    target_shop: Shop | None = None
    customer_name: str = ""
    customer_company: str = ""
    customer_email: str = ""
    customer_phone: str = ""
    customer_number: str = ""
    customer_language: str = ""
    personal_number: str = ""
    vat_number: str = ""
    billing: Address = Address()  # noqa: RUF009  (frozen)
    shipping: Address | None = None
    customer_message: str = ""
    ip_address: str | None = None
    affiliate: str = ""
    currency: str = "EUR"
    exchange_rate: Decimal = Decimal(1)
    prices_include_vat: bool = True
    payment_method: str = ""
    shipping_method: str = ""
    shipping_cost: Decimal = money.ZERO
    shipping_vat_rate: Decimal = money.ZERO
    payment_fee: Decimal = money.ZERO
    payment_fee_vat_rate: Decimal = money.ZERO
    discount: Decimal = money.ZERO
    fulfilment_status: str | None = None
    payment_status: str | None = None
    payments: Sequence[NewPayment] = ()
    refunds: Sequence[NewRefund] = ()
    shipments: Sequence[NewShipment] = ()
    notes: Sequence[NewNote] = ()
