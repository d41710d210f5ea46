"""An export that its client breaks off is recorded: what was given out was given out."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from aiohttp import web

from schema.events.organization import Organization
from service.api.sending import send_file
from service.http.parts import Service
from service.http.request_state import STATE, RequestState
from service.ids import new_id
from service.limits.fair_share import FairShare
from tests.builders import CALLER

PARTS = SimpleNamespace(streams=FairShare(2, 2, wait_s=1.0))
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection.


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a file."""

    request: web.Request
    service: Service
    organization: Organization
    request_id: UUID


async def endless() -> AsyncIterator[bytes]:
    """Yield a file that nobody reads to its end."""
    while True:
        yield bytes(65_536)


@pytest.mark.parametrize("is_reset", [True, False], ids=["reset", "closed"])
async def test_a_file_that_is_broken_off_was_given_out(*, is_reset: bool) -> None:
    recorded = asyncio.Event()

    async def record() -> None:
        recorded.set()

    async def answer(request: web.Request) -> web.StreamResponse:
        request[STATE] = RequestState(new_id())
        call = Asked(
            request, cast("Service", PARTS), CALLER.organization, request[STATE].request_id
        )
        return await send_file(call, {}, endless(), at_end=record)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)  # As the service's: a handler goes on when its client has left.
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        client = socket.create_connection(runner.addresses[0])
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await loop.sock_recv(client, 1_000_000)
        assert not recorded.is_set()
        if is_reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.close()
        async with asyncio.timeout(20):
            await recorded.wait()
    finally:
        await runner.cleanup()
