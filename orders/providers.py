"""Payment providers that can pay a refund out by themselves.

Without an adapter a refund is bookkeeping: somebody still has to pay it out in the shop's account at the provider.
An app that knows a provider registers its adapter when it starts:

    register("Mollie", MollieRefunds())
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class Payout:
    """What a provider is asked to give back: `amount` in `currency` of the payment it knows as `payment_reference`.

    `key` is the same at each try of the same refund, so that the provider can tell a repeated call from a second one.
    """

    shop_number: str
    payment_reference: str
    amount: Decimal
    currency: str
    key: str


class PayoutFailed(Exception):
    """The provider refused or could not be reached; `str()` says why in words for staff."""


class PaymentProvider(Protocol):
    def pay_out(self, payout: Payout) -> str:
        """Give the money back now; returns the provider's reference.

        Raises PayoutFailed for all that can go wrong, slowness included: a person is waiting for the answer.
        """


_adapters: dict[str, PaymentProvider] = {}


def register(provider: str, adapter: PaymentProvider) -> None:
    """Let `adapter` pay out what was paid at `provider`, whose name is compared without regard to case."""
    _adapters[provider.casefold()] = adapter


def unregister(provider: str) -> None:
    _adapters.pop(provider.casefold(), None)


def adapter_for(provider: str) -> PaymentProvider | None:
    return _adapters.get(provider.casefold())
