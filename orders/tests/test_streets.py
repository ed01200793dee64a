import time

import pytest

from orders.exports.streets import StreetLine, split_street


@pytest.mark.parametrize(
    ("line", "country", "parts"),
    [
        ("Dorpsstraat 12", "NL", ("Dorpsstraat", "12", "")),
        ("Dorpsstraat 12b", "NL", ("Dorpsstraat", "12", "b")),
        ("Dorpsstraat  12 b", "NL", ("Dorpsstraat", "12", "b")),
        ("Dorpsstraat 12-b", "NL", ("Dorpsstraat", "12", "b")),
        ("Dorpsstraat 12-14", "NL", ("Dorpsstraat", "12-14", "")),
        ("Dorpsstraat nr. 12", "NL", ("Dorpsstraat", "12", "")),
        ("1e Helmersstraat 5 III", "NL", ("1e Helmersstraat", "5", "III")),
        ("Keizersgracht 100 2 hoog", "NL", ("Keizersgracht", "100", "2 hoog")),
        ("Keizersgracht 100-2hoog", "NL", ("Keizersgracht", "100", "2hoog")),
        ("Plein 1944 10", "NL", ("Plein 1944", "10", "")),
        ("Laan 1940-1945 7a", "NL", ("Laan 1940-1945", "7", "a")),
        ("Molenweg 3 achter", "NL", ("Molenweg", "3", "achter")),
        ("Kerkstraat 5 bus 3", "BE", ("Kerkstraat", "5", "bus 3")),
        ("Avenue Louise 54 bte 12", "BE", ("Avenue Louise", "54", "bte 12")),
        ("Rue de la Loi 16/18", "BE", ("Rue de la Loi", "16/18", "")),
        ("Grote Markt 1 b3", "BE", ("Grote Markt", "1", "b3")),
        ("Hauptstraße 7a", "DE", ("Hauptstraße", "7", "a")),
        ("Straße des 17. Juni 135", "DE", ("Straße des 17. Juni", "135", "")),
        ("Musterweg 12 - 14", "DE", ("Musterweg", "12-14", "")),
        ("C 4, 9", "DE", ("C 4", "9", "")),
        ("Storgatan 12 B", "SE", ("Storgatan", "12", "B")),
        ("Storgatan 12 lgh 1101", "SE", ("Storgatan", "12", "lgh 1101")),
        ("Storgatan 12 B lgh 1101", "SE", ("Storgatan", "12", "B lgh 1101")),
        ("Drottninggatan 5, 3 tr", "SE", ("Drottninggatan", "5", "3 tr")),
        ("10 Downing Street", "GB", ("Downing Street", "10", "")),
        ("221B Baker Street", "GB", ("Baker Street", "221", "B")),
        ("12 3rd Avenue", "GB", ("3rd Avenue", "12", "")),
        ("12 bis rue de Rivoli", "FR", ("rue de Rivoli", "12", "bis")),
        ("1 Rue du 8 Mai 1945", "FR", ("Rue du 8 Mai 1945", "1", "")),
    ],
)
def test_a_street_line_is_taken_apart(line, country, parts):
    assert split_street(line, country) == StreetLine(*parts)


@pytest.mark.parametrize(
    ("line", "country"),
    [
        ("", "NL"),
        ("Dorpsstraat", "NL"),
        ("12", "NL"),
        ("Plein 1944", "NL"),  # no number, or house 1944?
        ("Dorpsstraat 12 12", "NL"),
        ("Burgemeester de Vlugtlaan 12, 3", "NL"),
        ("Rose Cottage", "GB"),
        ("3rd Avenue", "GB"),
        ("Flat 3, 12 High Street", "GB"),
        ("Flat 3", "GB"),
    ],
)
def test_what_cannot_be_told_apart_stays_whole(line, country):
    assert split_street(line, country) == StreetLine(line)


@pytest.mark.parametrize("line", ["a " * 80, "1 " * 80, "a1-" * 53, "bus " * 40, "x, 1 " * 32])
def test_a_hostile_line_takes_no_time(line):
    begin = time.process_time()

    for country in ("NL", "GB"):
        split_street(line, country)

    assert time.process_time() - begin < 1
