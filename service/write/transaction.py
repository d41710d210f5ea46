"""The transaction of a batch, in one of two ways; nothing is answered before it is committed.

At once: decide on what is there, locking nothing, and write all of it by one statement, which is a transaction of its
own. It succeeds where the log's tail is still where it was read, or where our last batch left it, so that nobody else
came between.

In turn: lock the log, decide, write, commit. For batches of more than users, and where others write to the log, too.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from eventstore.append import lock_log
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import close_now
from eventstore.read import read_tail
from eventstore.sealing.sealer import Sealer
from projections.directory.save import append_and_save_users
from service.write.batch import Batch, Work, columns_of_batch, decide_batch, write_batch
from service.write.log_ends import LogEnd, LogEnds, end_of

BEGIN_TIMEOUT_S = 6.0  # For Postgres to say a first word.
ROLLBACK_TIMEOUT_S = 2.0
# Somebody else came between: they hold the lock, have moved the tail, or taken a name.
OVERTAKEN = frozenset({Outage.LOCKED, Outage.CONFLICT, Outage.REFUSED})
# The log's lock would not help: this is said of one command, or of the statement that writes all at once.
NOT_AT_ONCE = frozenset({Outage.UNFIT, Outage.BUG})

log = structlog.get_logger()


class OutcomeUnknown(Exception):
    """The connection was lost at COMMIT: the batch may have happened or not."""


class Contended(Exception):
    """Nothing was written; the log must be locked first. `is_contended`: somebody else writes to it."""

    def __init__(self, *, is_overtaken: bool) -> None:
        super().__init__()
        self.is_overtaken = is_overtaken


class Task(NamedTuple):
    """What one transaction is to do."""

    organization_id: UUID
    works: Sequence[Work]
    sealer: Sealer
    log_ends: LogEnds
    commit_by_s: float  # By the loop's clock: an answer that comes later is lost.


async def write_optimistic(connection: Connection, task: Task) -> Batch:
    """Return a batch whose events are committed, if nobody else came between.

    Errors: MustWait, OutcomeUnknown, those of an outage and of a command that cannot be written.
    """
    # First: what is read later is no older.
    end = await _find_end(connection, task)
    tail = end.tail(_now())
    decided = await decide_batch(
        connection, task.organization_id, tail, task.works, read_timeout_s=BEGIN_TIMEOUT_S
    )
    if decided.events:
        columns = await columns_of_batch(connection, decided, task.sealer)
        await _append_and_commit(connection, task, columns)
    task.log_ends.remember(task.organization_id, end.after(tail, len(decided.events)))
    return decided


async def _find_end(connection: Connection, task: Task) -> LogEnd:
    state = task.log_ends.take(task.organization_id, _now())
    if state is not None:
        return state
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        return end_of(await read_tail(connection, task.organization_id), _now())


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _append_and_commit(connection: Connection, task: Task, columns: list[list[Any]]) -> None:
    """Write and commit. All that can fail before it is sent has been done."""
    try:
        async with asyncio.timeout_at(task.commit_by_s):
            await append_and_save_users(connection, task.organization_id, columns)
    except Exception as error:
        outage = classify(error)
        if outage in OVERTAKEN:
            raise Contended(is_overtaken=True) from error
        if outage in NOT_AT_ONCE:
            log.warning("batch_refused_at_once", error=type(error).__name__)
            raise Contended(is_overtaken=False) from error
        if outage.may_have_happened or outage is Outage.NONE:
            close_now(connection)
            raise OutcomeUnknown from error
        raise  # It has not happened.


async def write_locked(connection: Connection, task: Task) -> Batch:
    """Return a batch whose events are committed, decided under the log's lock.

    Errors: as at_once's, but for MustWait, and the refusals of the log and the directory.
    """
    task.log_ends.forget(task.organization_id)
    transaction = connection.transaction()
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        await transaction.start()
    try:
        tail = await lock_log(connection, task.organization_id)
        decided = await decide_batch(connection, task.organization_id, tail, task.works)
        await write_batch(connection, decided, task.sealer)
    except Exception as error:
        await _roll_back(connection, transaction, error)
        raise
    if decided.events:
        await _commit(connection, transaction, task.commit_by_s)
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


async def _commit(
    connection: Connection, transaction: asyncpg.transaction.Transaction, commit_by_s: float
) -> None:
    try:
        async with asyncio.timeout_at(commit_by_s):
            await transaction.commit()
    except Exception as error:
        close_now(connection)
        raise OutcomeUnknown from error
