"""A few rounds of each quick part of the drill; `make drill` runs all of it. No promise is broken."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import pytest

from tests.conftest import quick_folder
from tests.drill.rounds import (
    commit_cut,
    postgres_killed,
    postgres_restarted,
    service_killed,
    two_services,
)
from tests.drill.site import Site, opened
from tests.drill.tally import Tally

pytestmark = [pytest.mark.slow, pytest.mark.process]
# Only processes are killed here, not the machine. Commits must still be waited for: otherwise the first kill
# of Postgres loses acknowledged writes, and the drill reports it.
UNSAFE = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[Site]:
    """Give an embedded Postgres for the drill alone, in memory."""
    async with opened(quick_folder(), UNSAFE) as made:
        yield made


@pytest.mark.parametrize(
    ("run", "rounds"),
    [
        pytest.param(service_killed.run, 2, id="service-killed"),
        pytest.param(postgres_killed.run, 3, id="postgres-killed"),
        pytest.param(commit_cut.run, 6, id="commit-cut"),
        pytest.param(postgres_restarted.run, 1, id="postgres-restarted"),
        pytest.param(two_services.run, 1, id="two-services"),
    ],
)
async def test_no_promise_is_broken(
    site: Site, run: Callable[[Site, Random, int], Awaitable[Tally]], rounds: int
) -> None:
    rng = Random(rounds)  # noqa: S311 - choices, no secrets.
    tally = await asyncio.wait_for(run(site, rng, rounds), 100)
    assert (tally.broken, tally.rounds) == ([], rounds)
    assert tally.acknowledged > 0
