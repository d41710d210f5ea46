"""Rows: how long the pages of the console take, how large they are, and what open pages cost in memory.

The organization that is looked at has 100,000 users who are all in one group. With BENCH_SIZE=full, others make it 1,000,000
events in all.
"""

import asyncio
import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import psutil

from service.console.sessions.cookies import SESSION
from service.console.sessions.links import make_link
from service.runtime import open_runtime
from tests.benchmarks.bench import Bench
from tests.benchmarks.bodies import Target, user_document
from tests.benchmarks.database import Database, Tenant
from tests.benchmarks.events import Loaded, Size
from tests.benchmarks.memory import resident_mib
from tests.benchmarks.past import rebuilt
from tests.benchmarks.report import Row, missing
from tests.benchmarks.servers import Server, our_service
from tests.benchmarks.workers import UnexpectedAnswer

USERS = 100_000  # With about 2.6 events to a user.
OTHERS = (100_000, 100_000, 84_000)  # Users of the other organizations, with BENCH_SIZE=full.
CYCLE = 200  # Requests of a provisioning cycle; as many are refused.
REQUESTS = 20  # Of a page, after WARM_UP others.
WARM_UP = 6  # Postgres looks five times before it keeps a plan.
MOST_MS, MOST_KB = 200.0, 300.0
TIMEOUT_S = 60.0
TABS = 200
TABS_MOST_MIB = 100.0
ADDRESSES = 8  # From which the open pages come: one address may not have all connections.
SETTLE_S = 12.0  # Each open page has looked twice by then.
ACTOR = "cli:1000(benchmark)"


@dataclass(frozen=True, slots=True)
class Looked:
    """A page that was asked for again and again: p50 and p95 of its time, and its largest size without compression.

    `service_ms` and `postgres_ms` are processor time of one request.
    """

    p50_ms: float
    p95_ms: float
    kb: float
    service_ms: float
    postgres_ms: float


def rows(bench: Bench) -> Iterator[Row]:
    """Yield a row for each page, and one for open pages with live updates."""
    database = bench.database
    others = OTHERS if bench.options.is_full else ()
    tenants = database.tenants("Console", *(f"Other {n}" for n in range(len(others))))
    sizes = [Size(USERS, everyone=USERS), *(Size(each, everyone=100) for each in others)]
    loaded = database.load(tenants, sizes)
    events = sum(each.events for each in loaded)
    if problem := rebuilt(database):
        yield missing("pages of the console", "", problem)
        return
    with our_service(database) as server:
        yield from measured(database, server, tenants[0], loaded[0], events)


def measured(
    database: Database, server: Server, tenant: Tenant, loaded: Loaded, events: int
) -> Iterator[Row]:
    """Yield the rows of a service that runs."""
    provision(server.target(tenant))
    cookie = asyncio.run(signed_in(database, server, tenant.organization.id))
    found = asyncio.run(facts(database, tenant.organization.id))
    # First: what large pages have once used, the allocator gives to open pages later.
    before, after = asyncio.run(open_tabs(server, cookie))
    yield Row(
        f"{TABS} open pages with live updates, from {ADDRESSES} addresses",
        f"≤ {TABS_MOST_MIB:g} MiB more",
        f"{after - before:.1f} MiB more ({before:.0f} MiB before, {after:.0f} MiB with them)",
        after - before <= TABS_MOST_MIB,
        {"mibBefore": round(before, 1), "mibWithTabs": round(after, 1)},
    )
    for name, path in pages(loaded, found):
        seen = look(database, server, cookie, path)
        yield Row(
            f"{name}, {USERS:,} users, {events:,} events in all",
            f"p95 ≤ {MOST_MS:g} ms, ≤ {MOST_KB:g} KB",
            f"p50 {seen.p50_ms:.0f} ms, p95 {seen.p95_ms:.0f} ms, {seen.kb:.0f} KB; processor time: "
            f"{seen.service_ms:.0f} ms of the service, {seen.postgres_ms:.0f} ms of PostgreSQL",
            seen.p95_ms <= MOST_MS and seen.kb <= MOST_KB,
            {"path": path, "p50Ms": seen.p50_ms, "p95Ms": seen.p95_ms, "kb": seen.kb},
        )


