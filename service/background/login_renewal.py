"""Renews the service's login in time, where it is stored in the database, and learns of a renewal by another process."""

from contextlib import AbstractAsyncContextManager

import asyncpg

from eventstore.postgres.pool import borrowed
from service.background.periodic import periodically
from service.database.logins.session import ServiceLogin

INTERVAL_S = 3_600.0  # The former password stays valid for a day.
TIMEOUT_S = 60.0


def keeping_login(login: ServiceLogin, pool: asyncpg.Pool) -> AbstractAsyncContextManager[None]:
    """Keep the login valid for the duration of the block."""

    async def look() -> None:
        async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
            await login.learn(connection)

    return periodically(
        look,
        every_s=INTERVAL_S,
        name="login renewal",
        failed="service_login_renewal_failed",
        postponed="service_login_renewal_postponed",
    )
