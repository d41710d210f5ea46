"""The parts of the feed in a running service."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from service.feed.consumers import Consumers
from service.feed.reader import FeedReader
from service.feed.wakes import Wakes
from service.runtime import Runtime

READERS_PART = 4  # Of the pool's connections, one in so many.


@dataclass(frozen=True, slots=True)
class Feed:
    """What consumers share."""

    wakes: Wakes
    reader: FeedReader
    consumers: Consumers = field(default_factory=Consumers)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self, _app: object = None) -> None:
        """Let every consumer that waits come to its end: the service stops."""
        self.stopping.set()
        self.wakes.wake_all()


FEED = web.AppKey("feed", Feed)


def make_feed(runtime: Runtime, pool_size_max: int) -> Feed:
    """Return the feed of a runtime."""
    return Feed(
        Wakes(runtime.login),
        FeedReader(runtime.pool, runtime.sealer, pool_size_max // READERS_PART),
    )
