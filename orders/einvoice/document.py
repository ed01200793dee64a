"""An invoice in the terms of EN 16931 (BT-1 … BT-165), filled from the frozen data of an invoice and nothing else.

The standard knows net amounts only. Where a price included VAT, the net price of a piece has so many places that the
line comes out at the cent that was charged; totals are the invoice's own and never computed anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.invoicing.content import PAYMENT_FEE, SHIPPING
from orders.invoicing.stored import from_json
from orders.invoicing.vat_numbers import names_a_country, tidy
from orders.models import Invoice
from orders.money import ZERO, rounded
from orders.services.acceptance import ILLEGAL_CHARACTERS

INVOICE_CODE, CREDIT_NOTE_CODE = "380", "381"
# UNTDID 4461: SEPA credit transfer; credit transfer; the paper does not say.
SEPA_TRANSFER, TRANSFER, UNDEFINED = "58", "30", "1"
PIECE = "C62"
# UNTDID 7161 and 5189: freight; other services; discount.
FREIGHT, OTHER_CHARGE, DISCOUNT = "FC", "ADR", "95"
PRICE_PLACES = Decimal("1e-8")


@dataclass(frozen=True)
class Address:
    street: str
    extra: str
    postcode: str
    city: str
    region: str
    country: str


@dataclass(frozen=True)
class Party:
    """Seller or buyer; a VAT number begins with the letters of its country, other tax numbers do not."""

    name: str
    trade_name: str
    address: Address
    vat_number: str = ""
    tax_number: str = ""
    registration_number: str = ""
    email: str = ""
    phone: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Tax:
    """A VAT category (UNTDID 5305) with its rate in percent."""

    category: str
    rate: Decimal


@dataclass(frozen=True)
class Line:
    """`net` is `quantity` × `price`, less `allowance`, in cents; a price is never below zero, a quantity may be."""

    number: str
    name: str
    description: str
    sku: str
    quantity: Decimal
    price: Decimal
    allowance: Decimal
    net: Decimal
    tax: Tax


@dataclass(frozen=True)
class Charge:
    """An amount on top of the lines; an allowance where `amount` is below zero."""

    amount: Decimal
    reason: str
    code: str
    tax: Tax


@dataclass(frozen=True)
class TaxTotal:
    tax: Tax
    net: Decimal
    vat: Decimal
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True)
class EInvoice:
    """All amounts in `currency`; `vat_in_tax_currency` in `tax_currency`, which is empty where it is the same."""

    number: str
    code: str
    issued_on: date
    due_on: date | None
    supplied_on: date
    currency: str
    order_number: str
    seller: Party
    buyer: Party
    deliver_to: Party | None
    notes: tuple[str, ...]
    corrects: str
    corrects_on: date | None
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...]
    taxes: tuple[TaxTotal, ...]
    total_ex: Decimal
    total_vat: Decimal
    total: Decimal
    paid: Decimal
    due: Decimal
    payment_code: str
    iban: str
    bic: str
    tax_currency: str = ""
    vat_in_tax_currency: Decimal = ZERO
    payment_terms: str = ""

    @property
    def is_credit_note(self) -> bool:
        return self.code == CREDIT_NOTE_CODE

    @property
    def lines_net(self) -> Decimal:
        return sum((line.net for line in self.lines), ZERO)

    @property
    def charges_total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges if charge.amount > 0), ZERO)

    @property
    def allowances_total(self) -> Decimal:
        return -sum((charge.amount for charge in self.charges if charge.amount < 0), ZERO)


def einvoice_of(invoice: Invoice) -> EInvoice:
    """The e-invoice of an issued invoice or credit note; the same each time."""
    with override(invoice.language):
        return _einvoice(from_json(invoice.data), invoice.currency)


def _einvoice(data: Mapping[str, Any], currency: str) -> EInvoice:
    said, shop, order, ledger = data["invoice"], data["shop"], data["order"], data["ledger"]
    totals = said["totals"]
    rows = list(zip(said["lines"], ledger["rows"], strict=True))
    charges = [(line, row) for line, row in rows if row["key"] in {SHIPPING, PAYMENT_FEE}]
    lines = [(line, row) for line, row in rows if row["key"] not in {SHIPPING, PAYMENT_FEE}]
    if not lines:
        # There is no e-invoice without a line: what is charged alone is one.
        lines, charges = charges, []
    is_foreign = ledger["shop_currency"] != currency
    return EInvoice(
        number=said["number"],
        code=CREDIT_NOTE_CODE if said["kind"] == "credit_note" else INVOICE_CODE,
        issued_on=said["date"],
        due_on=said["due_on"],
        supplied_on=said["supplied_on"],
        currency=currency,
        order_number=order["number"],
        seller=_seller(shop),
        buyer=_buyer(order, shop),
        deliver_to=_deliver_to(order),
        notes=tuple(legal(note["text"]) for note in [*said["notes"], {"text": said["reason"]}] if note["text"]),
        corrects=said["corrects"],
        corrects_on=ledger.get("corrects_on"),
        lines=tuple(_line(number, line, row) for number, (line, row) in enumerate(lines, start=1)),
        charges=tuple(_charge(line, row) for line, row in charges),
        taxes=tuple(
            TaxTotal(Tax(row["category"], row["rate"]), row["ex"], row["vat"], legal(row["reason"]), row["code"])
            for row in ledger["vat"]
        ),
        total_ex=totals["ex"],
        total_vat=totals["vat"],
        total=totals["incl"],
        paid=totals["paid"],
        due=totals["open"],
        payment_code=_payment_code(said, shop, currency),
        iban=shop["iban"].replace(" ", ""),
        bic=shop["bic"].replace(" ", ""),
        tax_currency=ledger["shop_currency"] if is_foreign else "",
        vat_in_tax_currency=ledger["vat_in_shop_currency"] if is_foreign else ZERO,
        payment_terms=_payment_terms(said),
    )


def legal(text: str) -> str:
    """`text` without the characters that no XML can hold."""
    return ILLEGAL_CHARACTERS.sub("\ufffd", text)


def _seller(shop: Mapping[str, Any]) -> Party:
    address = shop["address"]
    number = tidy(shop["vat_number"])
    has_country = names_a_country(number)
    return Party(
        name=legal(shop["company"] or shop["name"]),
        trade_name=legal(shop["name"]) if shop["company"] and shop["name"] != shop["company"] else "",
        address=_address(address | {"extra": "", "region": ""}, address["country"]),
        vat_number=number if has_country else "",
        tax_number="" if has_country else number,
        registration_number=legal(shop["registration_number"]),
        email=legal(shop["email"]),
        phone=legal(shop["phone"]),
        contact=legal(shop["name"]),
    )


def _buyer(order: Mapping[str, Any], shop: Mapping[str, Any]) -> Party:
    customer, billing = order["customer"], order["billing_address"]
    country = billing["country"] or order["shipping_address"]["country"] or shop["address"]["country"]
    person = billing["name"] or customer["name"]
    company = billing["company"] or customer["company"]
    number = tidy(customer["vat_number"])
    return Party(
        name=legal(company or person or customer["email"] or _("Unknown customer")),
        trade_name="",
        address=_address(billing, country),
        vat_number=legal(number) if names_a_country(number) else "",
        email=legal(customer["email"]),
        phone=legal(customer["phone"]),
        contact=legal(person) if company else "",
    )


def _deliver_to(order: Mapping[str, Any]) -> Party | None:
    shipping = order["shipping_address"]
    if not shipping["country"]:
        return None
    return Party(legal(shipping["company"] or shipping["name"]), "", _address(shipping, shipping["country"]))


def _address(address: Mapping[str, Any], country: str) -> Address:
    parts = ("street", "extra", "postcode", "city", "region")
    return Address(**{part: legal(address[part]) for part in parts}, country=country)


def _line(number: int, line: Mapping[str, Any], row: Mapping[str, Any]) -> Line:
    quantity, price, allowance = _priced(line)
    return Line(
        number=str(number),
        name=legal(line["name"] or line["sku"] or _("No description")),
        description=legal(line["options"]),
        sku=legal(line["sku"]),
        quantity=quantity,
        price=price,
        allowance=allowance,
        net=line["total_ex"],
        tax=_tax(row),
    )


def _priced(line: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """(quantity, net price, allowance) that come to the line's net amount.

    With a discount the price is the one that stands on the paper. Without one, what a price incl. VAT leaves of a cent
    goes into the price; so does what gives money back, because a price below zero is not allowed: its quantity is.
    """
    quantity, net, price = line["quantity"], line["total_ex"], line["unit_price_ex"]
    allowance = rounded(quantity * price) - net
    if line["discount"] > 0 and allowance > 0 and price >= 0:
        return quantity, price, allowance
    if net and (net < 0) != (quantity < 0):
        quantity = -quantity
    return quantity, (net / quantity).quantize(PRICE_PLACES, ROUND_HALF_UP), ZERO


def _charge(line: Mapping[str, Any], row: Mapping[str, Any]) -> Charge:
    code = FREIGHT if row["key"] == SHIPPING else OTHER_CHARGE
    return Charge(line["total_ex"], legal(line["name"]), code, _tax(row))


def _tax(row: Mapping[str, Any]) -> Tax:
    return Tax(row["category"], row["rate"].quantize(Decimal("0.01")))


def _payment_code(said: Mapping[str, Any], shop: Mapping[str, Any], currency: str) -> str:
    """A transfer names the account it goes to: that of a customer who is given money back stands nowhere."""
    if said["kind"] == "credit_note" or not shop["iban"] or said["totals"]["open"] <= 0:
        return UNDEFINED
    return SEPA_TRANSFER if currency == "EUR" else TRANSFER


def _payment_terms(said: Mapping[str, Any]) -> str:
    """Words for what no date says: an amount that is still open needs one or the other (BR-CO-25)."""
    if said["kind"] == "credit_note":
        return _("This amount is given back to you.") if said["totals"]["open"] > 0 else ""
    return ""
