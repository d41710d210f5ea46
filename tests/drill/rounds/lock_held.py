"""A stuck process holds a log's lock, or all connections of the pool wait: 503 in time, others go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from uuid import UUID

import asyncpg

from tests.drill.clients import Crew, at_work
from tests.drill.rounds.steps import ANSWER_S_MAX, REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
HELD_S = 14.0  # Longer than any command waits.
PROGRESS_TIMEOUT_S = 30.0


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Hold one organization's lock; the other organization must not notice."""
    with timed(Tally("log lock held by a stuck process")) as tally:
        async with running(site.process()) as process:
            for _ in range(rounds):
                stuck, free = await site.books(2)
                async with (
                    at_work([stuck], [process.port], rng, clients=CLIENTS) as waiting,
                    at_work([free], [process.port], rng, clients=CLIENTS) as going_on,
                ):
                    await waiting.progress(10, within_s=PROGRESS_TIMEOUT_S)
                    async with held(site, stuck[0].id):
                        await _watch(waiting, going_on, tally)
                    tally.note_recovery(await waiting.progress(1, within_s=PROGRESS_TIMEOUT_S))
                for crew in (waiting, going_on):
                    tally.add_crew(crew)
                books = [stuck, free]
                tally.add_round(verdicts := await site.judge(books, is_dead=False))
                tally.add_books(books, verdicts)
    return tally


async def _watch(waiting: Crew, going_on: Crew, tally: Tally) -> None:
    acknowledged, others = waiting.acknowledged, going_on.acknowledged
    await asyncio.sleep(HELD_S)
    tally.expect(
        "Something was acknowledged without the lock.",
        holds=waiting.acknowledged <= acknowledged + 8,
    )
    tally.expect("Nobody got 503.", holds=waiting.busy > 0)
    tally.expect(
        f"Other organizations slowed down: {going_on.slowest_s:.1f} s for an answer.",
        holds=going_on.acknowledged > others and going_on.slowest_s < ANSWER_S_MAX / 3,
    )
    tally.expect(
        f"A client waited {waiting.slowest_s:.1f} s.", holds=waiting.slowest_s < ANSWER_S_MAX
    )


@asynccontextmanager
async def held(site: Site, *organization_ids: UUID) -> AsyncIterator[asyncpg.Connection]:
    """Hold the locks of logs for the duration of the block, in a transaction that does nothing."""
    async with site.owner() as connection, connection.transaction():
        for organization_id in organization_ids:
            await connection.fetch("SELECT eventstore.lock_log($1)", organization_id)
        yield connection


async def run_exhausted(site: Site, rng: Random, rounds: int) -> Tally:
    """Let all connections of a small pool wait for two locks; a third organization's requests wait too."""
    with timed(Tally("connection pool exhausted")) as tally:
        async with running(site.process(SCIM_LEDGER_POOL_SIZE_MAX="2")) as process:
            for _ in range(rounds):
                books = await site.books(3)
                async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                    await crew.progress(30, within_s=PROGRESS_TIMEOUT_S)
                    async with held(site, books[0][0].id, books[1][0].id):
                        await asyncio.sleep(HELD_S)
                    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
                tally.expect("Nobody got 503.", holds=crew.busy > 0)
                tally.expect(
                    f"A client waited {crew.slowest_s:.1f} s.", holds=crew.slowest_s < ANSWER_S_MAX
                )
                tally.add_crew(crew)
                tally.add_books(books, await site.judge(books, is_dead=False))
    return tally
