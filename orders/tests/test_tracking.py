"""Codes of labels: made by the rules the carriers publish, then mistyped, then mixed with what is no code at all."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from orders.models import Address
from orders.tracking import (
    CARRIERS,
    Destination,
    Verdict,
    carriers_named_in,
    find_carrier,
    normalised,
    recognise,
    tracking_url,
)
from orders.tracking.check_digits import (
    dhl_express_digit,
    dpd_mark,
    fedex_digit,
    gls_digit,
    gs1_digit,
    identcode_digit,
    s10_digit,
    ups_digit,
)
from orders.tracking.formats import POST_OF

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


def drawn(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def checked(body: str, digit: Callable[[str], str]) -> str:
    return body + digit(body)


def postal(rng: Random, country: str, first: str = "LRUVCE") -> str:
    serial = drawn(rng, DIGITS, 8)
    return f"{rng.choice(first)}{rng.choice(LETTERS)}{serial}{s10_digit(serial)}{country}"


def sscc(rng: Random, prefix: str) -> str:
    return checked(prefix + drawn(rng, DIGITS, 17 - len(prefix)), gs1_digit)


def ups(rng: Random) -> str:
    body = drawn(rng, DIGITS + LETTERS, 6) + drawn(rng, DIGITS, 9)
    return "1Z" + checked(body, ups_digit)


# What carries a check and belongs to one carrier: (carrier, how a code is made).
CHECKED: list[tuple[str, Callable[[Random], str]]] = [
    ("UPS", ups),
    ("DHL", lambda rng: sscc(rng, "340434")),
    ("DHL", lambda rng: "00" + sscc(rng, "340434")),
    ("DHL", lambda rng: postal(rng, "DE", "CE")),
    ("Deutsche Post", lambda rng: postal(rng, "DE", "LRUV")),
    ("Bring", lambda rng: checked("7043810" + drawn(rng, DIGITS, 9), gs1_digit)),
    ("Bring", lambda rng: sscc(rng, "37043810")),
    ("Colissimo", lambda rng: rng.choice(["6A", "6C", "8L", "8R", "9L"]) + checked(drawn(rng, DIGITS, 10), gs1_digit)),
    ("USPS", lambda rng: checked(rng.choice(["9400", "9205", "9361", "9505"]) + drawn(rng, DIGITS, 17), gs1_digit)),
    ("TNT", lambda rng: "GD" + postal(rng, "WW")[2:]),
    *((post, lambda rng, country=country: postal(rng, country)) for country, post in POST_OF.items()),
]
# Bar codes that hold the tracking code: they are scanned, nobody types them.
SCANNED: list[tuple[str, Callable[[Random], str]]] = [
    ("FedEx", lambda rng: "9611020" + checked(drawn(rng, DIGITS, 14), gs1_digit)),
    ("FedEx", lambda rng: "10019" + drawn(rng, DIGITS, 15) + checked("00" + drawn(rng, DIGITS, 11), fedex_digit)),
    ("DPD", lambda rng: checked("00" + drawn(rng, DIGITS, 5) + "05" + drawn(rng, DIGITS, 12) + "101528", dpd_mark)),
]
# What belongs to one carrier by its shape alone: a typing mistake in it cannot be seen.
SHAPED: list[tuple[str, Callable[[Random], str]]] = [
    ("PostNL", lambda rng: "3S" + drawn(rng, LETTERS, 4) + drawn(rng, DIGITS, rng.choice([7, 9]))),
    ("DHL", lambda rng: "3S" + drawn(rng, LETTERS, 3) + drawn(rng, DIGITS, 10)),
    ("DHL", lambda rng: "JVGL0" + drawn(rng, DIGITS, 13)),
    ("DHL", lambda rng: "JJD14" + drawn(rng, DIGITS, 11)),
    ("DHL", lambda rng: "GM" + drawn(rng, DIGITS, 16)),
    ("bpost", lambda rng: "3232" + drawn(rng, DIGITS, 20)),
    ("PostNord", lambda rng: drawn(rng, DIGITS, 11) + "SE"),
    ("Correos", lambda rng: "PQ43B4" + drawn(rng, DIGITS, 9) + "01" + "28024" + rng.choice(LETTERS)),
    ("Hermes", lambda rng: "H10" + drawn(rng, DIGITS, 17)),
    ("Evri", lambda rng: "H00HHA" + drawn(rng, DIGITS, 10)),
    ("Yodel", lambda rng: "JD0002" + drawn(rng, DIGITS, 12)),
]
# Digits that several carriers use.
BARE: list[tuple[str, Callable[[Random], str]]] = [
    ("DHL", lambda rng: checked(drawn(rng, DIGITS, 9), dhl_express_digit)),
    ("DHL", lambda rng: checked(drawn(rng, DIGITS, 11), identcode_digit)),
    ("FedEx", lambda rng: checked(drawn(rng, DIGITS, 11), fedex_digit)),
    ("FedEx", lambda rng: checked(drawn(rng, DIGITS, 14), gs1_digit)),
    ("GLS", lambda rng: checked(drawn(rng, DIGITS, 11), gls_digit)),
    ("GLS", lambda rng: "00" + drawn(rng, LETTERS, 2) + drawn(rng, DIGITS + LETTERS, 4)),
    ("DPD", lambda rng: "05" + drawn(rng, DIGITS, 12)),
    ("DPD", lambda rng: checked("0" + drawn(rng, DIGITS, 13), dpd_mark)),
    ("Hermes", lambda rng: checked(drawn(rng, DIGITS, 13), gs1_digit)),
    ("PostNord", lambda rng: sscc(rng, "37350")),
    ("DB Schenker", lambda rng: sscc(rng, "37332")),
    ("Instabox", lambda rng: "ZA0" + drawn(rng, DIGITS, 11)),
    ("Evri", lambda rng: drawn(rng, DIGITS, 16)),
    ("TNT", lambda rng: drawn(rng, DIGITS, 9)),
]
NOISE: list[Callable[[Random], str]] = [
    lambda rng: drawn(rng, DIGITS, rng.randint(1, 8)),  # order numbers
    lambda rng: "+316" + drawn(rng, DIGITS, 8),  # phones
    lambda rng: "06" + drawn(rng, DIGITS, 8),
    lambda rng: checked("871" + drawn(rng, DIGITS, 9), gs1_digit),  # EAN 13
    lambda rng: "NL" + drawn(rng, DIGITS, 9) + "B01",  # VAT numbers
    lambda rng: "SE" + drawn(rng, DIGITS, 10) + "01",
    lambda rng: "NL91ABNA" + drawn(rng, DIGITS, 10),  # IBAN
    lambda rng: f"2026-{drawn(rng, DIGITS, 5)}",  # invoices
    lambda rng: "tr_" + drawn(rng, DIGITS + LETTERS, 10),  # payment references
    lambda rng: drawn(rng, LETTERS, rng.randint(3, 12)).title(),  # words
    lambda rng: drawn(rng, DIGITS + LETTERS, rng.randint(5, 24)),
    lambda rng: drawn(rng, DIGITS, rng.randint(5, 24)),
    lambda rng: f"{drawn(rng, LETTERS, 5).lower()}@example.org",
]


def mistyped(code: str, rng: Random) -> str:
    """One digit for another, or two neighbours that changed places."""
    while True:
        place = rng.randrange(2, len(code) - 2)
        if rng.random() < 0.5:
            wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        else:
            wrong = code[:place] + rng.choice(DIGITS) + code[place + 1 :]
        if wrong != code and code[place].isdigit() and wrong[place].isdigit():
            return wrong


def labelled(rng: Random) -> list[tuple[str, str, str]]:
    """(kind, carrier, code), some thousands of each kind."""
    rows = []
    for kind, makers, times in (("checked", CHECKED + SCANNED, 120), ("shaped", SHAPED, 150), ("bare", BARE, 150)):
        rows += [(kind, carrier, make(rng)) for carrier, make in makers for _ in range(times)]
    rows += [("typo", carrier, mistyped(make(rng), rng)) for carrier, make in CHECKED for _ in range(60)]
    rows += [("noise", "", make(rng)) for make in NOISE for _ in range(150)]
    return rows


def test_bx12_precision_and_recall_on_a_labelled_set(capsys):
    tally: Counter[str] = Counter()
    for kind, carrier, code in labelled(Random(12)):
        seen = recognise(code)
        right = seen.carrier == carrier and kind not in {"typo", "noise"}
        tally[kind] += 1
        tally["said certain"] += bool(seen.carrier)
        tally["certain and right"] += bool(seen.carrier) and right
        tally[f"{kind}: certain"] += bool(seen.carrier)
        tally[f"{kind}: named"] += carrier in seen.carriers
        tally[f"{kind}: flagged"] += seen.verdict == Verdict.TYPO

    precision = tally["certain and right"] / tally["said certain"]
    shares = {
        "recall, codes of one carrier": (tally["checked: certain"] + tally["shaped: certain"])
        / (tally["checked"] + tally["shaped"]),
        "recall, codes of several (offered)": tally["bare: named"] / tally["bare"],
        "mistyped codes flagged": tally["typo: flagged"] / tally["typo"],
        "noise taken for certain": tally["noise: certain"] / tally["noise"],
    }
    with capsys.disabled():
        print(f"\nTracking codes ({sum(tally[k] for k in ('checked', 'shaped', 'bare', 'typo', 'noise'))} labelled)")  # noqa: T201
        print(f"  precision of “certain”: {precision:.4f}")  # noqa: T201
        for name, share in shares.items():
            print(f"  {name}: {share:.4f}")  # noqa: T201
    assert precision >= 0.98
    assert shares["recall, codes of one carrier"] >= 0.99
    assert shares["recall, codes of several (offered)"] >= 0.99
    assert shares["mistyped codes flagged"] >= 0.9
    assert shares["noise taken for certain"] <= 0.01


@pytest.mark.parametrize(
    ("code", "carrier"),
    [
        # As the sources print them.
        ("1Z5R89390357567127", "UPS"),
        ("1Z879E930346834440", "UPS"),
        ("3SCBLU5654286", "PostNL"),
        ("3SQVMA100225317", "PostNL"),
        ("3SPET9596258883", "DHL"),
        ("JJD1410302937991", "DHL"),
        ("00340433836442636597", "DHL"),
        ("GM2951173225174494", "DHL"),
        ("RB123456785GB", "Royal Mail"),
        ("9611020987654312345672", "FedEx"),
        ("1001921334250001000300779017972697", "FedEx"),
        ("9400111201080805483016", "USPS"),
        ("370438101268058536", "Bring"),
        ("8L01234567895", "Colissimo"),
        ("008182709980000020033350276C", "DPD"),
        ("12371563697SE", "PostNord"),
        ("JD0002254405060992", "Yodel"),
    ],
)
def test_a_published_example_is_recognised(code, carrier):
    seen = recognise(code)

    assert (seen.verdict, seen.carriers) == (Verdict.CERTAIN, (carrier,))


@pytest.mark.parametrize(
    ("code", "carriers"),
    [
        ("201298452277", {"DHL", "FedEx", "GLS"}),
        ("09133131530724", {"DPD", "Hermes", "GLS"}),
        ("9261292700768711948021", {"FedEx", "USPS"}),
        ("3318810025", {"DHL"}),
        ("XHAX4HDA", {"GLS"}),
    ],
)
def test_digits_that_several_use_ask_whose_they_are(code, carriers):
    seen = recognise(code)

    assert (seen.verdict, set(seen.carriers), seen.carrier) == (Verdict.ASK, carriers, "")


def test_the_shipping_method_settles_what_several_use():
    assert recognise("201298452277", expected=carriers_named_in("GLS Business Parcel")).carrier == "GLS"
    assert recognise("201298452277", expected=carriers_named_in("PostNL Standard")).verdict == Verdict.ASK


def test_the_shipping_method_does_not_overrule_a_code_of_one_carrier():
    assert recognise("1Z5R89390357567127", expected={"PostNL"}).carrier == "UPS"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1Z5R8939O357567127", "1Z5R89390357567127"),  # O for 0
        ("3SCBLU565428G", ""),
        ("RB12345678SGB", "RB123456785GB"),  # S for 5
        ("RB123546785GB", "RB123456785GB"),  # neighbours changed places
        ("RB132456785GB", ""),  # so did these, but two such mistakes would look alike
        ("1Z5R8939035756712", ""),  # a digit is missing
    ],
)
def test_a_mistyped_code_is_flagged_with_what_was_meant_if_that_is_clear(typed, meant):
    seen = recognise(typed)

    assert (seen.verdict, seen.guess) == (Verdict.TYPO, meant)


def test_a_code_of_another_length_says_how_long_such_codes_are():
    seen = recognise("1Z5R893903575671")

    assert (seen.verdict, seen.carriers, seen.lengths) == (Verdict.TYPO, ("UPS",), "18")


@pytest.mark.parametrize("text", ["", " ", "10492", "anna@example.org", "8712345678906", "\x00", "é" * 80, "1" * 5000])
def test_what_is_no_code_is_nobodys(text):
    assert recognise(text).verdict == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("scanned", "kept"),
    [
        (" 3scblu 5654286\r\n", "3SCBLU5654286"),
        ("]C100340433836442636597", "00340433836442636597"),
        ("(00)340433836442636597", "00340433836442636597"),
        ("1Z 5R8 939 03 5756 712-7", "1Z5R89390357567127"),
        ("420 22153 9101026837331000039521", "9101026837331000039521"),
    ],
)
def test_a_scan_is_kept_without_what_the_scanner_adds(scanned, kept):
    assert normalised(scanned) == kept


def test_the_parcel_number_is_taken_out_of_a_dpd_label():
    seen = recognise("%008182709980000020033350276C")

    assert (seen.code, seen.country) == ("09980000020033", "DE")


@pytest.mark.parametrize(
    ("code", "to", "elsewhere"),
    [
        ("008182709980000020033350276C", Destination("DE"), False),
        ("008182709980000020033350276C", Destination("NL"), True),
        ("H00HHA0056874658", Destination("NL"), True),
        ("H00HHA0056874658", Destination("GB"), False),
        ("PQ43B40123456780128024L", Destination("ES", "28024"), False),
        ("PQ43B40123456780128024L", Destination("ES", "08001"), True),
        ("PQ43B40123456780128024L", Destination("NL", "1011 AB"), True),
        ("3SCBLU5654286", Destination("NL", "1011 AB"), False),
        ("H00HHA0056874658", Destination(""), False),
        ("10492", Destination("NL"), False),
    ],
)
def test_a_label_for_another_country_or_postcode_is_seen(code, to, elsewhere):
    assert recognise(code).leads_elsewhere(to) is elsewhere


@pytest.mark.parametrize(
    ("carrier", "code", "address", "language", "url"),
    [
        (
            "PostNL", "3SCBLU5654286", Address(postcode="1011 ab", country="NL"), "nl",
            "https://postnl.nl/tracktrace/?B=3SCBLU5654286&P=1011AB&D=NL&T=C&L=NL",
        ),
        (
            "bpost", "323212345678901234567890", Address(postcode="1000", country="BE"), "fr",
            "https://track.bpost.cloud/btr/web/#/search?lang=fr&itemCode=323212345678901234567890&postalCode=1000",
        ),
        ("UPS", "1Z5R89390357567127", Address(country="SE"), "sv", "https://www.ups.com/track?loc=sv&tracknum=1Z5R89390357567127"),
        ("PostNord", "RX123456785SE", Address(country="SE"), "sv", "https://tracking.postnord.com/se/?id=RX123456785SE"),
        ("DPD", "09980000020033C", Address(postcode="10115", country="DE"), "de",
         "https://my.dpd.de/redirect.aspx?action=1&pno=09980000020033&zip=10115&lng=de_DE"),
        ("Trunkrs", "412345678", Address(postcode="1011 AB", country="NL"), "nl", "https://parcel.trunkrs.nl/412345678/1011AB"),
        ("postnl", "3SCBLU5654286", Address(), "", "https://postnl.nl/tracktrace/?B=3SCBLU5654286&D=NL&T=C&L=EN"),
        ("Pigeon", "COO", Address(), "en", ""),
        ("PostNL", "", Address(), "en", ""),
    ],
)  # fmt: skip
def test_each_carrier_is_followed_where_it_wants_to_be(carrier, code, address, language, url):
    assert tracking_url(carrier, code, Destination.of(address, language)) == url


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_tracking_page_is_https_and_quotes_what_was_typed(carrier):
    to = Destination("NL", '1011 AB"><script>', "nl")

    url = tracking_url(carrier, 'A"&b=<1>', to)

    assert url.startswith("https://")
    assert not set('"<>') & set(url)
    assert len(url) <= 300


def test_carriers_are_found_by_name_and_in_words():
    assert find_carrier(" postnl ").name == "PostNL"
    assert find_carrier("Pigeon") is None
    assert carriers_named_in("DHL Parcel, brievenbus") == {"DHL"}
    assert carriers_named_in("Kupsen") == frozenset()
