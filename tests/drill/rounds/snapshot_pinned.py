"""A forgotten transaction pins a snapshot for the whole run: nothing can be cleaned up, and the speed stays the same."""

import asyncio
from random import Random

from tests.drill.clients import Crew, at_work
from tests.drill.rounds.steps import running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 16
THIRD_S = 15.0  # Of the run.
WARM_UP_S = 3.0
SHARE_MIN = 0.75  # Of the first third's pace that the last one keeps.


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Compare the first third of a run under a pinned snapshot with the last."""
    with timed(Tally("snapshot pinned for the whole run")) as tally:
        async with running(site.process()) as process, site.owner() as pinning:
            for _ in range(rounds):
                books = await site.books(1)
                async with pinning.transaction(isolation="repeatable_read"):
                    await pinning.fetchval("SELECT pg_current_xact_id()")
                    async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                        await asyncio.sleep(WARM_UP_S)
                        first, _, last = [await _pace(crew) for _ in range(3)]
                tally.add_crew(crew)
                tally.notes.append(
                    f"{first:.0f} requests/s in the first third, {last:.0f} in the last"
                )
                tally.expect(
                    f"The pace fell from {first:.0f} to {last:.0f} requests/s.",
                    holds=last >= first * SHARE_MIN,
                )
                tally.add_round(verdicts := await site.judge(books, is_dead=False))
                tally.add_books(books, verdicts)
    return tally


async def _pace(crew: Crew) -> float:
    """Return how many requests a second are acknowledged in the next third."""
    before = crew.acknowledged
    await asyncio.sleep(THIRD_S)
    return (crew.acknowledged - before) / THIRD_S
