"""The service's clock is wrong by an hour: the log's instants are Postgres's, and tokens work."""

from datetime import datetime
from random import Random
from uuid import UUID

from tests.drill import clock
from tests.drill.clients import at_work
from tests.drill.rounds.steps import REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
REQUESTS = 200
OFF_S = 3600
PROGRESS_TIMEOUT_S = 60.0


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Let services write whose clocks are an hour ahead and an hour behind, in turn, into one log."""
    with timed(Tally("clock of the service 1 h off")) as tally:
        library = clock.build(site.folder)
        if library is None:
            tally.skipped = "needs Linux and a C compiler, to put one process's clock off"
            return tally
        books = await site.books(1)
        for number in range(rounds):
            began = await _now(site)
            off_s = OFF_S * (-1) ** number
            async with running(site.process(**clock.environment(library, off_s))) as process:
                async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
                    await crew.progress(REQUESTS, within_s=PROGRESS_TIMEOUT_S)
                    async with crew.at_rest(within_s=REST_TIMEOUT_S):
                        tally.add_round(await site.judge(books, is_dead=False))
                tally.add_crew(crew)
            wrong = await _recorded_outside(site, books[0][0].id, began, await _now(site))
            tally.expect(f"{wrong} events are recorded by the wrong clock.", holds=wrong == 0)
        tally.add_books(books, await site.judge(books, is_dead=False))
    return tally


async def _now(site: Site) -> datetime:
    async with site.owner() as connection:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return now


async def _recorded_outside(
    site: Site, organization_id: UUID, began: datetime, ended: datetime
) -> int:
    """Return how many of the log's latest events are not recorded within a time."""
    async with site.owner() as connection:
        wrong: int = await connection.fetchval(
            "SELECT count(*) FROM (SELECT recorded_at FROM eventstore.events"
            " WHERE organization_id = $1 ORDER BY position DESC LIMIT $2) AS latest"
            " WHERE recorded_at NOT BETWEEN $3 AND $4",
            organization_id,
            REQUESTS // 2,
            began,
            ended,
        )
        return wrong
