"""Live updates as Server-Sent Events (WHATWG HTML §9.2): each message is a position of the log and nothing else.

The page asks for its fragment then, with the rights of its reader. `Page.is_stream` marks such a row of the table of pages:
it may last.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final
from uuid import UUID

from aiohttp import web

from eventstore.read import read_tails_of
from schema.scim.errors import TooManyRequests
from service.console.framework.answers import HEADERS
from service.console.framework.call import ConsoleCall
from service.console.sessions.store import find_session
from service.feed.parts import FEED
from service.feed.poll import EVENT_STREAM
from service.http.answer import SERVER
from service.http.request_state import answered_id

LOOK_S: Final = 5.0  # Between two looks at what the log does not say, such as refusals.
PAUSE_S: Final = 0.5  # Between two messages: a busy log is read twice a second at most.
WRITE_TIMEOUT_S: Final = 30.0
RETRY: Final = b"retry: 3000\n\n"  # Milliseconds until a browser connects again.
ALIVE: Final = b": alive\n\n"
TOTAL_MAX: Final = 500
EACH_MAX: Final = 250  # Of one organization; operators count as one.
RETRY_AFTER_S: Final = 10.0

Mark = Callable[[], Awaitable[object]]  # Returns something else once there is something to show.


class LivePlaces:
    """Counts the pages that are open with live updates, in this process."""

    def __init__(self) -> None:
        self._counts = Counter[UUID | None]()

    @contextmanager
    def place(self, organization_id: UUID | None) -> Iterator[None]:
        """Hold a place for the duration of the block. Errors: TooManyRequests."""
        if self._counts[organization_id] >= EACH_MAX or self._counts.total() >= TOTAL_MAX:
            raise TooManyRequests(
                "Too many pages are open with live updates: close some, or press Reload.",
                RETRY_AFTER_S,
            )
        self._counts[organization_id] += 1
        try:
            yield
        finally:
            self._counts[organization_id] -= 1
            if not self._counts[organization_id]:
                del self._counts[organization_id]


PLACES: Final = LivePlaces()


async def send_positions(call: ConsoleCall, mark: Mark) -> web.StreamResponse:
    """Answer with the position of the organization's log, whenever it grows or `mark` returns something else."""
    feed, organization_id = call.request.app[FEED], call.organization.id

    async def look() -> tuple[int, object]:
        async with call.runtime.pool.acquire() as connection:
            tails = await read_tails_of(connection, [organization_id])
        return tails.get(organization_id, 0), await mark()

    with PLACES.place(organization_id), feed.wakes.watching(organization_id) as woken:
        return await _send(call, look, woken)


async def send_ticks(call: ConsoleCall, mark: Mark) -> web.StreamResponse:
    """Answer with a number that grows whenever `mark` returns something else: for pages without an organization."""
    ticks = 0
    last: object = None

    async def look() -> tuple[int, object]:
        nonlocal ticks, last
        now = await mark()
        ticks, last = ticks + (now != last), now
        return ticks, now

    with PLACES.place(None):
        return await _send(call, look, asyncio.Event(), look_s=1.0)


async def _send(
    call: ConsoleCall,
    look: Callable[[], Awaitable[tuple[int, object]]],
    woken: asyncio.Event,
    *,
    look_s: float = LOOK_S,
) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            **HEADERS,
            "Content-Type": EVENT_STREAM,
            "Cache-Control": "no-store",
            "Server": SERVER,
            "X-Request-Id": answered_id(call.request),
            "X-Accel-Buffering": "no",  # nginx would keep the messages back.
        }
    )
    await response.prepare(call.request)
    with suppress(ConnectionError, TimeoutError):  # The browser left, or reads no more.
        await _write(response, RETRY)
        async for piece in _pieces(call, look, woken, look_s):
            await _write(response, piece)
        await response.write_eof()
        return response
    if call.request.transport is not None:
        call.request.transport.abort()
    return response


async def _pieces(
    call: ConsoleCall,
    look: Callable[[], Awaitable[tuple[int, object]]],
    woken: asyncio.Event,
    look_s: float,
) -> AsyncIterator[bytes]:
    stopping = call.request.app[FEED].stopping
    last: tuple[int, object] | None = None
    while not stopping.is_set():
        woken.clear()  # Before the look: what comes during it causes another.
        if await find_session(call.runtime.pool, call.secret) is None:
            return
        now = await look()
        yield ALIVE if now == last else b"id: %d\ndata: %d\n\n" % (now[0], now[0])
        last = now
        await asyncio.sleep(PAUSE_S)
        if not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(look_s - PAUSE_S):
                    await woken.wait()


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(piece)
