"""What an invoice says: the plain data of its layout, and beside it the ledger that books and e-invoices are made of.

`data["order"]` and `data["shop"]` are `paper_data`; `data["invoice"]` is what layouts know as `invoice`. The ledger
has a row for each line of the invoice, in its order:
{"key", "line_kind", "category", "rate", "ex", "vat", "total", "quantity"}; `key` is the line's position in the order,
or "shipping" or "payment_fee". `ledger["vat"]` has a row for each category and rate, with the reason why none is due.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from backoffice.models import Shop
from layouts.formats import money
from orders.documents import OrderDocument
from orders.invoicing.treatment import Sale, Treatment, treatment_of
from orders.invoicing.vat_numbers import tidy
from orders.models import InvoiceKind, InvoiceSettings, OrderLine
from orders.money import NOTHING, ZERO, Amount, rounded, with_vat
from orders.papers.data import Data

SHIPPING, PAYMENT_FEE = "shipping", "payment_fee"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Naming:
    """What an invoice gets when it is issued."""

    number: str
    issued_on: date
    language: str


def invoice_content(
    document: OrderDocument, shop: Shop, settings: InvoiceSettings, paper: Data, naming: Naming
) -> Data:
    """The data of an invoice for a whole order; `paper` is its `paper_data` in the invoice's language.

    An order below zero gives money back: then it is a credit note that corrects nothing, and all signs are turned.
    """
    with override(naming.language):
        sale = sale_of(document, paper, settings)
        sign = -1 if document.totals.incl < 0 else 1
        lines = [_turned(line, sign) for line in [*_goods(paper), *_charges(document)]]
        treatments = [treatment_of(line["vat_rate"], line["kind"], sale) for line in lines]
        total = sum((_amount(line) for line in lines), NOTHING)
        still_open = sign * document.totals.open
        is_invoice = sign > 0
        vat = vat_rows(zip(lines, treatments, strict=True))
        owner = shop.base_shop or shop
        exchange_rate = document.exchange_rate if document.currency != owner.currency else Decimal(1)
        in_shop = in_currency(total.vat, exchange_rate)
        due = naming.issued_on + timedelta(days=settings.payment_days)
        return paper | {
            "invoice": {
                "number": naming.number,
                "date": naming.issued_on,
                "due_on": due if is_invoice and still_open > 0 else None,
                "supplied_on": supplied_on(document, shop) or naming.issued_on,
                "kind": (InvoiceKind.INVOICE if is_invoice else InvoiceKind.CREDIT_NOTE).value,
                "corrects": "",
                "reason": "",
                "lines": [_shown(line) for line in lines],
                "totals": {
                    "ex": total.ex,
                    "vat": total.vat,
                    "incl": total.incl,
                    "paid": total.incl - still_open,
                    "open": still_open,
                },
                "vat": shown_rates(vat),
                "notes": notes_of(vat, settings, document.currency, owner.currency, in_shop),
            },
            "ledger": {
                "rows": [ledger_row(line, treatment) for line, treatment in zip(lines, treatments, strict=True)],
                "vat": vat,
                "credits": [],
                "vat_in_shop_currency": in_shop,
                "shop_currency": owner.currency,
                "exchange_rate": exchange_rate,
            },
        }


def sale_of(document: OrderDocument, paper: Data, settings: InvoiceSettings) -> Sale:
    delivered = document.shipping.country or document.billing.country
    return Sale(
        seller_country=paper["shop"]["address"]["country"],
        seller_vat_number=paper["shop"]["vat_number"],
        delivery_country=delivered,
        buyer_vat_number=tidy(document.customer.vat_number),
        is_small_business=settings.is_small_business,
        has_goods=any(line.kind == OrderLine.Kind.PHYSICAL for line in document.lines),
    )


def supplied_on(document: OrderDocument, shop: Shop) -> date | None:
    """The day on which the last of it left; None while nothing did."""
    left = [shipment.shipped_at.astimezone(shop.zone).date() for shipment in document.shipments]
    return max(left, default=None)


def ledger_row(line: Data, treatment: Treatment) -> Data:
    return {
        "key": line["key"],
        "line_kind": line["kind"],
        "category": treatment.category.value,
        "rate": line["vat_rate"],
        "quantity": line["quantity"],
        "ex": line["total_ex"],
        "vat": line["total_vat"],
        "total": line["total"],
    }


def vat_rows(lines: Iterable[tuple[Data, Treatment]]) -> list[Data]:
    """What was charged per category and rate, highest rate first; the rows add up to the lines."""
    sums: dict[tuple[str, Decimal, str, str], Amount] = defaultdict(lambda: NOTHING)
    for line, treatment in lines:
        rate = line["vat_rate"].quantize(CENT)
        sums[treatment.category.value, rate, treatment.code, str(treatment.reason)] += _amount(line)
    return vat_data(sums)


def vat_data(sums: dict[tuple[str, Decimal, str, str], Amount]) -> list[Data]:
    """Rows of {(category, rate, code, reason): amount}; e-invoices have one row per category and rate."""
    together: dict[tuple[str, Decimal], list[tuple[str, str, Amount]]] = defaultdict(list)
    for (category, rate, code, reason), amount in sums.items():
        together[category, rate].append((code, reason, amount))
    rows = []
    for (category, rate), parts in sorted(together.items(), key=lambda each: (-each[0][1], each[0][0])):
        amount = sum((part[2] for part in parts), NOTHING)
        rows.append(
            {
                "category": category,
                "rate": rate,
                "code": parts[0][0] if len({part[0] for part in parts}) == 1 else "",
                "reason": " ".join(dict.fromkeys(part[1] for part in parts if part[1])),
                "ex": amount.ex,
                "vat": amount.vat,
                "incl": amount.incl,
            }
        )
    return rows


def shown_rates(vat: list[Data]) -> list[Data]:
    """The VAT table of the paper: one row per rate."""
    sums: dict[Decimal, Amount] = defaultdict(lambda: NOTHING)
    for row in vat:
        sums[row["rate"]] += Amount(row["ex"], row["vat"], row["incl"])
    return [
        {"rate": rate, "ex": amount.ex, "vat": amount.vat, "incl": amount.incl}
        for rate, amount in sorted(sums.items(), reverse=True)
    ]


def notes_of(
    vat: list[Data], settings: InvoiceSettings, currency: str, shop_currency: str, in_shop: Decimal
) -> list[Data]:
    """Why no VAT is due, what VAT is in the shop's own currency, and the shop's own words."""
    texts = [row["reason"] for row in vat if row["reason"]]
    texts += notes_in_shop_currency(currency, shop_currency, in_shop)
    texts.append(settings.footer)
    return [{"text": text} for text in texts if text]


def notes_in_shop_currency(currency: str, shop_currency: str, vat: Decimal) -> list[str]:
    """VAT must be told in the currency of the seller's country too (Directive 2006/112/EC, Article 230).

    The amount is written as the active language does, which is the paper's.
    """
    if currency == shop_currency or not vat:
        return []
    amount = money(vat, shop_currency, get_language() or "en")
    return [_("VAT in %(currency)s: %(amount)s") % {"currency": shop_currency, "amount": amount}]


def in_currency(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """An amount of the order in the shop's currency."""
    return rounded(amount * exchange_rate)


