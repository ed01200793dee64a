"""An e-invoice as UN/CEFACT Cross Industry Invoice, in the profile EN 16931 of Factur-X and ZUGFeRD."""

from drafthorse.models.accounting import ApplicableTradeTax, CategoryTradeTax, TradeAllowanceCharge
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import PostalTradeAddress, TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from orders.einvoice.document import (
    DISCOUNT,
    PIECE,
    Address,
    Charge,
    EInvoice,
    Line,
    Party,
    Tax,
    TaxTotal,
)

GUIDELINE = "urn:cen.eu:en16931:2017"
SCHEMA = "FACTUR-X_EN16931"


def cii(invoice: EInvoice) -> bytes:
    """The XML, validated against the schema. Raises lxml's DocumentInvalid for what no invoice of ours can be."""
    document = Document()
    document.context.guideline_parameter.id = GUIDELINE
    document.header.id = invoice.number
    document.header.type_code = invoice.code
    document.header.issue_date_time = invoice.issued_on
    for text in invoice.notes:
        note = IncludedNote()
        note.content = text
        document.header.notes.add(note)
    for line in invoice.lines:
        document.trade.items.add(_line(line))
    _agreement(document.trade.agreement, invoice)
    _delivery(document.trade.delivery, invoice)
    _settlement(document.trade.settlement, invoice)
    return document.serialize(schema=SCHEMA)


def _agreement(agreement, invoice: EInvoice) -> None:
    _party(agreement.seller, invoice.seller)
    _party(agreement.buyer, invoice.buyer)
    agreement.seller_order.issuer_assigned_id = invoice.order_number


def _delivery(delivery, invoice: EInvoice) -> None:
    if invoice.deliver_to is not None:
        if invoice.deliver_to.name:
            delivery.ship_to.name = invoice.deliver_to.name
        _address(delivery.ship_to.address, invoice.deliver_to.address)
    delivery.event.occurrence = invoice.supplied_on


def _settlement(settlement, invoice: EInvoice) -> None:
    settlement.payment_reference = invoice.number
    settlement.currency_code = invoice.currency
    if invoice.tax_currency:
        settlement.tax_currency_code = invoice.tax_currency
    settlement.payment_means.add(_payment_means(invoice))
    for total in invoice.taxes:
        settlement.trade_tax.add(_tax_total(total))
    for charge in invoice.charges:
        settlement.allowance_charge.add(_charge(charge))
    if invoice.due_on or invoice.payment_terms:
        settlement.terms.add(_terms(invoice))
    _summation(settlement.monetary_summation, invoice)
    if invoice.corrects:
        settlement.invoice_referenced_document.issuer_assigned_id = invoice.corrects
        if invoice.corrects_on:
            settlement.invoice_referenced_document.issue_date_time = invoice.corrects_on


def _summation(summation, invoice: EInvoice) -> None:
    summation.line_total = invoice.lines_net
    summation.charge_total = invoice.charges_total
    summation.allowance_total = invoice.allowances_total
    summation.tax_basis_total = invoice.total_ex
    summation.tax_total = (invoice.total_vat, invoice.currency)
    if invoice.tax_currency:
        summation.tax_total_other_currency.add((invoice.vat_in_tax_currency, invoice.tax_currency))
    summation.grand_total = invoice.total
    summation.prepaid_total = invoice.paid
    summation.due_amount = invoice.due


def _line(line: Line) -> LineItem:
    item = LineItem()
    item.document.line_id = line.number
    item.product.name = line.name
    if line.sku:
        item.product.seller_assigned_id = line.sku
    if line.description:
        item.product.description = line.description
    item.agreement.net.amount = _plain(line.price)
    item.delivery.billed_quantity = (_plain(line.quantity), PIECE)
    tax = item.settlement.trade_tax
    tax.type_code = "VAT"
    tax.category_code = line.tax.category
    tax.rate_applicable_percent = line.tax.rate
    if line.allowance:
        allowance = TradeAllowanceCharge()
        allowance.indicator = False
        allowance.actual_amount = line.allowance
        allowance.reason_code = DISCOUNT
        item.settlement.allowance_charge.add(allowance)
    item.settlement.monetary_summation.total_amount = line.net
    return item


def _party(element: TradeParty, party: Party) -> None:
    element.name = party.name
    if party.registration_number:
        element.legal_organization.id = party.registration_number
    if party.trade_name:
        element.legal_organization.trade_name = party.trade_name
    if party.contact:
        element.contact.person_name = party.contact
        if party.phone:
            element.contact.telephone.number = party.phone
        if party.email:
            element.contact.email.address = party.email
    _address(element.address, party.address)
    if party.email:
        element.electronic_address.uri_ID = ("EM", party.email)
    for scheme, number in (("VA", party.vat_number), ("FC", party.tax_number)):
        if number:
            registration = TaxRegistration()
            registration.id = (scheme, number)
            element.tax_registrations.add(registration)


def _address(element: PostalTradeAddress, address: Address) -> None:
    for name, value in (
        ("postcode", address.postcode),
        ("line_one", address.street),
        ("line_two", address.extra),
        ("city_name", address.city),
        ("country_id", address.country),
        ("country_subdivision", address.region),
    ):
        if value:
            setattr(element, name, value)


def _payment_means(invoice: EInvoice) -> PaymentMeans:
    means = PaymentMeans()
    means.type_code = invoice.payment_code
    if invoice.iban and not invoice.is_credit_note:
        means.payee_account.iban = invoice.iban
        if invoice.bic:
            means.payee_institution.bic = invoice.bic
    return means


def _terms(invoice: EInvoice) -> PaymentTerms:
    terms = PaymentTerms()
    if invoice.payment_terms:
        terms.description = invoice.payment_terms
    if invoice.due_on:
        terms.due = invoice.due_on
    return terms


def _tax_total(total: TaxTotal) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount = total.vat
    tax.type_code = "VAT"
    if total.reason:
        tax.exemption_reason = total.reason
    tax.basis_amount = total.net
    tax.category_code = total.tax.category
    if total.reason_code:
        tax.exemption_reason_code = total.reason_code
    tax.rate_applicable_percent = total.tax.rate
    return tax


def _charge(charge: Charge) -> TradeAllowanceCharge:
    element = TradeAllowanceCharge()
    element.indicator = charge.amount > 0
    element.actual_amount = abs(charge.amount)
    if charge.amount > 0:
        element.reason_code = charge.code
    element.reason = charge.reason
    element.trade_tax.add(_category(charge.tax))
    return element


def _category(tax: Tax) -> CategoryTradeTax:
    element = CategoryTradeTax()
    element.type_code = "VAT"
    element.category_code = tax.category
    element.rate_applicable_percent = tax.rate
    return element


def _plain(number):
    """Without zeros at its end and never with an exponent: 100, not 1E+2."""
    number = number.normalize()
    return number.quantize(1) if number == number.to_integral_value() else number
