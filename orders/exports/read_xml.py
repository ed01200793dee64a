"""Reading the order XML back, whoever wrote it: orders as `place_order` takes them.

By name, so that documents of later versions are read too. What the format does not hold cannot come back: who wrote a
note and the personal number stay in the shop. A shop's own statuses are read past, because they mean what that shop
made of them; the built-in ones that they stand for come back.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from lxml import etree

from backoffice.models import Shop
from orders.models import Address, OrderNote
from orders.services.new_order import NewLine, NewNote, NewOrder, NewPayment, NewRefund, NewShipment

# A number of more digits fits no column; Decimal would take millions of them.
LONGEST_NUMBER = 30
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# Nobody reads more; to say where each of a million stands would take for ever.
MOST_ERRORS = 50
# Why libxml2 ends at deep or long documents by itself: `huge_tree` stays off.
HARDENED = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


# An element of the order and what of it: what `_path` puts into words.
Place = tuple[etree._Element, str]


class XmlRefused(Exception):
    """The document as a whole cannot be read; the sentence says why."""


@dataclass(frozen=True)
class ReadOrder:
    """An order of the document: `new`, or the `errors` in it as {path: sentence}. A deleted one has neither."""

    id: str
    new: NewOrder | None = None
    errors: dict[str, str] = field(default_factory=dict)
    is_deleted: bool = False


def read_orders(file: IO[bytes], *, shop: Shop) -> Iterator[ReadOrder]:
    """The orders of a document, one at a time; times are on the wall clock of `shop`.

    Raises XmlRefused for what is no order XML: broken, of another kind, or with a DOCTYPE. Orders before that point
    were yielded already: who wants all or none stores nothing before the end.
    """
    try:
        for element in _order_elements(file):
            yield _Reader(element, shop).read()
    except etree.XMLSyntaxError as error:
        line = error.lineno or 0
        raise XmlRefused(_("The document is not well-formed XML (line %(line)d).") % {"line": line}) from error


def _order_elements(file: IO[bytes]) -> Iterator[etree._Element]:
    depth = 0
    for event, element in etree.iterparse(file, events=("start", "end"), **HARDENED):
        if event == "start":
            depth += 1
            if depth == 1:
                _refuse_other(element)
            continue
        depth -= 1
        if depth == 1:
            if element.tag == "order":
                yield element
            _forget(element)


def _refuse_other(root: etree._Element) -> None:
    if root.getroottree().docinfo.doctype:
        raise XmlRefused(_("The document has a DOCTYPE, which order XML never has."))
    if root.tag != "orders":
        raise XmlRefused(_("The document is not order XML: its root is not <orders>."))


def _forget(element: etree._Element) -> None:
    """Give the memory of an order back: it is read, and its elder siblings are."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


