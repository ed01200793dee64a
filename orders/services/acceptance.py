"""What an order must be like to be placed: every error at once, each under the name of its field."""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Model, TextChoices
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders import money
from orders.models import (
    Address,
    Order,
    OrderLine,
    OrderNote,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Shipment,
    Source,
)
from orders.services.new_order import NewLine, NewOrder, NewShipment
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus

# What XML 1.0 cannot carry, and lone surrogates: refused at the door so that no export ever meets them.
ILLEGAL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LARGEST_AMOUNT = Decimal("99999999999.99")
LARGEST_PRICE = Decimal("999999999.9999")
LARGEST_RATE = Decimal(99_999_999)
LARGEST_QUANTITY = Decimal("999999999")
MOST_PARCELS = 999
LARGEST_WEIGHT_G = 2_000_000_000
# Decimals a column holds; what is finer would be cut by the database, and then the totals miss the parts.
DECIMALS = {
    "quantity": 3,
    "quantity_picked": 3,
    "quantity_credited": 3,
    "quantity_returned": 3,
    "unit_price": 4,
    "exchange_rate": 6,
}
LARGEST_SHARE = Decimal(100)
LARGEST_NUMBER = 10**18 - 1
# `values` of an enumeration is computed anew at each look, which an import of half a million lines feels.
LINE_KINDS = frozenset(OrderLine.Kind.values)
LINE_STATUSES = frozenset(LineStatus.values)
Refuse = Callable[[str, str], None]


class Neighbours:
    """The orders a shop already has that new ones may collide with, read with two queries for all of them."""

    def __init__(self, news: Sequence[NewOrder], shop: Shop):
        self._by_number: dict[int, Order] = {}
        self._by_source: dict[tuple[str, str, str], Order] = {}
        numbers = [new.number for new in news if new.number is not None and 0 < new.number <= LARGEST_NUMBER]
        ids = [new.source_id for new in news if new.source_id]
        orders = Order.objects.for_shop(shop)
        for order in orders.filter(number__in=numbers) if numbers else ():
            self._by_number[order.number] = order
        for order in orders.filter(source_id__in=ids) if ids else ():
            self._by_source[order.source, order.source_name, order.source_id or ""] = order

    def placed_before(self, new: NewOrder) -> Order | None:
        """The order that the same source brought under the same id."""
        return self._by_source.get((new.source, new.source_name, new.source_id)) if new.source_id else None

    def holder_of(self, number: int) -> Order | None:
        return self._by_number.get(number)

    def add(self, order: Order) -> None:
        """Take in an order that is about to be stored."""
        self._by_number[order.number] = order
        if order.source_id:
            self._by_source[order.source, order.source_name, order.source_id] = order


def errors_of(new: NewOrder, shop: Shop, neighbours: Neighbours) -> dict[str, list[str]]:
    """Everything that is wrong with an order, as {field: [sentence, …]}; line fields are named `lines.3.sku`."""
    errors: dict[str, list[str]] = {}
    refuse = collect(errors)
    _check_head(new, shop, refuse)
    _check_number(new, neighbours, refuse)
    _check_values(new, Order, "", refuse)
    for prefix, address in (("billing", new.billing), ("shipping", new.shipping)):
        if address is not None:
            _check_address(address, prefix, refuse)
    for position, line in enumerate(new.lines, start=1):
        _check_line(line, f"lines.{position}.", refuse)
    _check_past(new, refuse)
    if not errors:
        _check_sums(new, refuse)
    return errors


def number_errors_of(new: NewOrder, neighbours: Neighbours) -> dict[str, list[str]]:
    """What is wrong with the number alone, for a second look once nobody else can take it."""
    errors: dict[str, list[str]] = {}
    _check_number(new, neighbours, collect(errors))
    return errors


def collect(errors: dict[str, list[str]]) -> Refuse:
    """A `refuse` that puts each sentence into `errors` under its field."""

    def refuse(name: str, sentence: str) -> None:
        errors.setdefault(name, []).append(sentence)

    return refuse


def line_errors(line: NewLine, prefix: str) -> dict[str, list[str]]:
    """What is wrong with one line, each field's name behind `prefix`."""
    errors: dict[str, list[str]] = {}
    _check_line(line, prefix, collect(errors))
    return errors


