"""An invoice on its page: what it says, what followed, and whether its papers are made."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders import display
from orders.invoicing.stored import from_json
from orders.models import Invoice, InvoiceFile


@dataclass(frozen=True)
class LineOfInvoice:
    name: str
    about: str
    quantity: str
    price: str
    vat_rate: str
    total: str


@dataclass(frozen=True)
class InvoicePage:
    """Amounts as they stand on the paper: of a credit note, what is given back."""

    lines: list[LineOfInvoice]
    rates: list[tuple[str, str, str, str]]
    totals: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    notes: list[str]
    reason: str
    file: InvoiceFile


def invoice_page(invoice: Invoice) -> InvoicePage:
    """With one query: for the file, without its bytes."""
    data = from_json(invoice.data)
    said, currency = data["invoice"], invoice.currency
    file = InvoiceFile.objects.defer("pdf").get(invoice=invoice)
    return InvoicePage(
        lines=[_line(line, data, currency) for line in said["lines"]],
        rates=[
            (
                display.rate(row["rate"]),
                display.money(row["ex"], currency),
                display.money(row["vat"], currency),
                display.money(row["incl"], currency),
            )
            for row in said["vat"]
        ],
        totals=_totals(said["totals"], currency, is_credit_note=invoice.is_credit_note),
        facts=_facts(invoice, said, file),
        notes=[note["text"] for note in said["notes"]],
        reason=said["reason"],
        file=file,
    )


def _line(line: dict, data: dict, currency: str) -> LineOfInvoice:
    has_vat = data["order"]["totals"]["prices_include_vat"]
    about = [line["sku"] if line["name"] else "", line["options"]]
    if line["discount"]:
        about.append(_("discount %(amount)s") % {"amount": display.money(line["discount"], currency)})
    return LineOfInvoice(
        name=line["name"] or line["sku"] or _("No description"),
        about=" · ".join(filter(None, about)),
        quantity=display.quantity(line["quantity"]),
        price=display.price(line["unit_price"] if has_vat else line["unit_price_ex"], currency),
        vat_rate=display.rate(line["vat_rate"]),
        total=display.money(line["total"] if has_vat else line["total_ex"], currency),
    )


def _totals(totals: dict, currency: str, *, is_credit_note: bool) -> list[tuple[str, str]]:
    rows = [(_("Total excl. VAT"), totals["ex"]), (_("VAT"), totals["vat"]), (_("Total incl. VAT"), totals["incl"])]
    if totals["paid"]:
        rows.append((_("Given back") if is_credit_note else _("Paid when issued"), totals["paid"]))
    if totals["open"]:
        rows.append((_("To be given back") if is_credit_note else _("Open when issued"), totals["open"]))
    return [(label, display.money(amount, currency)) for label, amount in rows]


def _facts(invoice: Invoice, said: dict, file: InvoiceFile) -> list[tuple[str, str]]:
    zone = invoice.shop.zone
    facts = [
        (_("Issued"), display.date_time(invoice.issued_at, zone)),
        (_("By"), _("System") if invoice.issued_by == "System" else invoice.issued_by),
        (_("Date of supply"), display.day(said["supplied_on"])),
        (_("Customer"), invoice.customer_name),
        (_("Language"), display.language_name(invoice.language)),
        (_("Series"), f"{invoice.series} · {invoice.sequence}"),
    ]
    if said["due_on"]:
        facts.append((_("Due on"), display.day(said["due_on"])))
    if file.made_at:
        facts.append((_("Layout"), file.layout))
        facts.append((_("Paper made"), display.date_time(file.made_at, zone)))
    return [(label, value) for label, value in facts if value]
