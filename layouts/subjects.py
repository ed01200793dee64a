"""What a preview is made of: real orders, which the storey above provides, or the sample document.

Layouts know no orders. Whoever does registers a provider in its `ready()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from backoffice.models import Shop
from layouts.fields import INVOICE_FIELDS, LABEL_FIELDS, ORDER_FIELDS, FieldList
from layouts.kinds import LEGAL_KINDS, Kind

Data = Mapping[str, Any]
LISTED = 20


@dataclass(frozen=True)
class Choice:
    """An order that can be chosen: its number and who ordered."""

    number: str
    label: str


class Provider(Protocol):
    """Where orders come from. `shop` is a base or target shop, `language` en, nl or sv, or "" for the order's own."""

    def find(self, shop: Shop, kind: str, number: str, *, language: str) -> Data | None:
        """The data of an order for a paper of `kind`, in the shape of `fields_of(kind)`; None when there is none."""

    def newest(self, shop: Shop, limit: int) -> list[Choice]:
        """The orders placed last, newest first."""


@dataclass(frozen=True)
class Subject:
    """What a preview shows: the data, its language, and the order's number or "" for the sample document."""

    data: Data
    language: str
    number: str = ""

    @property
    def label(self) -> str:
        return _("order %(number)s") % {"number": self.number} if self.number else _("the sample document")


class SubjectMissing(Exception):
    """There is no order of that number in the shop."""


_providers: list[Provider] = []


def provide(provider: Provider) -> None:
    _providers.append(provider)


def fields_of(kind: str) -> FieldList:
    """What a layout of `kind` may name."""
    if kind in LEGAL_KINDS:
        return INVOICE_FIELDS
    return LABEL_FIELDS if kind == Kind.ADDRESS_LABEL else ORDER_FIELDS


def choices_for(shop: Shop) -> list[Choice]:
    """The newest orders of the shop; none where the shop has none."""
    return [choice for provider in _providers for choice in provider.newest(shop, LISTED)][:LISTED]


def subject_for(shop: Shop, kind: str, *, number: str = "", language: str = "") -> Subject:
    """The order with that number, without one the newest, and the sample document where the shop has no order.

    Raises SubjectMissing when there is a number and no such order.
    """
    wanted = number or next((choice.number for choice in choices_for(shop)), "")
    if not wanted:
        return sample_for(shop, kind, language=language)
    for provider in _providers:
        data = provider.find(shop, kind, wanted, language=language)
        if data is not None:
            return Subject(data, language or _language_of(data, shop), wanted)
    raise SubjectMissing(wanted)


def sample_for(shop: Shop, kind: str, *, language: str = "") -> Subject:
    """The document of the documented samples."""
    return Subject(fields_of(kind).sample(), language or shop.language)


def _language_of(data: Data, shop: Shop) -> str:
    order = data.get("order")
    wanted = order["language"][:2].lower() if order else ""
    return wanted if wanted in dict(settings.LANGUAGES) else shop.language
