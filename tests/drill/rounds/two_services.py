"""Two services on one database write to one organization; one is killed, or hangs while it holds the lock."""

import asyncio
import signal
from random import Random

import asyncpg

from tests.drill.clients import Crew, at_work
from tests.drill.process import DrillFailed, Process
from tests.drill.rounds.steps import ANSWER_S_MAX, REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 12
PROGRESS_TIMEOUT_S = 40.0
TRIES_MAX = 500
# Idle in a transaction that has a lock: of a service that stands still, or is about to go on.
HOLDERS = (
    "SELECT a.pid, a.xact_start FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)"
    " WHERE a.application_name = 'scim-ledger' AND a.state = 'idle in transaction'"
    " AND l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted"
)
CERTAINTY_S = 0.15  # One that is idle for so long stands still.


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Kill one of the two in turn, while clients of both go on."""
    with timed(Tally("two services, one organization")) as tally:
        pair = [site.process(), site.process()]
        async with running(*pair):
            books = await site.books(1)
            ports = [each.port for each in pair]
            async with at_work(books, ports, rng, clients=CLIENTS) as crew:
                for number in range(rounds):
                    await crew.progress(rng.randint(50, 150), within_s=PROGRESS_TIMEOUT_S)
                    await pair[number % 2].kill()
                    await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
                    tally.note_recovery(await pair[number % 2].start())
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def run_frozen(site: Site, rng: Random, rounds: int) -> Tally:
    """SIGSTOP one while it holds the lock: for 10 s, and for longer than Postgres lets a transaction idle."""
    with timed(Tally("lock holder stopped (SIGSTOP)")) as tally:
        pair = [site.process(), site.process()]
        async with running(*pair):
            books = await site.books(1)
            ports = [each.port for each in pair]
            async with at_work(books, ports, rng, clients=CLIENTS) as crew:
                for number in range(rounds):
                    await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
                    await _freeze_once(site, pair[0], crew, tally, (10.0, 20.0)[number % 2])
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def _freeze_once(
    site: Site, process: Process, crew: Crew, tally: Tally, seconds: float
) -> None:
    """Let a process stand still while it holds the lock; its own clients wait for as long."""
    async with site.owner() as connection:
        await stop_with_lock(connection, process)
        busy, acknowledged = crew.busy, crew.acknowledged
        await asyncio.sleep(seconds)
        tally.expect("Nobody got 503.", holds=crew.busy > busy)
        if seconds > 15:
            tally.expect(
                "Postgres has not ended the transaction of a process that stands still.",
                holds=crew.acknowledged > acknowledged,
            )
        process.send(signal.SIGCONT)
    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
    tally.expect(
        f"A client waited {crew.slowest_s:.1f} s.", holds=crew.slowest_s < seconds + ANSWER_S_MAX
    )


async def stop_with_lock(connection: asyncpg.Connection, process: Process) -> None:
    """Stop a process at an instant when it holds the lock of a log."""
    for _ in range(TRIES_MAX):
        process.send(signal.SIGSTOP)
        before = await connection.fetch(HOLDERS)
        if before:
            await asyncio.sleep(CERTAINTY_S)
            if set(await connection.fetch(HOLDERS)) & set(before):
                return
        process.send(signal.SIGCONT)
        await asyncio.sleep(0.003)
    raise DrillFailed("The service was never caught with the lock.")
