"""Whoever sends mails about orders: they register, and foretell what they would send."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from django.db.models.expressions import Combinable

from backoffice.models import Shop
from orders.mail_forecast.occasions import Occasion
from orders.models import Order, OrderLine


class MailSample(NamedTuple):
    """A mail that is shown, not sent, about the order of that number."""

    order_number: str
    address: str
    subject: str
    text: str


class Forecaster(Protocol):
    """Who sends mails, asked about one shop; made anew for each page."""

    def __init__(self, shop: Shop): ...

    def look_up(self, orders: Sequence[Order]) -> None:
        """Read at once what is asked next about each of these orders."""
        ...

    def mails_for(self, occasion: Occasion) -> int: ...

    def sample_of(self, order: Order, occasion: Occasion) -> MailSample | None:
        """The first of those mails as it would read; None where there is none, or its text has a fault."""
        ...

    def mails_once_paid(self, lines: Sequence[OrderLine]) -> int:
        """What else goes out when an order with these lines is paid: copies to suppliers."""
        ...

    def number_once_paid(self) -> Combinable:
        """The same for stored orders, as an expression over their rows."""
        ...


_makers: list[Callable[[Shop], Forecaster]] = []


def register_mail_forecast(maker: Callable[[Shop], Forecaster]) -> None:
    _makers.append(maker)


def forecasters_of(shop: Shop) -> list[Forecaster]:
    return [make(shop) for make in _makers]
