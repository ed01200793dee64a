"""Where a request comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address: the socket's, or the one our own proxies saw.

    With `TRUSTED_PROXIES = n` the n-th address from the right of X-Forwarded-For counts; what a caller
    writes further left is never believed. IPv4-mapped IPv6 addresses come back as IPv4, others without their zone
    (`fe80::1%eth0`), which no database column takes. None when there is no address, as on a Unix socket.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES]
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)
