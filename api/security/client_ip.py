"""Pure: the client's address, from the connection and from the headers of trusted proxies."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from api.settings import Network

UNKNOWN = "unknown"
# A provider assigns one customer a network of this size: rate limits count it as one client.
_IPV6_PREFIX = 64


def client_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Return the nearest address that belongs to no trusted proxy, going back from the connection.

    `forwarded`: the X-Forwarded-For headers in their order. Each proxy appends the address of its caller,
    so everything to the left of the first untrusted address could be forged.
    """
    found = _address(peer or "")
    if found is None:
        return peer or UNKNOWN
    hops = [hop for header in forwarded for hop in header.split(",")]
    while hops and any(found in network for network in trusted):
        hop = _address(hops.pop())
        if hop is None:
            break
        found = hop
    return str(found)


def client_network(address: str) -> str:
    """Return the /64 network of an IPv6 address, and any other address as it is."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _IPV6_PREFIX), strict=False))
    return address


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]` or `[::1]:5678`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
