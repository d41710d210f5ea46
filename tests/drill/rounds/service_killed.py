"""SIGKILL of the service in the middle of a batch: what it had acknowledged is there, and the rest happened completely or not at all."""

import asyncio
from random import Random

from tests.drill.clients import Crew, at_work
from tests.drill.process import Process
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

ROUNDS_PER_LOG = 20  # A new organization then, since each judgement reads the whole log.
CLIENTS = 8
WORK_S = (0.02, 0.4)
START_TIMEOUT_S = 30.0
SETTLE_S = 0.05  # For answers that are already in the clients' sockets.


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Kill the service so many times."""
    with timed(Tally("service killed mid-batch")) as tally:
        process = site.process()
        for begin in range(0, rounds, ROUNDS_PER_LOG):
            await _run_some(site, process, rng, tally, min(ROUNDS_PER_LOG, rounds - begin))
    return tally


async def _run_some(site: Site, process: Process, rng: Random, tally: Tally, rounds: int) -> None:
    books = await site.books(2)
    async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
        for _ in range(rounds):
            await _kill_once(process, crew, rng, tally)
            tally.add_round(await site.judge(books, is_dead=True))
    tally.add_crew(crew)
    tally.add_books(books, await site.judge(books, is_dead=True))


async def _kill_once(process: Process, crew: Crew, rng: Random, tally: Tally) -> None:
    await process.start()
    tally.note_recovery(await crew.progress(1, within_s=START_TIMEOUT_S))
    await asyncio.sleep(rng.uniform(*WORK_S))
    await process.kill()
    await asyncio.sleep(SETTLE_S)
