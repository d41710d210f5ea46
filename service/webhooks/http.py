"""Posts messages to receivers: bounded in time and size, to public addresses only, and without following anything.

The address is checked where the socket is made, so what is checked is what is connected to (DNS rebinding).
"""

import socket
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import AddrInfoType

from service.oauth.addresses import is_public
from service.webhooks.outcome import Outcome, outcome_of

TIMEOUT: Final = aiohttp.ClientTimeout(total=15.0, sock_connect=5.0)
ANSWER_BYTES_MAX: Final = 65_536  # Of an answer; the rest is not read, and the connection closed.
PIECE_BYTES: Final = 16_384
CONNECTIONS_MAX: Final = 100
EACH_MAX: Final = 10  # To one host.
KEEPALIVE_S: Final = 30.0
HEADERS: Final = {"User-Agent": "scim-ledger", "Accept-Encoding": "identity"}


class PrivateAddress(OSError):
    """The host resolves to an address that is not public."""


def open_session(*, may_be_private: bool) -> aiohttp.ClientSession:
    """Return a session for messages to receivers. The caller closes it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS_MAX,
            limit_per_host=EACH_MAX,
            keepalive_timeout=KEEPALIVE_S,
            socket_factory=None if may_be_private else _public_socket,
        ),
        headers=HEADERS,
        timeout=TIMEOUT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


async def post(
    session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> Outcome:
    """Send a message; return what came of it."""
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            await _read_off(response)
            return outcome_of(response.status, response.headers.get("Retry-After"))
    except PrivateAddress:
        return Outcome("away", "The host is at an address that is not public.")
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PrivateAddress):
            return Outcome("away", "The host is at an address that is not public.")
        return Outcome("away", f"The receiver cannot be reached ({type(error).__name__}).")
    except TimeoutError:
        return Outcome("away", "The receiver does not answer in time.")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome("away", f"The receiver cannot be reached ({type(error).__name__}).")


async def _read_off(response: aiohttp.ClientResponse) -> None:
    """Read an answer, so that its connection can be used again; close the connection of a long one."""
    size = 0
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        size += len(piece)
        if size > ANSWER_BYTES_MAX:
            response.close()
            return


def _public_socket(info: AddrInfoType) -> Any:
    """Return a socket to a public address. Errors: PrivateAddress."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddress("The address is not public.")
    return socket.socket(family, kind, protocol)
