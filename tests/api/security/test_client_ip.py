"""Nobody chooses their own address, and a trusted proxy is believed about the one before it."""

from ipaddress import ip_network

import pytest

from api.security.client_ip import client_address, sender

TRUSTED = tuple(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        # A stranger's word counts for nothing.
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        # What stands before the first stranger is hearsay.
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1", "10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["10.1.2.3,10.0.0.1"], "10.1.2.3"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("fd00::1", ["2001:DB8::5"], "2001:db8::5"),
        ("::ffff:203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        # Nonsense ends the chain with the proxy that passed it on.
        ("127.0.0.1", ["198.51.100.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["", " , "], "127.0.0.1"),
        (None, ["198.51.100.1"], "unknown"),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
def test_where_it_comes_from(peer: str | None, forwarded: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == expected


def test_without_trusted_proxies_only_the_connection_counts() -> None:
    assert client_address("127.0.0.1", ["198.51.100.1"], ()) == "127.0.0.1"


def test_a_customers_network_is_one_sender() -> None:
    assert sender("2001:db8:1:2:3::4") == sender("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert sender("2001:db8:1:3::1") != sender("2001:db8:1:2::1")
    assert sender("203.0.113.7") == "203.0.113.7"
