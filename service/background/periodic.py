"""Does something every few seconds beside the requests, and goes on after every failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog

from eventstore.postgres.outages import Outage, classify

log = structlog.get_logger()


@asynccontextmanager
async def periodically(
    look: Callable[[], Awaitable[object]], *, every_s: float, name: str, failed: str, postponed: str
) -> AsyncIterator[None]:
    """Call `look` every `every_s` seconds for the duration of the block, first after such a pause.

    `failed` and `postponed` are log events, as in `going_on`.
    """
    task = asyncio.create_task(_run(look, every_s, failed, postponed), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _run(
    look: Callable[[], Awaitable[object]], every_s: float, failed: str, postponed: str
) -> None:
    while True:
        await asyncio.sleep(every_s)
        with going_on(failed, postponed):
            await look()


@contextmanager
def going_on(failed: str, postponed: str, **facts: Any) -> Iterator[None]:
    """Log an error instead of raising it, since the next try may succeed.

    An outage of Postgres is a warning by the name `postponed`; anything else is a fault of ours, and an error by
    the name `failed` with its trace.
    """
    try:
        yield
    except Exception as error:  # Whatever it is, what runs beside the requests goes on.
        if classify(error) is Outage.NONE:
            log.exception(failed, **facts)
        else:
            log.warning(postponed, error=repr(error), **facts)
