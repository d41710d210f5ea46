"""Posts messages to receivers: bounded in time and size, to public addresses only, and without following anything.

The status says what came of a message. What follows it is read off for a moment, so that the connection can be used
again: a receiver that sends much, or slowly, or closes early has taken the message all the same.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp

from service.oauth.sockets import is_private, public_socket
from service.webhooks.outcome import Outcome, outcome_of

TIMEOUT: Final = aiohttp.ClientTimeout(total=15.0, sock_connect=5.0)
ANSWER_BYTES_MAX: Final = 65_536  # Of an answer; the rest is not read, and the connection closed.
ANSWER_S_MAX: Final = 2.0  # For the body of an answer, likewise.
PIECE_BYTES: Final = 16_384
CONNECTIONS_MAX: Final = 100
EACH_MAX: Final = 10  # To one host.
KEEPALIVE_S: Final = 30.0
HEADERS: Final = {"User-Agent": "scim-ledger", "Accept-Encoding": "identity"}


def open_session(*, may_be_private: bool) -> aiohttp.ClientSession:
    """Return a session for messages to receivers. The caller closes it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS_MAX,
            limit_per_host=EACH_MAX,
            keepalive_timeout=KEEPALIVE_S,
            socket_factory=None if may_be_private else public_socket,
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
    except TimeoutError:
        return Outcome("away", "The receiver does not answer in time.")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if is_private(error):
            return Outcome("away", "The host is at an address that is not public.")
        return Outcome("away", f"The receiver cannot be reached ({type(error).__name__}).")


async def _read_off(response: aiohttp.ClientResponse) -> None:
    """Read an answer, so that its connection can be used again; close the connection of any but a short, whole one."""
    size = 0
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            async for piece in response.content.iter_chunked(PIECE_BYTES):
                size += len(piece)
                if size > ANSWER_BYTES_MAX:
                    break
            else:
                return
    except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError.
        pass
    response.close()
