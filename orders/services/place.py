"""The one way an order comes in, whoever brings it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from backoffice.actor import Actor
from backoffice.models import Shop
from orders import money
from orders.models import (
    Address,
    LogAction,
    NumberSeries,
    Order,
    OrderLine,
    OrderNote,
    OrderSearchText,
    Payment,
    PaymentState,
    Refund,
    Shipment,
    ShipmentLine,
)
from orders.services.acceptance import Neighbours, errors_of, number_errors_of
from orders.services.change import Change, changing
from orders.services.errors import OrderRefused
from orders.services.new_order import NewLine, NewOrder, NewShipment
from orders.services.numbers import keep_in, lock_series, next_in
from orders.services.search import part_of_next, search_text_of
from orders.services.status import counts_of
from statuses.kinds import FulfilmentStatus, LineStatus, PaymentStatus

# Fields that a new order and a stored one have under the same name.
SAME_ON_ORDER = """
    placed_at source source_name target_shop customer_name customer_company customer_email customer_phone
    customer_number customer_language personal_number vat_number customer_message ip_address affiliate currency
    exchange_rate prices_include_vat payment_method shipping_method shipping_cost shipping_vat_rate payment_fee
    payment_fee_vat_rate discount
""".split()  # noqa: SIM905  (a list of 25 quoted names reads worse)
SAME_ON_LINE = """
    sku name options kind quantity vat_rate discount location weight_g volume_cm3 is_backordered expected_on
    quantity_picked quantity_credited quantity_returned
