from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from orders import typed


@pytest.mark.parametrize(
    ("language", "written", "meant"),
    [
        ("en", "12.50", "12.50"),
        ("en", "12,50", "12.50"),
        ("nl", "12,50", "12.50"),
        ("nl", "12.50", "12.50"),
        ("en", "1,234", "1234"),
        ("nl", "1,234", "1.234"),
        ("nl", "1.234", "1234"),
        ("sv", "1 234,5", "1234.5"),
        ("nl", "1.234,50", "1234.50"),
        ("en", "1.234,50", "1234.50"),
        ("en", "1,234,567.89", "1234567.89"),
        ("en", "0.125", "0.125"),
        ("nl", "0.125", "0.125"),
        ("en", " \N{MINUS SIGN}3 ", "-3"),
        ("en", ".5", "0.5"),
        ("en", "7.", "7"),
    ],
)
def test_a_number_means_what_it_means_to_who_types_it(language, written, meant):
    with translation.override(language):
        assert typed.number(written) == Decimal(meant)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-",
        ".",
        "NaN",
        "Infinity",
        "1e309",
        "1e3",
        "0x10",
        "twelve",
        "1.2.3",
        "1,2,3.4.5",
        "٣",
        "9" * 400,
        "--1",
        "1-",
    ],
)
def test_what_is_no_number_is_none(written):
    assert typed.number(written) is None


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4), st.sampled_from(["en", "nl", "sv"]))
def test_what_a_field_shows_means_the_same_number_again(value, language):
    with translation.override(language):
        assert typed.number(typed.text(value, places=2)) == value


def test_a_field_shows_no_needless_zeros_but_whole_cents():
    assert typed.text(Decimal("3.000")) == "3"
    assert typed.text(Decimal("300")) == "300"
    assert typed.text(Decimal("12.1000"), places=2) == "12.10"
    assert typed.text(Decimal("0.0312"), places=2) == "0.0312"
    assert typed.text(Decimal("0.00"), places=2) == "0.00"
