"""Renews the service's login in time, where it is stored in the database, and learns when another process has renewed it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from service.database.logins.session import ServiceLogin

# The former password stays valid for a day, so an hour is soon enough.
INTERVAL_S = 3_600.0
TIMEOUT_S = 60.0

log = structlog.get_logger()


@asynccontextmanager
async def keeping_login(login: ServiceLogin, pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Keep the login valid for the duration of the block."""
    task = asyncio.create_task(_run(login, pool), name="login renewal")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _run(login: ServiceLogin, pool: asyncpg.Pool) -> None:
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
                await login.learn(connection)
        except Exception as error:  # Whatever the error, the next look may succeed.
            if classify(error) is Outage.NONE:
                log.exception("service_login_renewal_failed")
            else:
                log.warning("service_login_renewal_postponed", error=repr(error))
