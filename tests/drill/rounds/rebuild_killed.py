"""SIGKILL of a rebuild, at any moment and in the swap: the tables that serve stay whole; the next call goes on."""

import asyncio
import os
import signal
import subprocess
import sys
from random import Random
from time import monotonic

import asyncpg

from tests.drill.clients import at_work
from tests.drill.process import CHECKOUT, DrillFailed, Process
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

PROJECTION = "directory"
CLIENTS = 4
REQUESTS = 400  # Before the first rebuild.
PROGRESS_TIMEOUT_S = 120.0
ROUNDS_PER_REBUILD = 4  # Then one runs to its end.
REBUILD_TIMEOUT_S = 120.0
# The swap asks for the lock that appends share, alone.
SWAPPING = (
    "SELECT count(*) FROM pg_locks"
    " WHERE locktype = 'advisory' AND classid = 23578 AND objid = 1 AND mode = 'ExclusiveLock'"
)
SHARE = "SELECT pg_advisory_xact_lock_shared(23578, 1)"


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Kill so many rebuilds under load, half of them as they swap."""
    with timed(Tally("rebuild killed, also mid-swap")) as tally:
        async with running(site.process()) as process:
            books = await site.books(2)
            async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                await crew.progress(REQUESTS, within_s=PROGRESS_TIMEOUT_S)
                whole_s = await _rebuild(process, tally)
                for number in range(rounds):
                    if number % 2:
                        await _kill_mid_swap(site, process, rng)
                    else:
                        await _kill_after(process, rng.uniform(0.1, whole_s))
                    if number % ROUNDS_PER_REBUILD == ROUNDS_PER_REBUILD - 1:
                        await _rebuild(process, tally)
                    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


def _start(process: Process) -> subprocess.Popen[bytes]:
    """Start a rebuild in a session of its own, so that its workers are killed with it."""
    with process.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "service", "projections", "rebuild", PROJECTION],
            cwd=CHECKOUT,
            env=dict(process.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


async def _rebuild(process: Process, tally: Tally) -> float:
    """Rebuild to the end; return how long it took."""
    began = monotonic()
    code = await asyncio.to_thread(_start(process).wait, REBUILD_TIMEOUT_S)
    tally.expect(f"A rebuild ended with exit code {code}.", holds=code == 0)
    return monotonic() - began


async def _kill_after(process: Process, seconds: float) -> None:
    rebuilding = _start(process)
    await asyncio.sleep(seconds)
    await _kill(rebuilding)


async def _kill_mid_swap(site: Site, process: Process, rng: Random) -> None:
    """Kill a rebuild that waits for the swap's lock, or has just got it."""
    rebuilding = _start(process)
    async with site.owner() as connection:
        async with connection.transaction():
            await connection.fetchval(SHARE)  # An append that takes long.
            await _until_swapping(connection, rebuilding)
        await asyncio.sleep(rng.choice((0.0, 0.001, 0.003, 0.01, 0.03)))
        await _kill(rebuilding)


async def _until_swapping(
    connection: asyncpg.Connection, rebuilding: subprocess.Popen[bytes]
) -> None:
    began = monotonic()
    while not await connection.fetchval(SWAPPING):
        if rebuilding.poll() is not None or monotonic() - began > REBUILD_TIMEOUT_S:
            raise DrillFailed(f"The rebuild never swapped: exit code {rebuilding.poll()}.")
        await asyncio.sleep(0.002)


async def _kill(rebuilding: subprocess.Popen[bytes]) -> None:
    if rebuilding.poll() is None:
        os.killpg(rebuilding.pid, signal.SIGKILL)
    await asyncio.to_thread(rebuilding.wait)
