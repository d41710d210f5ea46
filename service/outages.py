"""Failures of the way to Postgres, of its capacity or of its tables: no command is to blame, the client tries again."""

import asyncpg

from eventstore import follow

OUTAGES = (
    *follow.OUTAGES,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
# The tables that serve have not the columns that this release knows: those of another are there.
OTHER_TABLES = (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError)
# And these have a column that this release does not fill; or a command leads to a row that lacks a value.
OTHER_ROWS = (asyncpg.NotNullViolationError,)
OTHER_RELEASE = (
    "The tables are of another release: the operator must rebuild them; try again later."
)
