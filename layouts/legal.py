"""What an invoice must carry, by the country of the shop. What is missing is a warning, never a refusal.

Source: VAT directive 2006/112/EC, articles 226 and 219; in addition, for the Netherlands the trade register number
(Handelsregisterwet 2007, article 27), for Sweden the organisation number (aktiebolagslagen 28:5), for Belgium the
company number (WVV 2:20), for Germany the register number on business letters (GmbHG § 35a).
"""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from layouts.kinds import LEGAL_KINDS, Kind

EU = frozenset({"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}) | frozenset(
    {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
REGISTERED = frozenset({"NL", "SE", "BE", "DE"})


@dataclass(frozen=True)
class Duty:
    """What must be there, and the fields of which the layout names at least one."""

    label: str | Promise
    fields: tuple[str, ...]


EVERYWHERE = (
    Duty(_("the number of the invoice"), ("invoice.number",)),
    Duty(_("the date of the invoice"), ("invoice.date",)),
    Duty(_("the name of your company"), ("shop.company", "shop.name")),
    Duty(_("the address of your company"), ("shop.address",)),
    Duty(_("the name and address of the customer"), ("order.billing_address",)),
    Duty(_("what was bought, and how much of it"), ("invoice.lines", "order.lines")),
    Duty(_("the amount to be paid"), ("invoice.totals.incl", "order.totals.incl", "invoice.totals.open")),
)
IN_THE_EU = (
    Duty(_("your VAT number"), ("shop.vat_number",)),
    Duty(_("the amount of VAT"), ("invoice.totals.vat", "invoice.vat", "order.totals.vat", "order.vat")),
    Duty(_("the amounts without VAT for each rate"), ("invoice.vat", "order.vat")),
    Duty(_("the VAT number of a customer to whom VAT is shifted"), ("order.customer.vat_number",)),
    Duty(_("the texts that the law wants (such as “VAT reverse charged”)"), ("invoice.notes",)),
)
REGISTER_NUMBER = Duty(_("your company number"), ("shop.registration_number",))
CORRECTED = Duty(_("the number of the invoice that is corrected"), ("invoice.corrects",))


def missing_duties(kind: str, html: str, *, country: str) -> list[str]:
    """What an invoice or credit note of a shop in `country` must carry and this template never names."""
    if kind not in LEGAL_KINDS:
        return []
    duties = list(EVERYWHERE)
    if country in EU:
        duties += IN_THE_EU
    if country in REGISTERED:
        duties.append(REGISTER_NUMBER)
    if kind == Kind.CREDIT_NOTE:
        duties.append(CORRECTED)
    return [str(duty.label) for duty in duties if not any(_names(html, path) for path in duty.fields)]


def _names(html: str, path: str) -> bool:
    """Whether the template names the field or anything below it."""
    return re.search(rf"(?<![\w.]){re.escape(path)}(?![\w-])", html) is not None
