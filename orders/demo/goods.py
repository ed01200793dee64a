"""What is on an invoice, as order lines: goods, postage, fees, VAT, weights and shelves."""

from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from orders import money
from orders.demo.invoices import Invoice, Row
from orders.demo.people import Customer
from orders.demo.places import STANDARD_RATES
from orders.demo.shops import Market
from orders.models import OrderLine
from orders.services import NewLine

POSTAGE = {"POST", "DOT", "C2"}
BANK_CHARGES = "BANK CHARGES"
FEES = {"BANK CHARGES", "AMAZONFEE", "CRUK", "D", "M", "m", "S", "B"} | POSTAGE
VOUCHER = "gift_0001_"
FOOD = ("CHOCOLATE", "SWEETS", "JAM ", "COOKIE", "MARSHMALLOW", "POPCORN", "TEA BAG", "LOLLY")
BOOKS = (" BOOK", "BOOK ", "COLOURING", "RECIPE", "ALPHABET")
REDUCED_RATES = {"NL": {"food": 9, "books": 9}, "SE": {"food": 12, "books": 6}}


@dataclass
class Goods:
    """The lines of an order and the costs beside them, in the order's currency."""

    lines: list[NewLine]
    shipping_cost: Decimal = money.ZERO
    shipping_vat_rate: Decimal = money.ZERO
    payment_fee: Decimal = money.ZERO
    payment_fee_vat_rate: Decimal = money.ZERO

    def total(self, *, includes_vat: bool) -> Decimal:
        """What the order costs with VAT, as `place_order` will find."""
        parts = [(money.rounded(line.quantity * line.unit_price), line.vat_rate) for line in self.lines]
        parts += [(self.shipping_cost, self.shipping_vat_rate), (self.payment_fee, self.payment_fee_vat_rate)]
        return sum((money.with_vat(amount, rate, includes_vat=includes_vat).incl for amount, rate in parts), money.ZERO)


def goods_of(invoice: Invoice, customer: Customer | None, market: Market) -> tuple[Goods, dict[int, int]]:
    """The goods of an invoice, and {line number in the file: position} of what became a line.

    Postage and bank charges beside other rows are costs of the order; an invoice of nothing else keeps them as lines.
    """
    costs = [row for row in invoice.rows if row.code in POSTAGE or row.code == BANK_CHARGES]
    if len(costs) == len(invoice.rows) or any(row.quantity < 0 for row in invoice.rows):
        costs = []
    charges = {row.line_number for row in costs}
    sold = [row for row in invoice.rows if row.line_number not in charges]
    goods = Goods([_line(row, customer, market) for row in sold])
    standard = vat_rate("", customer, market)
    for row in costs:
        amount = money.rounded(row.quantity * row.price * market.per_pound)
        if row.code == BANK_CHARGES:
            goods.payment_fee += amount
            goods.payment_fee_vat_rate = standard
        else:
            goods.shipping_cost += amount
            goods.shipping_vat_rate = standard
    return goods, {row.line_number: position for position, row in enumerate(sold, start=1)}


def _line(row: Row, customer: Customer | None, market: Market) -> NewLine:
    kind = kind_of(row)
    # The same article always weighs the same and lies on the same shelf, in either spelling.
    known = crc32(row.code.upper().encode())
    pieces = max(row.quantity, 0) if kind == OrderLine.Kind.PHYSICAL else 0
    return NewLine(
        sku=row.code,
        name=row.description,
        quantity=Decimal(row.quantity),
        unit_price=row.price * market.per_pound,
        vat_rate=vat_rate(row.description, customer, market),
        kind=kind,
        location=f"{'ABCDEFGH'[known % 8]}-{known // 8 % 24 + 1:02d}-{known // 192 % 5 + 1}" if pieces else "",
        weight_g=pieces * (20 + known % 480),
        volume_cm3=pieces * (60 + known % 1900),
    )


def kind_of(row: Row) -> str:
    if row.code in FEES:
        return OrderLine.Kind.FEE
    return OrderLine.Kind.GIFT_CARD if row.code.startswith(VOUCHER) else OrderLine.Kind.PHYSICAL


def vat_rate(description: str, customer: Customer | None, market: Market) -> Decimal:
    """The percentage: that of the home country, the consumer's country in the EU, else none."""
    country = customer.billing.country if customer else ""
    if not country or country == market.seller:
        return Decimal(_home_rate(description, market.seller))
    if country not in STANDARD_RATES or (customer and customer.vat_number):
        return Decimal(0)
    return Decimal(STANDARD_RATES[country])


def _home_rate(description: str, home: str) -> int:
    reduced = REDUCED_RATES.get(home, {})
    words = f"{description.upper()} "
    for subject, signs in (("food", FOOD), ("books", BOOKS)):
        if subject in reduced and any(sign in words for sign in signs):
            return reduced[subject]
    return STANDARD_RATES.get(home, 20)
