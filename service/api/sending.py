"""Sends a file in pieces: a client that does not read holds neither memory nor a slot for long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import IO, Final, Protocol
from uuid import UUID

from aiohttp import web

from schema.events.organization import Organization
from service.api.problem import NO_STORE
from service.http.answer import SERVER
from service.http.body import ClientLeft
from service.http.parts import Service
from service.http.request_state import answered_id

CHUNK_BYTES: Final = 65_536
WRITE_TIMEOUT_S: Final = 30.0  # For the client to read one piece.


class Receiver(Protocol):
    """The request of whoever gets a file: a call of an API, or of the console."""

    @property
    def request(self) -> web.Request:
        """The request itself."""
        ...

    @property
    def request_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def service(self) -> Service:
        """The parts of the service."""
        ...

    @property
    def organization(self) -> Organization:
        """Whose file it is."""
        ...


def is_head(call: Receiver) -> bool:
    """Return whether only the head of the answer is asked for: nothing is made and nothing given out."""
    return bool(call.request.method == "HEAD")


async def send_file(
    call: Receiver,
    headers: Mapping[str, str],
    pieces: AsyncIterator[bytes],
    *,
    at_end: Callable[[], Awaitable[None]] | None = None,
) -> web.StreamResponse:
    """Answer with a file in pieces; `at_end` is awaited before its end is sent, or once the client has left. For HEAD, send only the head."""
    own = {"Server": SERVER, "X-Request-Id": answered_id(call.request)}
    response = web.StreamResponse(
        headers={**NO_STORE, **own, "X-Content-Type-Options": "nosniff", **headers}
    )
    try:
        async with call.service.streams.slot(call.organization.id):
            await response.prepare(call.request)
            if is_head(call):
                return response
            async with aclosing(pieces) as each:  # type: ignore[type-var]
                async for piece in each:
                    async with asyncio.timeout(WRITE_TIMEOUT_S):
                        await response.write(piece)
        if at_end is not None:
            await at_end()
    except BaseException as error:
        if not response.prepared:
            raise
        if (
            transport := call.request.transport
        ) is not None:  # None: the client has cut the connection.
            transport.abort()  # A partial file must not look like a whole one.
        if isinstance(error, ConnectionError | TimeoutError):
            if at_end is not None:
                await at_end()  # What was given out was given out.
            raise ClientLeft("The file was not read to its end.") from error
        raise
    await response.write_eof()
    return response


async def no_pieces() -> AsyncIterator[bytes]:
    """Yield nothing: the file of a head."""
    none: tuple[bytes, ...] = ()
    for piece in none:
        yield piece


async def pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file in pieces."""
    while piece := file.read(CHUNK_BYTES):
        yield piece
