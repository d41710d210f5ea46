"""Swap tables that have caught up with those that serve. At most, a client sees a slow request."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.statements import statements_in
from eventstore.read_streams import read_tails
from projections.followers.follower import load_checkpoints
from projections.maintenance.builds import (
    forget_build,
    forget_reached,
    forget_shards,
    load_reached,
    rename_build,
    save_reached,
    start_checkpoints,
)
from projections.maintenance.context import RebuildContext
from projections.maintenance.ownership import drop_schema
from projections.rebuild.catch_up import catch_up, find_logs_behind

statement = statements_in(__package__)


# While a swap waits for earlier appends, later appends wait for the swap. They also wait while it catches up
# with the last events and renames schemas. We promise that all this takes at most 150 ms.
LOCK_TIMEOUT_MS = 30
EVENTS_MAX = 30  # In the last catch-up. If there are more, the lock is released.
PASSES_MAX = 10  # How often to catch up before the lock is requested.
RETRY_S = 0.05
TRIES_MAX = 400
# After so many tries, EVENTS_MAX more events are allowed, because appends come too fast.
TRIES_PER_STEP = 20

log = structlog.get_logger()


class SwapFailed(Exception):
    """Appends left no moment for the swap. Nothing has changed, and the next call goes on from here."""


class TooFarBehind(Exception):
    """Too many events were appended to catch up with them while all appends wait."""


async def catch_up_all(context: RebuildContext, connection: Connection) -> int:
    """Catch up with every log as it is now; return the number of events."""
    if context.projection.follower is not None:
        await start_checkpoints(connection, context.schema)
    taken = 0
    for organization_id, (reached, tail) in (
        await find_logs_behind(connection, context.schema)
    ).items():
        position = reached
        while position < tail:
            position = await catch_up(context, connection, organization_id, after=position)
        taken += position - reached
    return taken


async def swap(context: RebuildContext, connection: Connection) -> None:
    """Let the context's tables serve; those that served become the previous ones. Errors: SwapFailed."""
    if context.schema != context.projection.previous:
        await drop(connection, context.projection.previous)
    for tried in range(TRIES_MAX):
        events_max = EVENTS_MAX * (1 + tried // TRIES_PER_STEP)
        for _ in range(PASSES_MAX):
            if await catch_up_all(context, connection) <= events_max // 2:
                break
        try:
            async with connection.transaction():
                await swap_locked(context, connection, events_max)
        except Exception as error:
            if classify(error) is not Outage.LOCKED and not isinstance(error, TooFarBehind):
                raise
            log.info("projection_swap_postponed", reason=type(error).__name__)
            await asyncio.sleep(RETRY_S)
        else:
            return
    raise SwapFailed(SwapFailed.__doc__)


async def drop(connection: Connection, schema: str) -> None:
    """Drop the tables of a schema that does not serve, and their records. Errors: NotOurs."""
    async with connection.transaction():
        await drop_schema(connection, schema)
        await forget_build(connection, schema)


async def swap_locked(context: RebuildContext, connection: Connection, events_max: int) -> None:
    """Lock out all writers, catch up for the last time and rename. The caller owns the transaction.

    All writers of the old tables have committed by then. Later writers find the new tables: after a schema
    was renamed, Postgres plans all prepared statements again, from their text.
    """
    name, previous = context.projection.name, context.projection.previous
    is_inline = context.projection.follower is None
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    await connection.execute(statement("lock_appends" if is_inline else "lock_followers"))
    # A follower's tables may lag behind the log, but not behind the tables that they replace.
    # A checkpoint beyond the end of its log is none to wait for.
    tails = await read_tails(connection)
    goals = tails
    if not is_inline:
        followed = await load_checkpoints(connection, name)
        goals = {each: min(position, tails.get(each, 0)) for each, position in followed.items()}
    await catch_up_locked(context, connection, goals, events_max)
    spare = context.projection.spare
    for old_name, new_name in ((name, spare), (context.schema, name), (spare, previous)):
        await connection.execute(f'ALTER SCHEMA "{old_name}" RENAME TO "{new_name}"')
        await rename_build(connection, old_name, new_name)
    await forget_shards(connection, context.schema)
    await forget_reached(connection, context.schema)
    if is_inline:
        await save_reached(connection, previous, goals)


async def catch_up_locked(
    context: RebuildContext,
    connection: Connection,
    goals: Mapping[UUID, int],
    events_max: int,
) -> None:
    """Catch up at least to some positions, in this transaction. Errors: TooFarBehind."""
    reached = await load_reached(connection, context.schema)
    waiting = {each: goal for each, goal in goals.items() if goal > reached.get(each, 0)}
    if sum(goal - reached.get(each, 0) for each, goal in waiting.items()) > events_max:
        raise TooFarBehind(TooFarBehind.__doc__)
    for organization_id in waiting:
        after = reached.get(organization_id, 0)
        await catch_up(context, connection, organization_id, after=after)
