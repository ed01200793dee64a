"""Invented customers. One customer number is one and the same customer in every order."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from orders.demo.codes import filled, personal_number
from orders.demo.places import NAMES, PLACES, Names
from orders.models import Address

MAILBOXES = ("post.example", "mailbox.example", "hej.example", "letters.example")
ELSEWHERE = "NL"  # What customers of an unknown country are called like.


@dataclass(frozen=True)
class Customer:
    """Who orders, from where; a company has a VAT number where its country is in the European Union."""

    number: str
    name: str
    company: str
    email: str
    phone: str
    language: str
    personal_number: str
    vat_number: str
    billing: Address
    ip_address: str


@lru_cache(maxsize=10_000)
def customer_of(number: str, country: str, companies: float, *, guest: str = "") -> Customer:
    """The customer with that number, from `country` (ISO 3166 alpha-2 or empty); `companies` is a share of 1.

    A `guest` has no number and is known by the invoice alone.
    """
    rng = Random(f"customer {number or guest}")  # noqa: S311  (invention, not secrecy)
    place = PLACES[country or ELSEWHERE]
    names = NAMES[place.names]
    first, last = rng.choice(names.first), rng.choice(names.last)
    is_company = rng.random() < companies and not guest
    town = rng.choice(place.towns)
    company = rng.choice(names.companies).format(last=last, city=town[0]) if is_company else ""
    domain = f"{_slug(company)}.example" if company else rng.choice(MAILBOXES)
    is_swede = country == "SE" and not company
    return Customer(
        number=number,
        name=f"{first} {last}",
        company=company,
        email=f"{_slug(first)}.{_slug(last)}@{domain}",
        phone=filled(place.phone, rng),
        language=place.language,
        personal_number=personal_number(rng) if is_swede and rng.random() < 0.6 else "",
        vat_number=filled(place.vat_number, rng) if company else "",
        billing=_address(f"{first} {last}", company, country, town, names, rng),
        ip_address=_ip_address(rng),
    )


@lru_cache(maxsize=2_000)
def other_address(customer: Customer, country: str) -> Address:
    """Where a customer has things sent when that is not the own address: in the same or another country."""
    rng = Random(f"delivery {customer.number} {customer.email} {country}")  # noqa: S311
    place = PLACES[country or ELSEWHERE]
    names = NAMES[place.names]
    name = f"{rng.choice(names.first)} {rng.choice(names.last)}"
    return _address(name, customer.company, country, rng.choice(place.towns), names, rng)


def _address(name: str, company: str, country: str, town: tuple[str, str, str], names: Names, rng: Random) -> Address:
    city, postcode, region = town
    street = names.address.format(street=rng.choice(names.streets), number=rng.randint(1, 180))
    extra = rng.choice(names.extra) if names.extra and rng.random() < 0.12 else ""
    return Address(
        name=name,
        company=company,
        street=street,
        extra=extra,
        postcode=filled(postcode, rng),
        city=city,
        region=region,
        country=country,
    )


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ı", "i").replace("ø", "o"))
    return re.sub("[^a-z0-9]+", "-", re.sub("[^\x00-\x7f]", "", plain).lower()).strip("-")


def _ip_address(rng: Random) -> str:
    """An address that documentation may use (RFC 5737, RFC 3849)."""
    if rng.random() < 0.2:
        return f"2001:db8:{rng.randint(1, 0xFFFF):x}::{rng.randint(1, 0xFFFF):x}"
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"