def field_errors(values: Mapping[str, Any], model: type[Model]) -> dict[str, list[str]]:
    """What is wrong with texts and amounts that are to be set on a row of `model`."""
    errors: dict[str, list[str]] = {}
    refuse = collect(errors)
    for name, value in values.items():
        _check_value(value, name, model, "", refuse)
        if name.endswith("_country") and value and not re.fullmatch("[A-Z]{2}", value):
            refuse(name, _("Two capital letters, as in NL."))
        if name.endswith("_vat_rate") and value.is_finite() and not 0 <= value <= LARGEST_SHARE:
            refuse(name, _("A percentage from 0 to 100."))
    return errors


def sum_errors(lines: Sequence[OrderLine], order: Order) -> dict[str, list[str]]:
    """What is wrong with priced lines together, and with the order's discount on them."""
    errors: dict[str, list[str]] = {}
    _check_together(
        [line.total + line.discount_share for line in lines],
        {name: sum(getattr(line, name) for line in lines) for name in ("weight_g", "volume_cm3")},
        order.discount,
        collect(errors),
    )
    return errors


def _check_head(new: NewOrder, shop: Shop, refuse: Refuse) -> None:
    if not new.lines:
        refuse("lines", _("An order needs at least one line."))
    if new.source not in Source.values:
        refuse("source", _("There is no such source."))
    if new.placed_at.tzinfo is None:
        refuse("placed_at", _("The time needs a time zone."))
    if not re.fullmatch("[A-Z]{3}", new.currency):
        refuse("currency", _("Three capital letters, as in EUR."))
    if new.exchange_rate.is_finite() and not 0 < new.exchange_rate <= LARGEST_RATE:
        refuse("exchange_rate", _("A rate above zero."))
    for name, words in (("fulfilment_status", FulfilmentStatus), ("payment_status", PaymentStatus)):
        if getattr(new, name) is not None and getattr(new, name) not in words.values:
            refuse(name, _("There is no such status."))
    if new.target_shop is not None and new.target_shop.base_shop_id != shop.pk:
        refuse("target_shop", _("This is not a target shop of the shop."))
    if new.ip_address is not None and not _is_address(new.ip_address):
        refuse("ip_address", _("This is not an IP address."))


def _check_number(new: NewOrder, neighbours: Neighbours, refuse: Refuse) -> None:
    """A number of its own is free, or held by the same order brought before."""
    if new.number is None:
        return
    if not 0 < new.number <= LARGEST_NUMBER:
        refuse("number", _("A whole number above zero with at most 18 digits."))
        return
    holder = neighbours.holder_of(new.number)
    if holder is not None and holder != neighbours.placed_before(new):
        refuse("number", _("This order number is taken."))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_values(row: Any, model: type, prefix: str, refuse: Refuse) -> None:
    """Texts fit their column and hold no illegal character; amounts are finite and not absurd."""
    for each in fields(row):
        _check_value(getattr(row, each.name), each.name, model, prefix, refuse)


def _check_value(value: Any, name: str, model: type[Model], prefix: str, refuse: Refuse) -> None:
    if isinstance(value, str):
        check_text(value, longest(model, name), prefix + name, refuse)
    elif isinstance(value, Decimal):
        _check_amount(value, name, prefix, refuse)


@cache
def longest(model: type[Model], name: str) -> int | None:
    """How long the text of a column may be; None for what has no column or no limit."""
    column = next((each for each in model._meta.fields if each.name == name), None)
    return getattr(column, "max_length", None)


def _check_amount(value: Decimal, name: str, prefix: str, refuse: Refuse) -> None:
    largest = LARGEST_PRICE if name in {"unit_price", "exchange_rate"} else LARGEST_AMOUNT
    decimals = DECIMALS.get(name, 2)
    if not value.is_finite() or abs(value) > largest:
        refuse(prefix + name, _("This is not an amount."))
    elif value != round(value, decimals):
        refuse(prefix + name, _("At most %(number)d decimals.") % {"number": decimals})


