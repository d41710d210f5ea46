"""Rows: POST and PATCH of users by 32 connections, and POST by one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

from tests.benchmarks.bench import CONNECTIONS, Bench
from tests.benchmarks.bodies import Target
from tests.benchmarks.installs import NotInstalled
from tests.benchmarks.orders import Measurement
from tests.benchmarks.raw import RawOrder
from tests.benchmarks.report import Row, missing, required
from tests.benchmarks.rounds import Rounds, latency_ratio, rate_ratio, take_turns
from tests.benchmarks.servers import bare_aiohttp, our_service, scim2_server, scimmy_routers
from tests.benchmarks.workers import Worker, worker

ANSWER_BYTES = 1_350  # Of our answer to POST, headers left out.
RAW_BATCH = 32
PEERS = {"scimmy-routers": scimmy_routers, "scim2-server": scim2_server}
OURS, BARE, RAW, COMMIT, PATCH = (
    "scim-ledger",
    "bare aiohttp",
    "raw inserts",
    "bare commit",
    "PATCH",
)

Measure = Callable[[], Measurement]


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows of writes, all systems taking turns."""
    with ExitStack() as running:
        (tenant,) = bench.database.tenants("Writes")
        target = running.enter_context(our_service(bench.database)).target(tenant)
        raw = running.enter_context(worker("-m", "tests.benchmarks.raw", bench.database.dsn))
        bare = running.enter_context(bare_aiohttp(ANSWER_BYTES))
        peers, absent = enter_peers(running)
        bench.warm_up(target)
        made = take_turns(
            {
                OURS: bench.post(target),
                **{name: bench.post(each) for name, each in peers.items()},
                BARE: bench.post(bare),
                RAW: inserts(bench, raw, "rows", RAW_BATCH),
                PATCH: bench.patch(target),
            },
            bench.options.rounds,
        )
        yield from rows_of_posts(made, absent)
        yield row_of_patch(made)
        single = take_turns(
            {
                OURS: bench.post(target, connections=1),
                COMMIT: inserts(bench, raw, "commit", 1),
            },
            bench.options.rounds,
        )
        yield row_of_one_connection(single)


def enter_peers(running: ExitStack) -> tuple[dict[str, Target], dict[str, str]]:
    """Return the peers that run, and why others do not."""
    peers: dict[str, Target] = {}
    absent: dict[str, str] = {}
    for name, start in PEERS.items():
        try:
            peers[name] = running.enter_context(start())
        except NotInstalled as problem:
            absent[name] = str(problem)
    return peers, absent


def inserts(bench: Bench, raw: Worker, work: str, batch: int) -> Measure:
    """Return what measures writes to Postgres without a service."""
    return lambda: raw.ask(RawOrder(work, batch, bench.options.seconds))


def rows_of_posts(made: Mapping[str, Rounds], absent: Mapping[str, str]) -> Iterator[Row]:
    """Yield the row of POST against each system, and the systems' own numbers."""
    work = f"POST /Users, {CONNECTIONS} connections, durable and audited"
    ours = made[OURS]
    yield Row(work, "", ours.show(), figures=ours.figures())
    for name, least in {"scimmy-routers": 4.0, "scim2-server": 8.0, RAW: 0.35}.items():
        target = f"≥ {least:g} x {name}" if least >= 1 else f"≥ {least:.0%} of {name}"
        if name in absent:
            yield missing(work, target, absent[name])
            continue
        ratio = rate_ratio(ours, made[name])
        measured = f"{ratio:.2f} x {name}"
        yield required(work, target, measured, made[name], is_met=ratio >= least)
    ratio = rate_ratio(ours, made[BARE])
    yield Row(work, "", f"{ratio:.2f} x {BARE}: {made[BARE].show()}", figures=made[BARE].figures())


def row_of_patch(made: Mapping[str, Rounds]) -> Row:
    """Return the row of PATCH."""
    ratio = rate_ratio(made[PATCH], made[OURS])
    work = f"PATCH /Users/{{id}} (active, name, roleId in turn), {CONNECTIONS} connections"
    measured = f"{ratio:.0%} of POST"
    return required(work, "≥ 70% of POST", measured, made[PATCH], is_met=ratio >= 0.7)


def row_of_one_connection(made: Mapping[str, Rounds]) -> Row:
    """Return the row of one connection."""
    ratio, commit = latency_ratio(made[OURS], made[COMMIT]), made[COMMIT]
    return required(
        "one connection, one POST after another",
        "p50 ≤ 2.5 x one bare commit of the same rows",
        f"{ratio:.2f} x a bare commit, whose p50 is {commit.p50_ms:.2f} ms",
        made[OURS],
        is_met=ratio <= 2.5,
    )
