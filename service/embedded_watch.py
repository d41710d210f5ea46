"""Brings an embedded PostgreSQL back that has died: nobody else would, and the service could only say 503."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import structlog

from service.embedded import EmbeddedPostgres, EmbeddedPostgresError

LOOK_INTERVAL_S = 0.25
AT_ONCE_S = (
    2.0  # One that dies sooner than this after its return will do so again: its disk is full.
)
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 10.0

log = structlog.get_logger()


@asynccontextmanager
async def watched(postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """Keep a server alive for the duration of the block."""
    task = asyncio.create_task(_watch(postgres), name="embedded postgres")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(postgres: EmbeddedPostgres) -> None:
    back_at = -AT_ONCE_S
    while True:
        await asyncio.sleep(LOOK_INTERVAL_S)
        if not postgres.is_alive:
            log.warning("embedded_postgres_died")
            if monotonic() - back_at < AT_ONCE_S:
                await asyncio.sleep(RETRY_FIRST_S)
            await _bring_back(postgres)
            back_at = monotonic()
            log.warning("embedded_postgres_is_back")


async def _bring_back(postgres: EmbeddedPostgres) -> None:
    """Return when it is back, however long that takes: its disk may be full for as long."""
    failures = 0
    while True:
        try:
            return await asyncio.to_thread(postgres.bring_back)
        except (EmbeddedPostgresError, OSError) as error:
            log.warning("embedded_postgres_does_not_start", error=str(error))
        await asyncio.sleep(min(RETRY_FIRST_S * 2**failures, RETRY_MAX_S))
        failures += 1
