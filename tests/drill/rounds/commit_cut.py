"""The connection is lost at COMMIT: before Postgres has it, or its reply. No answer is wrong."""

from random import Random

from tests.drill.clients import Crew, at_work
from tests.drill.proxy import Proxy
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
ROUNDS_PER_JUDGEMENT = 5
PROGRESS_TIMEOUT_S = 30.0


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Cut so many COMMITs, in both ways in turn."""
    with timed(Tally("connection lost at COMMIT")) as tally:
        async with (
            Proxy(site.dsn).listening() as proxy,
            running(site.process(dsn=proxy.dsn)) as process,
        ):
            books = await site.books(2)
            async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                for number in range(rounds):
                    await _cut_once(proxy, crew, rng, tally, is_delivered=bool(number % 2))
                    if number % ROUNDS_PER_JUDGEMENT == 0:
                        async with crew.at_rest(within_s=REST_TIMEOUT_S):
                            tally.add_round(await site.judge(books, is_dead=False))
            tally.rounds = rounds
            tally.add_crew(crew)
            tally.add_books(books, await site.judge(books, is_dead=False))
        if rounds > 1:
            lost = tally.done_unanswered
            tally.expect("No reply was lost after its COMMIT.", holds=lost > 0)
        tally.expect("No COMMIT was lost on its way.", holds=tally.undone > 0)
    return tally


async def _cut_once(
    proxy: Proxy, crew: Crew, rng: Random, tally: Tally, *, is_delivered: bool
) -> None:
    await crew.progress(rng.randint(1, 30), within_s=PROGRESS_TIMEOUT_S)
    await proxy.cut_next_commit(is_delivered=is_delivered)
    tally.note_recovery(await crew.progress(1, within_s=PROGRESS_TIMEOUT_S))
