"""Pages for the renderer, made of orders: which layout, which data, which language."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from backoffice.models import Shop
from layouts.addresses import language_of_sender
from layouts.fields import LABEL_FIELDS
from layouts.kinds import Kind
from layouts.label_sheets import LabelSheet, placed
from layouts.published import Source, layout_for
from layouts.rendering import Page
from layouts.standard import pick_round
from orders.documents import LineDocument, OrderDocument, order_documents
from orders.models import Order, OrderLine
from orders.papers.data import Data, address_data, paper_data, sorted_lines
from orders.papers.language import language_of
from orders.papers.seller import seller_data
from statuses.catalogue import catalogue_of

# Who reads these is staff: they are in the language of the shop, whatever the customer speaks.
OF_STAFF = {Kind.PICK_LIST}
PICKED = OrderLine.Kind.PHYSICAL
BLANK = LABEL_FIELDS.sample()["labels"][0]  # type: ignore[index]

Label = dict[str, object]


@dataclass(frozen=True)
class Subject:
    """An order that papers are made of; `sold_in` is the target shop it was taken in, or its shop."""

    order: Order
    document: OrderDocument
    sold_in: Shop


class Desk:
    """Makes the pages of orders of one shop; layouts, sellers and statuses are read once."""

    def __init__(self, shop: Shop):
        self.shop = shop
        self.catalogue = catalogue_of(shop)
        self._targets = {target.pk: target for target in shop.target_shops.select_related("base_shop")}
        self._sellers: dict[int, Data] = {}
        self._layouts: dict[tuple[int, str], Source] = {}

    def subjects(self, keys: Iterable[int]) -> Iterator[Subject]:
        """The orders of this shop with these keys, in the order of the keys."""
        wanted = list(keys)
        orders = Order.objects.for_shop(self.shop).in_bulk(wanted)
        found = [key for key in wanted if key in orders]
        for key, document in zip(found, order_documents(found, shop=self.shop), strict=True):
            order = orders[key]
            yield Subject(order, document, self._targets.get(order.target_shop_id, self.shop))

    def layout(self, sold_in: Shop, kind: str) -> Source:
        if (sold_in.pk, kind) not in self._layouts:
            self._layouts[sold_in.pk, kind] = layout_for(sold_in, kind)
        return self._layouts[sold_in.pk, kind]

    def seller(self, shop: Shop) -> Data:
        if shop.pk not in self._sellers:
            self._sellers[shop.pk] = seller_data(shop)
        return self._sellers[shop.pk]

    def page(self, subject: Subject, kind: Kind, sheet: LabelSheet | None = None) -> Page:
        """A paper of one order; not for invoices and credit notes, whose bytes are kept."""
        if kind == Kind.ADDRESS_LABEL:
            return self.labels(subject.sold_in, [label_data(subject.document)], sheet)
        language = self.shop.language if kind in OF_STAFF else language_of(subject.order, subject.sold_in)
        data = paper_data(
            subject.document,
            subject.sold_in,
            language=language,
            seller=self.seller(subject.sold_in),
            catalogue=self.catalogue,
        )
        return Page(self.layout(subject.sold_in, kind), data, language)

    def labels(self, sold_in: Shop, labels: list[Label], sheet: LabelSheet | None, *, first: int = 1) -> Page:
        """Address labels, on a sheet behind those that were used already; the shop's own layout tells how they look."""
        layout = self.layout(sold_in, Kind.ADDRESS_LABEL)
        if sheet is not None:
            layout = Source(layout.html, f"{layout.css}\n{sheet.css}", layout.files, f"{layout.label} {sheet.key}")
        seller = self.seller(sold_in)
        home = str(seller["address"]["country"])
        data = {"labels": placed(labels, BLANK, first=first), "shop": seller}
        return Page(layout, data, language_of_sender(home, sold_in.language))


def label_data(document: OrderDocument) -> Label:
    """A label in the shape of `LABEL_FIELDS`; the tracking code is that of the newest shipment that has one."""
    codes = [shipment.tracking_code for shipment in document.shipments if shipment.tracking_code]
    return {
        "is_blank": False,
        "order_number": document.number,
        "shipping_method": document.shipping_method,
        "tracking_code": codes[-1] if codes else "",
        "weight_g": document.weight_g,
        "address": address_data(document.shipping),
    }


# --- the pick round -------------------------------------------------------------------------------

# Of one list; a longer one is cut into several, each well within what a renderer may take.
ROWS_AT_ONCE = 250
ORDERS_IN_ROWS_AT_ONCE = 5_000

_Place = tuple[str, str, str, str]


@dataclass(frozen=True)
class SharedPage:
    """A page of many orders, and the keys of those that stand on it."""

    page: Page
    keys: frozenset[int]


class Round:
    """What is picked for many orders at once: equal articles of a place in one row."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self._numbers: dict[int, str] = {}
        self._rows: dict[_Place, LineDocument] = {}
        self._wanted: dict[_Place, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))

    @property
    def keys(self) -> list[int]:
        """Of all its orders, those of which nothing is to be picked too."""
        return list(self._numbers)

    def add(self, subject: Subject) -> None:
        key, document = subject.order.pk, subject.document
        self._numbers[key] = document.number
        for line in document.lines:
            left = line.quantity - line.quantity_shipped - line.quantity_credited
            if line.kind == PICKED and left > 0 and not line.is_backordered:
                place = _place_of(line)
                self._rows.setdefault(place, line)
                self._wanted[place][key] += left

    def pages(self, made_at: datetime) -> list[SharedPage]:
        """The whole round in parts, in the order in which they are walked; one without rows when there is nothing to
        pick."""
        parts = self._parts() or [[]]
        return [
            SharedPage(
                self._page(rows, made_at, part=number, number_of_parts=len(parts)),
                frozenset(key for line in rows for key in self._wanted[_place_of(line)]),
            )
            for number, rows in enumerate(parts, 1)
        ]

    def _parts(self) -> list[list[LineDocument]]:
        """All rows, cut where a part has enough; the orders of a row stay together."""
        parts: list[list[LineDocument]] = []
        room = 0
        for line in sorted_lines(list(self._rows.values()), self.desk.shop.line_order):
            number_of_orders = len(self._wanted[_place_of(line)])
            if number_of_orders > room or len(parts[-1]) == ROWS_AT_ONCE:
                parts.append([])
                room = ORDERS_IN_ROWS_AT_ONCE
            parts[-1].append(line)
            room -= number_of_orders
        return parts

    def _page(self, rows: list[LineDocument], made_at: datetime, *, part: int, number_of_parts: int) -> Page:
        shop = self.desk.shop
        data: Mapping[str, Any] = {
            "round": {
                "made_at": made_at.astimezone(shop.zone),
                "number_of_orders": len(self._numbers),
                "part": part,
                "number_of_parts": number_of_parts,
                "lines": [self._row(line) for line in rows],
            },
            "shop": self.desk.seller(shop),
        }
        return Page(pick_round(), data, shop.language)

    def _row(self, line: LineDocument) -> dict[str, object]:
        wanted = self._wanted[_place_of(line)]
        return {
            "location": line.location,
            "sku": line.sku,
            "name": line.name,
            "options": line.options,
            "quantity": sum(wanted.values(), Decimal(0)),
            "orders": ", ".join(f"{self._numbers[key]} ({quantity.normalize():f})" for key, quantity in wanted.items()),
        }


def _place_of(line: LineDocument) -> _Place:
    return line.location, line.sku, line.name, line.options