def check_text(value: str, most: int | None, name: str, refuse: Refuse) -> None:
    """Refuse a text of more than `most` characters, and what no document can carry."""
    if most is not None and len(value) > most:
        refuse(name, _("At most %(number)d characters.") % {"number": most})
    if ILLEGAL_CHARACTERS.search(value):
        refuse(name, _("Contains a character that no document can carry."))


def _check_address(address: Address, prefix: str, refuse: Refuse) -> None:
    for part in Address.__dataclass_fields__:
        name = f"{prefix}_{part}"
        check_text(getattr(address, part), longest(Order, name), name, refuse)
    if address.country and not re.fullmatch("[A-Z]{2}", address.country):
        refuse(f"{prefix}_country", _("Two capital letters, as in NL."))


def _check_line(line: NewLine, prefix: str, refuse: Refuse) -> None:
    _check_values(line, OrderLine, prefix, refuse)
    if not line.quantity.is_finite() or line.quantity == 0 or abs(line.quantity) > LARGEST_QUANTITY:
        refuse(prefix + "quantity", _("A quantity other than zero."))
    if line.vat_rate.is_finite() and not 0 <= line.vat_rate <= LARGEST_SHARE:
        refuse(prefix + "vat_rate", _("A percentage from 0 to 100."))
    if line.kind not in LINE_KINDS:
        refuse(prefix + "kind", _("There is no such kind of line."))
    if line.status is not None and line.status not in LINE_STATUSES:
        refuse(prefix + "status", _("There is no such status."))
    for name in ("weight_g", "volume_cm3"):
        if not 0 <= getattr(line, name) <= LARGEST_WEIGHT_G:
            refuse(prefix + name, _("A number from zero up."))


def _check_past(new: NewOrder, refuse: Refuse) -> None:
    """Payments, refunds, shipments and notes that came with the order."""
    for name, rows, model in (
        ("payments", new.payments, Payment),
        ("refunds", new.refunds, Refund),
        ("shipments", new.shipments, Shipment),
        ("notes", new.notes, OrderNote),
    ):
        for position, row in enumerate(rows, start=1):
            _check_values(row, model, f"{name}.{position}.", refuse)
    for position, shipment in enumerate(new.shipments, start=1):
        _check_parcels(shipment, f"shipments.{position}.", refuse)
    states: list[tuple[str, str, type[TextChoices]]] = [
        *((f"payments.{position}", each.state, PaymentState) for position, each in enumerate(new.payments, start=1)),
        *((f"refunds.{position}", each.state, RefundState) for position, each in enumerate(new.refunds, start=1)),
    ]
    for name, state, known in states:
        if state not in known.values:
            refuse(f"{name}.state", _("There is no such state."))
    for position, note in enumerate(new.notes, start=1):
        if note.audience not in OrderNote.Audience.values:
            refuse(f"notes.{position}.audience", _("A note is internal or for the customer."))


def _check_parcels(shipment: NewShipment, prefix: str, refuse: Refuse) -> None:
    if not 1 <= shipment.number_of_parcels <= MOST_PARCELS:
        refuse(prefix + "number_of_parcels", _("From 1 to %(number)d parcels.") % {"number": MOST_PARCELS})
    if not 0 <= (shipment.weight_g or 0) <= LARGEST_WEIGHT_G:
        refuse(prefix + "weight_g", _("A number from zero up."))


def _check_sums(new: NewOrder, refuse: Refuse) -> None:
    """What each part allows may still not add up to something a column holds."""
    _check_together(
        [money.rounded(line.quantity * line.unit_price) - line.discount for line in new.lines],
        {name: sum(getattr(line, name) for line in new.lines) for name in ("weight_g", "volume_cm3")},
        new.discount,
        refuse,
    )


def _check_together(amounts: Sequence[Decimal], sizes: Mapping[str, int], discount: Decimal, refuse: Refuse) -> None:
    """`amounts` of the lines before the order's `discount`, `sizes` of all lines."""
    if sum(abs(amount) for amount in amounts) > LARGEST_AMOUNT:
        refuse("lines", _("The lines add up to more than an order can hold."))
    if any(size > LARGEST_WEIGHT_G for size in sizes.values()):
        refuse("lines", _("The lines weigh or measure more than an order can hold."))
    if discount and not any(amount * discount > 0 for amount in amounts):
        refuse("discount", _("There is nothing to take this discount off."))
