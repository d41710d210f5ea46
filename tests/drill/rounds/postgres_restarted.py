"""Postgres is stopped and started by its operator under load: the service says 503, then recovers by itself."""

import asyncio
from random import Random
from time import monotonic

from service.limits.once_a_second import FRESH_S
from tests.drill import postgres
from tests.drill.clients import Crew, at_work
from tests.drill.process import Process
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
DOWN_S = 1.0
RECOVERY_TIMEOUT_S = 30.0
LOOK_INTERVAL_S = 0.02


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Restart Postgres so many times, in order and without."""
    with timed(Tally("Postgres restarted under load")) as tally:
        # A DATABASE_URL: then it is not for the service to start its Postgres again.
        async with running(site.process(dsn=site.dsn)) as process:
            books = await site.books(2)
            async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                for number in range(rounds):
                    mode = ("fast", "immediate")[number % 2]
                    await _restart_once(site, process, crew, tally, mode)
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def _restart_once(site: Site, process: Process, crew: Crew, tally: Tally, mode: str) -> None:
    await crew.progress(50, within_s=RECOVERY_TIMEOUT_S)
    await postgres.stop(site.folder, mode)
    await asyncio.sleep(FRESH_S)  # /readyz may say what was true a second ago.
    until = monotonic() + DOWN_S
    while monotonic() < until:
        said = await process.readiness()
        tally.expect(f"/readyz said {said} without a Postgres.", holds=said == 503)
        await asyncio.sleep(LOOK_INTERVAL_S)
    await postgres.start(site.folder)
    tally.note_recovery(await crew.progress(1, within_s=RECOVERY_TIMEOUT_S))
    await asyncio.sleep(FRESH_S)
    said = await process.readiness()
    tally.expect(f"/readyz said {said} once requests succeeded.", holds=said == 200)
