"""Amounts and quantities as people type them: `12.10`, `12,10`, `€ 1.234,50`."""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "kr": "SEK"}
_MONEY = re.compile(r"(?P<before>[A-Za-z]{3}|[€$£]|kr)?(?P<number>[-+]?[0-9.,]+)(?P<after>[A-Za-z]{3}|[€$£]|kr)?")
# Room for what no order holds, so that the service can say so, and none for what takes long to read.
LONGEST = 40


def number_of(text: str) -> Decimal:
    """The number that `text` writes with a point or a comma. Raises ValidationError.

    With both, the last one parts the decimals. One alone always does: to take `1.234` for a thousand would be a
    guess about money, and three decimals are refused later.
    """
    plain = re.sub(r"[\s'’]", "", text)
    decimal, group = (",", ".") if plain.rfind(",") > plain.rfind(".") else (".", ",")
    if group in plain:
        plain = plain.replace(group, "")
    plain = plain.replace(decimal, ".", 1)
    if len(plain) > LONGEST or not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)", plain):
        raise ValidationError(_("This is not a number."))
    return Decimal(plain)


def amount_of(text: str, currency: str) -> Decimal:
    """The amount that `text` writes, with or without its currency. Raises ValidationError."""
    found = _MONEY.fullmatch(re.sub(r"[\s'’]", "", text[: LONGEST * 2]))
    if found is None:
        raise ValidationError(_("This is not an amount."))
    for written in filter(None, (found["before"], found["after"])):
        if _SIGNS.get(written, written.upper()) != currency and (written, currency) not in _SHARED_SIGNS:
            raise ValidationError(_("Amounts of this order are in %(currency)s.") % {"currency": currency})
    return number_of(found["number"])


_SHARED_SIGNS = {("kr", "NOK"), ("kr", "DKK"), ("$", "CAD"), ("$", "AUD")}


class AmountField(forms.CharField):
    """An amount in `currency`, None when empty. Whether it is one that can be, the service says."""

    def __init__(self, *, currency: str, **options):
        super().__init__(**options)
        self.currency = currency
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: str | None) -> Decimal | None:
        text = super().clean(value)
        return amount_of(text, self.currency) if text else None
