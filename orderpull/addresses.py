"""The addresses a shop lets in: single ones and networks, IPv4 and IPv6, compared as objects and never as text."""

import ipaddress

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def parse_network(text: str) -> Network:
    """A network from `192.0.2.0/24`, `2001:db8::/32` or a single address. Raises ValueError.

    An IPv4 network written as IPv6 (`::ffff:192.0.2.0/120`) comes back as IPv4, as the callers do.
    """
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(MAPPED):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.ip_network(f"{mapped}/{network.prefixlen - MAPPED.prefixlen}")
    return network


def listed(text: str) -> list[str]:
    """The entries of a list with one a line; commas and blanks part them too."""
    return text.replace(",", " ").split()


def validate_addresses(text: str) -> None:
    for entry in listed(text):
        try:
            parse_network(entry)
        except ValueError:
            raise ValidationError(_("“%(entry)s” is not an address or network."), params={"entry": entry}) from None


def is_allowed(address: str | None, allowed: str) -> bool:
    """Whether `address` is in one of the networks; an empty list lets everybody in, a broken entry nobody."""
    entries = listed(allowed)
    if not entries:
        return True
    return address is not None and any(_is_in(ipaddress.ip_address(address), entry) for entry in entries)


def _is_in(caller: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    try:
        network = parse_network(entry)
    except ValueError:
        return False
    return caller.version == network.version and caller in network
