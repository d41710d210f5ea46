"""Rebuild a projection from the log while the old tables serve, then swap.

load in shards → indexes → read back → catch up → compare → swap. After an interruption, the next call goes on
with the step that was running. Before the swap, nothing that serves is touched. The old tables stay.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress

import structlog

from eventstore.postgres.connection import Connection
from eventstore.trees.check import Sources
from projections.maintenance.builds import (
    Shards,
    count_shards,
    find_incomplete_logs,
    is_ours,
    load_builds,
    load_loaded,
    load_reached,
)
from projections.maintenance.context import RebuildContext
from projections.maintenance.ownership import NotOurs
from projections.maintenance.session import Busy, Progress, Report, at_work
from projections.rebuild.check import LogMismatch, ServedMismatch, check_caught_up, check_served
from projections.rebuild.disk import NoRoom, refuse_without_room
from projections.rebuild.load import ReadBackDiffers
from projections.rebuild.proof import LogContradicted, refuse_contradicted, verified
from projections.rebuild.swap import SwapFailed, catch_up_all, drop, swap
from projections.rebuild.tables import analyzed, begin, build_indexes, missing_indexes
from projections.rebuild.workers import Phase, Worker, WorkerFailed, run_phase, workers
from projections.registry import UnknownProjection

POLL_S = 0.25
NOTHING_OUTSIDE = Sources({})
CAUGHT_UP_EVENTS = 200  # So few that they are caught up in a moment. The comparison can then begin.
STEPS: dict[Phase, str] = {"load": "load", "verify": "read back"}

log = structlog.get_logger()


class NoPrevious(Exception):
    """The previous tables were made by another release. Roll back with that release."""


# The errors of rebuild, rollback and verification that the command line prints as one line.
REFUSALS = (
    Busy,
    LogContradicted,
    NoPrevious,
    NoRoom,
    LogMismatch,
    NotOurs,
    ReadBackDiffers,
    ServedMismatch,
    SwapFailed,
    UnknownProjection,
    WorkerFailed,
)


async def rebuild(
    context: RebuildContext,
    report: Report,
    sources: Sources = NOTHING_OUTSIDE,
    *,
    is_proven: bool = False,
) -> int:
    """Rebuild a projection and swap it in; return the number of events that it was made from.

    If a rebuild was interrupted, go on with it. `sources` holds the copy of checkpoints outside of the database.
    `is_proven`: the caller has compared every event, and nobody else writes.

    Errors: LogContradicted, Busy, NotOurs, NoRoom, WorkerFailed, NotFolded, ReadBackDiffers, LogMismatch,
    SwapFailed, ServedMismatch.
    """
    context = context.at(context.projection.next)
    async with at_work(context, is_alone=True) as (tables, log_reader):
        await refuse_contradicted(log_reader, sources)
        await begin_or_resume(context, tables)
        try:
            async with nullcontext() if is_proven else verified(context, sources):
                await fill(context, tables, log_reader, report)
            checked = await load_loaded(tables, context.schema)
            report(Progress("catch up"))
            await catch_up(context, tables)
            now = await load_reached(tables, context.schema)
            report(Progress("compare"))
            await check_caught_up(context, tables, log_reader, since=checked, now=now)
        except (LogContradicted, LogMismatch, ReadBackDiffers):
            await drop(tables, context.schema)  # They are of no use to the next call.
            raise
        report(Progress("swap"))
        await swap(context, tables)
        report(Progress("compare"))
        await check_served(context, tables, log_reader, since=now)
        return sum(now.values())


async def roll_back(context: RebuildContext, report: Report) -> None:
    """Let the previous tables of a projection serve again, with all events since then.

    Errors: Busy, NotOurs, NoPrevious, NotFolded, SwapFailed, ServedMismatch.
    """
    context = context.at(context.projection.previous)
    async with at_work(context, is_alone=True) as (tables, log_reader):
        held = (await load_builds(tables)).get(context.schema)
        if held is None:
            raise NoPrevious(
                f"There are no previous tables of {context.projection.name}, so there is nothing to roll back to. "
                "A rebuild keeps the tables that it replaces."
            )
        if not is_ours(held, context.projection):
            raise NoPrevious(NoPrevious.__doc__)
        since = await load_reached(tables, context.schema)
        report(Progress("catch up"))
        await catch_up(context, tables)
        report(Progress("swap"))
        await swap(context, tables)
        report(Progress("compare"))
        await check_served(context, tables, log_reader, since=since)


async def begin_or_resume(context: RebuildContext, connection: Connection) -> None:
    """Create what a rebuild needs, unless an interrupted one of the same revision left it. Errors: NoRoom."""
    held = (await load_builds(connection)).get(context.schema)
    if is_ours(held, context.projection):
        log.info("rebuild_resumed", projection=context.projection.name)
        return
    await refuse_without_room(connection, context.projection.name, context.data_dir)
    async with connection.transaction():
        await begin(context, connection)


async def fill(
    context: RebuildContext, tables: Connection, log_reader: Connection, report: Report
) -> None:
    """Load all shards, build the indexes, read everything back. Errors: as those of rebuild."""
    shards = await count_shards(tables, context.schema)
    count = min(context.processes, shards.to_load or shards.to_verify)
    # A small log is loaded faster than a process starts.
    async with workers(context, count if count > 1 else 0) as started:
        async with reported(context, log_reader, "load", report):
            await run_shards(context, tables, started, "load")
        if await find_incomplete_logs(tables, context.schema):
            raise LogMismatch(LogMismatch.__doc__)
        report(Progress("index"))
        await build_indexes(context, await missing_indexes(context, tables))
        async with analyzed(context), reported(context, log_reader, "verify", report):
            await run_shards(context, tables, started, "verify")


async def catch_up(context: RebuildContext, connection: Connection) -> None:
    """Catch up until few events are left. Appends go on meanwhile."""
    while await catch_up_all(context, connection) > CAUGHT_UP_EVENTS:
        pass


async def run_shards(
    context: RebuildContext, tables: Connection, started: Sequence[Worker], phase: Phase
) -> None:
    """Work until no shard is left: in the processes, then in this one, for the shards of a worker that died.

    Errors: WorkerFailed, NotFolded, ReadBackDiffers.
    """
    await asyncio.gather(*(each.run(phase) for each in started))
    while left_in(phase, await count_shards(tables, context.schema)):
        await run_phase(context, phase)
        await asyncio.sleep(0)


@asynccontextmanager
async def reported(
    context: RebuildContext, connection: Connection, phase: Phase, report: Report
) -> AsyncIterator[None]:
    """Report the progress of a phase during the block, and once more at its end."""
    is_done = asyncio.Event()
    reporting = asyncio.create_task(
        report_until(connection, context.schema, phase, report=report, is_done=is_done)
    )
    try:
        yield
    finally:
        is_done.set()
        await reporting


async def report_until(
    connection: Connection, schema: str, phase: Phase, *, report: Report, is_done: asyncio.Event
) -> None:
    """Report the progress of the shards until the phase is done, and then a last time."""
    is_last = False
    while not is_last:
        is_last = is_done.is_set()
        shards = await count_shards(connection, schema)
        done = shards.events_loaded if phase == "load" else shards.events_verified
        report(Progress(STEPS[phase], done, shards.events))
        if not is_last:
            with suppress(TimeoutError):
                await asyncio.wait_for(is_done.wait(), POLL_S)


def left_in(phase: Phase, shards: Shards) -> int:
    """Return how many shards are left."""
    return shards.to_load if phase == "load" else shards.to_verify
