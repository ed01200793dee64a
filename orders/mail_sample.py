"""One of the mails that an action on orders would send, as it would read: whoever sends mails registers, pages ask."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from django.db.models import QuerySet

from backoffice.models import Shop
from orders.bulk import Action, FieldAction
from orders.models import LogAction, Order
from orders.services import ChangeRefused

# The newest orders of a selection; where none of these is mailed there is no sample.
LOOKED_AT = 50


class MailSample(NamedTuple):
    """A mail that is shown, not sent, about the order of that number."""

    order_number: str
    address: str
    subject: str
    text: str


class Sampler(Protocol):
    """Who sends mails, asked about one shop; made anew for each page."""

    def __init__(self, shop: Shop): ...

    def mail_if(self, order: Order, wanted: Mapping[str, Any]) -> MailSample | None:
        """The first mail that would follow when the order's fields got these values."""
        ...


_samplers: list[Callable[[Shop], Sampler]] = []


def register_mail_sampler(sampler: Callable[[Shop], Sampler]) -> None:
    _samplers.append(sampler)


def sample_of_action(shop: Shop, action: Action, orders: QuerySet[Order]) -> MailSample | None:
    """A mail to the newest order that the action would mail. Nothing is written."""
    # An order that is let go goes on where it was: nobody is told of that status a second time.
    if not isinstance(action, FieldAction) or action.log == LogAction.ORDER_RELEASED:
        return None
    samplers = [make(shop) for make in _samplers]
    for order in orders.select_related("target_shop").order_by("-placed_at", "-id")[:LOOKED_AT]:
        try:
            wanted = action.decide(order)
        except ChangeRefused:
            continue
        for sampler in samplers:
            if sample := sampler.mail_if(order, wanted):
                return sample
    return None
