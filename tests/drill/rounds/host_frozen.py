"""A server that neither answers nor refuses is listed first in DATABASE_URL, and then the one behind it falls silent."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from socket import socket

from tests.drill.clients import at_work
from tests.drill.proxy import Proxy
from tests.drill.rounds.steps import ANSWER_S_MAX, REST_TIMEOUT_S, running
from tests.drill.site import Site
from tests.drill.tally import Tally, timed

CLIENTS = 8
PROGRESS_TIMEOUT_S = 60.0
BACK_S_MAX = (
    25.0  # A batch that waits for the silent server is given up within 6 s, its client asks again.
)


async def run(site: Site, rng: Random, rounds: int) -> Tally:
    """Start behind a frozen server, then let the one that is used fall silent: the last one serves."""
    with timed(Tally("frozen host listed first")) as tally:
        for _ in range(rounds):
            with frozen_host() as frozen:
                await _one(site, rng, tally, frozen)
    return tally


async def _one(site: Site, rng: Random, tally: Tally, frozen: str) -> None:
    async with (
        Proxy(site.dsn).listening() as one,
        Proxy(site.dsn).listening() as two,
        running(site.process(dsn=of_hosts(frozen, one.dsn, two.dsn))) as process,
    ):
        books = await site.books(2)
        async with at_work(books, [process.port], rng, clients=CLIENTS) as crew:
            await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
            one.fall_silent()
            back = await crew.progress(20, within_s=PROGRESS_TIMEOUT_S)
            tally.note_recovery(back)
            tally.expect(f"Writes came back after {back:.1f} s.", holds=back < BACK_S_MAX)
            tally.expect(
                f"A client waited {crew.slowest_s:.1f} s.", holds=crew.slowest_s < ANSWER_S_MAX
            )
            one.speak_again()
            async with crew.at_rest(within_s=REST_TIMEOUT_S):
                tally.add_round(await site.judge(books, is_dead=False))
        tally.add_crew(crew)
        tally.add_books(books, await site.judge(books, is_dead=False))


@contextmanager
def frozen_host() -> Iterator[str]:
    """Give a server whose kernel accepts connections, and whose process never answers."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def of_hosts(first: str, *urls: str) -> str:
    """Return one URL for several servers of one database: the first, then those of the URLs."""
    start, _, path = urls[0].partition("@")
    hosts = [first, *(each.partition("@")[2].partition("/")[0] for each in urls)]
    return f"{start}@{','.join(hosts)}/{path.partition('/')[2]}"
