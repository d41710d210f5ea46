"""Lets every process refuse the requests of logs that are held, reads too: the log goes on elsewhere."""

import asyncpg

from eventstore.postgres.pool import borrowed
from eventstore.transfer.hold import load_held
from service.callers.stopped_logs import StoppedLogs

LOOK_EVERY_S = 1.0
TIMEOUT_S = 2.0


class HeldLogs:
    """Looks which logs are held."""

    def __init__(self, pool: asyncpg.Pool, stopped: StoppedLogs) -> None:
        self._pool, self._stopped = pool, stopped

    async def look(self) -> None:
        """Look now. Errors: asyncpg's, TimeoutError."""
        async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
            held = await load_held(connection)
        self._stopped.hold({each.organization_id: each.state for each in held})
