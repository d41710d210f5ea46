"""Which addresses may be asked for keys: public ones, so that nobody reaches our network through us (SSRF). Pure."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# They look public and are not.
SPECIAL = (
    IPv4Network("168.63.129.16/32"),  # From within Azure, this reaches the host.
    IPv4Network(
        "192.0.0.0/24"
    ),  # RFC 6890: protocol assignments; one cloud has its metadata there.
)
UNICAST = IPv6Network("2000::/3")  # RFC 4291 §2.4: the part that the internet uses.
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in the last 32 bits.


def is_public(text: str) -> bool:
    """Return whether an address belongs to the public internet, also where it wraps another address."""
    try:
        address = ip_address(text.partition("%")[0])  # A link-local one may name its interface.
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public(address)
    wrapped = _wrapped(address)
    if wrapped:
        return all(map(_is_public, wrapped))
    return address in UNICAST and _is_public(address)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in SPECIAL)
    )


def _wrapped(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that packets to an IPv6 address may end at."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()
