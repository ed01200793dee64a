"""How tracking codes look, carrier by carrier.

`OWN` are shapes that only one carrier uses, so a right code settles who it is; `SHARED` are bare digits and other
shapes that several use. Two sources stand for many: tracking_number_data (the JSON descriptions of
github.com/jkeen/tracking_number_data, "couriers/") and paketda.de ("Prüfziffern-Berechnung für Paketnummern").
Carriers that publish no shape (Trunkrs, Homerr, Budbee) are chosen by hand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from orders.tracking import check_digits as check

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Format:
    """A shape of codes. `start` is what no other code begins with: such a code of another shape is incomplete.

    `lengths` are said to the person who typed an incomplete one; `code_in` takes the tracking code out of a longer
    scan; `country_in` reads the country (ISO alpha-2) or `postcode_in` the postcode the label was made for.
    """

    carrier: str
    shape: str
    is_right: Check | None = None
    start: str = ""
    lengths: str = ""
    code_in: Callable[[str], str] | None = None
    country_in: Callable[[str], str] | None = None
    postcode_in: Callable[[str], str] | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.shape)

    @cached_property
    def beginning(self) -> re.Pattern[str] | None:
        return re.compile(self.start) if self.start else None

    def fits(self, code: str) -> bool:
        return self.pattern.fullmatch(code) is not None

    def accepts(self, code: str) -> bool:
        return self.fits(code) and (self.is_right is None or self.is_right(code))


def _last(digit: Callable[[str], str]) -> Check:
    """The last character is the check of all before it."""
    return lambda code: digit(code[:-1]) == code[-1]


def _last_of(length: int, digit: Callable[[str], str]) -> Check:
    """As `_last`, for the last `length` characters of a longer bar code."""
    return lambda code: digit(code[-length:-1]) == code[-1]


def _s10(code: str) -> bool:
    return check.s10_digit(code[2:10]) == code[10]


# Who gives out the postal items (UPU S10) of a country. Source: UPU S10 appendix, the designated operators.
POST_OF = {
    "NL": "PostNL",
    "BE": "bpost",
    "SE": "PostNord",
    "DK": "PostNord",
    "NO": "Bring",
    "FI": "Posti",
    "GB": "Royal Mail",
    "IE": "An Post",
    "FR": "Colissimo",
    "ES": "Correos",
    "PT": "CTT",
    "IT": "Poste Italiane",
    "AT": "Austrian Post",
    "CH": "Swiss Post",
    "PL": "Poczta Polska",
    "US": "USPS",
    "CN": "China Post",
}

# The three digits that DPD labels name a country with are those of ISO 3166-1. Source: DPD label specification 2.4.1.
DPD_COUNTRIES = {
    "040": "AT", "056": "BE", "100": "BG", "191": "HR", "203": "CZ", "208": "DK", "233": "EE", "246": "FI", "250": "FR",
    "276": "DE", "300": "GR", "348": "HU", "372": "IE", "380": "IT", "428": "LV", "440": "LT", "442": "LU", "528": "NL",
    "578": "NO", "616": "PL", "620": "PT", "642": "RO", "703": "SK", "705": "SI", "724": "ES", "752": "SE", "756": "CH",
    "826": "GB",
}  # fmt: skip


def _dpd_label(code: str) -> bool:
    return check.dpd_mark(code[:-1]) == code[-1] and code[24:27] in DPD_COUNTRIES


OWN: tuple[Format, ...] = (
    # UPS: 1Z, six characters of the shipper, two of the service, seven digits and a check digit.
    # Source: tracking_number_data, `ups.json`.
    Format("UPS", "1Z[0-9A-Z]{8}[0-9]{8}", _last(lambda code: check.ups_digit(code[2:])), "1Z", "18"),
    # PostNL: 3S, four letters of the customer and a series, 13 or 15 in all. Source: developer.postnl.nl, Barcode API.
    Format("PostNL", "3S[A-Z]{4}(?:[0-9]{7}|[0-9]{9})", start="3S[A-Z]{4}", lengths="13, 15"),
    # DHL Parcel: 3S, three letters and ten digits. Source: api-gw.dhlparcel.nl, guide, chapter 5 (3SPET9596258883).
    Format("DHL", "3S[A-Z]{3}[0-9]{10}"),
    # Yodel shares DHL's JD and JJD, with 0002 behind it. Source: tracking_number_data, `yodel.json`.
    Format("Yodel", "JJ?D0002[0-9]{12}"),
    # DHL piece and licence plate numbers. Source: tracking_number_data, `dhl.json`; paketda.de (JJD1410302937991).
    Format("DHL", "JJD(?!0002)[0-9]{9,20}", start="JJD(?!0002)[0-9]", lengths="12–23"),
    Format("DHL", "JVGL[0-9]{9,20}", start="JVGL", lengths="13–24"),
    Format("DHL", "JD(?!0002)[0-9]{16,18}"),
    # DHL eCommerce. Source: tracking_number_data, `dhl.json`.
    Format("DHL", "GM[0-9]{14,22}", start="GM[0-9]{4}", lengths="16–24"),
    # DHL Paket's SSCC, GS1 prefix 4043 4, usually with 00 before it. Source: paketda.de (00340433836442636597).
    Format("DHL", "(?:00)?340434[0-9]{12}", _last_of(18, check.gs1_digit), "(?:00)?340434", "18, 20"),
    Format("DHL", "(?:00)?340433[0-9]{12}", _last_of(18, check.gs1_digit), "(?:00)?340433", "18, 20"),
    # bpost domestic bar code. Source: bpost's item codes begin with 3232 and have 24 digits.
    Format("bpost", "3232[0-9]{20}", start="3232[0-9]{4}", lengths="24"),
    # DPD with its check character behind the 14 digits; a digit there could be FedEx, see below.
    Format("DPD", "[0-9]{14}[A-Z]", _last(check.dpd_mark)),
    # The bar code of a DPD label: postcode (7), parcel number (14), service (3), country (3), check.
    Format(
        "DPD",
        "[0-9]{27}[0-9A-Z]",
        _dpd_label,
        code_in=lambda code: code[7:21],
        country_in=lambda code: DPD_COUNTRIES[code[24:27]],
    ),
    # FedEx Ground 96 and the 34 digits of Express and Ground. Source: tracking_number_data, `fedex.json`.
    Format("FedEx", "96[0-9]{20}", _last_of(15, check.gs1_digit), code_in=lambda code: code[-15:]),
    Format(
        "FedEx",
        "(?:100[0-9]{2}|96[0-9]{3})[0-9]{29}",
        _last_of(14, check.fedex_digit),
        code_in=lambda code: code[-12:],
    ),
    # USPS IMpb; `420` and the ZIP code are stripped before. Source: USPS Publication 199; 9261… is FedEx SmartPost.
    Format("USPS", "(?!9261)9[1-5](?:[0-9]{20}|[0-9]{24})", _last(check.gs1_digit)),
    # TNT consignment. Source: TNT Express, "GD…WW" consignment numbers with the check of S10.
    Format("TNT", "GD[0-9]{9}WW", _s10, "GD[0-9]{6}", "13"),
    # PostNord Sweden, domestic. Source: the example of npmjs.com/package/postnord (12371563697SE).
    Format("PostNord", "[0-9]{11}SE"),
    # Bring: consignments begin with Posten's GS1 prefix 70 4381 0. Source: developer.bring.com; posten.no, "Sporing".
    Format("Bring", "7043810[0-9]{10}", _last(check.gs1_digit), "7043810", "17"),
    Format("Bring", "(?:00)?37043810[0-9]{10}", _last_of(18, check.gs1_digit), "(?:00)?37043810", "18, 20"),
    # Colissimo: the product in two characters, ten digits and the check of GS1. Source: CPAN, Business::Colissimo.
    Format("Colissimo", "[5-9][A-Z][0-9]{11}", _last(lambda code: check.gs1_digit(code[2:]))),
    # Correos: product, customer, channel, series, parcel, the postcode it goes to, control letter.
    # Source: Correos, Preregister API, Annex XI "Shipment code structures".
    Format(
        "Correos",
        "[C-S][0-9A-Z][0-9A-HJ-NP-TV-Z]{4}[0-9]{9}[0-9]{2}[0-9]{5}[A-Z]",
        country_in=lambda code: "ES",
        postcode_in=lambda code: code[17:22],
    ),
    # Hermes Germany and Evri. Sources: myhermes.de ("H" and 19 digits); evri.com, "Where is my tracking number".
    Format("Hermes", "H[0-9]{19}"),
    Format("Evri", "[HTC][0-9]{2}[A-Z]{3}[0-9]{10}"),
    # Parcelforce. Source: parcelforce.com, "Tracking number formats".
    Format("Parcelforce", "[A-Z]{4}(?<!JVGL)[0-9]{10}"),
    *(Format(post, f"[A-Z]{{2}}[0-9]{{9}}{country}", _s10) for country, post in POST_OF.items()),
    # In Germany letters are Deutsche Post's and parcels (C, E) DHL's.
    Format("DHL", "[CE][A-Z][0-9]{9}DE", _s10),
    Format("Deutsche Post", "[ABF-Z][A-Z][0-9]{9}DE", _s10),
)

SHARED: tuple[Format, ...] = (
    Format("DHL", "[0-9]{10}", _last(check.dhl_express_digit)),
    Format("FedEx", "[0-9]{12}", _last(check.fedex_digit)),
    Format("DHL", "[0-9]{12}", _last(check.identcode_digit)),
    Format("GLS", "[0-9]{12}", _last(check.gls_digit)),
    Format("GLS", "[0-9]{11}"),
    Format("GLS", "(?=[0-9A-Z]*[A-Z])(?=[0-9A-Z]*[0-9])[0-9A-Z]{8}"),
    Format("DPD", "[0-9]{14}"),
    Format("Hermes", "[0-9]{14}", _last(check.gs1_digit)),
    # GLS Netherlands prints 14 digits. Source: gls-info.nl as quoted by the project ha-gls (13290054100304).
    Format("GLS", "[0-9]{14}", _last(check.gs1_digit)),
    Format("FedEx", "[0-9]{15}", _last(check.gs1_digit)),
    Format("DPD", "[0-9]{15}", _last(check.dpd_mark)),
    Format("Evri", "[0-9]{16}"),
    Format("FedEx", "9261[0-9]{18}", _last(check.gs1_digit)),
    Format("USPS", "9261[0-9]{18}", _last(check.gs1_digit)),
    Format("USPS", "(?:0[37]|7[0137]|81)[0-9]{18}", _last(check.gs1_digit)),
    Format("FedEx", "61[0-9]{18}", _last(lambda code: check.gs1_digit("92" + code))),
    # Norwegian consignments (GS1 prefix 70) and Nordic SSCCs (70, 73, 57): Posten is not the only one with those.
    Format("Bring", "70(?!43810)[0-9]{15}", _last(check.gs1_digit)),
    Format("PostNord", "(?:00)?3(?:70(?!43810)|73|57)[0-9]{15}", _last_of(18, check.gs1_digit)),
    Format("Bring", "(?:00)?3(?:70(?!43810)|73)[0-9]{15}", _last_of(18, check.gs1_digit)),
    Format("DB Schenker", "(?:00)?3(?:70(?!43810)|73|57)[0-9]{15}", _last_of(18, check.gs1_digit)),
    Format("FedEx", "0[0124][0-9]{16}", _last(check.gs1_digit)),
    # Deutsche Post's franking id: twenty hexadecimal digits. Source: tracking_number_data, issue 30.
    Format("Deutsche Post", "(?=[0-9A-F]*[A-F])[0-9A-F]{20}"),
    Format("Instabox", "[A-Z]{2}[0-9]{10}|[A-Z]{2}[0-9]{12}"),
    Format("TNT", "[0-9]{9}"),
    Format("Trunkrs", "[0-9]{9}"),
)
