import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from orders import display

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LATE = datetime(2025, 11, 22, 23, 30, tzinfo=UTC)  # half past midnight on the 23rd in Amsterdam


@pytest.mark.parametrize(("language", "text"), [("en", "€1,234.50"), ("nl", "€ 1.234,50"), ("sv", "1 234,50 €")])
def test_money_reads_as_the_language_writes_it(language, text):
    with override(language):
        assert display.money(Decimal("1234.50"), "EUR").replace(display.NO_BREAK, " ") == text


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.sampled_from(["EUR", "SEK", "GBP", "USD", "DKK", "CHF"]),
    st.sampled_from(["en", "nl", "sv"]),
)
def test_the_quick_way_writes_what_babel_writes_but_for_the_space_after_letters(amount, currency, language):
    with override(language):
        quick = display.money(amount, currency)

    as_babel_writes = format_currency(amount, currency, locale=language)
    assert quick == re.sub("([A-Z])([0-9])", f"\\1{display.NO_BREAK}\\2", as_babel_writes)


def test_a_currency_without_cents_shows_none_and_an_unknown_one_shows_its_code():
    with override("en"):
        assert display.money(Decimal("1200.00"), "JPY") == "¥1,200"
        assert display.money(Decimal("5.00"), "XQQ") == f"XQQ{display.NO_BREAK}5.00"


def test_a_unit_price_keeps_the_places_that_say_something():
    with override("en"):
        assert display.price(Decimal("16.4900"), "EUR") == "€16.49"
        assert display.price(Decimal("0.0312"), "EUR") == "€0.0312"
        assert display.price(Decimal("-1.2345"), "EUR") == "-€1.2345"


def test_quantities_and_rates_lose_their_needless_zeros():
    with override("nl"):
        assert display.quantity(Decimal("3.000")) == "3"
        assert display.quantity(Decimal("1200.500")) == "1.200,5"
        assert display.quantity(Decimal("-10.000")) == "-10"
        assert display.rate(Decimal("21.00")) == f"21{display.NO_BREAK}%"
        assert display.rate(Decimal("5.50")) == f"5,5{display.NO_BREAK}%"
        assert display.integer(12345) == "12.345"


def test_weights_are_kilograms_and_small_volumes_cubic_centimetres():
    with override("en"):
        shown = [display.weight(9710), display.weight(5), display.volume(106_000), display.volume(999)]

    assert [text.replace(display.NO_BREAK, " ") for text in shown] == ["9.71 kg", "0.005 kg", "0.106 m³", "999 cm³"]


def test_an_exchange_rate_shows_four_places_or_all_it_has():
    with override("sv"):
        assert display.exchange_rate(Decimal("1.000000")) == "1,0000"
        assert display.exchange_rate(Decimal("0.087654")) == "0,087654"


@pytest.mark.parametrize(
    ("language", "text"), [("en", "23 Nov 2025, 00:30"), ("nl", "23-11-2025 00:30"), ("sv", "2025-11-23 00:30")]
)
def test_a_moment_is_told_in_the_shops_zone(language, text):
    with override(language):
        assert display.date_time(LATE, AMSTERDAM) == text


def test_the_weekday_is_named_in_the_language():
    with override("en"):
        assert display.weekday_date_time(LATE, AMSTERDAM) == "Sun 23 Nov 2025, 00:30"
    with override("nl"):
        assert display.weekday_date_time(LATE, AMSTERDAM) == "zo 23-11-2025 00:30"


@pytest.mark.parametrize(
    ("language", "this_year", "another_year"),
    [("en", "23 Nov", "23 Nov 2025"), ("nl", "23-11", "23-11-2025"), ("sv", "23/11", "2025-11-23")],
)
def test_today_is_a_time_and_another_year_has_its_number(language, this_year, another_year):
    with override(language):
        assert display.short_time(LATE, AMSTERDAM, date(2025, 11, 23)) == "00:30"
        assert display.short_time(LATE, AMSTERDAM, date(2025, 11, 24)) == this_year
        assert display.short_time(LATE, AMSTERDAM, date(2026, 1, 2)) == another_year


def test_an_unknown_language_reads_as_english():
    with override("de"):
        assert display.money(Decimal("1.00"), "EUR") == "€1.00"


def test_countries_have_names_and_what_is_no_country_stands_as_it_is():
    with override("nl"):
        assert [display.country(code) for code in ("NL", "", "ZQ")] == ["Nederland", "", "ZQ"]
        assert display.language_name("sv") == "Zweeds"
