"""What the law wants on an invoice, by country."""

import pytest

from layouts.kinds import Kind
from layouts.legal import missing_duties

WHOLE = """{{ invoice.number }} {{ invoice.date | date }} {{ shop.company }} {{ shop.address | address }}
{{ order.billing_address | address }} {{ order.customer.vat_number }} {{ shop.vat_number }}
{% for line in invoice.lines %}{{ line.name }}{% endfor %}
{% for rate in invoice.vat %}{{ rate.ex | money }}{% endfor %}
{{ invoice.totals.incl | money }} {% for note in invoice.notes %}{{ note.text }}{% endfor %}"""


def test_a_whole_invoice_lacks_nothing():
    assert missing_duties(Kind.INVOICE, WHOLE, country="FR") == []


def test_what_is_never_named_is_missing():
    html = WHOLE.replace("shop.vat_number", "shop.vat_numbers").replace("invoice.date", "invoice.due_on")

    assert missing_duties(Kind.INVOICE, html, country="FR") == ["the date of the invoice", "your VAT number"]


@pytest.mark.parametrize(
    ("country", "missing"), [("NL", ["your company number"]), ("SE", ["your company number"]), ("IE", []), ("US", [])]
)
def test_some_countries_want_a_register_number(country, missing):
    assert missing_duties(Kind.INVOICE, WHOLE, country=country) == missing


def test_outside_the_union_its_vat_rules_do_not_count():
    html = WHOLE.replace("shop.vat_number", "").replace("invoice.vat", "invoice.lines")

    assert missing_duties(Kind.INVOICE, html, country="NO") == []


def test_a_credit_note_names_the_invoice_it_corrects():
    assert missing_duties(Kind.CREDIT_NOTE, WHOLE, country="FR") == ["the number of the invoice that is corrected"]


def test_other_papers_owe_the_law_nothing():
    assert missing_duties(Kind.PACKING_SLIP, "", country="NL") == []
