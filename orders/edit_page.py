"""What the edit page shows beside the form: what the order would come to, who was faster, what can be added."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from backoffice.models import Shop
from backoffice.plans import Feature
from orders import display
from orders.edit_form import EditForm, Field
from orders.edit_words import LABELS, label, said
from orders.freezing import why_frozen
from orders.mail_forecast import OrderForecast
from orders.models import LogAction, Order, OrderLine, OrderLogEntry
from orders.money import ZERO, still_open
from orders.order_page.context import dotted
from orders.products import Product
from orders.services import Conflict, PlanLacksEditing
from orders.services.change import plain
from orders.services.editing import LINE_FIELDS, REMOVED, Bound, Draft, why_line_stays

# How far back it is looked who changed a field last.
ENTRIES_READ = 50


@dataclass(frozen=True)
class BoxRow:
    """A row of the box beside the form; empty texts where there is nothing to say."""

    label: str
    was: str
    now: str
    difference: str
    css: str = ""


@dataclass(frozen=True)
class Box:
    """Was, Now and Difference. `can_request` and `can_refund` are what may be done about the difference, `mails` how
    many go out."""

    rows: list[BoxRow]
    open_text: str
    can_request: bool = False
    can_refund: bool = False
    mails: int = 0


@dataclass(frozen=True)
class LineRow:
    """A line of the form; `stays` says why it cannot be removed, empty when it can."""

    key: int
    name: str
    about: str
    fields: list[Field]
    is_removed: bool
    stays: str
    errors: list[str]
    removal: str
    total: str


@dataclass(frozen=True)
class AddedRow:
    number: int
    name: str
    fields: list[Field]
    product: str


@dataclass(frozen=True)
class ConflictRow:
    """Two values for one field; `now` is theirs as JSON, for the form to send back."""

    name: str
    label: str
    told: str
    who: str
    theirs: str
    mine: str
    now: str
    carried: list[tuple[str, str]] = field(default_factory=list)


# --- the box -------------------------------------------------------------------------------------


def box_of(order: Order, draft: Draft) -> Box:
    """What the order is and what the draft makes of it; without `totals` the draft could not be computed."""
    if draft.totals is None:
        return Box([], _("Correct what is marked, then the total is computed again."))
    new = draft.order
    rows = [
        _row(order, _("Lines"), order.lines_total + order.discount, new.lines_total + new.discount),
        _row(order, _("Discount"), -order.discount, -new.discount),
        _row(order, _("Shipping"), order.shipping_cost, new.shipping_cost),
        _row(order, _("Payment fee"), order.payment_fee, new.payment_fee),
    ]
    rows = [row for row in rows if row is not None]
    if not order.prices_include_vat:
        rows.append(_always(order, _("Total excl. VAT"), order.total_ex, new.total_ex))
    rows += _vat_rows(order, new)
    rows.append(_always(order, _("Total"), order.total, new.total, css="g"))
    due = still_open(new.total, order.paid_total, order.refunded_total)
    mails = OrderForecast(order).mails_if_edited(new, draft.all_lines)
    return Box(rows, _open_text(order, due), can_request=due > 0, can_refund=due < 0, mails=mails)


def _row(order: Order, name: str, was: Decimal, now: Decimal) -> BoxRow | None:
    return _always(order, name, was, now) if was or now else None


def _always(order: Order, name: str, was: Decimal, now: Decimal, css: str = "") -> BoxRow:
    change = now - was
    sign = "+" if change > 0 else ""
    difference = sign + display.money(change, order.currency) if change else ""
    return BoxRow(name, display.money(was, order.currency), display.money(now, order.currency), difference, css)


def _vat_rows(order: Order, new: Order) -> list[BoxRow]:
    words = _("of which VAT %(rate)s") if order.prices_include_vat else _("VAT %(rate)s")
    was, now = ({Decimal(row["rate"]): Decimal(row["vat"]) for row in each.vat_totals} for each in (order, new))
    return [
        _always(order, words % {"rate": display.rate(rate)}, was.get(rate, ZERO), now.get(rate, ZERO), css="mut")
        for rate in sorted(was.keys() | now.keys(), reverse=True)
    ]


def _open_text(order: Order, due: Decimal) -> str:
    amount = display.money(abs(due), order.currency)
    if due > 0:
        return _("%(amount)s will be still to pay.") % {"amount": amount}
    return _("%(amount)s will be to give back.") % {"amount": amount} if due < 0 else _("Nothing will be open.")


# --- the lines -----------------------------------------------------------------------------------


def line_rows(form: EditForm, draft: Draft, bound: Bound) -> list[LineRow]:
    """The lines of the form in the order of the cart, with what each comes to as typed."""
    totals = {line.pk: line.total for line in draft.lines}
    return [
        LineRow(
            key=line.pk,
            name=line.name or line.sku or _("No description"),
            about=dotted(line.sku, _so_far(line)),
            fields=form.line_fields(line),
            is_removed=form.removes(line.pk),
            stays=why_line_stays(line, bound),
            errors=form.errors.get(f"lines.{line.pk}.{REMOVED}", []),
            removal=f"lines.{line.pk}.{REMOVED}",
            total=display.money(totals.get(line.pk, line.total), form.order.currency),
        )
        for line in form.lines.values()
    ]


def added_rows(form: EditForm) -> list[AddedRow]:
    return [
        AddedRow(number, next((each.text for each in fields if each.text), _("New line")), fields,
                 form.product_key(number))
        for number, fields in form.added
    ]  # fmt: skip


def _so_far(line: OrderLine) -> str:
    shipped = line.quantity_shipped
    return _("%(number)s shipped") % {"number": display.quantity(shipped)} if shipped else ""


@dataclass(frozen=True)
class FoundRow:
    """A product that can be added."""

    key: int
    name: str
    about: str


def found_rows(products: Iterable[Product], order: Order) -> list[FoundRow]:
    return [FoundRow(each.key, each.name or each.sku, _about(each, order)) for each in products]


def _about(product: Product, order: Order) -> str:
    price = product.unit_price(order.currency, includes_vat=order.prices_include_vat)
    return dotted(
        product.sku,
        product.options,
        display.price(price, order.currency) if price is not None else "",
        display.rate(product.vat_rate),
    )


def why_amounts_stay(order: Order, shop: Shop) -> str:
    """Why lines and amounts are shown as text; empty when they can be edited."""
    return why_frozen(order) or ("" if shop.plan.allows(Feature.EDIT_ORDER) else str(PlanLacksEditing()))


# --- who was faster ------------------------------------------------------------------------------


def conflict_rows(form: EditForm, conflicts: Sequence[Conflict], shop: Shop) -> list[ConflictRow]:
    """One query, none without a conflict."""
    if not conflicts:
        return []
    log = list(form.order.log.filter(action__in=_EDITS).order_by("-id")[:ENTRIES_READ])
    return [_conflict(form, conflict, log, shop) for conflict in conflicts]


_EDITS = [LogAction.ORDER_EDITED, LogAction.LINE_EDITED, LogAction.LINE_REMOVED]


def _conflict(form: EditForm, conflict: Conflict, log: list[OrderLogEntry], shop: Shop) -> ConflictRow:
    order, parts = form.order, conflict.name.split(".")
    kind = parts[-1]
    key = int(parts[1]) if len(parts) == 3 else None
    entry = next((entry for entry in log if _tells_of(entry, kind, key)), None)
    who, at = (entry.actor, entry.created_at) if entry else (order.changed_by, order.changed_at)
    if kind == REMOVED:
        theirs, mine, carried = _removal_words(form, conflict, int(parts[1]))
    else:
        theirs, mine = (said(kind, value, order.currency) for value in (conflict.now, conflict.wanted))
        carried = []
    words = _("%(who)s changed this at %(at)s.") if kind == REMOVED else _("%(who)s set this to %(value)s at %(at)s.")
    return ConflictRow(
        name=conflict.name,
        label=_label(conflict, entry, kind, key),
        told=words % {"who": who, "value": theirs, "at": display.date_time(at, shop.zone)},
        who=who,
        theirs=theirs,
        mine=mine,
        now=_as_json(conflict.now),
        carried=carried,
    )


def _as_json(now: Any) -> str:
    """A value, or the values of a line, as the form reads them back."""
    return json.dumps([plain(value) for value in now.values()] if isinstance(now, dict) else plain(now))


def _tells_of(entry: OrderLogEntry, kind: str, key: int | None) -> bool:
    if key is None:
        return entry.action == LogAction.ORDER_EDITED and kind in entry.changes
    fields = {"unit_price": {"unit_price_ex", "unit_price_incl"}, REMOVED: set(entry.changes)}.get(kind, {kind})
    return entry.line_id == key and bool(fields & entry.changes.keys())


def _label(conflict: Conflict, entry: OrderLogEntry | None, kind: str, key: int | None) -> str:
    if key is None:
        return label(kind)
    line = conflict.line
    what = (line.sku or line.name) if line else entry.subject if entry else _("Line")
    return what if kind == REMOVED else f"{what}, {LABELS[kind]}"


def _removal_words(form: EditForm, conflict: Conflict, key: int) -> tuple[str, str, list[tuple[str, str]]]:
    """Theirs, mine, and what was typed at a line that has no row any more."""
    if conflict.now is not None:
        return _("Keep the line: %(line)s") % {"line": _told(conflict.now, form)}, _("Remove the line"), []
    typed = [(f"lines.{key}.{name}", form.data.get(f"lines.{key}.{name}", "")) for name in LINE_FIELDS]
    mine = _("Keep the line: %(line)s") % {"line": _told(conflict.wanted, form)}
    return _("The line is removed"), mine, typed


def _told(values: dict[str, Any], form: EditForm) -> str:
    return ", ".join(f"{LABELS[name]} {said(name, value, form.order.currency)}" for name, value in values.items())


# --- asking for the rest -------------------------------------------------------------------------


def payment_request(order: Order, shop: Shop) -> str:
    """What to write to a customer who has to pay more, in their language."""
    language = order.customer_language if order.customer_language in dict(settings.LANGUAGES) else shop.language
    was_edited = order.log.filter(action=LogAction.ORDER_EDITED).exists()
    with translation.override(language):
        if was_edited:
            news = _(
                "Your order %(number)s was changed. It comes to %(total)s now, of which %(open)s is still to be paid."
            )
        else:
            news = _("Your order %(number)s comes to %(total)s, of which %(open)s is still to be paid.")
        lines = [
            _("Dear %(name)s,") % {"name": order.customer_name or order.billing_name},
            "",
            news
            % {
                "number": order.display_number,
                "total": display.money(order.total, order.currency),
                "open": display.money(order.open_amount, order.currency),
            },
        ]
        if shop.iban:
            words = _("Pay by transfer to %(iban)s in the name of %(name)s and mention %(number)s.")
            account = {"iban": shop.iban, "name": shop.company or shop.name, "number": order.display_number}
            lines += ["", words % account]
        lines += ["", shop.name]
    return "\n".join(lines)
