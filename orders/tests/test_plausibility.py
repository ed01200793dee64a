import pytest
from django.utils import translation

from orders.models import Address
from orders.plausibility import (
    address_doubts,
    bar_code_doubts,
    customer_doubts,
    email_doubts,
    iban_doubts,
    vat_number_doubts,
)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


HOME = {"street": "Kerkstraat 1", "postcode": "1017 AB", "city": "Amsterdam", "country": "NL"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"postcode": "1017ab"},
        {"country": "SE", "postcode": "114 55", "city": "Stockholm", "street": "Storgatan 5"},
        {"country": "DE", "postcode": "10115", "city": "Berlin"},
        {"country": "GB", "postcode": "SW1A 1AA", "city": "London", "street": "The Mall"},
        {"country": "JP", "postcode": "whatever it is", "street": "Ginza"},
        {"country": ""},
    ],
)
def test_addresses_as_people_write_them_raise_no_doubt(values):
    assert address_doubts(Address(**HOME | values)) == []


def test_no_address_is_no_doubtful_one():
    assert address_doubts(Address(name="Anna", country="NL")) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"postcode": "10115"}, "postcode 10115"),
        ({"postcode": "0017 AB"}, "postcode 0017 AB"),
        ({"street": "Kerkstraat"}, "has no number"),
        ({"city": ""}, "town"),
        ({"street": ""}, "street"),
    ],
)
def test_what_is_unusual_about_an_address_is_told(values, words):
    (doubt,) = address_doubts(Address(**HOME | values))
    assert words in doubt


# Examples of the rules, as python-stdnum documents them.
@pytest.mark.parametrize(
    "number", ["NL004495445B01", "DE 136,695 976".replace(",", ""), "SE556188840401", "BE0403.019.261", ""]
)
def test_right_vat_numbers_raise_no_doubt(number):
    assert vat_number_doubts(number, "") == []


@pytest.mark.parametrize("number", ["NL004495445B02X", "DE136695979", "SE556188840501", "BE0403019262"])
def test_a_slip_in_a_vat_number_is_told(number):
    (doubt,) = vat_number_doubts(number, "")
    assert "check digits" in doubt


def test_a_vat_number_of_another_country_is_told():
    (doubt,) = vat_number_doubts("DE136695976", "NL")
    assert ("Germany" in doubt, "Netherlands" in doubt) == (True, True)


def test_numbers_of_countries_with_other_ways_are_not_judged():
    assert vat_number_doubts("US-12-3456789", "US") == []
    assert vat_number_doubts("123456789", "NL") == []


def test_mail_iban_and_bar_codes():
    assert email_doubts("anna@example.org") == email_doubts("") == []
    assert len(email_doubts("anna@example")) == 1
    assert iban_doubts("NL91 ABNA 0417 1643 00") == iban_doubts("") == []
    assert len(iban_doubts("NL91 ABNA 0417 1643 01")) == 1
    assert bar_code_doubts(["4006381333931", "CANDLE", "123456", "96385074"]) == []
    assert len(bar_code_doubts(["4006381333932", "4006381333932"])) == 1


def test_what_both_addresses_have_in_common_is_told_once():
    home = Address(**HOME | {"postcode": "x"})
    assert len(customer_doubts(email="", vat_number="", billing=home, shipping=home)) == 1
