"""The one way an order comes in, whoever brings it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from backoffice.actor import Actor
from backoffice.models import Shop
from orders import money
from orders.models import (
    Address,
    LogAction,
    Order,
    OrderLine,
    OrderNote,
    OrderSearchText,
    Payment,
    PaymentState,
    Refund,
    Shipment,
    ShipmentLine,
    Source,
)
from orders.services.change import Change, changing
from orders.services.errors import OrderRefused
from orders.services.numbers import keep_number, lock_series, take_number
from orders.services.search import search_text_of
from orders.services.status import counts_of
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus

# What XML 1.0 cannot carry, and lone surrogates: refused at the door so that no export ever meets them.
ILLEGAL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LARGEST_AMOUNT = Decimal("99999999999.99")
LARGEST_QUANTITY = Decimal("999999999")
LARGEST_SHARE = Decimal(100)


@dataclass(frozen=True)
class NewLine:
    """A line as it was sold; `unit_price` is in the sense of the order's `prices_include_vat`."""

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


@dataclass(frozen=True)
class NewShipment:
    """A parcel that already left; `quantities` is {line position: quantity}, empty for all lines."""

    carrier: str
    tracking_code: str
    shipped_at: datetime
    tracking_url: str = ""
    quantities: dict[int, Decimal] = field(default_factory=dict)


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
    billing: Address = Address()
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


class Placed(NamedTuple):
    """`is_new` is False when the source had brought the same order before; then nothing was changed."""

    order: Order
    is_new: bool


def place_order(new: NewOrder, *, shop: Shop, by: Actor) -> Placed:
    """Store an order with all that came with it, once per source and source id.

    Raises OrderRefused with every error at once; then nothing is stored and no number is used.
    """
    if errors := errors_of(new, shop):
        raise OrderRefused(errors)
    with changing(shop, by=by) as change:
        # Placing waits its turn here, so that the same order brought twice at once is seen by the second.
        lock_series(shop)
        if known := _placed_before(new, shop):
            return Placed(known, is_new=False)
        order = _order_row(new, shop)
        lines = [_line_row(line, position, new, shop) for position, line in enumerate(new.lines, start=1)]
        _add_up(order, lines, new)
        _set_statuses(order, lines, new, shop)
        _insert(change, order, lines, new, shop)
        change.record(order, LogAction.ORDER_PLACED, subject=new.source_name or str(Source(new.source).label))
    return Placed(order, is_new=True)


def errors_of(new: NewOrder, shop: Shop) -> dict[str, list[str]]:
    """Everything that is wrong with an order, as {field: [sentence, …]}; line fields are named `lines.3.sku`."""
    errors: dict[str, list[str]] = {}

    def refuse(name: str, sentence: str) -> None:
        errors.setdefault(name, []).append(sentence)

    if not new.lines:
        refuse("lines", _("An order needs at least one line."))
    if new.source not in Source.values:
        refuse("source", _("There is no such source."))
    if new.placed_at.tzinfo is None:
        refuse("placed_at", _("The time needs a time zone."))
    if not re.fullmatch("[A-Z]{3}", new.currency):
        refuse("currency", _("Three capital letters, as in EUR."))
    if new.fulfilment_status is not None and new.fulfilment_status not in FulfilmentStatus.values:
        refuse("fulfilment_status", _("There is no such status."))
    if new.payment_status is not None and new.payment_status not in PaymentStatus.values:
        refuse("payment_status", _("There is no such status."))
    if new.target_shop is not None and new.target_shop.base_shop_id != shop.pk:
        refuse("target_shop", _("This is not a target shop of the shop."))
    if new.number is not None and Order.objects.for_shop(shop).filter(number=new.number).exists():
        refuse("number", _("This order number is taken."))
    _check_values(new, Order, "", refuse)
    for prefix, address in (("billing", new.billing), ("shipping", new.shipping)):
        if address is not None:
            _check_address(address, prefix, refuse)
    for position, line in enumerate(new.lines, start=1):
        _check_line(line, f"lines.{position}.", refuse)
    return errors


