"""Addresses as the country they go to writes them."""

import pytest

from layouts.addresses import address_lines, language_of_sender

PERSON = {"name": "Ada Byron", "company": "Engine Works", "street": "High Street 1", "extra": "Flat 2"}


def lines(country, postcode, city, region="", *, home="NL", language="nl"):
    address = PERSON | {"postcode": postcode, "city": city, "region": region, "country": country}
    return address_lines(address, home=home, language=language)


@pytest.mark.parametrize(
    ("country", "place", "expected"),
    [
        ("NL", ("1015 BA", "Amsterdam"), ["1015 BA Amsterdam"]),
        ("BE", ("9000", "Gent"), ["9000 Gent", "BELGIË"]),
        ("DE", ("80331", "München"), ["80331 München", "DUITSLAND"]),
        ("AT", ("1010", "Wien"), ["1010 Wien", "OOSTENRIJK"]),
        ("FR", ("75001", "Paris"), ["75001 PARIS", "FRANKRIJK"]),
        ("SE", ("111 22", "Stockholm"), ["111 22 Stockholm", "ZWEDEN"]),
        ("DK", ("1050", "København K"), ["1050 København K", "DENEMARKEN"]),
        ("NO", ("0150", "Oslo"), ["0150 Oslo", "NOORWEGEN"]),
        ("FI", ("00100", "Helsinki"), ["00100 Helsinki", "FINLAND"]),
        ("GB", ("sw1a 1aa", "London", "Kent"), ["LONDON", "Kent", "SW1A 1AA", "VERENIGD KONINKRIJK"]),
        ("IE", ("d02 x285", "Dublin", "Co. Dublin"), ["Dublin", "Co. Dublin", "D02 X285", "IERLAND"]),
        ("US", ("94105", "San Francisco", "CA"), ["SAN FRANCISCO CA 94105", "VERENIGDE STATEN"]),
        ("ES", ("28001", "Madrid", "Madrid"), ["28001 Madrid", "Madrid", "SPANJE"]),
        ("IT", ("00184", "Roma", "RM"), ["00184 Roma RM", "ITALIË"]),
        ("PL", ("00-001", "Warszawa"), ["00-001 Warszawa", "POLEN"]),
        ("JP", ("100-0001", "Tokyo"), ["100-0001 Tokyo", "JAPAN"]),
        ("XX", ("1", "Nowhere"), ["1 Nowhere", "XX"]),
    ],
)
def test_the_place_stands_as_its_country_writes_it(country, place, expected):
    written = lines(country, *place)

    assert written[4:] == expected
    assert sorted(written[:4]) == sorted(PERSON.values())


def test_person_and_flat_come_first_where_the_post_wants_it():
    assert lines("NL", "1", "A")[:4] == ["Engine Works", "Ada Byron", "High Street 1", "Flat 2"]
    assert lines("GB", "1", "A")[:4] == ["Ada Byron", "Engine Works", "Flat 2", "High Street 1"]
    assert lines("US", "1", "A")[:4] == ["Ada Byron", "Engine Works", "High Street 1", "Flat 2"]
    assert lines("FR", "1", "A")[:4] == ["Engine Works", "Ada Byron", "Flat 2", "High Street 1"]


def test_the_country_of_the_sender_is_left_out_and_another_stands_in_the_language_asked_for():
    assert lines("SE", "111 22", "Stockholm", home="SE")[-1] == "111 22 Stockholm"
    assert lines("NL", "1015 BA", "Amsterdam", home="SE", language="sv")[-1] == "NEDERLÄNDERNA"
    assert language_of_sender("SE", "nl") == "sv"
    assert language_of_sender("ZZ", "nl") == "nl"


def test_empty_lines_and_stray_blanks_are_left_out():
    address = {"name": " Ada \n Byron ", "street": "", "city": "Gent", "postcode": None, "country": ""}

    assert address_lines(address, home="NL", language="nl") == ["Ada Byron", "Gent"]
