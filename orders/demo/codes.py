"""Numbers with the shape and check digits of the real thing: tracking codes, payment references, personal numbers."""

import re
from random import Random
from typing import NamedTuple

# Letters that no postcode, VAT number or reference leaves out.
LETTERS = "ABDEGHJLNPRTWXZ"
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def filled(pattern: str, rng: Random) -> str:
    """`pattern` with a digit for every `#` and a capital letter for every `@`."""
    return re.sub("[#@]", lambda mark: rng.choice("0123456789" if mark[0] == "#" else LETTERS), pattern)


def drawn(alphabet: str, length: int, rng: Random) -> str:
    return "".join(rng.choices(alphabet, k=length))


# --- check digits --------------------------------------------------------------------------------


def luhn_digit(digits: str) -> str:
    """The digit that makes `digits` right by ISO/IEC 7812, as in Swedish personal numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def mod10_digit(digits: str) -> str:
    """The GS1 check digit, as in an SSCC: weights 3 and 1 from the right."""
    return str(-sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))) % 10)


def s10_digit(serial: str) -> str:
    """The check digit of eight digits in a postal item number (UPU S10)."""
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def ups_digit(code: str) -> str:
    """The check digit of the 15 characters behind `1Z`."""
    values = [int(mark) if mark.isdigit() else (ord(mark) - 63) % 10 for mark in code]
    return str(-sum(value * (2 if place % 2 else 1) for place, value in enumerate(values)) % 10)


def iso7064_mark(code: str) -> str:
    """The check character of ISO 7064 MOD 37,36, as DPD prints it behind a parcel number."""
    rest = 36
    for mark in code:
        rest = (rest + ALPHANUMERIC.index(mark)) % 36 or 36
        rest = rest * 2 % 37
    return ALPHANUMERIC[(37 - rest) % 36]


def mod97_digits(reference: str) -> str:
    """The two check digits of a creditor reference (ISO 11649, `RF…`)."""
    number = "".join(str(ALPHANUMERIC.index(mark)) for mark in f"{reference}RF00")
    return f"{98 - int(number) % 97:02d}"


# --- what they check -----------------------------------------------------------------------------


def personal_number(rng: Random) -> str:
    """A Swedish personal number with the right check digit, of nobody alive: born before 1900."""
    digits = f"{rng.randint(80, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(1, 999):03d}"
    return f"18{digits[:6]}-{digits[6:]}{luhn_digit(digits)}"


class Parcel(NamedTuple):
    """A carrier as the shop writes it, how it sends, and the tracking code with its page."""

    carrier: str
    method: str
    tracking_code: str
    tracking_url: str


def parcel(carrier: str, rng: Random) -> Parcel:
    """A parcel of PostNL, DHL, PostNord, UPS or DPD."""
    method, make = CARRIERS[carrier]
    code = make(rng)
    return Parcel(carrier, method, code, f"https://{carrier.lower()}.example/track/{code}")


def _postnl(rng: Random) -> str:
    return "3SDEMO" + drawn("0123456789", 9, rng)


def _dhl(rng: Random) -> str:
    digits = "003404340000" + drawn("0123456789", 7, rng)
    return digits + mod10_digit(digits)


def _postnord(rng: Random) -> str:
    serial = drawn("0123456789", 8, rng)
    return f"RX{serial}{s10_digit(serial)}SE"


def _ups(rng: Random) -> str:
    code = drawn(ALPHANUMERIC, 6, rng) + "68" + drawn("0123456789", 7, rng)
    return f"1Z{code}{ups_digit(code)}"


def _dpd(rng: Random) -> str:
    digits = "0" + drawn("0123456789", 13, rng)
    return digits + iso7064_mark(digits)


CARRIERS = {
    "PostNL": ("PostNL parcel", _postnl),
    "DHL": ("DHL Parcel", _dhl),
    "PostNord": ("PostNord MyPack", _postnord),
    "UPS": ("UPS Standard", _ups),
    "DPD": ("DPD Classic", _dpd),
}


def payment_reference(provider: str, number: int, rng: Random) -> str:
    """How the provider names a payment; a bank transfer carries a creditor reference made of the order number."""
    if provider == "Mollie":
        return "tr_" + drawn(BASE58, 10, rng)
    if provider == "Klarna":
        return (
            f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-a{rng.getrandbits(12):03x}"
        )
    if provider == "PayPal":
        return drawn(ALPHANUMERIC, 17, rng)
    return f"RF{mod97_digits(str(number))}{number}"
