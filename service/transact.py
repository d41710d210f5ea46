"""The transaction of a batch, in one of two ways; nothing is answered before it is committed.

At once: decide on what is there, locking nothing, and write all of it by one statement, which is a transaction of its
own. It succeeds where the log's tail is still where it was read, so that nobody else came between.

In turn: lock the log, decide, write, commit. For batches of more than users, and where others write to the log, too.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from eventstore.seal import Sealer
from eventstore.store import lock_log, read_tail
from projections.borrow import close_now
from projections.load import Connection
from service.batch import Batch, Work, decide_batch, write_batch, write_batch_at_once
from service.outages import OUTAGES

BEGIN_TIMEOUT_S = 6.0  # For Postgres to say a first word.
ROLLBACK_TIMEOUT_S = 2.0
# What Postgres says while it takes the connection away: by then it may have committed.
TAKEN_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleSessionTimeoutError,
)


class OutcomeUnknown(Exception):
    """The connection was lost at COMMIT: the batch may have happened or not."""


class MustWait(Exception):
    """Nothing was written: somebody else writes to the log, or one of the commands is to be found out."""


async def at_once(
    connection: Connection, organization_id: UUID, works: Sequence[Work], sealer: Sealer
) -> Batch:
    """Return a batch whose events are committed, if nobody else came between.

    Errors: MustWait, OutcomeUnknown, those of an outage.
    """
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        # First: what is read later is no older.
        tail = await read_tail(connection, organization_id)
    decided = await decide_batch(connection, organization_id, tail, works)
    if decided.events:
        await _write_at_once(connection, decided, sealer)
    return decided


async def _write_at_once(connection: Connection, decided: Batch, sealer: Sealer) -> None:
    try:
        await write_batch_at_once(connection, decided, sealer)
    except TAKEN_AWAY as error:
        raise OutcomeUnknown from error
    except asyncpg.PostgresError as error:  # It says that it has not happened.
        if isinstance(error, OUTAGES) and not isinstance(error, asyncpg.LockNotAvailableError):
            raise
        raise MustWait from error
    except ValueError as error:  # A value cannot be encoded: nothing was sent.
        raise MustWait from error
    except Exception as error:
        close_now(connection)
        raise OutcomeUnknown from error


async def in_turn(
    connection: Connection, organization_id: UUID, works: Sequence[Work], sealer: Sealer
) -> Batch:
    """Return a batch whose events are committed, decided under the log's lock. Errors: OutcomeUnknown, and others."""
    transaction = connection.transaction()
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        await transaction.start()
    try:
        tail = await lock_log(connection, organization_id)
        decided = await decide_batch(connection, organization_id, tail, works)
        await write_batch(connection, decided, sealer)
    except Exception as error:
        await _roll_back(connection, transaction, error)
        raise
    if decided.events:
        await _commit(transaction)
    else:
        await transaction.rollback()
    return decided


async def _roll_back(
    connection: Connection, transaction: asyncpg.transaction.Transaction, error: Exception
) -> None:
    """Give back the log's lock, by closing the connection where Postgres does not answer."""
    if isinstance(error, TimeoutError):
        return  # As it travels on, `borrowed` closes the connection.
    try:
        async with asyncio.timeout(ROLLBACK_TIMEOUT_S):
            await transaction.rollback()
    except Exception:  # noqa: BLE001 - the first error is the one to tell of.
        close_now(connection)


async def _commit(transaction: asyncpg.transaction.Transaction) -> None:
    try:
        await transaction.commit()
    except Exception as error:
        raise OutcomeUnknown from error
