"""Whose domain mails are sent from, and what its DNS must say so that mail programs do not take them for forged.

Nothing is looked up: the page tells what belongs there, and whoever keeps the domain puts it there.
"""

from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings as installation

from backoffice.models import Shop
from messaging.post.message import travelling
from messaging.services.settings import settings_in
from messaging.services.writing import sender_of


@dataclass(frozen=True)
class DnsRecord:
    """One TXT record: what it is for (`spf`, `dkim`, `dmarc`), where it stands, what it says.

    Without a value only the mail provider knows it.
    """

    purpose: str
    name: str
    value: str = ""


@dataclass(frozen=True)
class SenderDomain:
    """`is_own`: the shop's own domain and server; else those of the installation. Without a server nothing leaves."""

    address: str
    domain: str
    server: str
    is_own: bool
    records: list[DnsRecord]


def sender_domain(shop: Shop) -> SenderDomain:
    own = settings_in(shop)
    address = travelling(parseaddr(sender_of(shop, shop).address)[1])
    domain = address.rpartition("@")[2].lower()
    server = own.host or (installation.EMAIL_HOST if installation.EMAIL_BACKEND.endswith("smtp.EmailBackend") else "")
    return SenderDomain(address, domain, server, bool(own.host), _records(domain, server, address) if server else [])


def _records(domain: str, server: str, address: str) -> list[DnsRecord]:
    return [
        DnsRecord("spf", domain, f"v=spf1 {_sends(server)} ~all"),
        DnsRecord("dkim", f"…._domainkey.{domain}"),
        DnsRecord("dmarc", f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{address}"),
    ]


def _sends(server: str) -> str:
    """How SPF names a server: by its name, or by its address (RFC 7208)."""
    if ":" in server:
        return f"ip6:{server}"
    return f"ip4:{server}" if server.replace(".", "").isdigit() else f"a:{server.lower()}"
