"""An order as layouts and mail texts see it: dicts, lists, texts, decimals and times, and nothing else.

The shape is `layouts.fields.ORDER_FIELDS`, and a test compares the two. Times are aware and in the shop's zone; what
is not there is None, an empty text or an empty list, so that a strict template can ask for every name. It is written
from the `OrderDocument` alone: no personal number, no address of the caller, nothing of staff's own.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings

from backoffice.models import Shop
from orders.documents import (
    LineDocument,
    OrderDocument,
    OwnStatusDocument,
    PaymentDocument,
    RefundDocument,
    ShipmentDocument,
    StatusDocument,
)
from orders.models import Address
from orders.papers.seller import seller_data
from orders.status_page import status_url_of
from statuses.catalogue import Catalogue, catalogue_of
from statuses.kinds import Kind

Data = dict[str, Any]


def paper_data(
    document: OrderDocument,
    shop: Shop,
    *,
    language: str,
    seller: Data | None = None,
    catalogue: Catalogue | None = None,
) -> Data:
    """{"order": …, "shop": …} of an order of `shop`, statuses as a customer reads them in `language` (en, nl or sv).

    Whoever makes many passes `seller` (`seller_data(shop)`) and `catalogue` (`catalogue_of` the base shop), each read
    with a query otherwise.
    """
    words = _Words(catalogue or catalogue_of(shop.base_shop or shop), language)
    return {
        "order": _order_data(document, shop, words),
        "shop": seller if seller is not None else seller_data(shop),
    }


class _Placed(Protocol):
    """What the sorting reads of a line."""

    @property
    def position(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def location(self) -> str: ...


Line = TypeVar("Line", bound=_Placed)


def sorted_lines(lines: Sequence[Line], by: str) -> list[Line]:
    """Lines in the order of a `Shop.LineOrder`; equal ones stay in the order of the cart."""
    if by == Shop.LineOrder.LOCATION:
        # Without a place on a shelf there is nothing to walk to: last.
        return sorted(lines, key=lambda line: (not line.location, line.location.casefold(), line.position))
    if by == Shop.LineOrder.SKU:
        return sorted(lines, key=lambda line: (line.sku.casefold(), line.position))
    return sorted(lines, key=lambda line: line.position)


class _Words:
    """What the statuses of a shop are called to a customer who reads `language`."""

    def __init__(self, catalogue: Catalogue, language: str):
        self.catalogue = catalogue
        self.language = language
        self._own = {(row.kind, row.code): row.pk for row in catalogue.rows if not row.is_builtin}

    def status(self, kind: str, status: StatusDocument, own: Sequence[OwnStatusDocument]) -> Data:
        """`label` is empty where the shop keeps the status to itself."""
        own_id = next((self._own.get((each.kind, each.code)) for each in own if each.kind == kind), None)
        label = self.catalogue.name_for_customer(kind, status.code, own_id, self.language)
        return {"status": status.code, "label": label}


def _order_data(document: OrderDocument, shop: Shop, words: _Words) -> Data:
    zone = shop.zone
    return {
        "number": document.number,
        "external_id": document.id,
        "source": document.source,
        "source_id": document.source_id,
        "placed_at": document.placed_at.astimezone(zone),
        "payment": words.status(Kind.PAYMENT, document.payment, document.own_statuses)
        | {"method": document.payment_method},
        "fulfilment": words.status(Kind.FULFILMENT, document.fulfilment, document.own_statuses)
        | {"method": document.shipping_method},
        "customer": {part: getattr(document.customer, part) for part in document.customer.__dataclass_fields__},
        "billing_address": address_data(document.billing),
        "shipping_address": address_data(document.shipping),
        "ships_elsewhere": document.shipping != document.billing,
        "customer_message": document.customer_message,
        "currency": document.currency,
        "language": document.customer.language,
        "status_url": settings.SITE_URL + status_url_of(document.id),
        "weight_g": document.weight_g,
        "volume_cm3": document.volume_cm3,
        "lines": [_line_data(line, words) for line in sorted_lines(document.lines, shop.line_order)],
        "totals": _totals_data(document),
        "vat": [
            {"rate": each.rate, "ex": each.ex, "vat": each.vat, "incl": each.incl} for each in document.totals.by_rate
        ],
        "payments": [_payment_data(payment, zone) for payment in document.payments],
        "refunds": [_refund_data(refund, zone) for refund in document.refunds],
        "shipments": [_shipment_data(shipment, document, zone) for shipment in document.shipments],
        "notes": [{"text": note.text, "created_at": note.created_at.astimezone(zone)} for note in document.notes],
    }


def address_data(address: Address) -> Data:
    """Every part as text; `country` is ISO 3166 alpha-2 or empty."""
    return {part: getattr(address, part) for part in Address.__dataclass_fields__}


def _line_data(line: LineDocument, words: _Words) -> Data:
    """`discount` is the line's own and its share of the order's together; `weight_g` is of all pieces."""
    own = [line.own_status] if line.own_status else []
    return words.status(Kind.LINE, line.status, own) | {
        "position": line.position,
        "kind": line.kind,
        "sku": line.sku,
        "name": line.name,
        "options": line.options,
        "quantity": line.quantity,
        "quantity_shipped": line.quantity_shipped,
        "quantity_to_ship": max(line.quantity - line.quantity_shipped - line.quantity_credited, Decimal(0)),
        "unit_price_ex": line.unit_price_ex,
        "unit_price": line.unit_price_incl,
        "vat_rate": line.vat_rate,
        "discount": line.discount + line.discount_share,
        "total_ex": line.total_ex,
        "total_vat": line.total_vat,
        "total": line.total,
        "location": line.location,
        "weight_g": line.weight_g,
        "volume_cm3": line.volume_cm3,
        "is_backordered": line.is_backordered,
        "expected_on": line.expected_on,
    }


def _totals_data(document: OrderDocument) -> Data:
    totals = document.totals
    names = [name for name in totals.__dataclass_fields__ if name != "by_rate"]
    return {name: getattr(totals, name) for name in names}


def _payment_data(payment: PaymentDocument, zone: ZoneInfo) -> Data:
    return {
        "amount": payment.amount,
        "method": payment.method,
        "provider": payment.provider,
        "reference": payment.provider_reference,
        "state": payment.state,
        "created_at": payment.created_at.astimezone(zone),
        "paid_at": _local(payment.paid_at, zone),
    }


def _refund_data(refund: RefundDocument, zone: ZoneInfo) -> Data:
    return {
        "amount": refund.amount,
        "reason": refund.reason,
        "state": refund.state,
        "created_at": refund.created_at.astimezone(zone),
        "paid_out_at": _local(refund.paid_out_at, zone),
    }


def _shipment_data(shipment: ShipmentDocument, document: OrderDocument, zone: ZoneInfo) -> Data:
    names = {line.position: (line.name, line.options) for line in document.lines}
    # An import may bring anything; only what leads to a web page becomes a link.
    url = shipment.tracking_url if shipment.tracking_url.startswith(("https://", "http://")) else ""
    return {
        "carrier": shipment.carrier,
        "tracking_code": shipment.tracking_code,
        "tracking_url": url,
        "number_of_parcels": shipment.number_of_parcels,
        "weight_g": shipment.weight_g,
        "shipped_at": shipment.shipped_at.astimezone(zone),
        "lines": [
            {
                "position": line.position,
                "sku": line.sku,
                "name": names.get(line.position, ("", ""))[0],
                "options": names.get(line.position, ("", ""))[1],
                "quantity": line.quantity,
            }
            for line in shipment.lines
        ],
    }


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None
