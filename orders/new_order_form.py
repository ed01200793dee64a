"""The form of an order that staff takes by phone or at the counter: what was typed, and the order that it means.

As on the edit page there may be hundreds of lines, so this is no Django form: fields are read from the posted names,
which are those of NewOrder, and `added.2.name` for the second line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders import money, typed
from orders.edit_form import MOST_ADDED, NEW_FIELDS, ErrorRow, Field, text_of
from orders.edit_words import LABELS, label
from orders.models import Address, Order, OrderLine, PaymentState, Source
from orders.products import Product, products_of
from orders.services import NewLine, NewNote, NewOrder, NewPayment
from orders.services.editing import AMOUNTS

CUSTOMER = ("customer_name", "customer_company", "customer_email", "customer_phone", "customer_number", "vat_number")
BILL_TO = tuple(f"billing_{part}" for part in Address.__dataclass_fields__)
SHIP_TO = tuple(f"shipping_{part}" for part in Address.__dataclass_fields__)
NUMBERS = {"discount", "shipping_cost", "shipping_vat_rate", "payment_fee", "payment_fee_vat_rate"}
LINE_NUMBERS = {"quantity", "unit_price", "vat_rate", "discount"}
# What comes along with a copied line or a product, not typed.
CARRIED = ("kind", "location", "product")
OPEN, PAID, REQUEST = "open", "paid", "request"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


class NewOrderForm:
    """What one person typed, `data`, or the values a fresh form begins with. `errors` are {name: [sentence, …]}."""

    def __init__(self, shop: Shop, data: QueryDict | None = None, *, initial: Mapping[str, str] | None = None):
        self.shop = shop
        self.is_posted = data is not None
        self.errors: dict[str, list[str]] = {}
        if data is None:
            self._typed = {"currency": shop.currency, "prices_include_vat": "1"} | dict(initial or {})
        else:
            self._typed = {name: values[-1] for name, values in data.lists()}
        self.token = _token(self._typed.get("token", ""))
        self._numbers = self._numbers_of_lines()

    # --- what it means ---------------------------------------------------------------------------

    def order(self) -> NewOrder | None:
        """The order that was typed, without payment; None with `errors` where a number cannot be read."""
        amounts = {name: self._number(name, name) for name in NUMBERS}
        lines = [self._line(number) for number in self._filled_numbers]
        if self.errors:
            return None
        texts = {
            name: self.text(name) for name in (*CUSTOMER, "shipping_method", "payment_method", "customer_language")
        }
        note = self.text("note")
        return NewOrder(
            placed_at=timezone.now(),
            lines=lines,
            source=Source.MANUAL,
            source_id=str(self.token),
            billing=self._address("billing"),
            shipping=self._address("shipping") if self.ships_elsewhere else None,
            currency=self.text("currency").upper(),
            prices_include_vat=self.includes_vat,
            notes=[NewNote(note, "", timezone.now())] if note else [],
            **amounts,
            **texts,
        )

    @property
    def ships_elsewhere(self) -> bool:
        return "ships_elsewhere" in self._typed

    @property
    def includes_vat(self) -> bool:
        return self._typed.get("prices_include_vat") != "0"

    @property
    def money(self) -> str:
        """What is said about the payment: `open`, `paid` or `request`."""
        wanted = self._typed.get("money", "")
        return wanted if wanted in (PAID, REQUEST) else OPEN

    def payment(self, total: Decimal) -> NewPayment:
        """The whole amount, paid now."""
        now = timezone.now()
        return NewPayment(total, self.text("payment_method") or _("Other"), PaymentState.PAID, now, paid_at=now)

    def take_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Errors of `errors_of`, under the names of this form."""
        numbers = dict(enumerate(self._filled_numbers, start=1))
        for name, sentences in errors.items():
            first, *rest = name.split(".")
            if first == "lines" and len(rest) == 2:
                name = f"added.{numbers[int(rest[0])]}.{rest[1]}"
            elif first == "notes":
                name = "note"
            for sentence in sentences:
                self.refuse(name if self._is_field(name) else "", sentence)

    def refuse(self, name: str, sentence: str) -> None:
        known = self.errors.setdefault(name, [])
        if sentence not in known:
            known.append(sentence)

    def text(self, name: str) -> str:
        text = self._typed.get(name, "").strip()
        return text.upper() if name.endswith("_country") else text

    # --- filling it in ---------------------------------------------------------------------------

    def fill(self, values: Mapping[str, str]) -> None:
        self._typed |= values

    def add_product(self, product: Product) -> int:
        """A line of one piece of a product; returns its number."""
        price = product.unit_price(self.text("currency").upper(), includes_vat=self.includes_vat)
        return self.add_line(
            {
                "sku": product.sku,
                "name": product.name,
                "options": product.options,
                "quantity": "1",
                "unit_price": "" if price is None else text_of("unit_price", price),
                "vat_rate": text_of("vat_rate", product.vat_rate),
                "kind": product.kind,
                "location": product.location,
                "product": str(product.key),
            }
        )

    def add_line(self, values: Mapping[str, str]) -> int:
        empty = next((number for number in self._numbers if number not in self._filled_numbers), None)
        number = empty if empty is not None else max(self._numbers, default=0) + 1
        if empty is None:
            self._numbers.append(number)
        self._typed |= {f"added.{number}.{name}": text for name, text in values.items()}
        self.__dict__.pop("_products", None)
        return number

    def add_blank(self) -> int:
        number = max(self._numbers, default=0) + 1
        self._numbers.append(number)
        return number

    # --- what it shows ---------------------------------------------------------------------------

    @property
    def customer(self) -> list[Field]:
        return [self._field(name, name) for name in CUSTOMER]

    @property
    def bill_to(self) -> list[Field]:
        return [self._field(name, name) for name in BILL_TO]

    @property
    def ship_to(self) -> list[Field]:
        return [self._field(name, name) for name in SHIP_TO]

    @property
    def amounts(self) -> list[Field]:
        return [self._field(name, name, is_number=name in NUMBERS) for name in AMOUNTS]

    @property
    def currency(self) -> Field:
        return Field("currency", _("Currency"), self._typed.get("currency", ""), self.errors.get("currency", []))

    @property
    def languages(self) -> list[Choice]:
        chosen = self._typed.get("customer_language", self.shop.language)
        return [Choice(code, _(name), code == chosen) for code, name in settings.LANGUAGES]

    @property
    def note(self) -> Field:
        return Field("note", _("Note"), self._typed.get("note", ""), self.errors.get("note", []))

    @property
    def lines(self) -> list[tuple[int, list[Field], list[tuple[str, str]]]]:
        """Number, fields and what is carried along unseen, of each line; at least one to type into."""
        numbers = self._numbers or [self.add_blank()]
        return [(number, self._line_fields(number), self._carried(number)) for number in numbers]

    def error_rows(self) -> list[ErrorRow]:
        rows = [
            ErrorRow(name, self._label_of(name), sentence)
            for name, sentences in self.errors.items()
            for sentence in sentences
        ]
        return sorted(rows, key=lambda row: bool(row.target))

    def _line_fields(self, number: int) -> list[Field]:
        fresh = {"quantity": "1"}
        return [
            self._field(f"added.{number}.{name}", name, is_number=name in LINE_NUMBERS, fresh=fresh.get(name, ""))
            for name in NEW_FIELDS
        ]

    def _carried(self, number: int) -> list[tuple[str, str]]:
        names = [f"added.{number}.{name}" for name in CARRIED]
        return [(name, self._typed[name]) for name in names if self._typed.get(name)]

    def _field(self, name: str, kind: str, *, is_number: bool = False, fresh: str = "") -> Field:
        return Field(name, LABELS[kind], self._typed.get(name, fresh), self.errors.get(name, []), is_number)

    def _is_field(self, name: str) -> bool:
        return name.startswith("added.") or name in {*CUSTOMER, *BILL_TO, *SHIP_TO, *AMOUNTS, "currency", "note"}

    def _label_of(self, name: str) -> str:
        parts = name.split(".")
        if len(parts) == 3:
            what = self._typed.get(f"added.{parts[1]}.sku") or self._typed.get(f"added.{parts[1]}.name")
            return f"{what or _('New line')}, {LABELS.get(parts[2], '')}"
        others = {"currency": _("Currency"), "note": _("Note")}
        return label(name) if name in LABELS else others.get(name, "")

    # --- reading ---------------------------------------------------------------------------------

    def _numbers_of_lines(self) -> list[int]:
        """Which lines there are, but for those that are taken off again."""
        parts = (name.split(".") for name in self._typed if name.startswith("added."))
        numbers = {int(part[1]) for part in parts if len(part) == 3 and _is_small(part[1])}
        return sorted(number for number in numbers if f"added.{number}.removed" not in self._typed)[:MOST_ADDED]

    @property
    def _filled_numbers(self) -> list[int]:
        """Lines in which something of a product stands; an empty row is no line."""
        return [
            number
            for number in self._numbers
            if any(self.text(f"added.{number}.{name}") for name in ("sku", "name", "options", "unit_price"))
        ]

    def _line(self, number: int) -> NewLine:
        """The line as far as it can be read; what cannot stands in `errors`."""
        prefix = f"added.{number}."
        values: dict[str, Any] = {
            name: self._number(prefix + name, name) if name in LINE_NUMBERS else self.text(prefix + name)
            for name in NEW_FIELDS
        }
        kind, location = self.text(prefix + "kind"), self.text(prefix + "location")
        known = {"kind": kind if kind in OrderLine.Kind.values else OrderLine.Kind.PHYSICAL, "location": location}
        product = self._products.get(_key(self.text(prefix + "product")))
        if product is not None and product.sku == values["sku"] and values["quantity"].is_finite():
            sold = product.as_line(values["quantity"], unit_price=values["unit_price"], vat_rate=values["vat_rate"])
            known |= {"weight_g": sold.weight_g, "volume_cm3": sold.volume_cm3}
        return NewLine(**values, **known)

    @cached_property
    def _products(self) -> dict[int, Product]:
        keys = [_key(self._typed.get(f"added.{number}.product", "")) for number in self._numbers]
        return products_of(self.shop, [key for key in keys if key])

    def _number(self, name: str, kind: str) -> Decimal:
        text = self.text(name)
        if not text and kind not in {"quantity", "unit_price"}:
            return money.ZERO
        number = typed.number(text)
        if number is None:
            self.refuse(name, _("Write a number, such as %(example)s.") % {"example": typed.text(Decimal("1.5"))})
            return money.ZERO
        return number

    def _address(self, kind: str) -> Address:
        return Address(**{part: self.text(f"{kind}_{part}") for part in Address.__dataclass_fields__})


