"""GET /events as Server-Sent Events (WHATWG HTML §9.2): one long answer with every event as it comes.

The id of each is its position: a client that reconnects sends the last one as Last-Event-ID, and misses nothing.
"""

import asyncio
from contextlib import suppress
from typing import Final

import orjson
from aiohttp import web

from eventstore.events import POSITION_MAX
from schema.scim.errors import ScimError
from service.api.call import Call
from service.api.models import FieldProblem, Message
from service.api.problem import NO_STORE, BadQuery
from service.feed.event import FeedEvent
from service.feed.messages import FeedQuery
from service.feed.parts import Feed
from service.feed.poll import EVENT_STREAM, give_back_turn, read, read_types, refuse_beyond, shown
from service.http.answer import SERVER
from service.http.connections.client_address import client_address
from service.http.request_state import answered_id

ALIVE_S: Final = 15.0  # Between two signs of life: proxies close what is silent for longer.
RECHECK_S: Final = 1.0  # After an event, which may have been the revocation of this very token.
WRITE_TIMEOUT_S: Final = 30.0  # For the client to read one piece.
RETRY: Final = b"retry: 1000\n\n"  # Milliseconds until a client reconnects.
ALIVE: Final = b": alive\n\n"


def with_last_event_id(call: Call, query: FeedQuery) -> FeedQuery:
    """Return the query with the position at which a client goes on. Errors: BadQuery."""
    sent = call.request.headers.get("Last-Event-ID")
    if sent is None:
        return query
    if not (sent.isascii() and sent.isdecimal()) or int(sent) > POSITION_MAX:
        detail = "Last-Event-ID is a position: send the id of the last event, unchanged."
        raise BadQuery(detail, [FieldProblem(parameter="Last-Event-ID", detail=detail)])
    return query.model_copy(update={"after": int(sent)})


async def stream(call: Call, feed: Feed, query: FeedQuery) -> web.StreamResponse:
    """Answer until the client leaves, the token is refused, or the service stops.

    Errors: Conflict, TooManyRequests, Unavailable, each before the answer begins.
    """
    query, organization_id = with_last_event_id(call, query), call.organization.id
    types = read_types(query)
    await refuse_beyond(call, feed, query.after)
    response = web.StreamResponse(
        headers={
            **NO_STORE,
            "Content-Type": EVENT_STREAM,
            "Server": SERVER,
            "X-Request-Id": answered_id(call.request),
            "X-Content-Type-Options": "nosniff",
            "X-Accel-Buffering": "no",  # nginx would keep the events back.
        }
    )
    with (
        feed.consumers.place(organization_id, "stream"),
        feed.wakes.watching(organization_id) as woken,
    ):
        await response.prepare(call.request)
        if call.request.method == "HEAD":
            return response
        give_back_turn(call)
        with suppress(ConnectionError, TimeoutError):  # The client left, or reads no more.
            await _write(response, RETRY)
            await _send_all(call, feed, query, types, woken=woken, response=response)
            await response.write_eof()
            return response
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


async def _send_all(
    call: Call,
    feed: Feed,
    query: FeedQuery,
    types: frozenset[str] | None,
    *,
    woken: asyncio.Event,
    response: web.StreamResponse,
) -> None:
    after, clock = query.after, asyncio.get_running_loop().time
    moved_s = -ALIVE_S  # When the consumer got on.
    while not feed.stopping.is_set():
        woken.clear()  # Before the read: what comes during it causes another.
        try:
            await call.service.authenticator.authenticate(
                call.request.headers.get("Authorization"), client_address(call.request)
            )
            batch = await read(feed, call, after=after, limit=query.limit, types=types)
        except ScimError:
            return  # The token is accepted no more, or there is an outage: the client reconnects, and learns why.
        if batch.events:
            await _write(response, b"".join(_piece(each, query) for each in batch.events))
        if batch.position > after:
            after, moved_s = batch.position, clock()
            if not batch.events or batch.events[-1].position < after:
                # What is not wanted need not be read again.
                await _write(response, b"id: %d\n\n" % after)
            continue
        # A wake may come before the token is looked up again, so for two turns, not for one.
        is_recent = clock() - moved_s < 2 * RECHECK_S
        if not await _is_woken(woken, RECHECK_S if is_recent else ALIVE_S):
            await _write(response, ALIVE)


def _piece(event: FeedEvent, query: FeedQuery) -> bytes:
    made = shown(event, query)
    text = made.model_dump_json().encode() if isinstance(made, Message) else orjson.dumps(made)
    return b"id: %d\ndata: %s\n\n" % (event.position, text)


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT_S):
        await response.write(piece)


async def _is_woken(woken: asyncio.Event, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await woken.wait()
    except TimeoutError:
        return False
    return True
