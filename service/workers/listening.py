"""The socket that all workers accept from.

The parent opens it once, and each worker inherits it. So connections that wait to be accepted are lost by no worker
that dies or stops: another one accepts them. With a socket for each worker (SO_REUSEPORT) the kernel would reset those
that wait at the worker that goes.
"""

import os
import socket

from service.config import CannotListen
from service.limits.descriptors import backlog


def cannot_listen(host: str, port: int, error: OSError) -> CannotListen:
    """Return why nobody can listen there."""
    number = error.errno or 0  # Negative numbers come from the resolver: an unknown host name.
    reason = os.strerror(number).lower() if number > 0 else error.strerror
    return CannotListen(
        f"Cannot listen on {host}:{port}: {reason}. Set SCIM_LEDGER_PORT (or SCIM_LEDGER_HOST)."
    )


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Errors: CannotListen."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(address)
            listening.listen(backlog())
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise cannot_listen(host, port, error) from error
    listening.setblocking(False)
    return listening