def _check_values(row: Any, model: type, prefix: str, refuse) -> None:
    """Texts fit their column and hold no illegal character; amounts are finite and not absurd."""
    for each in fields(row):
        value = getattr(row, each.name)
        if isinstance(value, str):
            column = next((f for f in model._meta.fields if f.name == each.name), None)
            _check_text(value, getattr(column, "max_length", None), prefix + each.name, refuse)
        elif isinstance(value, Decimal) and (not value.is_finite() or abs(value) > LARGEST_AMOUNT):
            refuse(prefix + each.name, _("This is not an amount."))


def _check_text(value: str, longest: int | None, name: str, refuse) -> None:
    if longest is not None and len(value) > longest:
        refuse(name, _("At most %(number)d characters.") % {"number": longest})
    if ILLEGAL_CHARACTERS.search(value):
        refuse(name, _("Contains a character that no document can carry."))


def _check_address(address: Address, prefix: str, refuse) -> None:
    for part in Address.__dataclass_fields__:
        name = f"{prefix}_{part}"
        _check_text(getattr(address, part), Order._meta.get_field(name).max_length, name, refuse)
    if address.country and not re.fullmatch("[A-Z]{2}", address.country):
        refuse(f"{prefix}_country", _("Two capital letters, as in NL."))


def _check_line(line: NewLine, prefix: str, refuse) -> None:
    _check_values(line, OrderLine, prefix, refuse)
    if not line.quantity.is_finite() or line.quantity == 0 or abs(line.quantity) > LARGEST_QUANTITY:
        refuse(prefix + "quantity", _("A quantity other than zero."))
    if line.vat_rate.is_finite() and not 0 <= line.vat_rate <= LARGEST_SHARE:
        refuse(prefix + "vat_rate", _("A percentage from 0 to 100."))
    if line.kind not in OrderLine.Kind.values:
        refuse(prefix + "kind", _("There is no such kind of line."))
    if line.status is not None and line.status not in LineStatus.values:
        refuse(prefix + "status", _("There is no such status."))


def _placed_before(new: NewOrder, shop: Shop) -> Order | None:
    if not new.source_id:
        return None
    return (
        Order.objects.for_shop(shop)
        .filter(source=new.source, source_name=new.source_name, source_id=new.source_id)
        .first()
    )


SAME_ON_ORDER = (
    "placed_at source source_name target_shop customer_name customer_company customer_email customer_phone "
    "customer_number customer_language personal_number vat_number customer_message ip_address affiliate currency "
    "exchange_rate prices_include_vat payment_method shipping_method shipping_cost shipping_vat_rate payment_fee "
    "payment_fee_vat_rate discount"
).split()
SAME_ON_LINE = (
    "sku name options kind quantity vat_rate discount location weight_g volume_cm3 is_backordered expected_on"
).split()


def _order_row(new: NewOrder, shop: Shop) -> Order:
    order = Order(shop=shop, source_id=new.source_id or None, changed_at=new.placed_at)
    for name in SAME_ON_ORDER:
        setattr(order, name, getattr(new, name))
    shipping = new.shipping if new.shipping is not None else new.billing
    for part in Address.__dataclass_fields__:
        setattr(order, f"billing_{part}", getattr(new.billing, part))
        setattr(order, f"shipping_{part}", getattr(shipping, part))
    return order


def _line_row(new: NewLine, position: int, order: NewOrder, shop: Shop) -> OrderLine:
    line = OrderLine(position=position, status=new.status or _first_line_status(new, shop))
    for name in SAME_ON_LINE:
        setattr(line, name, getattr(new, name))
    other = money.other_price(new.unit_price, new.vat_rate, includes_vat=order.prices_include_vat)
    both = (other, new.unit_price) if order.prices_include_vat else (new.unit_price, other)
    line.unit_price_ex, line.unit_price_incl = both
    return line


def _first_line_status(line: NewLine, shop: Shop) -> str:
    if line.is_backordered:
        return LineStatus.BACKORDERED
    return LineStatus.READY if shop.ready_rule and line.kind == OrderLine.Kind.PHYSICAL else LineStatus.OPEN


