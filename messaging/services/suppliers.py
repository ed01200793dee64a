"""The copy to whoever sends lines straight to the customer, once an order may be sent."""

from collections.abc import Sequence

from backoffice.actor import Actor
from backoffice.models import Shop
from messaging.happenings import happenings_of
from messaging.models import Origin, Purpose, Supplier, TriggerEvent
from messaging.services.queue import Letter, queue_letters
from messaging.services.settings import settings_in
from messaging.services.usual import template_for
from orders.models import Order, OrderLine, OrderLogEntry
from statuses.kinds import PaymentStatus


def follow_suppliers(shop: Shop, entries: Sequence[OrderLogEntry], *, by: Actor) -> None:
    """Queue the mails to suppliers of orders that these entries tell were paid, each supplier once an order.

    No query unless something was paid; one more where the shop has no supplier.
    """
    paid = [] if by.is_quiet else _paid(entries)
    if not paid:
        return
    suppliers = list(Supplier.objects.for_shop(shop))
    if not suppliers:
        return
    lines = OrderLine.objects.filter(order__in=paid, kind=OrderLine.Kind.PHYSICAL).order_by("position")
    by_order: dict[int, list[OrderLine]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    letters = [
        _letter(shop, order, supplier, positions)
        for order in paid
        for supplier in suppliers
        if (positions := positions_of(supplier, by_order.get(order.pk, [])))
    ]
    queue_letters(shop, letters, settings=settings_in(shop), by=by)


def _paid(entries: Sequence[OrderLogEntry]) -> list[Order]:
    found = {}
    for each in happenings_of(entries):
        is_now_paid = each.event == TriggerEvent.PAYMENT and each.code == PaymentStatus.PAID
        came_paid = each.event == TriggerEvent.PLACED and each.order.payment_status == PaymentStatus.PAID
        if is_now_paid or came_paid:
            found[each.order.pk] = each.order
    return list(found.values())


def positions_of(supplier: Supplier, lines: Sequence[OrderLine]) -> list[int]:
    """The places of the goods that this supplier sends."""
    prefix = supplier.sku_prefix.casefold()
    goods = (line for line in lines if line.kind == OrderLine.Kind.PHYSICAL)
    return [line.position for line in goods if line.sku.casefold().startswith(prefix)]


def event_of(supplier: Supplier) -> str:
    return f"supplier:{supplier.pk}"


def _letter(shop: Shop, order: Order, supplier: Supplier, positions: list[int]) -> Letter:
    return Letter(
        event=event_of(supplier),
        origin=Origin.TRIGGER,
        recipient=supplier.email,
        recipient_name=supplier.name,
        who="supplier",
        order=order,
        template=template_for(shop, Purpose.SUPPLIER_COPY),
        language=shop.language,
        extra={"supplier": {"name": supplier.name, "positions": positions}},
    )
