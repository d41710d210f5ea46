"""Measures every second how far the replica is behind, if there is one. Reads go to the primary while it is too far."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from eventstore.postgres.replica import Reads
from service.background.periodic import periodically

EVERY_S = 1.0


@asynccontextmanager
async def measuring_lag(reads: Reads) -> AsyncIterator[None]:
    """Measure for the duration of the block."""
    if reads.replica is None:
        yield
        return
    async with periodically(
        partial(reads.replica.look, reads.primary),
        every_s=EVERY_S,
        name="replica lag",
        failed="replica_lag_failed",
        postponed="replica_lag_postponed",
    ):
        yield
