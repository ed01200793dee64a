"""Which orders of one customer can be sent as one. Nothing here changes anything."""

from collections.abc import Sequence

from django.db.models.functions import Upper
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders.freezing import why_frozen
from orders.models import Order
from orders.models.order import OPEN
from orders.services.errors import ChangeRefused
from orders.services.search import folded
from orders.services.splitting import says_what_was_paid
from orders.waiting import WORK
from statuses.kinds import FulfilmentStatus, PaymentStatus

MOST_AT_ONCE = 10
MOST_SUGGESTED = 5


class MergeRefused(ChangeRefused):
    """Orders that cannot be sent as one; the sentence says which and why."""


def reason_against(target: Order, other: Order) -> str:
    """Why `other` cannot go to `target`, as a sentence; empty when it can. Nothing is read from the database."""
    for order in (target, other):
        if order.deleted_at is not None:
            return _("Order %(number)s is in Deleted.") % {"number": order.display_number}
        if order.fulfilment_status not in WORK:
            status = FulfilmentStatus(order.fulfilment_status).label
            return _("Order %(number)s is %(status)s.") % {"number": order.display_number, "status": status}
    words = {"number": other.display_number}
    if other.fulfilment_status == FulfilmentStatus.ON_HOLD:
        return _("Order %(number)s is on hold. Release it first.") % words
    if not (is_related(target, other) or is_same_customer(target, other)):
        return _("Order %(number)s is of another customer.") % words
    if target.currency != other.currency:
        return _("Order %(number)s is in another currency.") % words
    if target.prices_include_vat != other.prices_include_vat:
        return _("Prices of order %(number)s are in another sense: one includes VAT, the other does not.") % words
    if target.target_shop_id != other.target_shop_id:
        return _("Order %(number)s was placed in another shop.") % words
    return ""


def is_same_customer(one: Order, other: Order) -> bool:
    """Whether both name the same e-mail address or customer number."""
    names = [(folded(each.customer_email), folded(each.customer_number)) for each in (one, other)]
    return any(mine and mine == theirs for mine, theirs in zip(*names, strict=True))


def is_related(one: Order, other: Order) -> bool:
    """Whether both came of the same split."""
    return (one.split_from_id or one.pk) == (other.split_from_id or other.pk)


def open_orders_of_customer(order: Order, shop: Shop) -> list[Order]:
    """The newest other orders under the same e-mail address that are still worked on; the address is compared without
    case. One query, none for an order without address."""
    if not order.customer_email:
        return []
    others = (
        Order.objects.for_shop(shop)
        .filter(Exact(Upper("customer_email"), order.customer_email.upper()))
        .filter(fulfilment_status__in=OPEN, deleted_at__isnull=True)
        .exclude(pk=order.pk)
    )
    return list(others.newest_first()[:MOST_AT_ONCE])


def merge_suggestions(order: Order, shop: Shop) -> list[Order]:
    """Open orders of the same customer to the same address, compared without case and spaces, newest first.

    One query, none for an order that is closed.
    """
    if order.fulfilment_status not in WORK or order.deleted_at is not None:
        return []
    here = _place(order)
    others = [other for other in open_orders_of_customer(order, shop) if _place(other) == here]
    return [other for other in others if not reason_against(order, other)][:MOST_SUGGESTED]


def _place(order: Order) -> tuple[str, ...]:
    parts = (order.shipping_street, order.shipping_postcode, order.shipping_city, order.shipping_country)
    return tuple(folded(part).replace(" ", "") for part in parts)


def refuse_unknown_money(orders: Sequence[Order]) -> None:
    """What was set to paid by hand has no payment that could move along."""
    if len({order.payment_status for order in orders}) == 1:
        return
    for order in orders:
        if not says_what_was_paid(order):
            label = PaymentStatus(order.payment_status).label
            raise MergeRefused(
                _("Order %(number)s is %(status)s, but its payments say otherwise. Record what was paid first.")
                % {"number": order.display_number, "status": label}
            )


def refuse_frozen(orders: Sequence[Order]) -> None:
    """What an invoice names stays where it is."""
    for order in orders:
        if reason := why_frozen(order):
            raise MergeRefused(_("Order %(number)s: %(reason)s") % {"number": order.display_number, "reason": reason})
