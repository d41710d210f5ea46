"""Write the reads that were counted: one statement for all."""

from collections.abc import Mapping
from typing import Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from service.reads.names import seal_names
from service.reads.seen import AuditReads, ReadKey, Reads

statement = statements_in(__package__)

TIMEOUT_S: Final = 10.0


async def flush(pool: asyncpg.Pool, sealer: Sealer, seen: AuditReads) -> None:
    """Write all that was counted before. If that fails, it is counted still. Errors: asyncpg's, TimeoutError."""
    async with seen.writing:
        if not len(seen):
            return
        taken = seen.take()
        try:
            async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
                await save(connection, sealer, taken)
        except BaseException:
            seen.put_back(taken)
            raise


async def save(connection: Connection, sealer: Sealer, taken: Mapping[ReadKey, Reads]) -> None:
    """Write reads. Errors: asyncpg's."""
    rows = [
        (
            *(*key, each.reads, each.first_at, each.last_at, each.position, each.request_id),
            seal_names(sealer, key.organization_id, each.names),
        )
        for key, each in taken.items()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(statement("save_reads"), *columns)