class _Reader:
    """Reads one `<order>`; what is wrong is collected, so that all of it can be told at once."""

    def __init__(self, element: etree._Element, shop: Shop):
        self.element = element
        self.shop = shop
        self.errors: dict[str, str] = {}

    def read(self) -> ReadOrder:
        order_id = self.element.get("id", "")
        if self.element.get("deleted") == "yes":
            return ReadOrder(order_id, is_deleted=True)
        new = self._order(self.element)
        return ReadOrder(order_id, errors=self.errors) if self.errors else ReadOrder(order_id, new)

    def _order(self, at: etree._Element) -> NewOrder:
        totals, payment, source = at.find("totals"), at.find("payment"), at.find("source")
        include_vat = _attribute(totals, "prices_include_vat") == "yes"
        customer = {
            f"customer_{name}": _text(at, f"customer/{name}")
            for name in ("name", "company", "email", "phone", "number", "language")
        }
        return NewOrder(
            **customer,
            number=self._whole(at.get("number", ""), (at, "@number")),
            placed_at=self._time(at, "placed_at"),
            lines=[self._line(line, include_vat) for line in at.iterfind("lines/line")],
            source=_text(at, "source") or "import",
            source_name=_attribute(source, "name"),
            source_id=_attribute(source, "id") or None,
            target_shop=self._target_shop(_text(at, "target_shop")),
            vat_number=_text(at, "customer/vat_number"),
            billing=_address(at.find("billing_address")),
            shipping=_address(at.find("shipping_address")),
            customer_message=_text(at, "customer_message"),
            affiliate=_text(at, "affiliate"),
            currency=_attribute(totals, "currency"),
            exchange_rate=self._number(_attribute(totals, "exchange_rate") or "1", (at, "totals/@exchange_rate")),
            prices_include_vat=include_vat,
            payment_method=_text(at, "payment/method"),
            shipping_method=_text(at, "shipping_method"),
            shipping_cost=self._amount(at, "totals/shipping_cost"),
            shipping_vat_rate=self._number(
                _attribute(at.find("totals/shipping_cost"), "vat_rate"), (at, "totals/shipping_cost")
            ),
            payment_fee=self._amount(at, "totals/payment_fee"),
            payment_fee_vat_rate=self._number(
                _attribute(at.find("totals/payment_fee"), "vat_rate"), (at, "totals/payment_fee")
            ),
            discount=self._amount(at, "totals/discount"),
            fulfilment_status=_attribute(at.find("fulfilment"), "status") or None,
            payment_status=_attribute(payment, "status") or None,
            payments=[self._payment(each) for each in at.iterfind("payment/transactions/transaction")],
            refunds=[self._refund(each) for each in at.iterfind("refunds/refund")],
            shipments=[self._shipment(each) for each in at.iterfind("shipments/shipment")],
            notes=[self._note(each) for each in at.iterfind("notes/note")],
        )

    def _line(self, at: etree._Element, include_vat: bool) -> NewLine:
        return NewLine(
            sku=_text(at, "sku"),
            name=_text(at, "name"),
            options=_text(at, "options"),
            kind=at.get("kind", "physical"),
            quantity=self._amount(at, "quantity"),
            unit_price=self._amount(at, "unit_price_incl" if include_vat else "unit_price_ex"),
            vat_rate=self._amount(at, "vat_rate"),
            discount=self._amount(at, "discount"),
            location=_text(at, "location"),
            weight_g=self._whole(_text(at, "weight_g") or "0", (at, "weight_g")),
            volume_cm3=self._whole(_text(at, "volume_cm3") or "0", (at, "volume_cm3")),
            is_backordered=_text(at, "backordered") == "yes",
            expected_on=self._day(at, "expected_on"),
            status=_attribute(at.find("line_status"), "status") or None,
            quantity_picked=self._amount(at, "picked"),
            quantity_credited=self._amount(at, "credited"),
            quantity_returned=self._amount(at, "returned"),
        )

    def _payment(self, at: etree._Element) -> NewPayment:
        return NewPayment(
            amount=self._amount(at, "amount"),
            method=_text(at, "method"),
            state=at.get("state", ""),
            provider=_text(at, "provider"),
            provider_reference=_text(at, "reference"),
            created_at=self._time(at, "created_at"),
            paid_at=self._time_or_none(at, "paid_at"),
        )

    def _refund(self, at: etree._Element) -> NewRefund:
        return NewRefund(
            amount=self._amount(at, "amount"),
            reason=_text(at, "reason"),
            state=at.get("state", ""),
            created_at=self._time(at, "created_at"),
            paid_out_at=self._time_or_none(at, "paid_out_at"),
        )

    def _shipment(self, at: etree._Element) -> NewShipment:
        shipped = at.iterfind("shipped_lines/shipped_line")
        return NewShipment(
            carrier=_text(at, "carrier"),
            tracking_code=_text(at, "tracking_code"),
            tracking_url=_text(at, "tracking_url"),
            shipped_at=self._time(at, "shipped_at"),
            quantities={
                self._whole(each.get("position", ""), (each, "@position")): self._number(
                    each.get("quantity", ""), (each, "@quantity")
                )
                for each in shipped
            },
            number_of_parcels=self._whole(_text(at, "parcels") or "1", (at, "parcels")),
            weight_g=self._whole(_text(at, "weight_g"), (at, "weight_g")) if _text(at, "weight_g") else None,
        )

    def _note(self, at: etree._Element) -> NewNote:
        return NewNote(
            text=_text(at, "text"),
            author="",
            created_at=self._time(at, "created_at"),
            audience=OrderNote.Audience.CUSTOMER,
        )

    def _target_shop(self, number: str) -> Shop | None:
        if not number:
            return None
        for target in self.shop.targets():
            if target.number == number:
                return target
        self.errors["target_shop"] = _("There is no such target shop.")
        return None

    # --- values ----------------------------------------------------------------------------------

    def _read(self, text: str, place: Place, make: Callable[[str], Any], wrong: str, instead: Any) -> Any:
        try:
            return make(text)
        except ValueError:
            if len(self.errors) < MOST_ERRORS:
                self.errors[_path(*place)] = wrong
            return instead

    def _number(self, text: str, place: Place) -> Decimal:
        """A number with a decimal point; empty is 0, as in a document that has no such element."""
        return self._read(text or "0", place, _plain_decimal, _("This is not a number."), Decimal(0))

    def _amount(self, at: etree._Element, name: str) -> Decimal:
        return self._number(_text(at, name), (at, name))

    def _whole(self, text: str, place: Place) -> int:
        return self._read(text, place, _plain_whole, _("This is not a whole number."), 0)

    def _time(self, at: etree._Element, name: str) -> datetime:
        wrong = _("This is not a time, yyyymmddhhmmss.")
        nothing = datetime.min.replace(tzinfo=self.shop.zone)
        return self._read(_text(at, name), (at, name), self._moment, wrong, nothing)

    def _time_or_none(self, at: etree._Element, name: str) -> datetime | None:
        return self._time(at, name) if _text(at, name) else None

    def _moment(self, digits: str) -> datetime:
        """On the shop's wall clock; of a doubled hour the first."""
        day, clock = _plain_day(digits[:8]), _digits(digits[8:], 6)
        return datetime(
            day.year, day.month, day.day, int(clock[:2]), int(clock[2:4]), int(clock[4:]), tzinfo=self.shop.zone
        )

    def _day(self, at: etree._Element, name: str) -> date | None:
        text = _text(at, name)
        wrong = _("This is not a day, yyyymmdd.")
        return self._read(text, (at, name), _plain_day, wrong, None) if text else None


