"""Restarts an embedded PostgreSQL that has died. Nothing else would, and the service could only answer 503."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import structlog

from service.database.embedded.postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    in_thread_until_stopped,
)

LOOK_INTERVAL_S = 0.25
# A server that dies sooner than this after a restart will probably die again, as on a full disk.
TOO_SOON_S = 2.0
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
    """Look for ever. No error may end this, because nothing else would restart the server."""
    back_at = -TOO_SOON_S
    failures = 0
    while True:
        await asyncio.sleep(LOOK_INTERVAL_S if not failures else _pause_s(failures - 1))
        try:
            back_at = await _look(postgres, back_at)
        except Exception as error:
            failures += 1
            log.exception("embedded_postgres_watch_failed", error=str(error))
        else:
            failures = 0


async def _look(postgres: EmbeddedPostgres, back_at: float) -> float:
    """Restart the server if it has died; return when it last came back."""
    if postgres.is_alive:
        return back_at
    log.warning("embedded_postgres_died")
    if monotonic() - back_at < TOO_SOON_S:
        await asyncio.sleep(RETRY_FIRST_S)
    await _bring_back(postgres)
    log.warning("embedded_postgres_is_back")
    return monotonic()


async def _bring_back(postgres: EmbeddedPostgres) -> None:
    """Restart the server, however long that takes: its disk may be full for hours."""
    failures = 0
    while True:
        try:
            return await in_thread_until_stopped(postgres.bring_back)
        except (EmbeddedPostgresError, OSError) as error:
            log.warning("embedded_postgres_does_not_start", error=str(error))
        await asyncio.sleep(_pause_s(failures))
        failures += 1


def _pause_s(failures: int) -> float:
    return min(RETRY_FIRST_S * 2.0 ** min(failures, 10), RETRY_MAX_S)
