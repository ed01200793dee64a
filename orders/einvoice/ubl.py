"""An e-invoice as UBL 2.1, in the core of EN 16931 (CEN/TS 16931-3-2): what accounting programs import."""

from datetime import date
from decimal import Decimal

from lxml import etree

from orders.einvoice.document import DISCOUNT, PIECE, Address, EInvoice, Line, Party, Tax, TaxTotal

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
CAC, CBC = f"{_UBL}CommonAggregateComponents-2", f"{_UBL}CommonBasicComponents-2"
CUSTOMIZATION = "urn:cen.eu:en16931:2017"
VAT = "VAT"


def ubl(invoice: EInvoice) -> bytes:
    """The XML: root Invoice, or CreditNote for what gives money back."""
    kind = "CreditNote" if invoice.is_credit_note else "Invoice"
    namespace = f"{_UBL}{kind}-2"
    root = etree.Element(f"{{{namespace}}}{kind}", nsmap={None: namespace, "cac": CAC, "cbc": CBC})
    _Writer(root, invoice).write()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


class _Writer:
    """Writes the elements in the order in which the schema wants them."""

    def __init__(self, root: etree._Element, invoice: EInvoice):
        self.root = root
        self.invoice = invoice

    def write(self) -> None:
        invoice, root = self.invoice, self.root
        _text(root, "CustomizationID", CUSTOMIZATION)
        _text(root, "ID", invoice.number)
        _text(root, "IssueDate", invoice.issued_on)
        if invoice.due_on and not invoice.is_credit_note:
            _text(root, "DueDate", invoice.due_on)
        _text(root, "CreditNoteTypeCode" if invoice.is_credit_note else "InvoiceTypeCode", invoice.code)
        for note in invoice.notes:
            _text(root, "Note", note)
        _text(root, "DocumentCurrencyCode", invoice.currency)
        if invoice.tax_currency:
            _text(root, "TaxCurrencyCode", invoice.tax_currency)
        order = _group(root, "OrderReference")
        _text(order, "ID", invoice.order_number)
        _text(order, "SalesOrderID", invoice.order_number)
        if invoice.corrects:
            self._corrects()
        self._party("AccountingSupplierParty", invoice.seller)
        self._party("AccountingCustomerParty", invoice.buyer)
        self._delivery()
        self._payment()
        for charge in invoice.charges:
            self._allowance_or_charge(root, charge.amount, charge.reason, charge.code, charge.tax)
        self._taxes()
        self._totals()
        for line in invoice.lines:
            self._line(line)

    def _corrects(self) -> None:
        reference = _group(_group(self.root, "BillingReference"), "InvoiceDocumentReference")
        _text(reference, "ID", self.invoice.corrects)
        if self.invoice.corrects_on:
            _text(reference, "IssueDate", self.invoice.corrects_on)

    def _party(self, name: str, party: Party) -> None:
        element = _group(_group(self.root, name), "Party")
        if party.email:
            _text(element, "EndpointID", party.email, schemeID="EM")
        if party.trade_name:
            _text(_group(element, "PartyName"), "Name", party.trade_name)
        _address(_group(element, "PostalAddress"), party.address)
        for scheme, number in ((VAT, party.vat_number), ("TAX", party.tax_number)):
            if number:
                tax = _group(element, "PartyTaxScheme")
                _text(tax, "CompanyID", number)
                _text(_group(tax, "TaxScheme"), "ID", scheme)
        legal = _group(element, "PartyLegalEntity")
        _text(legal, "RegistrationName", party.name)
        if party.registration_number:
            _text(legal, "CompanyID", party.registration_number)
        if party.contact:
            contact = _group(element, "Contact")
            _text(contact, "Name", party.contact)
            if party.phone:
                _text(contact, "Telephone", party.phone)
            if party.email:
                _text(contact, "ElectronicMail", party.email)

    def _delivery(self) -> None:
        delivery = _group(self.root, "Delivery")
        _text(delivery, "ActualDeliveryDate", self.invoice.supplied_on)
        if self.invoice.deliver_to is not None:
            to = self.invoice.deliver_to
            _address(_group(_group(delivery, "DeliveryLocation"), "Address"), to.address)
            if to.name:
                _text(_group(_group(delivery, "DeliveryParty"), "PartyName"), "Name", to.name)

    def _payment(self) -> None:
        invoice = self.invoice
        means = _group(self.root, "PaymentMeans")
        _text(means, "PaymentMeansCode", invoice.payment_code)
        _text(means, "PaymentID", invoice.number)
        if invoice.iban and not invoice.is_credit_note:
            account = _group(means, "PayeeFinancialAccount")
            _text(account, "ID", invoice.iban)
            if invoice.bic:
                _text(_group(account, "FinancialInstitutionBranch"), "ID", invoice.bic)
        if invoice.payment_terms:
            _text(_group(self.root, "PaymentTerms"), "Note", invoice.payment_terms)

    def _allowance_or_charge(
        self, parent: etree._Element, amount: Decimal, reason: str, code: str, tax: Tax | None
    ) -> None:
        """An allowance where `amount` is below zero; on a line it takes the line's tax."""
        element = _group(parent, "AllowanceCharge")
        _text(element, "ChargeIndicator", "true" if amount > 0 else "false")
        if amount > 0 or tax is None:
            _text(element, "AllowanceChargeReasonCode", code)
        if reason:
            _text(element, "AllowanceChargeReason", reason)
        self._amount(element, "Amount", abs(amount))
        if tax is not None:
            _tax(element, "TaxCategory", tax)

    def _taxes(self) -> None:
        total = _group(self.root, "TaxTotal")
        self._amount(total, "TaxAmount", self.invoice.total_vat)
        for each in self.invoice.taxes:
            self._subtotal(total, each)
        if self.invoice.tax_currency:
            other = _group(self.root, "TaxTotal")
            self._amount(other, "TaxAmount", self.invoice.vat_in_tax_currency, self.invoice.tax_currency)

    def _subtotal(self, parent: etree._Element, total: TaxTotal) -> None:
        subtotal = _group(parent, "TaxSubtotal")
        self._amount(subtotal, "TaxableAmount", total.net)
        self._amount(subtotal, "TaxAmount", total.vat)
        _tax(subtotal, "TaxCategory", total.tax, total.reason, total.reason_code)

    def _totals(self) -> None:
        invoice = self.invoice
        totals = _group(self.root, "LegalMonetaryTotal")
        for name, amount in (
            ("LineExtensionAmount", invoice.lines_net),
            ("TaxExclusiveAmount", invoice.total_ex),
            ("TaxInclusiveAmount", invoice.total),
            ("AllowanceTotalAmount", invoice.allowances_total),
            ("ChargeTotalAmount", invoice.charges_total),
            ("PrepaidAmount", invoice.paid),
            ("PayableAmount", invoice.due),
        ):
            self._amount(totals, name, amount)

    def _line(self, line: Line) -> None:
        is_credit = self.invoice.is_credit_note
        element = _group(self.root, "CreditNoteLine" if is_credit else "InvoiceLine")
        _text(element, "ID", line.number)
        _text(element, "CreditedQuantity" if is_credit else "InvoicedQuantity", _plain(line.quantity), unitCode=PIECE)
        self._amount(element, "LineExtensionAmount", line.net)
        if line.allowance:
            self._allowance_or_charge(element, -line.allowance, "", DISCOUNT, None)
        item = _group(element, "Item")
        if line.description:
            _text(item, "Description", line.description)
        _text(item, "Name", line.name)
        if line.sku:
            _text(_group(item, "SellersItemIdentification"), "ID", line.sku)
        _tax(item, "ClassifiedTaxCategory", line.tax)
        price = _group(element, "Price")
        _text(price, "PriceAmount", _plain(line.price), currencyID=self.invoice.currency)

    def _amount(self, parent: etree._Element, name: str, amount: Decimal, currency: str = "") -> None:
        _text(parent, name, f"{amount:.2f}", currencyID=currency or self.invoice.currency)


def _group(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def _text(parent: etree._Element, name: str, value: str | date, **attributes: str) -> None:
    element = etree.SubElement(parent, f"{{{CBC}}}{name}", attributes)
    element.text = value.isoformat() if isinstance(value, date) else value


def _address(element: etree._Element, address: Address) -> None:
    for name, value in (
        ("StreetName", address.street),
        ("AdditionalStreetName", address.extra),
        ("CityName", address.city),
        ("PostalZone", address.postcode),
        ("CountrySubentity", address.region),
    ):
        if value:
            _text(element, name, value)
    _text(_group(element, "Country"), "IdentificationCode", address.country)


def _tax(parent: etree._Element, name: str, tax: Tax, reason: str = "", reason_code: str = "") -> None:
    category = _group(parent, name)
    _text(category, "ID", tax.category)
    _text(category, "Percent", f"{tax.rate:.2f}")
    if reason_code:
        _text(category, "TaxExemptionReasonCode", reason_code)
    if reason:
        _text(category, "TaxExemptionReason", reason)
    _text(_group(category, "TaxScheme"), "ID", VAT)


def _plain(number: Decimal) -> str:
    """Without zeros at its end and never with an exponent: 100, not 1E+2."""
    return f"{number.normalize():f}"
