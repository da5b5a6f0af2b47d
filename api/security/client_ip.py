"""Pure: where a request comes from, told by the connection and by proxies that are trusted."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
# What one customer of a provider has: they are all the same sender.
_IPV6_PREFIX = 64


def client_address(peer: str | None, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy's, from the connection backwards.

    `forwarded`: the X-Forwarded-For headers in their order. Each proxy appends whom it was called by, so
    that everything before the first stranger is only hearsay.
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


def sender(address: str) -> str:
    """Whose an address is: of IPv6 the network that one customer has, else the address itself."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _IPV6_PREFIX), strict=False))
    return address


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """`1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]`, `[::1]:5678`."""
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
