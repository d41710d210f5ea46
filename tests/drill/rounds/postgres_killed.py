"""SIGKILL of the embedded Postgres in the middle of an append: the service brings it back and goes on."""

from random import Random

from tests.drill import postgres
from tests.drill.clients import at_work
from tests.drill.process import Process
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

ROUNDS_PER_LOG = 10
CLIENTS = 8
BACK_TIMEOUT_S = 60.0


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Kill Postgres so many times: its first process, all of them, or one behind a connection."""
    with timed(Tally("Postgres killed mid-append")) as tally:
        async with running(site.process()) as process:
            for begin in range(0, rounds, ROUNDS_PER_LOG):
                await _run_some(site, process, rng, tally, min(ROUNDS_PER_LOG, rounds - begin))
    return tally


async def _run_some(site: Site, process: Process, rng: Random, tally: Tally, rounds: int) -> None:
    books = await site.books(2)
    async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
        for _ in range(rounds):
            await crew.progress(rng.randint(5, 100), within_s=BACK_TIMEOUT_S)
            await postgres.kill_somehow(site.folder, site.dsn, rng)
            tally.note_recovery(await crew.progress(1, within_s=BACK_TIMEOUT_S))
            async with crew.at_rest(within_s=REST_TIMEOUT_S):
                tally.add_round(await site.judge(books, is_dead=False))
    tally.add_crew(crew)
    tally.add_books(books, await site.judge(books, is_dead=False))
