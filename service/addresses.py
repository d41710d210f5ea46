"""Addresses, networks and hosts as settings and headers write them. Pure."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A host of a URL, with or without a port.
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
HOP_LENGTH_MAX = 64  # Of one address in X-Forwarded-For, with its port.
SITE_BITS = (
    64  # Of an IPv6 address: whoever has one address has all that begin with the same 64 bits.
)


def limit_key(address: str) -> str:
    """Return the name under which limits count an address: for IPv6 its network of 64 bits."""
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/{SITE_BITS}", strict=False))


def read_address(text: str) -> Address | None:
    """Return the address that a text holds, perhaps in quotes or brackets, or with a port or a zone; else None.

    An IPv4 address that is written as IPv6 (::ffff:192.0.2.1) is returned as IPv4.
    """
    text = text[:HOP_LENGTH_MAX].strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the addresses and networks in a list that is separated by commas. Errors: ValueError."""
    return tuple(_read_networks(text.split(",")))


def _read_networks(texts: Iterable[str]) -> Iterable[Network]:
    for each in texts:
        if each.strip():
            yield ip_network(each.strip(), strict=False)


def read_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts in a list that is separated by commas. Errors: ValueError."""
    hosts = tuple(each.strip() for each in text.split(",") if each.strip())
    for each in hosts:
        if HOST.fullmatch(each) is None:
            raise ValueError(f"{each!r} is no host")
    return hosts
