"""The form of the edit page: what was typed, what the person saw when they began, and the edit that follows from both.

A thousand lines are six thousand fields, so this is no Django form: fields are read from the posted names and written
by one template loop. Names are those of the order's fields, `lines.17.quantity` (17 is the line's key) and
`added.2.name`. `seen` is one hidden field for all, so that a large order stays below the number of fields a request
may have.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from orders import typed
from orders.edit_words import LABELS, label
from orders.models import LogAction, Order, OrderLine
from orders.products import Product, products_of
from orders.services import Edit, NewLine, Wish
from orders.services.change import plain
from orders.services.editing import AMOUNTS, BUYER, CONTACT, LINE_FIELDS, ORDER_FIELDS, REMOVED, line_values

TEXTS = {name for name in ORDER_FIELDS if name.startswith(("customer_", "billing_", "shipping_"))} - {
    "shipping_cost",
    "shipping_vat_rate",
} | {"vat_number", "payment_method", "name", "options", "sku"}  # fmt: skip
PLACES = {"quantity": 0, "vat_rate": 0, "shipping_vat_rate": 0, "payment_fee_vat_rate": 0}
NEW_FIELDS = ("sku", *LINE_FIELDS)
MOST_ADDED = 200
THEIRS, MINE = "theirs", "mine"


@dataclass(frozen=True)
class Field:
    """One control: its name (and id), what it is called, the text in it and what is wrong with that."""

    name: str
    label: str | Promise
    text: str
    errors: list[str] = field(default_factory=list)
    is_number: bool = False


@dataclass(frozen=True)
class ErrorRow:
    """One line of the error summary; `target` is the id of the control, empty for the form as a whole."""

    target: str
    label: str
    text: str


def text_of(name: str, value: Any) -> str:
    """A value as the field `name` shows it."""
    if isinstance(value, Decimal):
        return typed.text(value, places=PLACES.get(name, 2))
    return value


class EditForm:
    """One order in the hands of one person. `data` is what they posted, None when they just came.

    `errors` and `conflicts` are filled by whoever tries the edit.
    """

    def __init__(self, order: Order, lines: Iterable[OrderLine], data: QueryDict | None = None):
        self.order = order
        self.lines = {line.pk: line for line in lines}
        self.data = data if data is not None else QueryDict()
        self.is_posted = data is not None
        self.errors: dict[str, list[str]] = {}
        self.seen = _Seen.posted(self.data.get("seen", "")) if self.is_posted else _Seen()
        self.key = _key(self.data.get("key", ""))
        self._typed = {name: values[-1] for name, values in self.data.lists()}
        self._added_numbers = self._numbers_of_added()
        if self.is_posted and self.seen.is_missing:
            self._refuse("", _("The form came in incomplete. Look at the fields and save again."))
        self._settle_conflicts()

    # --- what it means ---------------------------------------------------------------------------

    def edit(self) -> Edit:
        """The edit that was typed; fields that cannot be read are left out and stand in `errors`."""
        removed = {key: self._seen_of_line(key) for key in self.lines if self.removes(key)}
        lines = {key: self._line_wishes(key) for key in self._line_keys() if not self.removes(key)}
        return Edit(
            order=dict(self._order_wishes()),
            lines={key: wishes for key, wishes in lines.items() if wishes},
            removed=removed,
            added=[new for new in map(self._new_line, self._added_numbers) if new is not None],
            key=self.key,
        )

    def removes(self, key: int) -> bool:
        return f"lines.{key}.{REMOVED}" in self._typed

    @property
    def difference(self) -> str:
        """What shall happen with money that is missing or too much: `open`, `request` or `refund`."""
        wanted = self.data.get("difference", "")
        return wanted if wanted in ("request", "refund") else "open"

    @property
    def find(self) -> str:
        return self.data.get("find", "").strip()

    def forget_find(self) -> None:
        """What was searched for was found and added."""
        self.data = self.data.copy()
        self.data["find"] = ""

    @property
    def added_errors_as_typed(self) -> dict[int, int]:
        """{place among the lines that `edit` adds: number in the form}."""
        return dict(enumerate(self._readable_added(), start=1))

    def take_errors(self, errors: Mapping[str, list[str]]) -> None:
        """Errors of the service, under the names of this form."""
        numbers = self.added_errors_as_typed
        for name, sentences in errors.items():
            first, *rest = name.split(".")
            if first == "added":
                name = ".".join([first, str(numbers[int(rest[0])]), *rest[1:]])
            for sentence in sentences:
                self._refuse(name, sentence)

    # --- adding lines ----------------------------------------------------------------------------

    def add_product(self, product: Product) -> int:
        """A line of one piece of a product; returns its number."""
        price = product.unit_price(self.order.currency, includes_vat=self.order.prices_include_vat)
        values = {
            "sku": product.sku,
            "name": product.name,
            "options": product.options,
            "quantity": "1",
            "unit_price": "" if price is None else text_of("unit_price", price),
            "vat_rate": text_of("vat_rate", product.vat_rate),
            "discount": text_of("discount", Decimal(0)),
            "product": str(product.key),
        }
        return self._add(values)

    def add_blank(self) -> int:
        rates = [line.vat_rate for line in self.lines.values()]
        rate = max(rates, key=rates.count) if rates else Decimal(0)
        return self._add(
            dict.fromkeys(NEW_FIELDS, "")
            | {"quantity": "1", "vat_rate": text_of("vat_rate", rate), "discount": text_of("discount", Decimal(0))}
        )

    def _add(self, values: Mapping[str, str]) -> int:
        number = max(self._added_numbers, default=0) + 1
        self._added_numbers.append(number)
        self._typed |= {f"added.{number}.{name}": text for name, text in values.items()}
        return number

    # --- what it shows ---------------------------------------------------------------------------

    def order_fields(self, names: Iterable[str]) -> list[Field]:
        return [self._field(name, name, getattr(self.order, name)) for name in names]

    @property
    def amounts(self) -> list[Field]:
        return self.order_fields(AMOUNTS)

    @property
    def customer(self) -> list[Field]:
        names = ("customer_name", "customer_company", "customer_email", "customer_phone", "customer_number")
        return self.order_fields((*names, "vat_number"))

    @property
    def ship_to(self) -> list[Field]:
        names = [name for name in CONTACT if name.startswith("shipping_")]
        return self.order_fields(names)

    @property
    def bill_to(self) -> list[Field]:
        return self.order_fields(name for name in BUYER if name.startswith("billing_"))

    def line_fields(self, line: OrderLine) -> list[Field]:
        prefix = f"lines.{line.pk}."
        return [self._field(prefix + name, name, value) for name, value in line_values(line, self.order).items()]

    @property
    def added(self) -> list[tuple[int, list[Field]]]:
        """The lines that are not there yet, by number."""
        return [
            (number, [self._field(f"added.{number}.{name}", name, "") for name in NEW_FIELDS])
            for number in self._added_numbers
        ]

    def product_key(self, number: int) -> str:
        return self._typed.get(f"added.{number}.product", "")

    @property
    def seen_text(self) -> str:
        """What the person saw, for the hidden field; values of what they see for the first time are added."""
        return self.seen.text(self.order, self.lines.values())

    @property
    def is_changed(self) -> bool:
        """Whether something was typed that is not saved."""
        edit = self.edit()
        return bool(edit.order or edit.lines or edit.removed or self._added_numbers)

    def error_rows(self) -> list[ErrorRow]:
        rows = []
        for name, sentences in self.errors.items():
            target = name if "." in name or name in ORDER_FIELDS else ""
            rows += [ErrorRow(target, self._label_of(name), sentence) for sentence in sentences]
        return sorted(rows, key=lambda row: bool(row.target))

    def _label_of(self, name: str) -> str:
        """The field's label; for one of a line with the product in front."""
        parts = name.split(".")
        if len(parts) < 3:
            return label(name) if name in LABELS else ""
        first, key, of_line = parts
        if first == "lines" and (line := self.lines.get(int(key))):
            return f"{line.sku or line.name}, {LABELS[of_line]}"
        what = self._typed.get(f"added.{key}.sku") or self._typed.get(f"added.{key}.name") or _("New line")
        return f"{what}, {LABELS[of_line]}"

    def _field(self, name: str, kind: str, value: Any) -> Field:
        text = self._typed.get(name)
        return Field(
            name=name,
            label=LABELS[kind],
            text=text_of(kind, value) if text is None else text,
            errors=self.errors.get(name, []),
            is_number=kind not in TEXTS,
        )

    # --- reading ---------------------------------------------------------------------------------

    def _refuse(self, name: str, sentence: str) -> None:
        known = self.errors.setdefault(name, [])
        if sentence not in known:
            known.append(sentence)

    def _order_wishes(self) -> Iterator[tuple[str, Wish]]:
        for name in ORDER_FIELDS:
            if name in self._typed:
                wish = self._wish(name, name, self.seen.of_order(name, getattr(self.order, name)))
                if wish is not None:
                    yield name, wish

    def _line_keys(self) -> list[int]:
        """The lines that came with the form, gone ones too."""
        return list(self.seen.lines) or list(self.lines)

    def _line_wishes(self, key: int) -> dict[str, Wish]:
        seen = self._seen_of_line(key)
        wishes = {
            name: self._wish(f"lines.{key}.{name}", name, seen[name])
            for name in LINE_FIELDS
            if f"lines.{key}.{name}" in self._typed and name in seen
        }
        return {name: wish for name, wish in wishes.items() if wish is not None}

    def _seen_of_line(self, key: int) -> dict[str, Any]:
        line = self.lines.get(key)
        return self.seen.of_line(key, line_values(line, self.order) if line else {})

    def _wish(self, name: str, kind: str, seen: Any) -> Wish | None:
        """None where nothing was changed, or nothing could be read."""
        text = self._typed[name].strip()
        if text == text_of(kind, seen):
            return None
        value = self._value(name, kind, text)
        return None if value is None or value == seen else Wish(seen, value)

    def _value(self, name: str, kind: str, text: str) -> Any:
        if kind in TEXTS:
            return text.upper() if kind.endswith("_country") and len(text) == 2 else text
        # An amount that is emptied is an amount of nothing; a quantity or a price is not.
        number = Decimal(0) if not text and kind not in {"quantity", "unit_price"} else typed.number(text)
        if number is None:
            self._refuse(name, _("Write a number, such as %(example)s.") % {"example": typed.text(Decimal("1.5"))})
        return number

    def _numbers_of_added(self) -> list[int]:
        """Which added lines there are, but for those that are taken off again."""
        parts = (name.split(".") for name in self._typed if name.startswith("added."))
        numbers = {int(part[1]) for part in parts if len(part) == 3 and part[1].isascii() and part[1].isdigit()
                   and len(part[1]) <= 4}  # fmt: skip
        return sorted(number for number in numbers if f"added.{number}.{REMOVED}" not in self._typed)[:MOST_ADDED]

    def _readable_added(self) -> list[int]:
        return [number for number in self._added_numbers if self._new_line(number) is not None]

    def _new_line(self, number: int) -> NewLine | None:
        values = {
            name: self._value(f"added.{number}.{name}", name, self._typed.get(f"added.{number}.{name}", "").strip())
            for name in NEW_FIELDS
        }
        if any(value is None for value in values.values()):
            return None
        product = self._product(number)
        if product is None or product.sku != values["sku"]:
            return NewLine(**values)
        as_sold = product.as_line(values["quantity"], unit_price=values["unit_price"], vat_rate=values["vat_rate"])
        return NewLine(**vars(as_sold) | values)

    def _product(self, number: int) -> Product | None:
        key = self.product_key(number)
        return self._products.get(int(key)) if _is_key(key) else None

    @cached_property
    def _products(self) -> dict[int, Product]:
        """What the added lines are of, read once."""
        keys = [self.product_key(number) for number in self._added_numbers]
        return products_of(self.order.shop, [int(key) for key in keys if _is_key(key)])

    # --- conflicts -------------------------------------------------------------------------------

    def _settle_conflicts(self) -> None:
        """Take what was chosen where somebody else had changed the same field: theirs or mine."""
        for name in [each for each in self._typed if each.startswith("keep.")]:
            choice, field_name = self._typed.pop(name), name.removeprefix("keep.")
            now = _json(self._typed.pop(f"theirs.{field_name}", ""))
            if choice not in (THEIRS, MINE):
                continue
            parts = field_name.split(".")
            if len(parts) == 3 and parts[2] == REMOVED and parts[1].isdigit():
                self._settle_removal(int(parts[1]), choice, now)
            elif isinstance(now, str):
                self._settle_field(field_name, choice, now)

    def _settle_field(self, name: str, choice: str, now: str) -> None:
        kind = name.rsplit(".", 1)[-1]
        value = self.seen.set(name, kind, now)
        if choice == THEIRS and value is not None:
            self._typed[name] = text_of(kind, value)

    def _settle_removal(self, key: int, choice: str, now: Any) -> None:
        """One of the two removed a line that the other changed."""
        if isinstance(now, list):
            self.seen.set_line(key, now)
            if choice == THEIRS:
                for name in [REMOVED, *LINE_FIELDS]:
                    self._typed.pop(f"lines.{key}.{name}", None)
            return
        texts = {name: self._typed.pop(f"lines.{key}.{name}", "") for name in LINE_FIELDS}
        self.seen.lines.pop(key, None)
        if choice == MINE:
            self._add(texts | {"sku": self._sku_of_gone(key)})

    def _sku_of_gone(self, key: int) -> str:
        entry = self.order.log.filter(action=LogAction.LINE_REMOVED, line_id=key).first()
        return entry.changes["sku"]["old"] if entry else ""