def _text(at: etree._Element, path: str) -> str:
    return at.findtext(path) or ""


def _attribute(element: etree._Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")


def _address(element: etree._Element | None) -> Address:
    if element is None:
        return Address()
    return Address(**{part: _text(element, part) for part in Address.__dataclass_fields__})


def _path(at: etree._Element, name: str) -> str:
    """Where in the order a value stands, for people: `lines/line[2]/quantity`."""
    steps = [name]
    while at is not None and at.tag != "order":
        same = list(at.itersiblings(at.tag, preceding=True))
        is_one_of_many = at.tag in {"line", "transaction", "refund", "shipment", "note", "shipped_line"}
        steps.append(f"{at.tag}[{len(same) + 1}]" if is_one_of_many else str(at.tag))
        at = at.getparent()
    return "/".join(reversed(steps))


def _plain_decimal(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        raise ValueError(text[:LONGEST_NUMBER])
    return Decimal(text)


def _plain_whole(text: str) -> int:
    return int(_digits(text, len(text) if 0 < len(text) <= LONGEST_NUMBER else 1))


def _plain_day(text: str) -> date:
    digits = _digits(text, 8)
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _digits(text: str, number: int) -> str:
    if len(text) != number or not text.isascii() or not text.isdigit():
        raise ValueError(text[:LONGEST_NUMBER])
    return text
