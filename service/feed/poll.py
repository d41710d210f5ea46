"""GET /events: a page of events after a position, or the stream of them if the client accepts one.

If there is no event yet, the answer waits for one. While it waits it holds no connection of Postgres and no turn of
its organization.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from schema.events.codec import TYPES
from schema.scim.errors import Conflict
from service.api.call import Call
from service.api.models import FieldProblem
from service.api.problem import BadQuery
from service.feed.event import FeedEvent, without_values
from service.feed.messages import FeedEnd, FeedPage, FeedQuery
from service.feed.ocsf import ocsf_event
from service.feed.parts import FEED, Feed
from service.feed.reader import Batch
from service.http.request_state import STATE
from service.unavailable import unavailable_in_outages

EVENT_STREAM: Final = "text/event-stream"
Stream = Callable[[Call, Feed, FeedQuery], Awaitable[web.StreamResponse]]


async def page(call: Call, query: FeedQuery) -> FeedPage:
    """Answer with the next events; wait for one if there is none. Errors: Conflict, TooManyRequests, Unavailable."""
    feed, organization_id = call.request.app[FEED], call.organization.id
    types = read_types(query)
    await refuse_beyond(call, feed, query.after)
    loop = asyncio.get_running_loop()
    until_s, after = loop.time() + query.wait, query.after
    with (
        feed.consumers.place(organization_id, "poll"),
        feed.wakes.watching(organization_id) as woken,
    ):
        while True:
            woken.clear()  # Before the read: what comes during it causes another.
            batch = await read(feed, call, after=after, limit=query.limit, types=types)
            is_over = loop.time() >= until_s or feed.stopping.is_set()
            is_end = batch.position == after
            if batch.events or (is_over and (is_end or query.wait)):
                return FeedPage(
                    items=[shown(each, query) for each in batch.events], position=batch.position
                )
            after = batch.position
            if is_end:
                await _wait(call, woken, until_s - loop.time())


async def end(call: Call) -> FeedEnd:
    """GET /position."""
    return FeedEnd(position=await tail(call.request.app[FEED], call))


def wants_stream(request: web.Request) -> bool:
    """Return whether a client asks for Server-Sent Events."""
    return EVENT_STREAM in request.headers.get("Accept", "")


def read_types(query: FeedQuery) -> frozenset[str] | None:
    """Return the types that are wanted; None for all. Errors: BadQuery."""
    if query.types is None:
        return None
    wanted = frozenset(each.strip() for each in query.types.split(",") if each.strip())
    unknown = sorted(wanted - TYPES.keys())
    if unknown or not wanted:
        named = f"There is no type {unknown[0][:60]!r}" if unknown else "Name at least one type"
        detail = f"{named}; docs/reference/events.md has all types."
        raise BadQuery(detail, [FieldProblem(parameter="types", detail=detail)])
    return wanted


async def read(feed: Feed, call: Call, **wanted: Any) -> Batch:
    """Return a batch of the caller's log. Errors: Unavailable."""
    with unavailable_in_outages():
        return await feed.reader.read(call.organization.id, **wanted)


async def tail(feed: Feed, call: Call) -> int:
    """Return where the caller's log ends. Errors: Unavailable."""
    with unavailable_in_outages():
        return await feed.reader.tail(call.organization.id)


async def refuse_beyond(call: Call, feed: Feed, after: int) -> None:
    """Refuse a position that the log does not have: the consumer has events that were lost. Errors: Conflict."""
    if after and after > (found := await tail(feed, call)):
        raise Conflict(
            f"The log ends at {found}, before the position {after}: its end was lost when a backup was restored, or "
            f"the position is of another organization. Go on after {found}, and ask the operator what was lost."
        )


def shown(event: FeedEvent, query: FeedQuery) -> Any:
    """Return an event in the form that a consumer asks for."""
    event = event if query.personal else without_values(event)
    return ocsf_event(event) if query.format == "ocsf" else event


def give_back_turn(call: Call) -> None:
    """Let another request of the organization be worked on while this one waits."""
    state = call.request[STATE]
    if state.turn is not None:
        turn, state.turn = state.turn, None
        call.service.turns.give_back(turn)


async def _wait(call: Call, woken: asyncio.Event, timeout_s: float) -> None:
    give_back_turn(call)
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, timeout_s)):
            await woken.wait()
