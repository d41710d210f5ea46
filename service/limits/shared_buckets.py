"""The token buckets of rate limits in Postgres, where all processes share them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from service.limits.rate import Grant, Wish
from service.unavailable import unavailable_in_outages

TIMEOUT_S = 5.0

statement = statements_in(__package__)


class SharedBuckets:
    """Takes requests out of the buckets that all processes share."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def take(self, wishes: Sequence[Wish]) -> Mapping[UUID, Grant]:
        """Take as many requests out of each bucket as are wanted and there. Errors: Unavailable."""
        rows = [(each.id, each.per_second, each.burst, float(wanted)) for each, wanted in wishes]
        columns = [list(column) for column in zip(*rows, strict=True)]
        with unavailable_in_outages():
            async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                taken = await connection.fetch(statement("take_requests"), *columns)
        return {row["id"]: Grant(row["granted"], row["available"]) for row in taken}

    async def forget_old(self) -> None:
        """Remove the buckets that nobody used for a day. Errors: asyncpg's, TimeoutError."""
        async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
            await connection.execute(statement("forget_buckets"))
