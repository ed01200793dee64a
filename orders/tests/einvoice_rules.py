"""The business rules of EN 16931 that an e-invoice's numbers must keep, read from its XML by nothing of ours.

Source: CEN/TC 434, EN 16931-1, section 6.4, and the published validation artefacts; tolerances are those of the
artefacts. `official_rules` runs the artefacts themselves; these here are read by another hand, and quicker.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from lxml import etree

CII = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
CENT = Decimal("0.01")


@dataclass
class Numbers:
    """What an e-invoice says in numbers: {(category, rate): amount}, and its totals."""

    lines: list[tuple[str, Decimal, Decimal, Decimal, Decimal, Decimal]] = field(default_factory=list)
    charges: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)
    taxes: dict[tuple[str, Decimal], tuple[Decimal, Decimal, str]] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    seller_vat: str = ""
    buyer_vat: str = ""
    deliver_to: str = ""
    has_due: bool = False


def read_cii(xml: bytes) -> Numbers:
    root = etree.fromstring(xml)

    def one(at, path, default=""):
        found = at.xpath(path, namespaces=CII)
        return found[0].text if found else default

    def amount(at, path):
        return Decimal(one(at, path, "0"))

    numbers = Numbers()
    for line in root.iterfind(".//ram:IncludedSupplyChainTradeLineItem", CII):
        tax = line.find(".//ram:SpecifiedLineTradeSettlement/ram:ApplicableTradeTax", CII)
        numbers.lines.append(
            (
                one(tax, "ram:CategoryCode"),
                amount(tax, "ram:RateApplicablePercent"),
                amount(line, ".//ram:BilledQuantity"),
                amount(line, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount"),
                amount(line, ".//ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount"),
                amount(line, ".//ram:LineTotalAmount"),
            )
        )
    settlement = root.find(".//ram:ApplicableHeaderTradeSettlement", CII)
    for charge in settlement.iterfind("ram:SpecifiedTradeAllowanceCharge", CII):
        sign = 1 if one(charge, "ram:ChargeIndicator/udt:Indicator") == "true" else -1
        tax = charge.find("ram:CategoryTradeTax", CII)
        numbers.charges.append(
            (
                one(tax, "ram:CategoryCode"),
                amount(tax, "ram:RateApplicablePercent"),
                sign * amount(charge, "ram:ActualAmount"),
            )
        )
    for tax in settlement.iterfind("ram:ApplicableTradeTax", CII):
        reason = one(tax, "ram:ExemptionReason") or one(tax, "ram:ExemptionReasonCode")
        place = one(tax, "ram:CategoryCode"), amount(tax, "ram:RateApplicablePercent")
        assert place not in numbers.taxes
        numbers.taxes[place] = amount(tax, "ram:BasisAmount"), amount(tax, "ram:CalculatedAmount"), reason
    totals = settlement.find("ram:SpecifiedTradeSettlementHeaderMonetarySummation", CII)
    for name, path in {
        "lines": "ram:LineTotalAmount",
        "charges": "ram:ChargeTotalAmount",
        "allowances": "ram:AllowanceTotalAmount",
        "ex": "ram:TaxBasisTotalAmount",
        "vat": "ram:TaxTotalAmount",
        "incl": "ram:GrandTotalAmount",
        "paid": "ram:TotalPrepaidAmount",
        "due": "ram:DuePayableAmount",
    }.items():
        numbers.totals[name] = amount(totals, path)
    numbers.seller_vat = one(root, ".//ram:SellerTradeParty//ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']")
    numbers.buyer_vat = one(root, ".//ram:BuyerTradeParty//ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']")
    numbers.deliver_to = one(root, ".//ram:ShipToTradeParty//ram:CountryID")
    numbers.has_due = bool(one(settlement, ".//ram:DueDateDateTime/udt:DateTimeString"))
    numbers.has_due |= bool(one(settlement, "ram:SpecifiedTradePaymentTerms/ram:Description"))
    return numbers


def read_ubl(xml: bytes) -> Numbers:
    root = etree.fromstring(xml)

    def one(at, path, default=""):
        found = at.xpath(path, namespaces=UBL)
        return found[0].text if found else default

    def amount(at, path):
        return Decimal(one(at, path, "0"))

    numbers = Numbers()
    for line in root.xpath("cac:InvoiceLine | cac:CreditNoteLine", namespaces=UBL):
        numbers.lines.append(
            (
                one(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
                amount(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent"),
                amount(line, "cbc:InvoicedQuantity | cbc:CreditedQuantity"),
                amount(line, "cac:Price/cbc:PriceAmount"),
                amount(line, "cac:AllowanceCharge/cbc:Amount"),
                amount(line, "cbc:LineExtensionAmount"),
            )
        )
    for charge in root.iterfind("cac:AllowanceCharge", UBL):
        sign = 1 if one(charge, "cbc:ChargeIndicator") == "true" else -1
        numbers.charges.append(
            (
                one(charge, "cac:TaxCategory/cbc:ID"),
                amount(charge, "cac:TaxCategory/cbc:Percent"),
                sign * amount(charge, "cbc:Amount"),
            )
        )
    for tax in root.iterfind("cac:TaxTotal/cac:TaxSubtotal", UBL):
        category = tax.find("cac:TaxCategory", UBL)
        reason = one(category, "cbc:TaxExemptionReason") or one(category, "cbc:TaxExemptionReasonCode")
        place = one(category, "cbc:ID"), amount(category, "cbc:Percent")
        numbers.taxes[place] = amount(tax, "cbc:TaxableAmount"), amount(tax, "cbc:TaxAmount"), reason
    totals = root.find("cac:LegalMonetaryTotal", UBL)
    for name, path in {
        "lines": "cbc:LineExtensionAmount",
        "charges": "cbc:ChargeTotalAmount",
        "allowances": "cbc:AllowanceTotalAmount",
        "ex": "cbc:TaxExclusiveAmount",
        "incl": "cbc:TaxInclusiveAmount",
        "paid": "cbc:PrepaidAmount",
        "due": "cbc:PayableAmount",
    }.items():
        numbers.totals[name] = amount(totals, path)
    numbers.totals["vat"] = amount(root, "cac:TaxTotal[1]/cbc:TaxAmount")
    party = "//cac:Party/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID"
    numbers.seller_vat = one(root, f"cac:AccountingSupplierParty{party}")
    numbers.buyer_vat = one(root, f"cac:AccountingCustomerParty{party}")
    numbers.deliver_to = one(root, "cac:Delivery//cac:Country/cbc:IdentificationCode")
    numbers.has_due = bool(one(root, "cbc:DueDate") or one(root, "cac:PaymentTerms/cbc:Note"))
    return numbers


def broken_rules(numbers: Numbers) -> list[str]:
    """The rules that are broken, by their numbers in the standard."""
    totals, broken = numbers.totals, []

    def rule(name: str, holds: bool) -> None:
        if not holds:
            broken.append(name)

    net: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for category, rate, quantity, price, allowance, total in numbers.lines:
        rule("BR-27 price below zero", price >= 0)
        # Artefacts of PEPPOL ask for the line's sum to the cent too (R120).
        rule("R120 line total", abs((quantity * price).quantize(CENT) - allowance - total) <= CENT)
        net[category, rate] += total
    for category, rate, amount in numbers.charges:
        net[category, rate] += amount
    rule("BR-16 at least one line", bool(numbers.lines))
    rule("BR-CO-10", totals["lines"] == sum(line[-1] for line in numbers.lines))
    rule("BR-CO-11", totals["allowances"] == -sum(each[-1] for each in numbers.charges if each[-1] < 0))
    rule("BR-CO-12", totals["charges"] == sum(each[-1] for each in numbers.charges if each[-1] > 0))
    rule("BR-CO-13", totals["ex"] == totals["lines"] - totals["allowances"] + totals["charges"])
    rule("BR-CO-14", totals["vat"] == sum(vat for _net, vat, _reason in numbers.taxes.values()))
    rule("BR-CO-15", totals["incl"] == totals["ex"] + totals["vat"])
    rule("BR-CO-16", totals["due"] == totals["incl"] - totals["paid"])
    rule("BR-CO-18", bool(numbers.taxes))
    rule("BR-CO-25", totals["due"] <= 0 or numbers.has_due)
    rule("BR-S-08 and its like", {place: amount[0] for place, amount in numbers.taxes.items()} == dict(net))
    for (category, rate), (basis, vat, reason) in numbers.taxes.items():
        rule("BR-CO-17", abs(vat - basis * rate / 100) < 1)
        rule("BR-S-05 and its like: rate", (rate > 0) == (category == "S"))
        rule("BR-S-10, BR-Z-10, BR-E-10 …: reason", bool(reason) == (category not in {"S", "Z"}))
        if category in {"AE", "K", "G"}:
            rule("BR-AE-02 and its like: seller", bool(numbers.seller_vat))
        if category in {"AE", "K"}:
            rule("BR-AE-02 and its like: buyer", bool(numbers.buyer_vat))
        if category == "K":
            rule("BR-IC-12", bool(numbers.deliver_to))
    return broken