""".split()  # noqa: SIM905


Row = TypeVar("Row", Payment, Refund, OrderNote)


class Placed(NamedTuple):
    """`is_new` is False when the source had brought the same order before; then nothing was changed."""

    order: Order
    is_new: bool


def place_order(new: NewOrder, *, shop: Shop, by: Actor) -> Placed:
    """Store an order with all that came with it, once per source and source id.

    Raises OrderRefused with every error at once; then nothing is stored and no number is used.
    """
    (answer,) = place_orders([new], shop=shop, by=by)
    if isinstance(answer, OrderRefused):
        raise answer
    return answer


def place_orders(news: Sequence[NewOrder], *, shop: Shop, by: Actor) -> list[Placed | OrderRefused]:
    """Place many orders as `place_order` does one, with as many queries as for one.

    The answers are in the order of `news`; a refused order does not stop the others. Give it some hundred at a time.
    """
    wrong = _wrong_with(news, shop)
    if all(wrong):
        return [OrderRefused(errors) for errors in wrong]
    with changing(shop, by=by) as change:
        # Placing waits its turn here, so that the same order brought twice at once is seen by the second.
        series = lock_series(shop)
        next_number = series.next_number
        neighbours = Neighbours(news, shop)
        fresh: list[Draft] = []
        answers = [
            OrderRefused(errors) if errors else _place(new, shop, neighbours, series, fresh)
            for new, errors in zip(news, wrong, strict=True)
        ]
        if series.next_number != next_number:
            series.save(update_fields=["next_number"])
        _insert(change, fresh, shop)
        for order, _lines, new in fresh:
            change.record(order, LogAction.ORDER_PLACED, subject=new.source_name or new.source)
    return answers


def _wrong_with(news: Sequence[NewOrder], shop: Shop) -> list[dict[str, list[str]]]:
    neighbours = Neighbours(news, shop)
    return [errors_of(new, shop, neighbours) for new in news]


class Draft(NamedTuple):
    """An order that is computed and about to be stored."""

    order: Order
    lines: list[OrderLine]
    new: NewOrder


def _place(
    new: NewOrder, shop: Shop, neighbours: Neighbours, series: NumberSeries, fresh: list[Draft]
) -> Placed | OrderRefused:
    if errors := number_errors_of(new, neighbours):
        return OrderRefused(errors)
    if known := neighbours.placed_before(new):
        return Placed(known, is_new=False)
    order, lines = drafted(new, shop)
    order.number = next_in(series) if new.number is None else keep_in(series, new.number)
    neighbours.add(order)
    fresh.append(Draft(order, lines, new))
    return Placed(order, is_new=True)


def priced(new: NewOrder, shop: Shop) -> tuple[Order, list[OrderLine]]:
    """The order with its totals and lines, nothing stored and no number taken; `new` has no errors."""
    order = _order_row(new, shop)
    lines = [
        line_row(line, position, includes_vat=new.prices_include_vat, shop=shop)
        for position, line in enumerate(new.lines, start=1)
    ]
    _add_up(order, lines, new)
    return order, lines


def drafted(new: NewOrder, shop: Shop) -> tuple[Order, list[OrderLine]]:
    """The order as it would be stored, with the statuses that it begins with."""
    order, lines = priced(new, shop)
    _set_statuses(order, lines, new, shop)
    return order, lines


def _order_row(new: NewOrder, shop: Shop) -> Order:
    order = Order(shop=shop, source_id=new.source_id or None, changed_at=new.placed_at)
    for name in SAME_ON_ORDER:
        setattr(order, name, getattr(new, name))
    shipping = new.shipping if new.shipping is not None else new.billing
    for part in Address.__dataclass_fields__:
        setattr(order, f"billing_{part}", getattr(new.billing, part))
        setattr(order, f"shipping_{part}", getattr(shipping, part))
    return order


def line_row(new: NewLine, position: int, *, includes_vat: bool, shop: Shop) -> OrderLine:
    """The line as it is stored, not yet priced; `includes_vat` is the sense of its unit price."""
    line = OrderLine(position=position, status=new.status or _first_line_status(new, shop))
    for name in SAME_ON_LINE:
        setattr(line, name, getattr(new, name))
    other = money.other_price(new.unit_price, new.vat_rate, includes_vat=includes_vat)
    both = (other, new.unit_price) if includes_vat else (new.unit_price, other)
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
    """What the money says: paid, partly paid, refunded or open. An order that costs nothing is paid."""
    if order.refunded_total:
        # A credit order was paid with another order: it is refunded once its own amount went back.
        to_give_back = order.paid_total or -order.total
        if 0 < to_give_back <= order.refunded_total:
            return PaymentStatus.REFUNDED
        return PaymentStatus.PARTLY_REFUNDED
    if order.paid_total >= order.total >= 0:
        return PaymentStatus.PAID
    return PaymentStatus.PARTLY_PAID if order.paid_total > 0 else PaymentStatus.OPEN


def _insert(change: Change, drafts: Sequence[Draft], shop: Shop) -> None:
    """Store the drafts, one insert per table."""
    Order.objects.bulk_create([draft.order for draft in drafts])
    for order, lines, new in drafts:
        change.adopt(order, is_new=True)
        for line in lines:
            line.order = order
            line.quantity_shipped = sum((_quantity_in(each, line) for each in new.shipments), Decimal(0))
    OrderLine.objects.bulk_create([line for draft in drafts for line in draft.lines])
    payments = [_rows(Payment, draft.order, draft.new.payments) for draft in drafts]
    shipments = [[_shipment_row(draft.order, each) for each in draft.new.shipments] for draft in drafts]
    Payment.objects.bulk_create(chain(*payments))
    Refund.objects.bulk_create(chain(*(_rows(Refund, draft.order, draft.new.refunds) for draft in drafts)))
    OrderNote.objects.bulk_create(chain(*(_rows(OrderNote, draft.order, draft.new.notes) for draft in drafts)))
    Shipment.objects.bulk_create(chain(*shipments))
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=row, line=line, quantity=quantity)
        for draft, rows in zip(drafts, shipments, strict=True)
        for row, new in zip(rows, draft.new.shipments, strict=True)
        for line in draft.lines
        if (quantity := _quantity_in(new, line))
    )
    part = part_of_next(shop)
    OrderSearchText.objects.bulk_create(
        OrderSearchText(
            order=draft.order,
            shop=shop,
            placed_at=draft.order.placed_at,
            part=part,
            text=search_text_of(draft.order, shop, lines=draft.lines, payments=paid, shipments=sent),
        )
        for draft, paid, sent in zip(drafts, payments, shipments, strict=True)
    )


def _rows(model: type[Row], order: Order, news: Iterable[Any]) -> list[Row]:
    """Rows of what came with an order under the same names."""
    return [model(order=order, **vars(new)) for new in news]


def _shipment_row(order: Order, new: NewShipment) -> Shipment:
    return Shipment(
        order=order,
        carrier=new.carrier,
        tracking_code=new.tracking_code,
        tracking_url=new.tracking_url,
        shipped_at=new.shipped_at,
        number_of_parcels=new.number_of_parcels,
        weight_g=order.weight_g if new.weight_g is None else new.weight_g,
    )


def _quantity_in(shipment: NewShipment, line: OrderLine) -> Decimal:
    """How much of a line is in a shipment: goods only, all of them when it names no lines."""
    if line.kind != OrderLine.Kind.PHYSICAL:
        return Decimal(0)
    return shipment.quantities.get(line.position, Decimal(0)) if shipment.quantities else line.quantity
