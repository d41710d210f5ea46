"""Sockets to public addresses only, for what asks other servers on behalf of an organization.

The address is checked where the socket is made, so what is checked is what is connected to: a name that resolves to
another address a moment later (DNS rebinding) gains nothing.
"""

import socket

from aiohttp import AddrInfoType

from service.oauth.addresses import is_public


class PrivateAddress(OSError):
    """The host resolves to an address that is not public."""


def public_socket(info: AddrInfoType) -> socket.socket:
    """Return a socket to a public address. Errors: PrivateAddress."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddress("The address is not public.")
    return socket.socket(family, kind, protocol)


def is_private(error: BaseException) -> bool:
    """Return whether an error of aiohttp says that no socket was made because the address is not public."""
    return isinstance(error, PrivateAddress) or isinstance(
        getattr(error, "os_error", None), PrivateAddress
    )
