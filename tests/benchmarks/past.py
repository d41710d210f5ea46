"""Rows: how long answers about the past take, at 98,000 users of an organization and 1,000,000 events in all."""

import asyncio
import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import asyncpg

from service.cli.provenance import cli_provenance
from service.organizations.tokens import issue_token
from service.runtime import open_runtime
from tests.benchmarks.bench import Bench
from tests.benchmarks.database import Database, Tenant
from tests.benchmarks.events import Loaded, Size
from tests.benchmarks.proofs import wait_until_signed
from tests.benchmarks.report import Row, missing
from tests.benchmarks.servers import our_service
from tests.benchmarks.workers import CHECKOUT, UnexpectedAnswer

ORGANIZATIONS = 4
USERS = 98_000  # Of each organization: about 2.6 events to a user.
EVERYONE = 100
REQUESTS = 40  # Of a kind, after as many that warm up.
TIMEOUT_S = 120.0
SCOPES = ("scim:read", "audit:read", "audit:export")
AUDIT, SCIM = "/api/audit/v1", "/api/scim/v2"
REBUILD = (sys.executable, "-m", "service", "projections", "rebuild")
INSTANTS = """
SELECT (SELECT recorded_at FROM eventstore.events WHERE organization_id = $1 AND position = last / 2),
       (SELECT recorded_at FROM eventstore.events WHERE organization_id = $1 AND position = last)
  FROM (SELECT max(position) AS last FROM eventstore.events WHERE organization_id = $1) AS ends
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: how often, and within how many milliseconds the middle one must be answered."""

    name: str
    most_ms: float
    paths: Sequence[str]
    headers: Mapping[str, str]


def rows(bench: Bench) -> Iterator[Row]:
    """Yield the rows."""
    database = bench.database
    tenants = database.tenants(*(f"Past {n}" for n in range(ORGANIZATIONS)))
    loaded = database.load(tenants, [Size(USERS, everyone=EVERYONE)] * ORGANIZATIONS)
    events = sum(each.events for each in loaded)
    if problem := rebuilt(database):
        yield missing("answers about the past", "", problem)
        return
    at, end, token = asyncio.run(prepared(database, tenants[0]))
    with our_service(database) as server:
        asyncio.run(wait_until_signed(database.dsn))
        for each in questions(at, end, loaded[0]):
            times_ms = [asked(server.port, token, path, each) for path in each.paths]
            middle = statistics.median(times_ms[len(times_ms) // 2 :])
            yield Row(
                f"{each.name}, {USERS:,} users, {events:,} events",
                f"≤ {each.most_ms:,.0f} ms",
                f"{middle:,.1f} ms",
                middle <= each.most_ms,
                {"events": events, "medianMs": round(middle, 2)},
            )


def rebuilt(database: Database) -> str:
    """Rebuild what follows the log; return what failed, or an empty text."""
    for name in ("history", "versions"):
        done = subprocess.run(
            (*REBUILD, name),
            cwd=CHECKOUT,
            env=database.environment,
            check=False,
            capture_output=True,
        )
        if done.returncode:
            return f"rebuild of {name}: {done.stderr[-300:]!r}"
    return ""


async def prepared(database: Database, tenant: Tenant) -> tuple[str, str, str]:
    """Return the instants in the middle and at the end of a log, and a token that may read it."""
    connection = await asyncpg.connect(database.dsn)
    try:
        middle, end = await connection.fetchrow(INSTANTS, tenant.organization.id)
    finally:
        await connection.close()
    async with open_runtime(database.settings, is_migrating=False) as runtime:
        issued = await issue_token(
            runtime, tenant.organization, "past", scopes=SCOPES, provenance=cli_provenance()
        )
    return middle.isoformat(), end.isoformat(), issued.token


def questions(at: str, end: str, loaded: Loaded) -> Iterator[Question]:
    """Yield what is asked, each with values that differ."""
    then, as_of = quote(at), {"SCIM-As-Of": at}
    some = loaded.user_ids[: 2 * REQUESTS]
    yield Question("a person as of", 10, [f"{AUDIT}/users/{each}?at={then}" for each in some], {})
    yield Question(
        "a page of the holders of a role as of",
        50,
        [f"{AUDIT}/roles/Reader/holders?at={then}&limit={100 + n}" for n in range(2 * REQUESTS)],
        {},
    )
    yield Question(
        "SCIM-As-Of: userName eq",
        1_000,
        [f"{SCIM}/Users?filter=userName%20eq%20%22user{n}%22" for n in range(2 * REQUESTS)],
        as_of,
    )
    yield Question(
        "SCIM-As-Of: a filter that no index serves",
        1_000,
        [f"{SCIM}/Users?filter=displayName%20co%20%22y{n}%22&count=100" for n in range(6)],
        as_of,
    )
    yield Question(
        "the whole directory as of its last event, streamed",
        5_000,
        [f"{AUDIT}/export/access?at={quote(end)}"] * 2,
        {},
    )


def asked(port: int, token: str, path: str, question: Question) -> float:
    """Return how many milliseconds an answer took, to its end. Errors: UnexpectedAnswer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    headers = {"Authorization": f"Bearer {token}", **question.headers}
    begin_s = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    took_ms = (time.perf_counter() - begin_s) * 1_000
    connection.close()
    if answer.status != http.client.OK:
        raise UnexpectedAnswer(f"{path}: {answer.status} {content[:200]!r}")
    return took_ms
