"""Credit notes: how an invoice is corrected. It is never changed; what was wrong is given back and invoiced anew."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from backoffice.actor import Actor
from orders import display
from orders.invoicing.content import in_currency, notes_in_shop_currency, shown_rates, vat_data
from orders.invoicing.left import Left, LeftRow, left_of
from orders.models import Invoice, InvoiceKind, Refund, RefundState
from orders.money import NOTHING, ZERO, Amount, rounded
from orders.papers.data import Data
from orders.services.acceptance import LARGEST_QUANTITY, check_text, collect, longest
from orders.services.change import changing
from orders.services.errors import InputRefused
from orders.services.invoices import InvoiceRefused, settings_of, store, take_number
from orders.services.refunding import amount_error


@dataclass(frozen=True)
class RowWish:
    """How many pieces of a row to credit and for how much, incl. VAT; no amount means what the pieces come to."""

    quantity: Decimal
    amount: Decimal | None = None


@dataclass(frozen=True)
class CreditWish:
    """What to credit of an invoice: `whole` is all that is left of it, else `rows` by their key and a free amount.

    Amounts are in the invoice's currency and include VAT. `seen_left` is what was left when the person looked.
    """

    whole: bool = False
    rows: Mapping[str, RowWish] = field(default_factory=dict)
    free: Decimal = ZERO
    reason: str = ""
    seen_left: Decimal | None = None


@dataclass(frozen=True)
class CreditPart:
    """What is credited of one row; without a quantity it is a compensation, and the goods stay sold."""

    row: LeftRow
    quantity: Decimal
    amount: Amount


class CreditedMeanwhile(InvoiceRefused):
    """Somebody else credited something since the caller looked."""

    def __init__(self) -> None:
        super().__init__(_("Something of this invoice was credited meanwhile. Look again at what is left."))


def credit_invoice(invoice: Invoice, wish: CreditWish, *, by: Actor, refund: Refund | None = None) -> Invoice:
    """Issue the credit note that `wish` asks for; one that takes all that is left lets the order change again.

    Raises InvoiceRefused, CreditedMeanwhile, or InputRefused with every error at once: `quantity.<key>`,
    `amount.<key>`, `free`, `reason`, or "" for the whole.
    """
    with changing(invoice.shop, by=by) as change:
        # The order's lock makes one of two that credit at once wait, and then see what is left.
        order = change.lock(invoice.order_id)
        invoice = Invoice.objects.select_related("shop").get(pk=invoice.pk, order=order)
        _refuse(invoice)
        left = left_of(invoice)
        if wish.seen_left is not None and wish.seen_left != left.total:
            raise CreditedMeanwhile
        parts = credit_parts(wish, left)
        settings = settings_of(change.shop)
        at = timezone.now()
        on = at.astimezone(change.shop.zone).date()
        place = take_number(change.shop, settings, InvoiceKind.CREDIT_NOTE, on)
        total = sum((part.amount for part in parts), NOTHING)
        note = Invoice(
            order=order,
            kind=InvoiceKind.CREDIT_NOTE,
            customer_name=invoice.customer_name,
            language=invoice.language,
            currency=invoice.currency,
            total_ex=-total.ex,
            total_vat=-total.vat,
            total=-total.incl,
            corrects=invoice,
            reason=wish.reason,
            refund=refund,
        )
        with override(invoice.language):
            content = _content(left, parts, wish, place.number, on, _given_back(refund, total.incl))
        store(change, note, place, content, issued_at=at, issued_on=on)
        if _takes_all(left, parts):
            Invoice.objects.filter(pk=invoice.pk).update(reversed_at=at)
    return note


def credit_parts(wish: CreditWish, left: Left) -> list[CreditPart]:
    """What `wish` comes to. Raises InputRefused with every error at once."""
    errors: dict[str, list[str]] = {}
    check_text(wish.reason, longest(Invoice, "reason"), "reason", collect(errors))
    if wish.whole:
        parts = [CreditPart(row, row.quantity, row.left) for row in left.rows if row.left != NOTHING or row.quantity]
    else:
        parts = [*_of_rows(wish, left, errors), *_of_free(wish, left, errors)]
    if not errors:
        _check_whole(parts, left, errors)
    if errors:
        raise InputRefused(errors)
    return parts


def credit_refund(refund: Refund, invoice: Invoice, *, by: Actor) -> Invoice:
    """The credit note of a refund: its lines, its shipping cost, and what else was given back. Raises as above."""
    return credit_invoice(invoice, wish_of_refund(refund, left_of(invoice)), by=by, refund=refund)


def wish_of_refund(refund: Refund, left: Left) -> CreditWish:
    """What a refund asks to credit; what the invoice does not know as a row is credited as an amount."""
    rows = {row.key: row for row in left.rows}
    wishes: dict[str, RowWish] = {}
    named = ZERO
    for part in refund.lines.select_related("line"):
        row = rows.get(str(part.line.position))
        if row is not None and part.quantity <= row.quantity and part.amount <= row.left.incl:
            wishes[row.key] = RowWish(part.quantity, part.amount)
            named += part.amount
    shipping = rows.get("shipping")
    if shipping is not None and 0 < refund.shipping_amount <= shipping.left.incl:
        is_whole = refund.shipping_amount == shipping.left.incl
        wishes["shipping"] = RowWish(shipping.quantity if is_whole else Decimal(0), refund.shipping_amount)
        named += refund.shipping_amount
    return CreditWish(rows=wishes, free=_whole_amount(refund) - named, reason=refund.reason)


def _whole_amount(refund: Refund) -> Decimal:
    """A refund that went back over several payments has a row for each."""
    if refund.key is None:
        return refund.amount
    parts = Refund.objects.filter(order=refund.order_id, key=refund.key)
    return sum(parts.values_list("amount", flat=True), ZERO)


def _refuse(invoice: Invoice) -> None:
    if invoice.is_credit_note:
        raise InvoiceRefused(_("A credit note cannot be credited. Issue a new invoice instead."))
    if invoice.reversed_at is not None:
        raise InvoiceRefused(_("All of this invoice has been credited."))


def _of_rows(wish: CreditWish, left: Left, errors: dict[str, list[str]]) -> list[CreditPart]:
    rows = {row.key: row for row in left.rows}
    parts = []
    for key, asked in wish.rows.items():
        row = rows.get(key)
        if row is None:
            errors.setdefault("", []).append(_("This invoice has no such line."))
            continue
        if sentence := _quantity_error(asked.quantity, row):
            errors[f"quantity.{key}"] = [sentence]
            continue
        amount = row.amount_of(asked.quantity) if asked.amount is None else asked.amount
        if sentence := _row_amount_error(amount, row, left):
            errors[f"amount.{key}"] = [sentence]
        elif amount or asked.quantity:
            parts.append(CreditPart(row, asked.quantity, row.cut(amount)))
    return parts


def _quantity_error(quantity: Decimal, row: LeftRow) -> str:
    if not quantity.is_finite() or abs(quantity) > LARGEST_QUANTITY or quantity != round(quantity, 3):
        return _("A quantity from zero up, with at most three decimals.")
    # A line that gave the customer something has a quantity below zero, and is credited towards zero too.
    low, high = sorted((Decimal(0), row.quantity))
    if not low <= quantity <= high:
        return _("Only %(number)s can still be credited.") % {"number": display.quantity(row.quantity)}
    return ""


def _row_amount_error(amount: Decimal, row: LeftRow, left: Left) -> str:
    if row.left.incl < 0 and row.left.incl <= amount <= 0 and amount == rounded(amount):
        return ""
    if sentence := amount_error(amount):
        return sentence
    if amount > max(row.left.incl, ZERO):
        return _too_much(row.left.incl, left)
    return ""


def _of_free(wish: CreditWish, left: Left, errors: dict[str, list[str]]) -> list[CreditPart]:
    if not wish.free:
        return []
    if sentence := amount_error(wish.free):
        errors["free"] = [sentence]
        return []
    # What is named line by line is gone before the rest is spread.
    named = {part.row.key: part.amount for part in _of_rows(wish, left, {})}
    rows = [
        LeftRow(
            row.key,
            row.line,
            row.kind,
            row.category,
            row.rate,
            row.quantity,
            row.whole,
            _less(row.left, named.get(row.key, NOTHING)),
        )
        for row in left.rows
    ]
    rest = Left(left.invoice, left.data, rows)
    most = sum((row.left.incl for row in rows if row.left.incl > 0), ZERO)
    if wish.free > most:
        errors["free"] = [_too_much(most, left)]
        return []
    return [CreditPart(row, Decimal(0), amount) for row, amount in rest.spread(wish.free)]


def _less(amount: Amount, gone: Amount) -> Amount:
    return Amount(amount.ex - gone.ex, amount.vat - gone.vat, amount.incl - gone.incl)


def _check_whole(parts: list[CreditPart], left: Left, errors: dict[str, list[str]]) -> None:
    total = sum((part.amount.incl for part in parts), ZERO)
    if not parts:
        errors[""] = [_("Say what to credit: lines or an amount.")]
    elif total > left.total:
        errors[""] = [_too_much(left.total, left)]
    elif total < 0:
        errors[""] = [_("A credit note cannot ask for money.")]


def _too_much(most: Decimal, left: Left) -> str:
    amount = display.money(max(most, ZERO), left.invoice.currency)
    return _("Only %(amount)s can still be credited here.") % {"amount": amount}


def _takes_all(left: Left, parts: list[CreditPart]) -> bool:
    gone: dict[str, Amount] = defaultdict(lambda: NOTHING)
    for part in parts:
        gone[part.row.key] += part.amount
    return all(row.left == gone[row.key] for row in left.rows)


def _given_back(refund: Refund | None, total: Decimal) -> Decimal:
    return total if refund is not None and refund.state == RefundState.PAID_OUT else ZERO


def _content(left: Left, parts: list[CreditPart], wish: CreditWish, number: str, on: date, given_back: Decimal) -> Data:
    """The data of the credit note: order and shop as on the invoice, amounts as what is given back."""
    of = left.data["invoice"]
    total = sum((part.amount for part in parts), NOTHING)
    shown = _shown(parts, includes_vat=left.data["order"]["totals"]["prices_include_vat"])
    reasons = {(row["category"], row["rate"]): (row["code"], row["reason"]) for row in left.data["ledger"]["vat"]}
    sums: dict[tuple[str, Decimal, str, str], Amount] = defaultdict(lambda: NOTHING)
    for part in parts:
        place = part.row.category, part.row.rate.quantize(Decimal("0.01"))
        sums[(*place, *reasons[place])] += part.amount
    vat = vat_data(sums)
    ledger = left.data["ledger"]
    in_shop = in_currency(total.vat, ledger["exchange_rate"])
    notes = [row["reason"] for row in vat if row["reason"]]
    notes += notes_in_shop_currency(left.invoice.currency, ledger["shop_currency"], in_shop)
    return left.data | {
        "invoice": {
            "number": number,
            "date": on,
            "due_on": None,
            "supplied_on": of["supplied_on"],
            "kind": InvoiceKind.CREDIT_NOTE.value,
            "corrects": of["number"],
            "reason": wish.reason,
            "lines": [line for _row, line, _amount in shown],
            "totals": {
                "ex": total.ex,
                "vat": total.vat,
                "incl": total.incl,
                "paid": given_back,
                "open": total.incl - given_back,
            },
            "vat": shown_rates(vat),
            "notes": [{"text": text} for text in notes],
        },
        "ledger": {
            "rows": [_ledger_row(row, line, amount) for row, line, amount in shown],
            "vat": vat,
            "credits": [
                {
                    "key": part.row.key,
                    "quantity": part.quantity,
                    "ex": part.amount.ex,
                    "vat": part.amount.vat,
                    "total": part.amount.incl,
                }
                for part in parts
            ],
            "corrects_on": of["date"],
            "vat_in_shop_currency": in_shop,
            "shop_currency": ledger["shop_currency"],
            "exchange_rate": ledger["exchange_rate"],
        },
    }


def _shown(parts: list[CreditPart], *, includes_vat: bool) -> list[tuple[LeftRow, Data, Amount]]:
    """The lines of the paper: pieces by their row, compensations together by rate."""
    shown = [(part.row, _line(part, includes_vat=includes_vat), part.amount) for part in parts if part.quantity]
    free: dict[tuple[str, Decimal], list[CreditPart]] = defaultdict(list)
    for part in parts:
        if not part.quantity:
            free[part.row.category, part.row.rate].append(part)
    for together in free.values():
        amount = sum((part.amount for part in together), NOTHING)
        shown.append((together[0].row, _compensation(together, amount), amount))
    return [(row, line | {"position": number}, amount) for number, (row, line, amount) in enumerate(shown, start=1)]


def _line(part: CreditPart, *, includes_vat: bool) -> Data:
    line = part.row.line
    charged = part.amount.incl if includes_vat else part.amount.ex
    discount = rounded(part.quantity * (line["unit_price"] if includes_vat else line["unit_price_ex"])) - charged
    prices = {}
    if discount < 0 < part.quantity:
        # More than the pieces cost: then the price is what is given back for each.
        each = Decimal("0.0001")
        prices = {
            "unit_price_ex": (part.amount.ex / part.quantity).quantize(each),
            "unit_price": (part.amount.incl / part.quantity).quantize(each),
        }
        discount = ZERO
    amounts = {"total_ex": part.amount.ex, "total_vat": part.amount.vat, "total": part.amount.incl}
    return line | prices | amounts | {"quantity": part.quantity, "discount": discount}


def _compensation(parts: list[CreditPart], amount: Amount) -> Data:
    """An amount that is given back while the goods stay sold; of a single row it names it."""
    line = parts[0].row.line
    name = _("Compensation")
    if len(parts) == 1:
        name = _("Compensation for %(line)s") % {"line": line["name"] or line["sku"]}
    return {
        "sku": line["sku"] if len(parts) == 1 else "",
        "name": name,
        "options": "",
        "quantity": Decimal(1),
        "unit_price_ex": amount.ex,
        "unit_price": amount.incl,
        "vat_rate": parts[0].row.rate,
        "discount": ZERO,
        "total_ex": amount.ex,
        "total_vat": amount.vat,
        "total": amount.incl,
    }


def _ledger_row(row: LeftRow, line: Data, amount: Amount) -> Data:
    return {
        "key": row.key,
        "line_kind": row.kind,
        "category": row.category,
        "rate": row.rate,
        "quantity": line["quantity"],
        "ex": amount.ex,
        "vat": amount.vat,
        "total": amount.incl,
    }