def values_of_customer(order: Order) -> dict[str, str]:
    """The customer of an earlier order, as the form's fields hold it."""
    values = {name: getattr(order, name) for name in (*CUSTOMER, *BILL_TO, "customer_language")}
    if order.shipping_address != order.billing_address:
        values |= {name: getattr(order, name) for name in SHIP_TO} | {"ships_elsewhere": "on"}
    return values


def values_of_order(order: Order, lines: Iterable[OrderLine]) -> dict[str, str]:
    """A whole order to take again: customer, lines and what they cost, nothing of what happened to it."""
    values = values_of_customer(order) | {
        "currency": order.currency,
        "prices_include_vat": "1" if order.prices_include_vat else "0",
        "shipping_method": order.shipping_method,
        "payment_method": order.payment_method,
    }
    values |= {name: text_of(name, getattr(order, name)) for name in NUMBERS}
    for number, line in enumerate(lines, start=1):
        price = line.unit_price_incl if order.prices_include_vat else line.unit_price_ex
        said = {
            "sku": line.sku,
            "name": line.name,
            "options": line.options,
            "quantity": text_of("quantity", line.quantity),
            "unit_price": text_of("unit_price", price),
            "vat_rate": text_of("vat_rate", line.vat_rate),
            "discount": text_of("discount", line.discount),
            "kind": line.kind,
            "location": line.location,
            "product": str(line.pk),
        }
        values |= {f"added.{number}.{name}": text for name, text in said.items()}
    return values


def _token(text: str) -> UUID:
    """The form's own; without one that was posted, a new one."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _key(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _is_small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
