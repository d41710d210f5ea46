"""Notifies followers of the log about new events: after the commit, for many organizations in one statement."""

import asyncio
from uuid import UUID

import asyncpg

from eventstore.follow import notify
from eventstore.postgres.pool import borrowed
from service.background.periodic import going_on

PAUSE_S = 0.02  # Between two notifications: 50 a second at most, however many batches commit.
TIMEOUT_S = 5.0


class Notifier:
    """Notifies for one process. A notification may be lost, because followers also poll."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._changed: set[UUID] = set()
        self._task: asyncio.Task[None] | None = None

    def note(self, organization_id: UUID) -> None:
        """Record a commit. The first one after a pause is announced at once."""
        self._changed.add(organization_id)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="notifier")

    async def close(self) -> None:
        """Return once every recorded commit is announced."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._changed:
            changed, self._changed = self._changed, set()
            # After a failure: followers also poll, and the next notification may succeed.
            with going_on("notification_failed", "notification_lost", organizations=len(changed)):
                async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                    await notify(connection, changed)
            await asyncio.sleep(PAUSE_S)
