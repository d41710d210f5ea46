"""Rows: what the proof of the log costs: hashing and signing, the whole verification, and what a POST loses."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import asyncpg
import psutil

from tests.benchmarks.bench import CONNECTIONS, Bench
from tests.benchmarks.database import Database
from tests.benchmarks.events import Size
from tests.benchmarks.report import Row, missing, required
from tests.benchmarks.rounds import rate_ratio, take_turns
from tests.benchmarks.servers import Server, our_service, service_without_proof
from tests.benchmarks.workers import CHECKOUT

ORGANIZATIONS = 4
USERS = 98_000  # Of each organization: about 2.6 events to a user.
CPU_MOST_US = 20.0
VERIFY_MOST_S = 60.0
VERIFIED_EVENTS = 1_000_000
LOSS_MOST = 0.05
SIGNED_TIMEOUT_S = 900.0  # For the logs of the largest size.
POLL_S = 0.2
VERIFY = (sys.executable, "-m", "service", "audit", "verify")
UNSIGNED = """
SELECT count(*) FROM proof.logs
 WHERE note IS NULL
    OR size < (SELECT max(position) FROM eventstore.events
                WHERE events.organization_id = logs.organization_id)
"""
OURS, WITHOUT = "scim-ledger", "without proof"


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows. The log of the service that does not mark is forged: it comes last, since no other row may meet it."""
    tenants = bench.database.tenants(*(f"Proof {n}" for n in range(ORGANIZATIONS)))
    loaded = bench.database.load(tenants, [Size(USERS)] * ORGANIZATIONS)
    events = sum(each.events for each in loaded)
    yield hashed(bench.database, events)
    yield verified(bench.database, events)
    yield posts(bench)


def posts(bench: Bench) -> Row:
    """Return what POST /Users loses, in rounds that take turns."""
    ours, without = bench.database.tenants("With proof", "Without proof")
    with ExitStack() as running:
        target = running.enter_context(our_service(bench.database)).target(ours)
        bare = running.enter_context(service_without_proof(bench.database)).target(without)
        bench.warm_up(target)
        bench.warm_up(bare)
        made = take_turns(
            {OURS: bench.post(target), WITHOUT: bench.post(bare)}, bench.options.rounds
        )
    loss = 1 - rate_ratio(made[OURS], made[WITHOUT])
    return required(
        f"POST /Users, {CONNECTIONS} connections, beside a service that neither marks nor signs",
        f"loses ≤ {LOSS_MOST:.0%}",
        f"loses {loss:.1%}",
        made[OURS],
        is_met=loss <= LOSS_MOST,
    )


def hashed(database: Database, events: int) -> Row:
    """Return the service's processor time for hashing and signing a log, for each event."""
    with our_service(database) as server:
        used_s = asyncio.run(processor_time(database, server))
    each_us = used_s / events * 1e6
    return Row(
        f"hash and sign {events:,} events in a running service",
        f"≤ {CPU_MOST_US:g} µs of its processor time an event",
        f"{each_us:.1f} µs, all that the process does meanwhile included",
        each_us <= CPU_MOST_US,
        {"events": events, "processorSeconds": round(used_s, 2)},
    )


async def processor_time(database: Database, server: Server) -> float:
    """Return the processor time that a service uses until all logs are signed."""
    process = psutil.Process(server.pid)
    begin = process.cpu_times()
    await wait_until_signed(database.dsn)
    end = process.cpu_times()
    return float(end.user + end.system - begin.user - begin.system)


async def wait_until_signed(dsn: str) -> None:
    """Return when every log is signed to its end, or after a time: the service hashes what was loaded, beside."""
    deadline = time.monotonic() + SIGNED_TIMEOUT_S
    connection = await asyncpg.connect(dsn)
    try:
        while time.monotonic() < deadline and await connection.fetchval(UNSIGNED):  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)  # A database gives no notice.
    finally:
        await connection.close()


def verified(database: Database, events: int) -> Row:
    """Return how long the command takes that compares every event."""
    work = f"`audit verify` of {events:,} events, one process"
    target = f"≤ {VERIFY_MOST_S:g} s for {VERIFIED_EVENTS:,}"
    begin_s, used = time.perf_counter(), processor_times()
    done = subprocess.run(
        VERIFY, cwd=CHECKOUT, env=database.environment, check=False, capture_output=True
    )
    seconds = time.perf_counter() - begin_s
    if done.returncode:
        return missing(work, target, f"it ended with {done.returncode}: {done.stdout[-300:]!r}")
    scaled = seconds * VERIFIED_EVENTS / events
    used_s = processor_times()["children"] - used["children"]
    return Row(
        work,
        target,
        f"{seconds:.1f} s ({events / seconds:,.0f} events/s, {used_s:.1f} s of processor time)",
        scaled <= VERIFY_MOST_S,
        {"events": events, "seconds": round(seconds, 2), "processorSeconds": round(used_s, 2)},
    )


def processor_times() -> Mapping[str, float]:
    """Return the processor time of the commands that ended."""
    times = psutil.Process().cpu_times()
    return {"children": times.children_user + times.children_system}