def _goods(paper: Data) -> list[Data]:
    return [line | {"key": str(line["position"])} for line in paper["order"]["lines"]]


def _charges(document: OrderDocument) -> list[Data]:
    totals = document.totals
    charges = [
        (SHIPPING, document.shipping_method or _("Shipping costs"), totals.shipping_cost, totals.shipping_vat_rate),
        (PAYMENT_FEE, _("Payment costs"), totals.payment_fee, totals.payment_fee_vat_rate),
    ]
    last = max((line.position for line in document.lines), default=0)
    return [
        _charge(key, last + number, name, with_vat(cost, rate, includes_vat=totals.prices_include_vat), rate)
        for number, (key, name, cost, rate) in enumerate((each for each in charges if each[2]), start=1)
    ]


def _charge(key: str, position: int, name: str, amount: Amount, rate: Decimal) -> Data:
    return {
        "key": key,
        "kind": OrderLine.Kind.FEE.value,
        "position": position,
        "sku": "",
        "name": name,
        "options": "",
        "quantity": Decimal(1),
        "unit_price_ex": amount.ex,
        "unit_price": amount.incl,
        "vat_rate": rate,
        "discount": ZERO,
        "total_ex": amount.ex,
        "total_vat": amount.vat,
        "total": amount.incl,
    }


SHOWN = (
    "position",
    "sku",
    "name",
    "options",
    "quantity",
    "unit_price_ex",
    "unit_price",
    "vat_rate",
    "discount",
    "total_ex",
    "total_vat",
    "total",
)


def _shown(line: Data) -> Data:
    return {name: line[name] for name in SHOWN}


def _turned(line: Data, sign: int) -> Data:
    """The line with its quantity and amounts turned round where an order below zero is credited."""
    if sign > 0:
        return line
    turned: dict[str, Any] = {
        name: -line[name] for name in ("quantity", "discount", "total_ex", "total_vat", "total") if line[name]
    }
    return line | turned


def _amount(line: Data) -> Amount:
    return Amount(line["total_ex"], line["total_vat"], line["total"])
