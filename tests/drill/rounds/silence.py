"""Postgres hangs, or the network to it falls silent: no error comes, and nobody waits forever."""

import asyncio
from random import Random

from tests.drill import postgres
from tests.drill.clients import Crew, at_work
from tests.drill.process import Process
from tests.drill.proxy import Proxy
from tests.drill.rounds.steps import ANSWER_S_MAX, REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
SILENT_S = 12.0
PROGRESS_TIMEOUT_S = 60.0


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Let every process of Postgres stand still for a while."""
    with timed(Tally("Postgres stopped (SIGSTOP)")) as tally:
        async with running(site.process()) as process:
            books = await site.books(2)
            async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                for _ in range(rounds):
                    await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
                    async with postgres.frozen(site.folder):
                        await _watch(crew, tally, process)
                    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def run_network(site: Site, rng: Random, rounds: int) -> Tally:
    """Let the network between the service and Postgres pass nothing on for a while."""
    with timed(Tally("network to Postgres silent")) as tally:
        async with (
            Proxy(site.dsn).listening() as proxy,
            running(site.process(dsn=proxy.dsn)) as process,
        ):
            books = await site.books(2)
            async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                for _ in range(rounds):
                    await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
                    proxy.fall_silent()
                    await _watch(crew, tally, process)
                    proxy.speak_again()
                    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def _watch(crew: Crew, tally: Tally, process: Process) -> None:
    """Wait in the silence, and ask whether the service is ready."""
    await asyncio.sleep(SILENT_S / 2)
    said = await process.readiness()
    tally.expect(f"/readyz said {said} in the silence.", holds=said == 503)
    await asyncio.sleep(SILENT_S / 2)
    tally.expect("Nobody got 503.", holds=crew.busy > 0)
    tally.expect(f"A client waited {crew.slowest_s:.1f} s.", holds=crew.slowest_s < ANSWER_S_MAX)
