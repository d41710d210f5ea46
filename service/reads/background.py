"""Keeps the recording of reads going for as long as the service serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from eventstore.sealing.sealer import Sealer
from service.background.periodic import going_on, periodically
from service.callers.stopped_logs import StoppedLogs
from service.reads.flush import flush
from service.reads.record import record_ended
from service.reads.seen import AuditReads
from service.write.lane import Lanes

FLUSH_EVERY_S: Final = 1.0
RECORD_EVERY_S: Final = 60.0


@asynccontextmanager
async def recording_reads(  # noqa: PLR0917 - the parts of a process.
    seen: AuditReads, pool: asyncpg.Pool, sealer: Sealer, lanes: Lanes, stopped: StoppedLogs
) -> AsyncIterator[None]:
    """Write reads every second of the block and once more at its end, and make events of hours that are over."""
    write = partial(flush, pool, sealer, seen)
    async with (
        periodically(
            write,
            every_s=FLUSH_EVERY_S,
            name="audit reads",
            failed="audit_reads_failed",
            postponed="audit_reads_postponed",
        ),
        periodically(
            partial(record_ended, pool, sealer, lanes, stopped),
            every_s=RECORD_EVERY_S,
            name="hours of audit reads",
            failed="audit_reads_failed",
            postponed="audit_reads_postponed",
        ),
    ):
        yield
    with going_on("audit_reads_failed", "audit_reads_postponed"):
        await write()
