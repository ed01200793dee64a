"""Files for carriers: one shipment a row, the address taken apart as their systems want it.

MyParcel's own words for a shipment are used as column names: those of `recipient`, `options` and
`physical_properties` in its shipment API. Source: the examples of repository `myparcelnl/api` (`test.js`) and
developer.myparcel.nl, "Shipments". Package type 1 is a parcel; weights are in grams. Its back office takes such files
as CSV (release notes in `myparcelnl/developer`, `src/nl/release-notes.md`); a template of its columns is not published.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orders.documents import OrderDocument
from orders.exports.streets import StreetLine, split_street
from orders.exports.table import Heading, ValueKind

PARCEL = 1


@dataclass(frozen=True)
class Shipping:
    """What a carrier needs of an order: where to, in parts, and whom to tell."""

    order: OrderDocument
    line: StreetLine

    @property
    def name(self) -> str:
        return self.order.shipping.name or self.order.customer.name

    @property
    def phone(self) -> str:
        """Digits, and the plus of a country code as `00`, which no spreadsheet takes for a formula."""
        phone = self.order.customer.phone.strip()
        digits = re.sub(r"[^0-9]", "", phone)
        return f"00{digits}" if phone.startswith("+") else digits


Column = tuple[str, ValueKind, Callable[[Shipping], Any]]
TEXT, NUMBER = ValueKind.TEXT, ValueKind.NUMBER

MYPARCEL: list[Column] = [
    ("cc", TEXT, lambda to: to.order.shipping.country),
    ("postal_code", TEXT, lambda to: to.order.shipping.postcode),
    ("city", TEXT, lambda to: to.order.shipping.city),
    ("street", TEXT, lambda to: to.line.street),
    ("number", TEXT, lambda to: to.line.number),
    ("number_suffix", TEXT, lambda to: to.line.suffix),
    ("street_additional_info", TEXT, lambda to: to.order.shipping.extra),
    ("region", TEXT, lambda to: to.order.shipping.region),
    ("person", TEXT, lambda to: to.name),
    ("company", TEXT, lambda to: to.order.shipping.company),
    ("email", TEXT, lambda to: to.order.customer.email),
    ("phone", TEXT, lambda to: to.phone),
    ("package_type", NUMBER, lambda to: PARCEL),
    ("weight", NUMBER, lambda to: to.order.weight_g),
    ("label_description", TEXT, lambda to: to.order.number),
    ("reference_identifier", TEXT, lambda to: to.order.id),
]
LABELS: list[Column] = [
    ("order_number", TEXT, lambda to: to.order.number),
    ("name", TEXT, lambda to: to.name),
    ("company", TEXT, lambda to: to.order.shipping.company),
    ("street", TEXT, lambda to: to.line.street),
    ("house_number", TEXT, lambda to: " ".join(filter(None, [to.line.number, to.line.suffix]))),
    ("address_line_2", TEXT, lambda to: to.order.shipping.extra),
    ("postcode", TEXT, lambda to: to.order.shipping.postcode),
    ("city", TEXT, lambda to: to.order.shipping.city),
    ("region", TEXT, lambda to: to.order.shipping.region),
    ("country", TEXT, lambda to: to.order.shipping.country),
    ("email", TEXT, lambda to: to.order.customer.email),
    ("phone", TEXT, lambda to: to.phone),
    ("weight_g", NUMBER, lambda to: to.order.weight_g),
]


class CarrierTable:
    """A carrier's columns over orders; a deleted order and one without a street have no row."""

    # The documents' lists are not needed.
    parts: frozenset[str] = frozenset()

    def __init__(self, columns: list[Column]):
        self.columns = columns

    def headings(self) -> list[Heading]:
        return [Heading(name, kind) for name, kind, _value in self.columns]

    def rows(self, documents: Iterable[OrderDocument]) -> Iterator[list[Any]]:
        for order in documents:
            if order.deleted_at is None and order.shipping.street:
                to = Shipping(order, split_street(order.shipping.street, order.shipping.country))
                yield [value(to) for _name, _kind, value in self.columns]
