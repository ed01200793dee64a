import ipaddress

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from orderpull.addresses import is_allowed, validate_addresses


@pytest.mark.parametrize(
    ("caller", "allowed", "enters"),
    [
        ("192.0.2.7", "", True),
        (None, "", True),
        (None, "192.0.2.7", False),
        ("192.0.2.7", " \n ", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.8", "192.0.2.7", False),
        ("192.0.2.8", "198.51.100.1\n192.0.2.0/24", True),
        ("192.0.2.8", "192.0.2.9/24", True),
        ("192.0.2.8", "::ffff:192.0.2.8", True),
        ("192.0.2.8", "::ffff:192.0.2.0/120", True),
        ("192.0.3.8", "::ffff:192.0.2.0/120", False),
        ("2001:db8::1", "2001:DB8:0:0::1", True),
        ("2001:db8::1", "2001:db8::/32, 192.0.2.1", True),
        ("2001:db9::1", "2001:db8::/32", False),
        ("192.0.2.8", "::/0", False),
        ("192.0.2.8", "rubbish", False),
        ("192.0.2.8", "rubbish 192.0.2.8", True),
    ],
)
def test_t6_addresses_are_compared_as_what_they_are(caller, allowed, enters):
    assert is_allowed(caller, allowed) is enters


@pytest.mark.parametrize(
    "junk", ["localhost", "192.0.2.256", "192.0.2.0/33", "192.0.2", "*", "1e3", "２.2.2.2", "\x00"]
)
def test_t6_junk_is_not_stored(junk):
    with pytest.raises(ValidationError):
        validate_addresses(f"192.0.2.1\n{junk}")


@given(st.ip_addresses(), st.integers(0, 128))
def test_t6_an_address_is_always_in_its_own_network(address, length):
    network = f"{address}/{min(length, address.max_prefixlen)}"

    validate_addresses(network)

    caller = getattr(address, "ipv4_mapped", None) or address
    is_mapped_but_wider = caller != address and length < 96
    assert is_allowed(str(caller), network) is not is_mapped_but_wider
    assert ipaddress.ip_address(str(caller)) == caller