class _Seen:
    """The values that a person saw, as the hidden field carries them.

    As JSON: {"order": {field: value}, "lines": {key: [values in the order of LINE_FIELDS]}}, numbers as texts.
    """

    def __init__(self, order: Mapping[str, Any] | None = None, lines: Mapping[int, list[Any]] | None = None):
        self.order = dict(order or {})
        self.lines = dict(lines or {})
        self.is_missing = False

    @classmethod
    def posted(cls, text: str) -> "_Seen":
        """What came back; values that make no sense are as good as missing."""
        sent = _json(text)
        try:
            order = {name: _read(name, sent["order"][name]) for name in ORDER_FIELDS if name in sent["order"]}
            lines = {int(key): _read_line(values) for key, values in sent["lines"].items()}
        except (TypeError, ValueError, KeyError, AttributeError):
            missing = cls()
            missing.is_missing = True
            return missing
        return cls(order, lines)

    def of_order(self, name: str, now: Any) -> Any:
        return self.order.get(name, now)

    def of_line(self, key: int, now: dict[str, Any]) -> dict[str, Any]:
        return dict(zip(LINE_FIELDS, self.lines[key], strict=True)) if key in self.lines else now

    def set(self, name: str, kind: str, text: str) -> Any:
        """Take note that this value was seen too; returns it, None where it makes no sense."""
        try:
            value = _read(kind, text)
            parts = name.split(".")
            if len(parts) == 3:
                self.lines[int(parts[1])][LINE_FIELDS.index(kind)] = value
            elif name in ORDER_FIELDS:
                self.order[name] = value
        except (ValueError, KeyError):
            return None
        return value

    def set_line(self, key: int, texts: list[Any]) -> None:
        try:
            self.lines[key] = _read_line(texts)
        except (TypeError, ValueError):
            return

    def text(self, order: Order, lines: Iterable[OrderLine]) -> str:
        of_order = {name: plain(self.of_order(name, getattr(order, name))) for name in ORDER_FIELDS}
        of_lines = {
            line.pk: [plain(value) for value in self.of_line(line.pk, line_values(line, order)).values()]
            for line in lines
        }
        gone = {key: [plain(value) for value in values] for key, values in self.lines.items() if key not in of_lines}
        return json.dumps({"order": of_order, "lines": of_lines | gone}, separators=(",", ":"))


def _read(name: str, value: Any) -> Any:
    """A value as it was written by `plain`. Raises ValueError for what no order holds."""
    if not isinstance(value, str):
        raise ValueError(name)
    if name in TEXTS:
        return value
    number = typed.plain(value)
    if number is None:
        raise ValueError(name)
    return number


def _read_line(values: list[Any]) -> list[Any]:
    return [_read(name, value) for name, value in zip(LINE_FIELDS, values, strict=True)]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()
