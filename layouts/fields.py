"""The fields of an order, an invoice and label sheets, as layouts and mail texts see them.

Amounts have two places in the order's currency, unit prices four; a VAT rate is a percentage; times are aware and in
the shop's zone. What is not there is None, an empty text or an empty list: a name is never missing.
"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from layouts.fields_tree import Field, FieldList, Shape

__all__ = ["INVOICE_FIELDS", "LABEL_FIELDS", "ORDER_FIELDS", "ROUND_FIELDS", "SAMPLE", "Field", "FieldList", "Shape"]

_ZONE = ZoneInfo("Europe/Amsterdam")


def _text(name: str, description: str, sample: str = "") -> Field:
    return Field(name, description, sample)


def _amount(name: str, description: str, sample: str) -> Field:
    return Field(name, description, Decimal(sample), Shape.AMOUNT)


def _number(name: str, description: str, sample: int | str) -> Field:
    return Field(name, description, Decimal(sample) if isinstance(sample, str) else sample, Shape.NUMBER)


def _percent(name: str, description: str, sample: str) -> Field:
    return Field(name, description, Decimal(sample), Shape.PERCENT)


def _time(name: str, description: str, *sample: int) -> Field:
    year, month, day, hour, minute = sample
    return Field(name, description, datetime(year, month, day, hour, minute, tzinfo=_ZONE), Shape.TIME)


def _date(name: str, description: str, sample: date | None) -> Field:
    return Field(name, description, sample, Shape.DATE)


def _flag(name: str, description: str, sample: bool) -> Field:
    return Field(name, description, sample, Shape.FLAG)


def _group(name: str, description: str, *fields: Field) -> Field:
    return Field(name, description, None, Shape.GROUP, fields)


def _list(name: str, description: str, *fields: Field, rows: tuple[dict[str, object], ...] = ({},)) -> Field:
    return Field(name, description, None, Shape.LIST, fields, rows)


def _address(name: str, description: str, /, **sample: str) -> Field:
    return _group(
        name,
        description,
        _text("name", _("Name of the person"), sample.get("name", "")),
        _text("company", _("Company"), sample.get("company", "")),
        _text("street", _("Street and house number"), sample.get("street", "")),
        _text("extra", _("Second line of the address"), sample.get("extra", "")),
        _text("postcode", _("Postcode"), sample.get("postcode", "")),
        _text("city", _("City"), sample.get("city", "")),
        _text("region", _("State or region"), sample.get("region", "")),
        _text("country", _("Country, as a code of two letters"), sample.get("country", "")),
    )


_VAT = (
    _percent("rate", _("VAT rate"), "21.00"),
    _amount("ex", _("Amount without VAT at this rate"), "25.50"),
    _amount("vat", _("VAT at this rate"), "5.35"),
    _amount("incl", _("Amount with VAT at this rate"), "30.85"),
)
_VAT_ROWS: tuple[dict[str, object], ...] = (
    {},
    {"rate": Decimal("9.00"), "ex": Decimal("27.52"), "vat": Decimal("2.48"), "incl": Decimal("30.00")},
)

_LINE = (
    _text("status", _("Status of the line, as a fixed code"), "to_ship"),
    _text("label", _("Status of the line, as your shop calls it"), ""),
    _number("position", _("Place of the line in the cart"), 1),
    _text("kind", _("What the line is, as a fixed code"), "product"),
    _text("sku", _("Product number"), "MUG-BLUE"),
    _text("name", _("Name of the product"), "Mug, blue"),
    _text("options", _("Chosen options"), "Size: large"),
    _number("quantity", _("Quantity ordered"), "2.000"),
    _number("quantity_shipped", _("Quantity shipped so far"), "0.000"),
    _number("quantity_to_ship", _("Quantity still to ship"), "2.000"),
    _amount("unit_price_ex", _("Price of one without VAT"), "10.2893"),
    _amount("unit_price", _("Price of one with VAT"), "12.4500"),
    _percent("vat_rate", _("VAT rate of the line"), "21.00"),
    _amount("discount", _("Discount on the line"), "0.00"),
    _amount("total_ex", _("Total of the line without VAT"), "20.58"),
    _amount("total_vat", _("VAT of the line"), "4.32"),
    _amount("total", _("Total of the line with VAT"), "24.90"),
    _text("location", _("Place in the warehouse"), "A-03-2"),
    _number("weight_g", _("Weight of all pieces in grams"), 700),
    _number("volume_cm3", _("Volume of all pieces in cubic centimetres"), 1800),
    _flag("is_backordered", _("Whether the line waits for stock"), False),
    _date("expected_on", _("Day on which stock is expected"), None),
)

_SECOND_LINE: dict[str, object] = {
    "position": 2,
    "sku": "TEA-200",
    "name": "Green tea, loose, 200 g",
    "options": "",
    "quantity": Decimal("3.000"),
    "quantity_to_ship": Decimal("3.000"),
    "unit_price_ex": Decimal("9.1743"),
    "unit_price": Decimal("10.0000"),
    "vat_rate": Decimal("9.00"),
    "total_ex": Decimal("27.52"),
    "total_vat": Decimal("2.48"),
    "total": Decimal("30.00"),
    "location": "B-11-1",
    "weight_g": 660,
}

# On an invoice shipping is a line like any other.
_SHIPPING_LINE: dict[str, object] = {
    "position": 3,
    "sku": "",
    "name": "Standard delivery",
    "options": "",
    "quantity": Decimal("1.000"),
    "unit_price_ex": Decimal("4.9200"),
    "unit_price": Decimal("5.9500"),
    "vat_rate": Decimal("21.00"),
    "total_ex": Decimal("4.92"),
    "total_vat": Decimal("1.03"),
    "total": Decimal("5.95"),
}

_ON_AN_INVOICE = frozenset(
    [
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
    ]
)

_ORDER = _group(
    "order",
    _("The order"),
    _text("number", _("Order number"), "00012"),
    _text("external_id", _("Order number with the number of the shop"), "12345_00012"),
    _text("source", _("Where the order came from, as a fixed code"), "webshop"),
    _text("source_id", _("Number of the order where it came from"), ""),
    _time("placed_at", _("When the order was placed"), 2026, 3, 21, 18, 44),
    _group(
        "payment",
        _("Payment of the order"),
        _text("status", _("Payment status, as a fixed code"), "open"),
        _text("label", _("Payment status, as your shop calls it"), "Unpaid"),
        _text("method", _("Chosen payment method"), "Bank transfer"),
    ),
    _group(
        "fulfilment",
        _("Fulfilment of the order"),
        _text("status", _("Fulfilment status, as a fixed code"), "in_progress"),
        _text("label", _("Fulfilment status, as your shop calls it"), "In progress"),
        _text("method", _("Chosen shipping method"), "Standard delivery"),
    ),
    _group(
        "customer",
        _("The customer"),
        _text("name", _("Name of the customer"), "Sanne de Vries"),
        _text("company", _("Company of the customer"), ""),
        _text("email", _("E-mail address of the customer"), "sanne@example.org"),
        _text("phone", _("Phone number of the customer"), "+31 6 12345678"),
        _text("number", _("Customer number"), "C-1042"),
        _text("language", _("Language of the customer, as a code"), "nl"),
        _text("vat_number", _("VAT number of the customer"), ""),
    ),
    _address(
        "billing_address",
        _("Billing address"),
        name="Sanne de Vries",
        street="Prinsengracht 12",
        postcode="1015 DV",
        city="Amsterdam",
        country="NL",
    ),
    _address(
        "shipping_address",
        _("Shipping address"),
        name="Sanne de Vries",
        company="Studio De Vries",
        street="Oudegracht 101",
        postcode="3511 AE",
        city="Utrecht",
        country="NL",
    ),
    _flag("ships_elsewhere", _("Whether the shipping address is another than the billing address"), True),
    _text("customer_message", _("Words of the customer with the order"), "Please leave it with the neighbours."),
    _text("currency", _("Currency of the amounts, as a code"), "EUR"),
    _text("language", _("Language of the customer, as a code"), "nl"),
    _text(
        "status_url", _("Web address where the customer follows the order"), "https://shop.example/order/12345_00012"
    ),
    _number("weight_g", _("Weight of the order in grams"), 1360),
    _number("volume_cm3", _("Volume of the order in cubic centimetres"), 3600),
    _list("lines", _("The order lines, sorted as your shop wants it"), *_LINE, rows=({}, _SECOND_LINE)),
    _group(
        "totals",
        _("Totals of the order"),
        _flag("prices_include_vat", _("Whether the order was made up in prices with VAT"), True),
        _amount("lines", _("Total of the lines after discounts"), "54.90"),
        _amount("discount", _("Discount on the whole order"), "0.00"),
        _amount("shipping_cost", _("Shipping cost"), "5.95"),
        _percent("shipping_vat_rate", _("VAT rate of the shipping cost"), "21.00"),
        _amount("payment_fee", _("Payment fee"), "0.00"),
        _percent("payment_fee_vat_rate", _("VAT rate of the payment fee"), "21.00"),
        _amount("ex", _("Total without VAT"), "53.02"),
        _amount("vat", _("VAT in total"), "7.83"),
        _amount("incl", _("Total with VAT"), "60.85"),
        _amount("paid", _("Paid so far"), "0.00"),
        _amount("refunded", _("Given back so far"), "0.00"),
        _amount("open", _("Still to be paid"), "60.85"),
    ),
    _list(
        "vat",
        _("The VAT, one row for each rate"),
        *_VAT,
        rows=_VAT_ROWS,
    ),
    _list(
        "payments",
        _("Payments of the order"),
        _amount("amount", _("Amount of the payment"), "60.85"),
        _text("method", _("Method of the payment"), "Bank transfer"),
        _text("provider", _("Payment provider"), ""),
        _text("reference", _("Reference of the payment"), "RF18 0001 2"),
        _text("state", _("State of the payment, as a fixed code"), "pending"),
        _time("created_at", _("When the payment was begun"), 2026, 3, 21, 18, 45),
        _time("paid_at", _("When the payment came in"), 2026, 3, 21, 18, 46),
        rows=({"paid_at": None},),
    ),
    _list(
        "refunds",
        _("Refunds of the order"),
        _amount("amount", _("Amount of the refund"), "10.00"),
        _text("reason", _("Reason of the refund"), "Arrived broken"),
        _text("state", _("State of the refund, as a fixed code"), "paid_out"),
        _time("created_at", _("When the refund was decided"), 2026, 3, 25, 10, 0),
        _time("paid_out_at", _("When the refund was paid out"), 2026, 3, 25, 10, 30),
        rows=(),
    ),
    _list(
        "shipments",
        _("Shipments of the order"),
        _text("carrier", _("Carrier"), "PostNL"),
        _text("tracking_code", _("Tracking code"), "3SABCD1234567"),
        _text("tracking_url", _("Web address where the parcel is followed"), "https://carrier.example/3SABCD1234567"),
        _number("number_of_parcels", _("Number of parcels"), 1),
        _number("weight_g", _("Weight of the shipment in grams"), 1450),
        _time("shipped_at", _("When it was shipped"), 2026, 3, 22, 16, 5),
        _list(
            "lines",
            _("What is in the shipment"),
            _number("position", _("Place of the line in the cart"), 1),
            _text("sku", _("Product number"), "MUG-BLUE"),
            _text("name", _("Name of the product"), "Mug, blue"),
            _text("options", _("Chosen options"), "Size: large"),
            _number("quantity", _("Quantity in the shipment"), "2.000"),
        ),
    ),
    _list(
        "notes",
        _("Words of your shop to the customer"),
        _text("text", _("Text of the note"), "We put a small gift in the parcel."),
        _time("created_at", _("When the note was written"), 2026, 3, 22, 9, 15),
    ),
)

_SHOP = _group(
    "shop",
    _("Your shop"),
    _text("number", _("Number of the shop"), "12345"),
    _text("name", _("Name of the shop"), "The Gift Shop"),
    _text("company", _("Company"), "The Gift Shop B.V."),
    _text("vat_number", _("VAT number of the shop"), "NL001234567B01"),
    _text("registration_number", _("Company number"), "12345678"),
    _text("iban", _("Bank account (IBAN)"), "NL91ABNA0417164300"),
    _text("bic", _("Bank (BIC)"), "ABNANL2A"),
    _text("email", _("E-mail address of the shop"), "hello@gifts.example"),
    _text("phone", _("Phone number of the shop"), "+31 20 123 45 67"),
    _text("website", _("Website of the shop"), "https://gifts.example"),
    _group(
        "address",
        _("Address of the shop"),
        _text("street", _("Street and house number"), "Herengracht 1"),
        _text("postcode", _("Postcode"), "1015 BA"),
        _text("city", _("City"), "Amsterdam"),
        _text("country", _("Country, as a code of two letters"), "NL"),
    ),
    _text("currency", _("Currency of the shop, as a code"), "EUR"),
    _text("language", _("Language of the shop, as a code"), "nl"),
    _text("logo", _("Logo of the shop, for the src of an image"), ""),
)

_INVOICE = _group(
    "invoice",
    _("The invoice or credit note"),
    _text("number", _("Number of the invoice"), "F2026-00031"),
    _date("date", _("Date of the invoice"), date(2026, 3, 22)),
    _date("due_on", _("Day by which it is to be paid"), date(2026, 4, 5)),
    _text("kind", _("invoice or credit_note"), "invoice"),
    _date("supplied_on", _("Day on which the goods left"), date(2026, 3, 22)),
    _text("corrects", _("Number of the invoice that a credit note corrects"), ""),
    _text("reason", _("Why a credit note was issued"), ""),
    _list(
        "lines",
        _("The lines of the invoice, shipping cost and fees too"),
        *[each for each in _LINE if each.name in _ON_AN_INVOICE],
        rows=({}, {name: value for name, value in _SECOND_LINE.items() if name in _ON_AN_INVOICE}, _SHIPPING_LINE),
    ),
    _group(
        "totals",
        _("Totals of the invoice"),
        _amount("ex", _("Total without VAT"), "53.02"),
        _amount("vat", _("VAT in total"), "7.83"),
        _amount("incl", _("Total with VAT"), "60.85"),
        _amount("paid", _("Paid so far"), "0.00"),
        _amount("open", _("Still to be paid"), "60.85"),
    ),
    _list("vat", _("The VAT of the invoice, one row for each rate"), *_VAT, rows=_VAT_ROWS),
    _list(
        "notes",
        _("Texts that the law wants on this invoice"),
        _text("text", _("Text of the note"), "VAT reverse charged."),
        rows=(),
    ),
)

_LABELS = _list(
    "labels",
    _("The labels of a sheet, in the order in which they are stuck"),
    _flag("is_blank", _("Whether this label is left free, before the first"), False),
    _text("order_number", _("Order number"), "00012"),
    _text("shipping_method", _("Chosen shipping method"), "Standard delivery"),
    _text("tracking_code", _("Tracking code"), "3SABCD1234567"),
    _number("weight_g", _("Weight of the order in grams"), 1360),
    _address(
        "address",
        _("Shipping address"),
        name="Sanne de Vries",
        company="Studio De Vries",
        street="Oudegracht 101",
        postcode="3511 AE",
        city="Utrecht",
        country="NL",
    ),
)

_ROUND = _group(
    "round",
    _("What is picked for many orders at once"),
    _time("made_at", _("When the list was made"), 2026, 3, 22, 9, 0),
    _number("number_of_orders", _("Number of orders"), 2),
    _number("part", _("Which of the lists it is, when there are several"), 1),
    _number("number_of_parts", _("Number of lists"), 1),
    _list(
        "lines",
        _("One row for each article and place, in the order in which they are walked to"),
        _text("location", _("Place in the warehouse"), "A-03-2"),
        _text("sku", _("Product number"), "MUG-BLUE"),
        _text("name", _("Name of the product"), "Mug, blue"),
        _text("options", _("Chosen options"), "Size: large"),
        _number("quantity", _("Quantity for all orders together"), "5.000"),
        _text("orders", _("Numbers of the orders, with the quantity for each"), "00012 (2), 00013 (3)"),
    ),
)

ORDER_FIELDS = FieldList((_ORDER, _SHOP))
INVOICE_FIELDS = FieldList((_INVOICE,)) + ORDER_FIELDS
LABEL_FIELDS = FieldList((_LABELS, _SHOP))
ROUND_FIELDS = FieldList((_ROUND, _SHOP))

SAMPLE = INVOICE_FIELDS.sample()
