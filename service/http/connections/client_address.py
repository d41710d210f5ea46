"""The address of a client: the peer's, or behind a trusted proxy the one that the proxy reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web
from multidict import MultiMapping

from service.addresses import Address, Network, limit_key, read_address

UNKNOWN = "unknown"  # For a peer without an address, such as a socket that is closed already.


class TrustedProxies:
    """The proxies whose X-Forwarded-For counts."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: Address) -> bool:
        """Return whether an address is that of a trusted proxy."""
        return any(address in each for each in self._networks)

    def client(self, peer: str, forwarded: str) -> str:
        """Return the client's address: that of the right-most hop that is no trusted proxy.

        Each proxy adds the address that it was called from at the end. So everything to the left of the first
        untrusted hop, read from the right, may be invented. If all hops are trusted, the left-most one is the
        client. What is no address ends the search: then the last proxy that was found is the client.
        """
        client = peer
        for text in reversed(forwarded.split(",")):
            hop = read_address(text)
            if hop is None:
                break
            client = str(hop)
            if not self.trusts(hop):
                break
        return client


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection."""

    address: str
    proxies: TrustedProxies
    is_proxy: bool  # It is a trusted proxy: its requests come from many clients.

    @property
    def limit_key(self) -> str:
        """Return the name under which limits count this peer."""
        return limit_key(self.address)


def peer_of(socket_address: Any, proxies: TrustedProxies) -> Peer:
    """Return the peer at a socket's address, as `getpeername` gives it."""
    text = str(socket_address[0]) if isinstance(socket_address, (tuple, list)) else ""
    address = read_address(text)
    if address is None:
        return Peer(UNKNOWN, proxies, is_proxy=False)
    return Peer(str(address), proxies, is_proxy=proxies.trusts(address))


def client_address(request: web.BaseRequest) -> str:
    """Return the address of a request's client, without a port: the one place that knows it.

    It is the peer's address, unless the peer is a trusted proxy (SCIM_LEDGER_TRUSTED_PROXIES). Then it is the
    right-most address in X-Forwarded-For that is no trusted proxy.
    """
    return client_of(cast("Any", request.protocol).peer, request.headers)


def client_of(peer: Peer, headers: MultiMapping[str]) -> str:
    """Return the address of the client of a request with these headers, as `client_address` does."""
    if not peer.is_proxy:
        return peer.address
    lines = headers.getall("X-Forwarded-For", ())
    return peer.proxies.client(peer.address, ",".join(lines))
