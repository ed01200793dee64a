"""In which language a customer is written to."""

from django.conf import settings

from backoffice.models import Shop
from orders.models import Order


def language_of(order: Order, shop: Shop) -> str:
    """The customer's language where papers and pages speak it, else that of `shop`, where the order was taken."""
    spoken = dict(settings.LANGUAGES)
    wanted = order.customer_language[:2].lower()
    return wanted if wanted in spoken else shop.language
