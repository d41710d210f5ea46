"""The routes of the feed, each with the scope that a token needs for it."""

from typing import Final

from aiohttp import web

from service.api.call import Call
from service.api.route import Api, Route
from service.callers.scopes import FEED_READ
from service.feed.messages import FeedEnd, FeedPage, FeedQuery
from service.feed.parts import FEED
from service.feed.poll import end, page, wants_stream
from service.feed.stream import stream


async def events(call: Call, query: FeedQuery) -> FeedPage | web.StreamResponse:
    """GET /events."""
    if wants_stream(call.request):
        return await stream(call, call.request.app[FEED], query)
    return await page(call, query)


FEED_API: Final = Api(
    prefix="/api/feed/v1",
    title="Feed",
    routes=(
        Route(
            *("GET", "/events", FEED_READ, events),
            "Follow the log: the events after a position, as a page or as Server-Sent Events.",
            query=FeedQuery,
            answer=FeedPage,
        ),
        Route(
            *("GET", "/position", FEED_READ, end),
            "Read where the log ends, to follow it from there.",
            answer=FeedEnd,
        ),
    ),
)