def provision(target: Target) -> None:
    """Send a provisioning cycle, of which every second request is refused."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/scim+json"}
    for n in range(CYCLE):
        for role in (target.roles[-1], "no role"):
            body = orjson.dumps({**user_document(10_000_000 + n), "roleId": role})
            connection.request("POST", f"{target.path}/Users", body=body, headers=headers)
            connection.getresponse().read()
    connection.close()


async def signed_in(database: Database, server: Server, organization_id: UUID) -> str:
    """Return the cookie of an administrator who has signed in by a link."""
    async with open_runtime(database.settings, is_migrating=False) as runtime:
        path = await make_link(runtime.pool, organization_id, ("administrator",), ACTOR)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", allow_redirects=False) as answer,
    ):
        return f"{SESSION}={answer.cookies[SESSION].value}"


async def facts(database: Database, organization_id: UUID) -> dict[str, str]:
    """Return ids, positions and a day of the log that addresses hold."""
    connection = await asyncpg.connect(database.dsn)
    try:
        async with asyncio.timeout(TIMEOUT_S):  # The service writes cycles every few seconds.
            while not await connection.fetchval("SELECT count(*) FROM service.cycles"):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        row = await connection.fetchrow(
            """
            SELECT (SELECT max(position) FROM eventstore.events WHERE organization_id = $1) AS last,
                   (SELECT id FROM service.cycles WHERE organization_id = $1 LIMIT 1) AS cycle,
                   (SELECT min(recorded_at)::date FROM eventstore.events WHERE organization_id = $1) AS day
            """,
            organization_id,
        )
    finally:
        await connection.close()
    return {name: str(value) for name, value in row.items()}


def pages(loaded: Loaded, found: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the pages by name and address; filters that match few or nobody, because they read most."""
    person, group = loaded.user_ids[len(loaded.user_ids) // 2], loaded.everyone_id
    last, cycle, day = int(found["last"]), found["cycle"], found["day"]
    middle = last // 2
    yield from {
        "overview": "/",
        "people": "/people",
        "people of a role that few have": "/people?role=Administrator",
        "people of a role that many have": "/people?role=Editor",
        "inactive people": "/people?state=inactive",
        "people made by hand": "/people?origin=manual",
        "people of a department": "/people?department=Leg",
        "people of a department that has nobody": "/people?department=Zoo",
        "people whose name begins so": "/people?q=user.00000999",
        "people whose name begins so, nobody": "/people?q=zz",
        "people of a large group": f"/people?group={group}",
        "people of a role and a department in a group": f"/people?role=Validator&department=Zoo&group={group}",
        "people in the middle of the log": f"/people?position={middle}",
        "people of a department then": f"/people?position={middle}&department=Zoo",
        "people of a role then": f"/people?position={middle}&role=Administrator",
        "a person": f"/people/{person}",
        "a person in the middle of the log": f"/people/{person}?position={middle}",
        "a form of a person": f"/people/{person}/change",
        "groups": "/groups",
        "groups that give a role": "/groups?use=role",
        "groups whose name begins so": "/groups?q=team%20999",
        "a large group": f"/groups/{group}",
        "a large group, a name in it": f"/groups/{group}?q=user.00000999",
        "a large group, nobody": f"/groups/{group}?q=zz",
        "a large group in the past": f"/groups/{group}?position={last}",
        "roles": "/roles",
        "role groups": "/roles/groups",
        "cycles": "/cycles",
        "a cycle": f"/cycles/{cycle}",
        "refusals of a cycle": f"/cycles/{cycle}/refusals",
        "live activity": "/activity",
        "live activity of a kind": "/activity?type=UserReactivated",
        "guard": "/guard",
        "tokens": "/tokens",
        "clients": "/clients",
        "accounts": "/accounts",
        "sessions": "/sessions",
        "settings": "/organization/settings",
        "access to the console": "/organization/access",
        "schemas": "/organization/schemas",
        "set-up": "/setup/account",
        "search": "/audit",
        "search, oldest first": "/audit?order=asc",
        "search of a kind": "/audit?type=UserDeleted",
        "search of a kind that is rare": "/audit?type=OrganizationRegistered",
        "search of a kind that never was": "/audit?type=ClientRegistered",
        "search of a person": f"/audit?userName={quote('user.0000000500@example.com')}",
        "search of a role": "/audit?role=Administrator",
        "search of an attribute": "/audit?attribute=title",
        "search of an attribute that never changed": "/audit?attribute=nickName",
        "search of an actor": "/audit?actor=nobody@example.com",
        "search of a way in": "/audit?source=cli",
        "search of a request": f"/audit?request={person}",
        "search of a cycle": f"/audit?cycle={cycle}",
        "search of a period": f"/audit?from={day}&to={day}",
        "who had a role": f"/audit/day?ask=role&role=Editor&position={middle}",
        "who had a role that few have": f"/audit/day?ask=role&role=Administrator&position={middle}",
        "who was in a large group": f"/audit/day?ask=group&group={group}&position={last}",
        "who had access": f"/audit/day?ask=access&position={middle}",
        "what a person had": f"/audit/day?ask=person&person={person}&position={middle}",
        "two days, little between": f"/audit/compare?before={last - 100}&position={last}",
        "two days, all between": f"/audit/compare?before=5&position={last}",
        "report: access": "/audit/reports/access",
        "report: role changes": "/audit/reports/role-changes",
        "report: people who left": "/audit/reports/leavers",
        "report: Administrators": "/audit/reports/administrators",
        "report: not touched": "/audit/reports/unseen",
        "exports": "/audit/exports",
        "proof": "/audit/proof",
        "proof of an event": f"/audit/proof?position={middle}&from={middle}",
    }.items()


def look(database: Database, server: Server, cookie: str, path: str) -> Looked:
    """Ask for a page again and again, one request after the other. Errors: UnexpectedAnswer."""
    service = psutil.Process(server.pid)
    postmaster = psutil.Process(int(postmaster_pid(database)))
    for _ in range(WARM_UP):
        asked(server.port, cookie, path)
    began_ms = cpu_ms([service]), cpu_ms(postmaster.children())
    found = sorted(asked(server.port, cookie, path) for _ in range(REQUESTS))
    ended_ms = cpu_ms([service]), cpu_ms(postmaster.children())
    times_ms = [took_ms for took_ms, _ in found]
    return Looked(
        round(times_ms[len(times_ms) // 2], 1),
        round(times_ms[int((len(times_ms) - 1) * 0.95)], 1),
        round(max(size for _, size in found) / 1000, 1),
        round((ended_ms[0] - began_ms[0]) / REQUESTS, 1),
        round((ended_ms[1] - began_ms[1]) / REQUESTS, 1),
    )


def postmaster_pid(database: Database) -> str:
    """Return the id of the process of PostgreSQL that all its others are children of."""
    file = database.folder / "postgres" / "postmaster.pid"
    return file.read_text(encoding="utf-8").splitlines()[0]


def cpu_ms(processes: Sequence[psutil.Process]) -> float:
    """Return the processor time of some processes, in milliseconds. One that has ended has none."""
    total = 0.0
    for each in processes:
        with suppress(psutil.Error):
            times = each.cpu_times()
            total += (times.user + times.system) * 1_000
    return total


def asked(port: int, cookie: str, path: str) -> tuple[float, int]:
    """Return how many milliseconds an answer took, to its end, and its bytes. Errors: UnexpectedAnswer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    headers = {"Cookie": cookie, "Accept-Language": "en"}
    begin_s = time.perf_counter()
    connection.request("GET", f"/console{path}", headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    took_ms = (time.perf_counter() - begin_s) * 1_000
    connection.close()
    if answer.status != http.client.OK:
        raise UnexpectedAnswer(f"{path}: {answer.status} {content[:200]!r}")
    return took_ms, len(content)


async def open_tabs(server: Server, cookie: str) -> tuple[float, float]:
    """Return the resident memory of the service before and while pages with live updates are open, in MiB."""
    process = psutil.Process(server.pid)
    before = resident_mib(process)
    paths = ("/console/activity/stream", "/console/setup/stream")
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(local_addr=(f"127.0.0.{2 + n}", 0), limit=0),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers={"Cookie": cookie},
                )
            )
            for n in range(ADDRESSES)
        ]
        urls = [f"http://127.0.0.1:{server.port}{paths[n % 2]}" for n in range(TABS)]
        answers = await asyncio.gather(
            *(opened[n // 2 % ADDRESSES].get(url) for n, url in enumerate(urls))
        )
        for answer in answers:
            stack.callback(answer.close)
            if answer.status != http.client.OK:
                raise UnexpectedAnswer(f"{answer.url}: {answer.status}")
        await asyncio.sleep(SETTLE_S)
        return before, resident_mib(process)