def _add_up(order: Order, lines: list[OrderLine], new: NewOrder) -> None:
    money.price_lines(lines, discount=order.discount, includes_vat=order.prices_include_vat)
    store_totals(order, lines)
    order.paid_total = sum((p.amount for p in new.payments if p.state == PaymentState.PAID), money.ZERO)
    order.refunded_total = sum((refund.amount for refund in new.refunds), money.ZERO)


def store_totals(order: Order, lines: list[OrderLine]) -> None:
    """Set the stored totals of an order from its priced lines."""
    totals = money.totals(order, lines)
    order.lines_total = totals.lines.incl if order.prices_include_vat else totals.lines.ex
    order.total_ex, order.total_vat, order.total = totals.total.ex, totals.total.vat, totals.total.incl
    order.vat_totals = [
        {
            "rate": str(each.rate),
            "ex": str(each.amount.ex),
            "vat": str(each.amount.vat),
            "incl": str(each.amount.incl),
        }
        for each in totals.by_rate
    ]
    order.weight_g = sum(line.weight_g for line in lines)
    order.volume_cm3 = sum(line.volume_cm3 for line in lines)


def _set_statuses(order: Order, lines: list[OrderLine], new: NewOrder, shop: Shop) -> None:
    order.fulfilment_status = new.fulfilment_status or first_fulfilment_status(lines, shop)
    order.payment_status = new.payment_status or payment_status_of(order)
    for name, number in counts_of(lines).items():
        setattr(order, name, number)
    order.has_internal_note = any(note.audience == OrderNote.Audience.INTERNAL for note in new.notes)


def first_fulfilment_status(lines: Iterable[OrderLine], shop: Shop) -> str:
    """The rule of new orders: Backordered when a line is, Ready for other goods, New when the rule is off."""
    if not shop.ready_rule:
        return FulfilmentStatus.NEW
    if any(line.is_backordered for line in lines):
        return FulfilmentStatus.BACKORDERED
    if any(line.kind == OrderLine.Kind.PHYSICAL for line in lines):
        return FulfilmentStatus.READY
    return FulfilmentStatus.NEW


def payment_status_of(order: Order) -> str:
    """What the money says: paid, partly paid, refunded or open."""
    if order.refunded_total and order.refunded_total >= order.paid_total > 0:
        return PaymentStatus.REFUNDED
    if order.refunded_total:
        return PaymentStatus.PARTLY_REFUNDED
    if order.paid_total >= order.total > 0:
        return PaymentStatus.PAID
    return PaymentStatus.PARTLY_PAID if order.paid_total > 0 else PaymentStatus.OPEN


def _insert(change: Change, order: Order, lines: list[OrderLine], new: NewOrder, shop: Shop) -> None:
    if new.number is None:
        order.number = take_number(shop)
    else:
        order.number = new.number
        keep_number(shop, new.number)
    order.save(force_insert=True)
    change.adopt(order, is_new=True)
    for line in lines:
        line.order = order
    OrderLine.objects.bulk_create(lines)
    payments = Payment.objects.bulk_create([Payment(order=order, **vars(each)) for each in new.payments])
    Refund.objects.bulk_create([Refund(order=order, **vars(each)) for each in new.refunds])
    OrderNote.objects.bulk_create([OrderNote(order=order, **vars(each)) for each in new.notes])
    shipments = [_insert_shipment(order, lines, each) for each in new.shipments]
    text = search_text_of(order, shop, lines=lines, payments=payments, shipments=shipments)
    OrderSearchText.objects.create(order=order, shop=shop, placed_at=order.placed_at, text=text)


def _insert_shipment(order: Order, lines: list[OrderLine], new: NewShipment) -> Shipment:
    shipment = Shipment.objects.create(
        order=order,
        carrier=new.carrier,
        tracking_code=new.tracking_code,
        tracking_url=new.tracking_url,
        shipped_at=new.shipped_at,
        weight_g=order.weight_g,
    )
    shipped = [line for line in lines if not new.quantities or line.position in new.quantities]
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line, quantity=new.quantities.get(line.position, line.quantity))
        for line in shipped
        if line.kind == OrderLine.Kind.PHYSICAL
    )
    return shipment
