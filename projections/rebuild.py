"""Rebuilds a projection from the log while the old one serves, and puts it in its place.

load in shards → indexes → read back → catch up → compare → swap. Every step leaves what the next call
goes on from; nothing that serves is touched before the swap, and afterwards the former tables stay.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from projections.load import Connection
from projections.ownership import NotOurs
from projections.rebuild_catch_up import Behind
from projections.rebuild_check import NotAsLogged, ServesNotAsLogged, check_caught_up, check_served
from projections.rebuild_disk import NoRoom, refuse_without_room
from projections.rebuild_load import ReadBackDiffers
from projections.rebuild_site import Busy, Hands, Progress, Report, Site, at_work
from projections.rebuild_state import (
    Shards,
    count_shards,
    find_incomplete_logs,
    is_ours,
    load_builds,
    load_loaded,
    load_reached,
)
from projections.rebuild_swap import SwapFailed, drop, keep_up, swap
from projections.rebuild_tables import analyze, begin, build_indexes, missing_indexes
from projections.rebuild_worker import Phase, Worker, WorkerFailed, run_phase, workers
from projections.registry import UnknownProjection

POLL_S = 0.25
CAUGHT_UP_EVENTS = 200  # What is caught up in a moment, so that a comparison has an end.
STEPS: dict[Phase, str] = {"load": "load", "verify": "read back"}

log = structlog.get_logger()


class NoPrevious(Exception):
    """The previous tables were made by another release's code; roll back with the release that made them."""


REFUSALS = (  # Of all that is in here and in verify.py: what the engineer on call is told, in a line.
    Busy,
    NoPrevious,
    NoRoom,
    NotAsLogged,
    NotOurs,
    ReadBackDiffers,
    ServesNotAsLogged,
    SwapFailed,
    UnknownProjection,
    WorkerFailed,
)


async def rebuild(site: Site, report: Report) -> int:
    """Rebuild a projection and let it serve; return from how many events.

    Goes on with a rebuild that was interrupted.

    Errors: Busy, NotOurs, NoRoom, WorkerFailed, NotFolded, ReadBackDiffers, NotAsLogged, SwapFailed,
    ServesNotAsLogged.
    """
    async with at_work(site, is_alone=True) as hands:
        await begin_or_resume(site, hands.tables)
        try:
            await fill(site, hands, report)
            checked = await load_loaded(hands.tables, site.projection.next)
            report(Progress("catch up"))
            tables = Behind(site.projection, site.projection.next, site.sealer)
            await catch_up(hands.tables, tables)
            now = await load_reached(hands.tables, site.projection.next)
            report(Progress("compare"))
            await check_caught_up(site, hands, since=checked, now=now)
        except (NotAsLogged, ReadBackDiffers):
            await drop(hands.tables, site.projection.next)  # Nobody goes on from these.
            raise
        report(Progress("swap"))
        await swap(hands.tables, tables)
        report(Progress("compare"))
        await check_served(site, hands, since=now)
        return sum(now.values())


async def roll_back(site: Site, report: Report) -> None:
    """Let the previous tables of a projection serve again, with all that came since.

    Errors: Busy, NotOurs, NoPrevious, NotFolded, SwapFailed, ServesNotAsLogged.
    """
    schema = site.projection.previous
    async with at_work(site, is_alone=True) as hands:
        held = (await load_builds(hands.tables)).get(schema)
        if held is None:
            raise NoPrevious(
                f"There are no previous tables of {site.projection.name}, so nothing to roll back to: "
                "a rebuild keeps those that it replaces."
            )
        if not is_ours(held, site.projection):
            raise NoPrevious(NoPrevious.__doc__)
        since = await load_reached(hands.tables, schema)
        report(Progress("catch up"))
        tables = Behind(site.projection, schema, site.sealer)
        await catch_up(hands.tables, tables)
        report(Progress("swap"))
        await swap(hands.tables, tables)
        report(Progress("compare"))
        await check_served(site, hands, since=since)


async def begin_or_resume(site: Site, connection: Connection) -> None:
    """Make what a rebuild needs, unless an interrupted one of the same code has left it. Errors: NoRoom."""
    held = (await load_builds(connection)).get(site.projection.next)
    if is_ours(held, site.projection):
        log.info("rebuild_resumed", projection=site.projection.name)
        return
    await refuse_without_room(connection, site.projection.name, site.data_dir)
    async with connection.transaction():
        await begin(connection, site.projection, shard_events=site.shard_events)


async def fill(site: Site, hands: Hands, report: Report) -> None:
    """Load all shards, make the indexes, read everything back. Errors: as rebuild's."""
    schema = site.projection.next
    shards = await count_shards(hands.tables, schema)
    count = min(site.processes, shards.to_load or shards.to_verify)
    # A small log is done before a process has started.
    async with workers(site.job, count if count > 1 else 0) as started:
        await run_shards(site, hands, started, "load", report=report)
        if await find_incomplete_logs(hands.tables, schema):
            raise NotAsLogged(NotAsLogged.__doc__)
        report(Progress("index"))
        missing = await missing_indexes(hands.tables, site.projection, schema)
        await build_indexes(site.job, missing, connections=site.processes)
        await analyze(hands.tables, schema)
        await run_shards(site, hands, started, "verify", report=report)


async def catch_up(connection: Connection, tables: Behind) -> None:
    """Catch up until little is left; appends go on meanwhile."""
    while await keep_up(connection, tables) > CAUGHT_UP_EVENTS:
        pass


async def run_shards(
    site: Site, hands: Hands, started: Sequence[Worker], phase: Phase, *, report: Report
) -> None:
    """Work until no shard is left, in the processes, then in this one: what a process that died had begun.

    Errors: WorkerFailed, NotFolded, ReadBackDiffers.
    """
    schema = site.projection.next
    is_done = asyncio.Event()
    telling = asyncio.create_task(tell(hands.log, schema, phase, report=report, is_done=is_done))
    try:
        await asyncio.gather(*(each.run(phase) for each in started))
        while left_in(phase, await count_shards(hands.tables, schema)):
            await run_phase(site.job, phase)
            await asyncio.sleep(0)
    finally:
        is_done.set()
        await telling


async def tell(
    connection: Connection, schema: str, phase: Phase, *, report: Report, is_done: asyncio.Event
) -> None:
    """Report how far the shards are, again and again, and once more at the end, which is the last word."""
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
    """Return how many shards are still to do."""
    return shards.to_load if phase == "load" else shards.to_verify
