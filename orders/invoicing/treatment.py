"""Why a line carries the VAT that it does: the category of EN 16931 and the words the law wants.

Codes are those of UNTDID 5305 and of the EU's list of exemption reasons (VATEX). What rate was charged is decided
where the order was made; this only says what a rate of zero means, by who sold what from where to where.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.invoicing.vat_numbers import EU, country_of
from orders.models import OrderLine


class Category(StrEnum):
    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"


@dataclass(frozen=True)
class Treatment:
    """A category with its reason, as a VATEX code where there is one and as a sentence for the paper."""

    category: Category
    reason: str | Promise = ""
    code: str = ""


STANDARD = Treatment(Category.STANDARD)
ZERO = Treatment(Category.ZERO)
SMALL_BUSINESS = Treatment(
    Category.EXEMPT, _("Exempt from VAT under the scheme for small enterprises (Directive 2006/112/EC, Article 284).")
)
VOUCHER = Treatment(
    Category.EXEMPT, _("Multi-purpose voucher: VAT is due when it is redeemed (Directive 2006/112/EC, Article 30b).")
)
REVERSE_CHARGE = Treatment(
    Category.REVERSE_CHARGE,
    _("Reverse charge: VAT is due by the customer (Directive 2006/112/EC, Article 196)."),
    "VATEX-EU-AE",
)
INTRA_COMMUNITY = Treatment(
    Category.INTRA_COMMUNITY,
    _("Intra-Community supply, exempt from VAT (Directive 2006/112/EC, Article 138)."),
    "VATEX-EU-IC",
)
EXPORT = Treatment(
    Category.EXPORT,
    _("Export of goods, exempt from VAT (Directive 2006/112/EC, Article 146)."),
    "VATEX-EU-G",
)
EXPORT_FROM_OUTSIDE_EU = Treatment(Category.EXPORT, _("Export of goods, exempt from VAT."), "VATEX-EU-G")
SERVICE_ABROAD = Treatment(
    Category.EXEMPT, _("Service supplied outside the EU, not subject to VAT here (Directive 2006/112/EC, Article 59).")
)
GOODS = {OrderLine.Kind.PHYSICAL}


@dataclass(frozen=True)
class Sale:
    """Who sells from where (ISO 3166 alpha-2) to where; `has_goods` is False when nothing but services is sold."""

    seller_country: str
    seller_vat_number: str
    delivery_country: str
    buyer_vat_number: str
    is_small_business: bool = False
    has_goods: bool = True

    @property
    def is_abroad(self) -> bool:
        return self.delivery_country not in {"", self.seller_country}

    @property
    def is_to_business_abroad(self) -> bool:
        """From one EU country to a business with a VAT number of another one; both must have theirs."""
        buyer = country_of(self.buyer_vat_number)
        return (
            self.is_abroad
            and {self.seller_country, self.delivery_country} <= EU
            and bool(self.seller_vat_number)
            and buyer in EU
            and buyer != self.seller_country
        )


def treatment_of(rate: Decimal, kind: str, sale: Sale) -> Treatment:
    """What VAT of `rate` percent on a line of that kind means.

    Shipping cost and fees go with what is sold: kind is FEE, and they are goods when anything in the order is.
    """
    if rate:
        return STANDARD
    if sale.is_small_business:
        return SMALL_BUSINESS
    if kind == OrderLine.Kind.GIFT_CARD:
        return VOUCHER
    is_goods = kind in GOODS or (kind == OrderLine.Kind.FEE and sale.has_goods)
    if sale.is_to_business_abroad:
        return INTRA_COMMUNITY if is_goods else REVERSE_CHARGE
    if sale.is_abroad and not (sale.seller_country in EU and sale.delivery_country in EU):
        return _abroad(sale, is_goods=is_goods)
    return ZERO


def _abroad(sale: Sale, *, is_goods: bool) -> Treatment:
    if not is_goods:
        return SERVICE_ABROAD
    return EXPORT if sale.seller_country in EU else EXPORT_FROM_OUTSIDE_EU
