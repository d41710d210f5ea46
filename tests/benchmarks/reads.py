"""Rows: GET of a user by id, and by a filter on userName or externalId, at 100,000 users and more."""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from tests.benchmarks.bench import Bench
from tests.benchmarks.bodies import external_id, filter_path, user_name
from tests.benchmarks.database import database
from tests.benchmarks.events import Loaded, Size
from tests.benchmarks.proofs import wait_until_signed
from tests.benchmarks.report import Row, required
from tests.benchmarks.rounds import Rounds, rate_ratio, take_turns
from tests.benchmarks.servers import bare_aiohttp, our_service

USERS, USERS_FULL = 100_000, 1_000_000
SAMPLE = 20_000  # Requests that differ; then they come again.
ANSWER_BYTES = 1_500  # Of a list of one user.
BARE, ALONE = "bare aiohttp", "by id, one connection"
LEAST = {"by id": 0.55}  # Of the bare handler's rate.
LEAST_OF_FILTERS = 0.5
DRIFT_MAX = 0.2  # Between the two sizes.


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows of reads, and at ten times as many users where the run is a full one."""
    small = measure(bench, USERS)
    for name in kinds():
        yield row_of(name, USERS, small[name], small[BARE])
    yield Row(
        f"GET {ALONE}, at {USERS:,} users", "", small[ALONE].show(), figures=small[ALONE].figures()
    )
    if bench.options.is_full:
        with database(bench.options.folder) as other:
            large = measure(Bench(bench.options, other, bench.tool), USERS_FULL)
        for name in kinds():
            yield row_of_sizes(name, small, large)


def kinds() -> Sequence[str]:
    """Return the kinds of read."""
    return ("by id", "by filter userName eq", "by filter externalId eq")


def paths(loaded: Loaded) -> dict[str, list[str]]:
    """Return the paths of each kind, of users chosen at random."""
    pairs = list(zip(loaded.user_ids, loaded.numbers, strict=True))
    chosen = random.Random(1).choices(pairs, k=SAMPLE)  # noqa: S311 - seeded, so that runs are alike.
    lists = (
        [f"/Users/{user_id}" for user_id, _ in chosen],
        [filter_path("userName", user_name(n)) for _, n in chosen],
        [filter_path("externalId", external_id(n)) for _, n in chosen],
    )
    return dict(zip(kinds(), lists, strict=True))


def measure(bench: Bench, users: int) -> Mapping[str, Rounds]:
    """Return the rounds of each kind, and those of the bare handler, at a size."""
    with ExitStack() as running:
        (tenant,) = bench.database.tenants("Reads")
        (loaded,) = bench.database.load([tenant], [Size(users)])
        target = running.enter_context(our_service(bench.database)).target(tenant)
        asyncio.run(wait_until_signed(bench.database.dsn))
        bare = running.enter_context(bare_aiohttp(ANSWER_BYTES))
        asked = paths(loaded)
        for each in asked.values():  # Fills the caches of Postgres and of the disk.
            bench.get(target, each)()
        systems = {name: bench.get(target, each) for name, each in asked.items()}
        systems[ALONE] = bench.get(target, asked["by id"], connections=1)
        return take_turns({**systems, BARE: bench.get(bare, asked["by id"])}, bench.options.rounds)


def row_of(name: str, users: int, ours: Rounds, bare: Rounds) -> Row:
    """Return the row of a kind against the bare handler."""
    ratio, least = rate_ratio(ours, bare), LEAST.get(name, LEAST_OF_FILTERS)
    return required(
        f"GET {name}, 32 connections, at {users:,} users",
        f"≥ {least:.0%} of {BARE}",
        f"{ratio:.0%} of {BARE} ({bare.rate:,.0f}/s)",
        ours,
        is_met=ratio >= least,
    )


def row_of_sizes(name: str, small: Mapping[str, Rounds], large: Mapping[str, Rounds]) -> Row:
    """Return the row that compares two sizes, each by its share of the bare handler beside it."""
    shares = [rate_ratio(each[name], each[BARE]) for each in (small, large)]
    drift = shares[1] / shares[0] - 1
    return required(
        f"GET {name}, 32 connections, at {USERS_FULL:,} users",
        f"the same as at {USERS:,} within {DRIFT_MAX:.0%}",
        f"{drift:+.0%}",
        large[name],
        is_met=abs(drift) <= DRIFT_MAX,
    )
