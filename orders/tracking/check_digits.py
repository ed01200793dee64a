"""The check digits of tracking codes: each function says whether a code's last character (or ninth digit) is right.

A code comes in capitals without spaces and in the shape its format asks for.
"""

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gs1_digit(digits: str) -> str:
    """The digit behind `digits`: weights 3 and 1 from the right, up to the next ten.

    Source: GS1 General Specifications 7.9.1 (SSCC, GSIN); DHL's 20 digits and Hermes' 14 count the same way
    (paketda.de, "Prüfziffern-Berechnung für Paketnummern").
    """
    return str(-_gs1_sum(digits) % 10)


def gls_digit(digits: str) -> str:
    """As GS1 does, with one added to the sum. Source: GLS Uni-Box, Technische Dokumentation 2D (V0110), 3.2.1."""
    return str(-(_gs1_sum(digits) + 1) % 10)


def identcode_digit(digits: str) -> str:
    """Weights 4 and 9 from the left, up to the next ten. Source: paketda.de, "Prüfziffer DHL 12-stellig"."""
    return str(-sum(int(digit) * (9 if place % 2 else 4) for place, digit in enumerate(digits)) % 10)


def s10_digit(serial: str) -> str:
    """For the eight digits of a postal item. Source: UPU S10, "Identification of postal items", check digit."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def ups_digit(code: str) -> str:
    """For the 15 characters behind `1Z`: letters count as their place from 2 on, every second twice.

    Source: UPS, "Guide to Labeling", 1Z tracking number; paketda.de, "Prüfziffer UPS".
    """
    values = [int(mark) if mark.isdigit() else (ord(mark) - 63) % 10 for mark in code]
    return str(-sum(value * (2 if place % 2 else 1) for place, value in enumerate(values)) % 10)


def dpd_mark(code: str) -> str:
    """ISO 7064 MOD 37,36. Source: DPD Parcel Label Specification 2.4.1, check digit of the parcel label number."""
    rest = 36
    for mark in code:
        rest = (rest + ALPHANUMERIC.index(mark)) % 36 or 36
        rest = rest * 2 % 37
    return ALPHANUMERIC[(37 - rest) % 36]


def dhl_express_digit(digits: str) -> str:
    """The rest after division by seven. Source: DHL Express waybill; paketda.de, "Prüfziffer DHL Express"."""
    return str(int(digits) % 7)


def fedex_digit(digits: str) -> str:
    """Weights 1, 3, 7 from the right, modulo 11 and then 10. Source: tracking_number_data, `fedex.json` (Express)."""
    weights = (1, 3, 7)
    total = sum(int(digit) * weights[place % 3] for place, digit in enumerate(reversed(digits)))
    return str(total % 11 % 10)


def _gs1_sum(digits: str) -> int:
    return sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
