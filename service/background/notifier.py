"""Notifies followers of the log about new events: after the commit, for many organizations in one statement."""

import asyncio
from uuid import UUID

import asyncpg
import structlog

from eventstore.follow import notify
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed

PAUSE_S = 0.02  # Between two notifications: 50 a second at most, however many batches commit.
TIMEOUT_S = 5.0

log = structlog.get_logger()


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
            try:
                async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                    await notify(connection, changed)
            except (
                Exception
            ) as error:  # Followers also poll, and the next notification may succeed.
                if classify(error) is Outage.NONE:
                    log.exception("notification_failed", organizations=len(changed))
                else:
                    log.warning("notification_lost", error=repr(error), organizations=len(changed))
            await asyncio.sleep(PAUSE_S)
