"""Failures of the way to Postgres or of its capacity: no command is to blame, the client tries again."""

import asyncpg

from eventstore import follow

OUTAGES = (
    *follow.OUTAGES,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
