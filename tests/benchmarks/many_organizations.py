"""Many organizations in one database: what costs something when nobody asks, and what breaks first when all do.

    python -m tests.benchmarks.many_organizations --organizations 10000

Each organization has a token and some users, and a client that runs a provisioning cycle every 40 minutes: for each
changed user a GET by userName, then a PATCH. The pace is that of all organizations together, spread evenly; then all of
them begin at once, as after an outage.
"""

import argparse
import asyncio
import itertools
import math
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil
from pydantic import SecretStr
from rich.console import Console

from eventstore.read_streams import read_tails
from eventstore.trees.logs import load_logs
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.database.embedded import postgres as embedded
from service.organizations.register import create_organization
from service.organizations.tokens import issue_token
from service.runtime import Runtime, open_runtime
from tests.protocol.installation import Installation, free_port
from tests.serving import MASTER_KEY

CYCLE_S = 40 * 60
AT_ONCE = 16
SCIM = "application/scim+json"
CAUGHT_UP_S = 300.0
CONSOLE = Console(width=200, highlight=False)


@dataclass(slots=True)
class Organization:
    """An organization and its client."""

    token: str
    users: list[str]


@dataclass(slots=True)
class Tally:
    """What was answered, and how fast."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def line(self, wall_s: float) -> str:
        """Return one line of figures."""
        ordered = sorted(self.seconds) or [0.0]
        at = [ordered[min(len(ordered) - 1, int(len(ordered) * each))] for each in (0.5, 0.99)]
        return (
            f"{len(ordered):,} requests in {wall_s:.0f} s ({len(ordered) / wall_s:,.0f}/s), p50 {at[0] * 1e3:.1f} ms, "
            f"p99 {at[1] * 1e3:.1f} ms, answers {dict(self.statuses)}"
        )


async def make(runtime: Runtime, count: int) -> list[Organization]:
    """Make organizations, several at once."""
    made: list[Organization] = []
    numbers = iter(range(count))
    began_s = time.monotonic()

    async def some() -> None:
        for number in numbers:
            created = await create_organization(
                runtime, f"Organization {number}", provenance=cli_provenance()
            )
            issued = await issue_token(
                runtime, created.organization, "sync", provenance=cli_provenance()
            )
            made.append(Organization(issued.token, []))
            if len(made) % 1_000 == 0:
                CONSOLE.print(f"made {len(made):,} in {time.monotonic() - began_s:.0f} s")

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return made


async def send(
    session: aiohttp.ClientSession,
    tally: Tally,
    one: Organization,
    method: str,
    path: str,
    body: object = None,
) -> Any:
    """Send a request and count it; return what was answered, None for a refusal."""
    began_s = time.perf_counter()
    headers = {"Authorization": f"Bearer {one.token}", "Content-Type": SCIM}
    async with session.request(method, path, json=body, headers=headers) as answer:
        found = await answer.json(content_type=None) if answer.ok else None
        tally.statuses[answer.status] += 1
    tally.seconds.append(time.perf_counter() - began_s)
    return found


async def fill(session: aiohttp.ClientSession, tally: Tally, one: Organization, users: int) -> None:
    """Give an organization its users."""
    for number in range(users):
        body = {"userName": f"user{number}@example.com", "displayName": f"User {number}"}
        while not (  # noqa: ASYNC110 - a client that waits as long as Retry-After says.
            found := await send(session, tally, one, "POST", "/api/scim/v2/Users", body)
        ):
            await asyncio.sleep(1)  # Retry-After.
        one.users.append(found["id"])


async def cycle(
    session: aiohttp.ClientSession, tally: Tally, one: Organization, changes: int
) -> None:
    """Run one cycle: some users have changed."""
    for number in random.sample(range(len(one.users)), min(changes, len(one.users))):
        name = f"user{number}@example.com"
        await send(session, tally, one, "GET", f'/api/scim/v2/Users?filter=userName eq "{name}"')
        value = f"User {number} {random.random():.6f}"  # noqa: S311
        operation = {"op": "Replace", "path": "displayName", "value": value}
        body = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [operation],
        }
        await send(session, tally, one, "PATCH", f"/api/scim/v2/Users/{one.users[number]}", body)


async def paced(
    session: aiohttp.ClientSession, all_of_them: list[Organization], seconds: float, changes: int
) -> Tally:
    """Run cycles at the pace of all organizations together, for some seconds."""
    tally, gap_s = Tally(), CYCLE_S / len(all_of_them)
    began_s, running = time.monotonic(), set[asyncio.Task[None]]()
    for number, one in enumerate(itertools.cycle(all_of_them)):
        due_s = began_s + number * gap_s
        if due_s - began_s > seconds:
            break
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        task = asyncio.create_task(cycle(session, tally, one, changes))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return tally


async def at_once(
    session: aiohttp.ClientSession, all_of_them: list[Organization], changes: int
) -> Tally:
    """Let each organization run one cycle, as fast as the service answers."""
    tally, left = Tally(), iter(all_of_them)

    async def some() -> None:
        for one in left:
            await cycle(session, tally, one, changes)

    await asyncio.gather(*(some() for _ in range(64)))
    return tally


async def metrics(session: aiohttp.ClientSession) -> dict[str, float]:
    """Return the metrics of the service, without those that have labels of requests."""
    async with session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if line and not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


async def watch(session: aiohttp.ClientSession, process: psutil.Process, what: str) -> None:
    """Print lag and memory."""
    found = await metrics(session)
    lag = {
        name: value
        for name, value in found.items()
        if ("unsigned" in name or "lag" in name) and value > 0
    }
    memory = process.memory_info().rss / 2**20
    CONSOLE.print(f"{what}: memory {memory:,.0f} MiB; {lag or 'no lag'}")


def cpu_s(process: psutil.Process, server: list[psutil.Process]) -> tuple[float, float]:
    """Return the processor time of the service and of PostgreSQL, in seconds."""
    total = 0.0
    for each in server:
        for one in (each, *each.children(recursive=True)):
            try:
                times = one.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
    own = process.cpu_times()
    return own.user + own.system, total


async def statements(url: str) -> None:
    """Print how long the statements take that look at all logs."""
    connection = await asyncpg.connect(url)
    for name, call in (("read_tails", read_tails), ("load_logs", load_logs)):
        await call(connection)
        began_s = time.perf_counter()
        for _ in range(5):
            await call(connection)
        CONSOLE.print(f"{name}: {(time.perf_counter() - began_s) / 5 * 1e3:.1f} ms for all logs")
    await connection.close()


async def run(options: argparse.Namespace) -> None:
    """Make the organizations, then measure."""
    folder = Path(tempfile.gettempdir()) / f"scim-ledger-organizations-{os.getpid()}"
    server = embedded.start(folder / "server")
    try:
        url = server.dsn
        given: dict[str, Any] = {
            "database_url": SecretStr(url),
            "master_key": SecretStr(MASTER_KEY),
        }
        settings = Settings(**given, data_dir=folder / "data")
        async with open_runtime(settings, is_migrating=True) as runtime:
            organizations = await make(runtime, options.organizations)
        there = Installation(folder / "data", free_port())
        serving = await there.start("serve", DATABASE_URL=url, SCIM_LEDGER_MASTER_KEY=MASTER_KEY)
        began_s = time.monotonic()
        await there.ready()
        CONSOLE.print(f"ready after {time.monotonic() - began_s:.0f} s")
        process = psutil.Process(serving.pid)
        base = f"http://127.0.0.1:{there.port}"
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=64)
        async with aiohttp.ClientSession(base, timeout=timeout, connector=connector) as session:
            await measure(session, process, organizations, url, options)
        serving.terminate()
        await serving.communicate()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def measure(
    session: aiohttp.ClientSession,
    process: psutil.Process,
    organizations: list[Organization],
    url: str,
    options: argparse.Namespace,
) -> None:
    """Measure at rest, at the pace of 40 minutes, and all at once."""
    postgres = [
        each
        for each in psutil.process_iter(["name", "cmdline"])
        if each.info["name"] == "postgres"
        and any(str(os.getpid()) in arg for arg in each.info["cmdline"] or ())
    ]
    began_s, tally, left = time.monotonic(), Tally(), iter(organizations)

    async def some() -> None:
        for one in left:
            await fill(session, tally, one, options.users)

    await asyncio.gather(*(some() for _ in range(64)))
    CONSOLE.print("fill:", tally.line(time.monotonic() - began_s))
    await watch(session, process, "after fill")
    await caught_up(session)
    await statements(url)
    before, began_s = cpu_s(process, postgres), time.monotonic()
    await asyncio.sleep(options.seconds)
    rest = time.monotonic() - began_s
    own, theirs = (b - a for a, b in zip(before, cpu_s(process, postgres), strict=True))
    CONSOLE.print(
        f"at rest: service {own / rest:.1%}, PostgreSQL {theirs / rest:.1%} of a processor",
    )
    before, began_s = cpu_s(process, postgres), time.monotonic()
    tally = await paced(session, organizations, options.seconds, options.changes)
    wall = time.monotonic() - began_s
    own, theirs = (b - a for a, b in zip(before, cpu_s(process, postgres), strict=True))
    CONSOLE.print("every 40 minutes:", tally.line(wall))
    CONSOLE.print(
        f"every 40 minutes: service {own / wall:.1%}, PostgreSQL {theirs / wall:.1%} of a processor",
    )
    await watch(session, process, "every 40 minutes")
    began_s = time.monotonic()
    tally = await at_once(session, organizations, options.changes)
    CONSOLE.print("all at once:", tally.line(time.monotonic() - began_s))
    await watch(session, process, "all at once")
    await caught_up(session)


async def caught_up(session: aiohttp.ClientSession) -> None:
    """Wait until nothing lags, and print how long that took."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < CAUGHT_UP_S:
        found = await metrics(session)
        unsigned = found.get("scim_ledger_proof_unsigned_events", 0.0)
        events = sum(v for k, v in found.items() if "lag_events" in k and not math.isnan(v))
        if not unsigned and not events:
            break
        await asyncio.sleep(1)
    CONSOLE.print(f"caught up after {time.monotonic() - began_s:.0f} s")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--organizations", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=10, help="of each organization")
    parser.add_argument("--changes", type=int, default=5, help="users that a cycle changes")
    parser.add_argument("--seconds", type=float, default=60.0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
