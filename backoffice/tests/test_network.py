"""Where a request comes from, behind as many proxies as there are, and whatever a caller writes."""

import pytest

from backoffice.network import client_ip

FORGED, CALLER, OUTER, INNER = "198.51.100.66", "203.0.113.9", "192.0.2.1", "10.0.0.2"


def address(rf, *, forwarded: str | None = None, socket: str = INNER) -> str | None:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_ip(rf.get("/", REMOTE_ADDR=socket, **headers))


def test_without_proxies_of_ours_the_socket_alone_is_believed(rf, settings):
    settings.TRUSTED_PROXIES = 0

    assert address(rf, forwarded=FORGED, socket=CALLER) == CALLER


def test_one_proxy_adds_the_last_address(rf, settings):
    settings.TRUSTED_PROXIES = 1

    assert address(rf, forwarded=CALLER) == CALLER
    assert address(rf, forwarded=f"{FORGED}, {CALLER}") == CALLER


def test_two_proxies_add_the_last_two(rf, settings):
    settings.TRUSTED_PROXIES = 2

    assert address(rf, forwarded=f"{CALLER}, {OUTER}") == CALLER
    assert address(rf, forwarded=f"{FORGED}, {CALLER},{OUTER}") == CALLER


@pytest.mark.parametrize("forwarded", [None, "", " , ", OUTER])
def test_who_comes_past_a_proxy_is_known_by_the_socket(rf, settings, forwarded):
    settings.TRUSTED_PROXIES = 2

    assert address(rf, forwarded=forwarded, socket=CALLER) == CALLER


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        ("unix:", None),
        ("unknown", None),
        ("203.0.113.9:4711", None),
        ("203.0.113.9\r\nX: y", None),
    ],
)
def test_addresses_have_one_spelling_and_nonsense_is_none(rf, settings, written, meant):
    settings.TRUSTED_PROXIES = 0

    assert address(rf, socket=written) == meant
