"""What an order would be after an edit, and what stands against it. Nothing here changes anything.

An edit is what one person wants: for each field the value they saw and the value they want. Fields that somebody else
changed meanwhile merge by themselves; where both changed the same one to different values there is a conflict, and
one of the two people has to say which it shall be.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import DecimalField
from django.utils.translation import gettext as _

from backoffice.models import Shop
from orders import display, money
from orders.models import Address, Order, OrderLine
from orders.services.acceptance import field_errors, line_errors, sum_errors
from orders.services.new_order import NewLine
from orders.services.place import line_row, store_totals
from orders.services.status import counts_of
from orders.vat import rates_of
from statuses.kinds import LineStatus

# What a customer is charged: final once there is an invoice, and part of the plan.
AMOUNTS = (
    "discount",
    "shipping_method",
    "shipping_cost",
    "shipping_vat_rate",
    "payment_method",
    "payment_fee",
    "payment_fee_vat_rate",
)
# Who bought it, as an invoice names them.
BUYER = (
    "customer_name",
    "customer_company",
    "customer_number",
    "vat_number",
    *(f"billing_{part}" for part in Address.__dataclass_fields__),
)
# How to reach them and where it goes: may be put right at any time.
CONTACT = (
    "customer_email",
    "customer_phone",
    *(f"shipping_{part}" for part in Address.__dataclass_fields__),
)
ORDER_FIELDS = (*AMOUNTS, *BUYER, *CONTACT)
LINE_FIELDS = ("name", "options", "quantity", "unit_price", "vat_rate", "discount")
# The name of a removal among the fields of a line.
REMOVED = "removed"
# Set by the computation, never by hand.
DERIVED = ("discount_share", "total_ex", "total_vat", "total")
# With these the amounts of lines change; in the log the unit price goes by its two names.
PRICED = {"quantity", "unit_price", "unit_price_ex", "unit_price_incl", "vat_rate", "discount"}
STORED_ON_LINE = (
    "name",
    "options",
    "quantity",
    "unit_price_ex",
    "unit_price_incl",
    "vat_rate",
    "discount",
    "weight_g",
    "volume_cm3",
    "status",
    "own_status_id",
    "quantity_picked",
)
TOTALS = ("lines_total", "total_ex", "total_vat", "total", "vat_totals", "weight_g", "volume_cm3")
# What is refused may have any number of digits.
WIDE = Context(prec=400)
COUNTS = ("number_of_lines", "number_of_lines_done", "number_of_lines_backordered")

# {key of a line: {field of DERIVED: amount}}, as the log keeps it.
Carried = dict[str, dict[str, str]]


class Wish(NamedTuple):
    """A value as the person saw it, and as they want it."""

    seen: Any
    wanted: Any


@dataclass(frozen=True)
class Edit:
    """What somebody wants of an order. Only fields that they changed are in it.

    `order` is {field of ORDER_FIELDS: wish}, `lines` {key of the line: {field of LINE_FIELDS: wish}}, `removed`
    {key of the line: {field: value seen}}. `unit_price` is in the sense of the order's `prices_include_vat`. With a
    `key` the same edit sent twice is done once.
    """

    order: Mapping[str, Wish] = field(default_factory=dict)
    lines: Mapping[int, Mapping[str, Wish]] = field(default_factory=dict)
    removed: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    added: Sequence[NewLine] = ()
    key: UUID | None = None

    @property
    def touches_amounts(self) -> bool:
        return bool(self.lines or self.removed or self.added or self.order.keys() & set(AMOUNTS))

    @property
    def touches_prices(self) -> bool:
        """Whether lines have to be priced anew; else they keep their amounts, which may come from a larger whole."""
        of_lines = (name for wishes in self.lines.values() for name in wishes)
        return bool(self.removed or self.added or "discount" in self.order or PRICED.intersection(of_lines))

    @property
    def touches_what_is_invoiced(self) -> bool:
        return self.touches_amounts or bool(self.order.keys() & set(BUYER))


class Conflict(NamedTuple):
    """A field that two people changed: `name` as in errors, what it is `now`, and what was `wanted` instead.

    `line` is the line it is about; where that was removed meanwhile, `now` is None.
    """

    name: str
    now: Any
    wanted: Any
    line: OrderLine | None = None


@dataclass
class Draft:
    """An order as it would be: copies, fully computed unless there are errors.

    `errors` is {field: [sentence, …]}; fields are named as on the order, `lines.17.quantity` (17 is the line's key)
    and `added.2.name` (the second of those added); `lines` stands for them as a whole.
    """

    order: Order
    lines: list[OrderLine]
    added: list[OrderLine] = field(default_factory=list)
    removed: list[OrderLine] = field(default_factory=list)
    totals: money.Totals | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def refuse(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, []).append(sentence)

    @property
    def all_lines(self) -> list[OrderLine]:
        return [*self.lines, *self.added]


class Bound(NamedTuple):
    """What other parts of an order hold its lines to: keys of lines that cannot go, money given back by line key."""

    lines: Collection[int] = frozenset()
    refunded: Mapping[int, Decimal] = {}


def draft_of(order: Order, lines: Iterable[OrderLine], edit: Edit, *, shop: Shop, bound: Bound) -> Draft:
    """What `edit` makes of `order` and its `lines`, which stay as they are."""
    by_key = {line.pk: copy(line) for line in lines}
    used = {line.vat_rate for line in by_key.values()} | {order.shipping_vat_rate, order.payment_fee_vat_rate}
    draft = Draft(copy(order), list(by_key.values()))
    _set_order_fields(draft, edit.order)
    touched = _set_line_fields(draft, edit.lines, by_key)
    _remove(draft, edit.removed, by_key, bound)
    _add(draft, edit.added, shop)
    _check_rates(draft, edit, touched, shop, used=used)
    if not draft.all_lines:
        draft.refuse("lines", _("An order needs at least one line."))
    if not draft.errors:
        compute(draft, prices=edit.touches_prices)
        _check_amounts(draft, edit, touched, bound)
    return draft


def compute(draft: Draft, *, prices: bool = True, carried: Carried | None = None) -> None:
    """Price the lines of a draft, unless they keep their amounts, and set everything on its order that follows.

    `carried` are amounts that lines had for another reason than their prices; see `carried_of`.
    """
    order, lines = draft.order, draft.all_lines
    if prices:
        money.price_lines(lines, discount=order.discount, includes_vat=order.prices_include_vat)
        carry(lines, carried or {})
    store_totals(order, lines)
    draft.totals = money.totals(order, lines)
    for name, number in counts_of(lines).items():
        setattr(order, name, number)


def carried_of(order: Order, lines: Iterable[OrderLine]) -> Carried:
    """The amounts of lines that are other than their prices say: a split or merge carried them along to the cent."""
    lines = list(lines)
    priced = [copy(line) for line in lines]
    money.price_lines(priced, discount=order.discount, includes_vat=order.prices_include_vat)
    return {
        str(line.pk): {name: str(getattr(line, name)) for name in DERIVED}
        for line, other in zip(lines, priced, strict=True)
        if any(getattr(line, name) != getattr(other, name) for name in DERIVED)
    }


def carry(lines: Iterable[OrderLine], carried: Carried) -> None:
    """Give lines back the amounts that they had carried along."""
    for line in lines:
        for name, amount in carried.get(str(line.pk), {}).items():
            setattr(line, name, Decimal(amount))


def scaled(of_one: Decimal | int, quantity: Decimal) -> int:
    """A weight or volume of so many pieces, in whole grams or cubic centimetres."""
    return int((abs(quantity) * of_one).quantize(Decimal(1), ROUND_HALF_UP))


def unit_price_of(line: OrderLine, order: Order) -> Decimal:
    return line.unit_price_incl if order.prices_include_vat else line.unit_price_ex


def line_values(line: OrderLine, order: Order) -> dict[str, Any]:
    """The fields of a line that can be edited, as `Wish` holds them."""
    return {name: unit_price_of(line, order) if name == "unit_price" else getattr(line, name) for name in LINE_FIELDS}


# --- merging -------------------------------------------------------------------------------------


def _set_order_fields(draft: Draft, wishes: Mapping[str, Wish]) -> None:
    before = {name: getattr(draft.order, name) for name in wishes}
    values = _merged(wishes, before, draft, prefix="", line=None)
    for name, sentences in field_errors(values, Order).items():
        draft.errors[name] = sentences
    for name, value in values.items():
        if isinstance(value, Decimal) and value.is_finite() and value < 0 <= before[name]:
            draft.refuse(name, _("An amount cannot be below zero."))
        setattr(draft.order, name, _as_stored(Order, name, value))


def _as_stored(model: type[Order] | type[OrderLine], name: str, value: Any) -> Any:
    """With the places that the column has, so that the log says the same as the row."""
    field = model._meta.get_field(name)
    if isinstance(value, Decimal) and isinstance(field, DecimalField) and value.is_finite():
        return value.quantize(Decimal(1).scaleb(-(field.decimal_places or 0)), context=WIDE)
    return value


def _merged(
    wishes: Mapping[str, Wish], now: Mapping[str, Any], draft: Draft, *, prefix: str, line: OrderLine | None
) -> dict[str, Any]:
    """The values to set: those that nobody else changed. Where somebody did, to something else, it is a conflict."""
    values = {}
    for name, (seen, wanted) in wishes.items():
        if now[name] in (seen, wanted):
            values[name] = wanted
        else:
            draft.conflicts.append(Conflict(prefix + name, now[name], wanted, line))
    return values


def _set_line_fields(
    draft: Draft, wishes: Mapping[int, Mapping[str, Wish]], by_key: dict[int, OrderLine]
) -> list[OrderLine]:
    """Returns the lines that were changed."""
    touched = []
    for key, of_line in wishes.items():
        line = by_key.get(key)
        if line is None:
            wanted = {name: wish.wanted for name, wish in of_line.items()}
            draft.conflicts.append(Conflict(f"lines.{key}.{REMOVED}", None, wanted))
            continue
        values = _merged(of_line, line_values(line, draft.order), draft, prefix=f"lines.{key}.", line=line)
        if values:
            _set_line(draft, line, values)
            touched.append(line)
    return touched


def _set_line(draft: Draft, line: OrderLine, values: Mapping[str, Any]) -> None:
    prefix = f"lines.{line.pk}."
    was = copy(line)
    errors = line_errors(_as_new(line, draft.order, values), prefix)
    for name in ("unit_price", "discount"):
        if name in values and values[name].is_finite() and values[name] < 0 <= line_values(was, draft.order)[name]:
            errors.setdefault(prefix + name, []).append(_("An amount cannot be below zero."))
    draft.errors |= errors
    if errors:
        return
    for name in values.keys() - {"unit_price"}:
        setattr(line, name, _as_stored(OrderLine, name, values[name]))
    if values.keys() & {"unit_price", "vat_rate"}:
        price = values.get("unit_price", unit_price_of(was, draft.order))
        _set_unit_price(line, price, includes_vat=draft.order.prices_include_vat)
    if "quantity" in values:
        _follow_quantity(draft, line, was)


def _as_new(line: OrderLine, order: Order, values: Mapping[str, Any]) -> NewLine:
    """The line as it would be brought anew, for the rules of what a line may be."""
    now = NewLine(sku=line.sku, kind=line.kind, weight_g=line.weight_g, volume_cm3=line.volume_cm3,
                  **line_values(line, order))  # fmt: skip
    return replace(now, **values)


def _set_unit_price(line: OrderLine, price: Decimal, *, includes_vat: bool) -> None:
    other = money.other_price(price, line.vat_rate, includes_vat=includes_vat)
    price = _as_stored(OrderLine, "unit_price_ex", price)
    line.unit_price_ex, line.unit_price_incl = (other, price) if includes_vat else (price, other)


def _follow_quantity(draft: Draft, line: OrderLine, was: OrderLine) -> None:
    """Refuse what has left or was credited already; weight, volume and status go with the number of pieces."""
    prefix = f"lines.{line.pk}.quantity"
    sign = -1 if was.quantity < 0 else 1
    gone = max(line.quantity_shipped, line.quantity_credited)
    if sign * line.quantity <= 0:
        draft.refuse(prefix, _("A quantity above zero. Remove the line to take it off."))
    elif sign == 1 and line.quantity < gone:
        words = _("%(number)s were shipped or credited already.")
        draft.refuse(prefix, words % {"number": display.quantity(gone)})
    else:
        line.weight_g = scaled(line.weight_g / was.quantity, line.quantity)
        line.volume_cm3 = scaled(line.volume_cm3 / was.quantity, line.quantity)
        line.quantity_picked = min(line.quantity_picked, line.quantity)
        _follow_shipped(line)


def _follow_shipped(line: OrderLine) -> None:
    """A line of which more is wanted than was shipped is not shipped; one of which no more is wanted is."""
    if not line.quantity_shipped:
        return
    if line.status == LineStatus.SHIPPED and line.quantity_shipped < line.quantity:
        line.status, line.own_status_id = LineStatus.READY.value, None
    elif line.status in (LineStatus.OPEN, LineStatus.READY) and line.quantity_shipped >= line.quantity:
        line.status, line.own_status_id = LineStatus.SHIPPED.value, None


def _remove(draft: Draft, removed: Mapping[int, Mapping[str, Any]], by_key: dict[int, OrderLine], bound: Bound) -> None:
    for key, seen in removed.items():
        line = by_key.get(key)
        if line is None:
            continue
        now = line_values(line, draft.order)
        if any(now[name] != value for name, value in seen.items()):
            draft.conflicts.append(Conflict(f"lines.{key}.{REMOVED}", now, None, line))
        elif reason := why_line_stays(line, bound):
            draft.refuse(f"lines.{key}.{REMOVED}", reason)
        else:
            draft.removed.append(line)
    gone = {line.pk for line in draft.removed}
    draft.lines = [line for line in draft.lines if line.pk not in gone]


def why_line_stays(line: OrderLine, bound: Bound) -> str:
    """Why a line cannot be removed; empty when it can."""
    if line.quantity_shipped:
        return _("%(number)s were shipped already.") % {"number": display.quantity(line.quantity_shipped)}
    if line.quantity_credited or line.quantity_returned or line.pk in bound.lines:
        return _("It is part of a refund, a return or a shipment.")
    return ""


def _add(draft: Draft, news: Iterable[NewLine], shop: Shop) -> None:
    position = max((line.position for line in chain(draft.lines, draft.removed)), default=0)
    for number, new in enumerate(news, start=1):
        errors = line_errors(new, f"added.{number}.")
        if new.quantity.is_finite() and new.quantity < 0:
            errors.setdefault(f"added.{number}.quantity", []).append(_("A quantity above zero."))
        for name in ("unit_price", "discount"):
            if getattr(new, name).is_finite() and getattr(new, name) < 0:
                errors.setdefault(f"added.{number}.{name}", []).append(_("An amount cannot be below zero."))
        if not new.name and not new.sku:
            errors.setdefault(f"added.{number}.name", []).append(_("Say what it is."))
        draft.errors |= errors
        if not errors:
            line = line_row(new, position + number, includes_vat=draft.order.prices_include_vat, shop=shop)
            line.order_id = draft.order.pk
            draft.added.append(line)


# --- checking ------------------------------------------------------------------------------------


def _check_rates(draft: Draft, edit: Edit, touched: list[OrderLine], shop: Shop, *, used: set[Decimal]) -> None:
    """A VAT rate that is set is one that there is, or one that the order has already."""
    order = draft.order
    rates = rates_of([shop.country, order.billing_country, order.shipping_country], used=used)
    if rates is None:
        return
    of_lines = ((f"lines.{line.pk}.vat_rate", edit.lines[line.pk].get("vat_rate")) for line in touched)
    of_order = ((name, wish) for name, wish in edit.order.items() if name.endswith("_vat_rate"))
    wanted = {name: wish.wanted for name, wish in chain(of_lines, of_order) if wish is not None}
    wanted |= {f"added.{number}.vat_rate": new.vat_rate for number, new in enumerate(edit.added, start=1)}
    for name, rate in wanted.items():
        if rate not in rates and name not in draft.errors:
            said = ", ".join(display.rate(each) for each in rates)
            draft.refuse(name, _("There is no such VAT rate here. There are: %(rates)s.") % {"rates": said})


def _check_amounts(draft: Draft, edit: Edit, touched: list[OrderLine], bound: Bound) -> None:
    """Discounts take off no more than there is, nothing falls below what went back, and the sums fit their columns."""
    order = draft.order
    new = [(f"added.{number}.", line) for number, line in enumerate(draft.added, start=1)]
    repriced = [line for line in touched if edit.lines[line.pk].keys() & {"quantity", "unit_price", "discount"}]
    for prefix, line in [*((f"lines.{line.pk}.", line) for line in repriced), *new]:
        before = money.rounded(line.quantity * unit_price_of(line, order))
        sign = -1 if before < 0 else 1
        if line.discount and not 0 <= sign * line.discount <= sign * before:
            draft.refuse(f"{prefix}discount", _("A discount cannot be more than the line costs."))
    for line in draft.lines:
        if (given := bound.refunded.get(line.pk)) and line.total < given:
            words = _("%(amount)s of this line were refunded already.")
            draft.refuse(f"lines.{line.pk}.quantity", words % {"amount": display.money(given, order.currency)})
    before_discount = order.lines_total + order.discount
    if order.discount > 0 and order.discount > before_discount and edit.touches_amounts:
        draft.refuse("discount", _("A discount cannot be more than the lines cost."))
    for name, sentences in sum_errors(draft.all_lines, order).items():
        draft.errors.setdefault(name, []).extend(sentences)
