"""Real orders for the previews of layouts."""

from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.models import Shop
from layouts.kinds import LEGAL_KINDS, Kind
from layouts.subjects import Choice
from orders.documents import OrderDocument, order_documents
from orders.invoicing.content import Naming, invoice_content
from orders.models import Order
from orders.models.order import OrderQuerySet
from orders.papers.data import Data, paper_data
from orders.papers.language import language_of
from orders.services.invoices import settings_of

LONGEST_NUMBER = 18


class OrdersAsSubjects:
    """Orders of a base shop, or those that were taken in one of its target shops."""

    def find(self, shop: Shop, kind: str, number: str, *, language: str) -> Data | None:
        if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
            return None
        order = _orders_of(shop).filter(number=int(number)).first()
        document = next(order_documents([order.pk], shop=shop), None) if order else None
        if order is None or document is None:
            return None
        spoken = language or language_of(order, shop)
        data = paper_data(document, shop, language=spoken)
        if kind in LEGAL_KINDS:
            return _invoice(kind, document, shop, data, spoken)
        return data | {"labels": [_label(data["order"])]} if kind == Kind.ADDRESS_LABEL else data

    def newest(self, shop: Shop, limit: int) -> list[Choice]:
        newest = _orders_of(shop).visible().newest_first()[:limit]
        return [Choice(order.display_number, f"{order.customer_name}, {order.placed_at:%Y-%m-%d}") for order in newest]


def _orders_of(shop: Shop) -> OrderQuerySet:
    if shop.base_shop_id is None:
        return Order.objects.for_shop(shop)
    return Order.objects.for_shop(shop.base_shop).filter(target_shop=shop)


def _invoice(kind: str, document: OrderDocument, shop: Shop, paper: Data, language: str) -> Data:
    """What an invoice or credit note of the whole order would say today; it takes no number."""
    naming = Naming(_("(number)"), timezone.localdate(timezone=shop.zone), language)
    data = invoice_content(document, shop, settings_of(shop), paper, naming)
    if kind == Kind.CREDIT_NOTE:
        data["invoice"] |= {"kind": kind, "corrects": _("(number)"), "due_on": None}
    return {name: data[name] for name in ("invoice", "order", "shop")}


def _label(order: Data) -> Data:
    shipments = order["shipments"]
    return {
        "is_blank": False,
        "order_number": order["number"],
        "shipping_method": order["fulfilment"]["method"],
        "tracking_code": shipments[-1]["tracking_code"] if shipments else "",
        "weight_g": order["weight_g"],
        "address": order["shipping_address"],
    }
