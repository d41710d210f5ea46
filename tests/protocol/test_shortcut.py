"""The shortcut of plain reads: its answers are those of the ordinary way, byte for byte, and no guard is passed over."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from prometheus_client import REGISTRY

from service import log
from service.app import ANSWERING, make_app, shortcut_of
from service.callers import authenticate
from service.cli.provenance import cli_provenance
from service.http.connections.client_address import TrustedProxies
from service.http.connections.draining import Draining
from service.http.connections.registry import EACH_MAX as EACH_CLIENT_MAX
from service.http.connections.registry import RequestsInFlight
from service.http.connections.shortcut import Shortcut, ShortcutConnection
from service.http.parts import SERVICE, Service
from service.http.server import BoundedRunner, make_runner
from service.ids import new_id
from service.limits.turns import EACH_MAX, Turns
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.organizations.tokens import issue_token, revoke_token
from service.scim.base_path import BASE_PATH
from tests.protocol.logged import Lines
from tests.serving import Scim, Served, Tenant, make_tenant, settings

CHANGING = re.compile(rb"Date: [^\r]*|X-Request-Id: [^\r]*|127\.0\.0\.1:\d+")
FILTER = f"{BASE_PATH}/Users?filter=userName+eq+%22"
ANSWERED = "scim_ledger_requests_total"
LOCAL = TrustedProxies([ip_network("127.0.0.0/8")])
WAITED_FOR = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'directory.users'::regclass"
)


@dataclass(slots=True)
class Counted:
    """A shortcut that counts what it takes."""

    shortcut: Shortcut
    taken: int = 0

    def begin(self, connection: ShortcutConnection, message: RawRequestMessage) -> object | None:
        """Begin to answer a request."""
        begun = self.shortcut.begin(connection, message)
        self.taken += begun is not None
        return begun


@dataclass(slots=True)
class Way:
    """A server on the runtime of the tests, with or without the shortcut."""

    runner: BoundedRunner
    service: Service
    lines: Lines
    counted: list[Counted] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Return where it listens."""
        port: int = self.runner.addresses[0][1]
        return port

    @property
    def taken(self) -> int:
        """Return how many requests the shortcut took."""
        return sum(each.taken for each in self.counted)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, and wait until it waits for a request."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await one_answer(reader)
        return reader, writer

    async def send(self, *requests: bytes, count: int = 1) -> bytes:
        """Send parts of requests on a connection, and return what comes back: `count` answers."""
        reader, writer = await self.connect()
        answers = b""
        try:
            async with asyncio.timeout(20):
                for each in requests:
                    writer.write(each)
                    await writer.drain()
                    await asyncio.sleep(0)
                for _ in range(count):
                    answers += await one_answer(reader)
        finally:
            writer.close()
        return answers


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    """Return one answer with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


@asynccontextmanager
async def way(
    served: Served,
    *,
    short: bool,
    proxies: TrustedProxies | None = None,
    turns: int = EACH_MAX,
) -> AsyncIterator[Way]:
    """Give a server."""
    lines, former = Lines(), structlog.get_config()
    structlog.configure(
        processors=log.as_json(),
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=lambda *_: lines,
    )
    app = make_app(served.runtime, settings("postgresql://unused@localhost/unused"))
    app[SERVICE] = replace(app[SERVICE], turns=Turns(turns))
    counted = list[Counted]()
    make = shortcut_of(app)

    def counting(in_flight: RequestsInFlight, draining: Draining) -> Shortcut:
        counted.append(Counted(make(in_flight, draining)))
        return counted[-1]

    runner = make_runner(
        app,
        ANSWERING,
        connections_max=1_000,
        proxies=proxies,
        shortcut=counting if short else None,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Way(runner, app[SERVICE], lines, counted)
    finally:
        await runner.cleanup()
        structlog.configure(**former)


@pytest.fixture(scope="module")
async def tenant(served: Served) -> Tenant:
    """Give an organization with a user."""
    made = await make_tenant(served.runtime, f"Short {new_id()}")
    created = await Scim(served, made.token).post("/Users", {"userName": "ada@example.com"})
    assert created.status == 201
    return made


@pytest.fixture
async def user_id(served: Served, tenant: Tenant) -> str:
    """Give the id of the user."""
    found = await Scim(served, tenant.token).find("/Users", filter='userName eq "ada@example.com"')
    identifier: str = found.body["Resources"][0]["id"]
    return identifier


def request(
    token: str, path: str, *headers: str, method: str = "GET", version: str = "1.1"
) -> bytes:
    """Return a request."""
    host = () if any(each.startswith("Host:") for each in headers) else ("Host: localhost:8080",)
    own = (*host, f"Authorization: Bearer {token}", *headers)
    return "\r\n".join([f"{method} {path} HTTP/{version}", *own, "", ""]).encode()


def plain(answer: bytes) -> bytes:
    """Return an answer without what differs from one answer to the next."""
    return CHANGING.sub(b"-", answer)


CASES = {  # Name → path, headers, and whether the shortcut takes it.
    "by id": ("/Users/{id}", (), True),
    "by filter": ('/Users?filter=userName+eq+"ada@example.com"', (), True),
    "encoded": ("/Users?filter=userName%20eq%20%22ADA%40example.com%22", (), True),
    "no match": ("/Users?filter=userName+eq+%22nobody%22", (), True),
    "externalId": ("/Users?filter=externalId+eq+%22none%22", (), True),
    "further headers": ("/Users/{id}", ("Accept: */*", "User-Agent: x", "X-A: 1"), True),
    "foreign host": ("/Users/{id}", ("Host: evil.example",), True),
    "unknown id": ("/Users/00000000-0000-7000-8000-000000000000", (), True),
    "no id": ("/Users/ada", (), False),
    "as of": ("/Users/{id}", ("SCIM-As-Of: 2020-01-01",), False),
    "if none match": ("/Users/{id}", ('If-None-Match: W/"1"',), False),
    "expect": ("/Users/{id}", ("Expect: x",), False),
    "with an id": ("/Users/{id}", ("X-Request-Id: client-1",), True),
    "with an unfit id": ("/Users/{id}", ("X-Request-Id: a b",), True),
    "closing": ("/Users/{id}", ("Connection: close",), False),
    "attributes": ("/Users/{id}?attributes=userName", (), False),
    "wrong filter": ("/Users?filter=userName+eq+", (), False),
    "a body": ("/Users/{id}", ("Content-Length: 0",), True),
}


@pytest.fixture(scope="module")
async def ways(served: Served) -> AsyncIterator[tuple[Way, Way]]:
    """Give a server with the shortcut and one without it."""
    async with way(served, short=True) as short, way(served, short=False) as ordinary:
        yield short, ordinary


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a token stay fresh on a machine that is busy, except where a test is about that."""
    if "revocation" not in request.node.name:
        monkeypatch.setattr(authenticate, "FRESH_S", 60.0)


async def warm(each: Way, token: str) -> None:
    """Let a server look up a token now: for a while its plain reads need nothing else."""
    await each.send(request(token, f"{BASE_PATH}/Users?count=0"))


@pytest.mark.parametrize("name", CASES)
async def test_both_ways_give_the_same_answer_and_the_same_log_line(
    ways: tuple[Way, Way], tenant: Tenant, user_id: str, name: str
) -> None:
    path, headers, is_short = CASES[name]
    sent = request(tenant.token, BASE_PATH + path.format(id=user_id), *headers)
    before, answers = ways[0].taken, []
    for each in ways:
        await warm(each, tenant.token)
        each.lines.texts.clear()
        answers.append(await each.send(sent))
        each.lines.texts[:] = [line for line in each.lines.texts if "/healthz" not in line]

    assert plain(answers[0]) == plain(answers[1])
    assert ways[0].taken == before + is_short
    logged = [each.lines.of("request_answered") for each in ways]
    for answer, (line,) in zip(answers, logged, strict=True):
        shown_id = line.get("client_request_id", line["request_id"])
        assert f"X-Request-Id: {shown_id}\r\n".encode() in answer
        assert UUID(line.pop("request_id")).version == 7
        assert line.pop("duration_ms") > 0
    assert logged[0] == logged[1]


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "OPTIONS", "POST"])
async def test_other_methods_go_the_ordinary_way(
    ways: tuple[Way, Way], tenant: Tenant, method: str
) -> None:
    sent = request(tenant.token, f"{BASE_PATH}/Users/{new_id()}", method=method)
    before = ways[0].taken
    for each in ways:
        await warm(each, tenant.token)
        _, writer = connection = await asyncio.open_connection("127.0.0.1", each.port)
        writer.write(sent)
        assert b"HTTP/1.1 4" in await connection[0].readuntil(b"\r\n")
        writer.close()

    assert ways[0].taken == before


async def test_both_ways_count_for_the_cycle_of_a_token(
    ways: tuple[Way, Way], tenant: Tenant, user_id: str
) -> None:
    seen = []
    for each in ways:
        await warm(each, tenant.token)
        each.service.kept.take(0)
        await each.send(request(tenant.token, f"{BASE_PATH}/Users/{user_id}"))
        _, sightings = each.service.kept.take(0)
        sighting = sightings[tenant.id, tenant.token_id]
        assert 0 < sighting.slowest_ms < 20_000
        assert sighting.first_s <= sighting.last_s
        seen.append(
            (
                *(sighting.requests, sighting.reads, sighting.unchanged, sighting.refused),
                *(sighting.slowest_method, sighting.slowest_route),
            )
        )

    assert seen[0] == seen[1]


async def test_both_ways_count_for_the_metrics(
    ways: tuple[Way, Way], tenant: Tenant, user_id: str
) -> None:
    labels = {"method": "GET", "route": f"{BASE_PATH}/Users/{{id}}", "status": "200"}
    counts = []
    for each in ways:
        await warm(each, tenant.token)
        before = REGISTRY.get_sample_value(ANSWERED, labels) or 0.0
        await each.send(request(tenant.token, f"{BASE_PATH}/Users/{user_id}"))
        counts.append((REGISTRY.get_sample_value(ANSWERED, labels) or 0.0) - before)

    assert counts == [1.0, 1.0]


async def test_requests_that_come_together_are_answered_in_order(
    ways: tuple[Way, Way], tenant: Tenant, user_id: str
) -> None:
    by_id = request(tenant.token, f"{BASE_PATH}/Users/{user_id}")
    nobody = request(tenant.token, f"{FILTER}nobody%22")
    for parts in (
        [by_id + nobody + by_id],
        [by_id, nobody, by_id],
        [by_id[:40], by_id[40:] + nobody[:9], nobody[9:] + by_id],
    ):
        await warm(ways[0], tenant.token)
        ordered, expected = [await each.send(*parts, count=3) for each in ways]
        assert plain(ordered) == plain(expected)


async def test_a_token_is_refused_within_a_second_of_its_revocation(
    served: Served, ways: tuple[Way, Way], tenant: Tenant
) -> None:
    organization = await find_organization(served.runtime, str(tenant.id))
    issued = await issue_token(served.runtime, organization, "short", provenance=cli_provenance())
    sent = request(issued.token, f"{FILTER}nobody%22")
    await warm(ways[0], issued.token)
    assert b" 200 " in await ways[0].send(sent)
    await revoke_token(served.runtime, organization, issued.token_id, provenance=cli_provenance())
    until = asyncio.get_running_loop().time() + 1.0

    while b" 200 " in (answer := await ways[0].send(sent)):  # It is in use all the time.
        assert asyncio.get_running_loop().time() < until

    assert b" 401 " in answer


async def test_both_ways_take_from_the_same_buckets(served: Served, ways: tuple[Way, Way]) -> None:
    limited = await make_tenant(served.runtime, f"Short {new_id()}")
    organization = await find_organization(served.runtime, str(limited.id))
    limits = {"requestsPerSecond": 5, "burst": 40}
    await change_settings(served.runtime, organization, limits, provenance=cli_provenance())
    sent = request(limited.token, f"{FILTER}nobody%22")
    await warm(ways[0], limited.token)
    before, began_s, passed = ways[0].taken, asyncio.get_running_loop().time(), list[bytes]()

    while b" 200 " in (answer := await ways[0].send(sent)):
        passed.append(answer)
        assert len(passed) < 40 + 5 * (asyncio.get_running_loop().time() - began_s)

    assert b" 429 " in answer
    assert len(passed) >= 38
    assert ways[0].taken > before
    left = re.compile(
        rb'RateLimit-Policy: "organization";q=40;w=8\r\nRateLimit: "organization";r=\d+;t=\d+\r\n'
    )
    assert all(left.search(each) for each in passed)


@asynccontextmanager
async def users_locked(served: Served) -> AsyncIterator[None]:
    """Keep every read of users waiting for the duration of the block."""
    async with served.owner.transaction():
        await served.owner.execute("LOCK TABLE directory.users IN ACCESS EXCLUSIVE MODE")
        yield


async def until_a_read_waits(served: Served) -> None:
    """Return when a read waits for the table."""
    async with asyncio.timeout(10):
        while not await served.owner.fetchval(WAITED_FOR):  # noqa: ASYNC110 - Postgres says when only if asked.
            await asyncio.sleep(0.01)


async def test_a_request_that_comes_while_one_is_read_is_answered_after_it(
    served: Served, ways: tuple[Way, Way], tenant: Tenant, user_id: str
) -> None:
    by_id, config = (
        request(tenant.token, f"{BASE_PATH}{path}")
        for path in (f"/Users/{user_id}", "/ServiceProviderConfig")
    )
    await warm(ways[0], tenant.token)
    before = ways[0].taken
    reader, writer = await ways[0].connect()
    async with users_locked(served):
        writer.write(by_id)
        await until_a_read_waits(served)
        writer.write(config)
        await asyncio.sleep(0.05)

    answers = [await one_answer(reader) for _ in range(2)]

    writer.close()
    assert ways[0].taken == before + 1
    assert user_id.encode() in answers[0]
    assert b"ServiceProviderConfig" in answers[1]


async def test_a_server_that_stops_answers_what_the_shortcut_has_taken(
    served: Served, tenant: Tenant, user_id: str
) -> None:
    async with AsyncExitStack() as running:
        short = await running.enter_async_context(way(served, short=True))
        await warm(short, tenant.token)
        reader, writer = await short.connect()
        async with users_locked(served):
            writer.write(request(tenant.token, f"{BASE_PATH}/Users/{user_id}"))
            await until_a_read_waits(served)
            assert short.taken == 1
            stopped = asyncio.create_task(running.aclose())
            await asyncio.sleep(0.05)
        answer = await reader.read()
        await stopped
        writer.close()

    assert user_id.encode() in answer


async def test_while_the_service_drains_no_connection_is_kept(
    served: Served, tenant: Tenant, user_id: str
) -> None:
    async with way(served, short=True) as short:
        await warm(short, tenant.token)
        reader, writer = await short.connect()
        short.runner.draining.is_on = True
        writer.write(request(tenant.token, f"{BASE_PATH}/Users/{user_id}"))
        answer = await reader.read()
        writer.close()

    assert b"Connection: close" in answer
    assert short.taken == 0


async def test_a_client_that_leaves_costs_nothing(
    served: Served, ways: tuple[Way, Way], tenant: Tenant, user_id: str
) -> None:
    await warm(ways[0], tenant.token)
    async with users_locked(served):
        for _ in range(3):
            _, writer = await ways[0].connect()
            writer.write(request(tenant.token, f"{BASE_PATH}/Users/{user_id}"))
            await until_a_read_waits(served)
            writer.transport.abort()
        await asyncio.sleep(0.05)

    assert user_id.encode() in await ways[0].send(
        request(tenant.token, f"{BASE_PATH}/Users/{user_id}")
    )
    assert ways[0].service.turns.take_now(tenant.id)
    ways[0].service.turns.give_back(tenant.id)  # Its count was 0: else a turn is lost.
    with pytest.raises(KeyError):
        ways[0].service.turns.give_back(tenant.id)


async def test_beyond_the_turns_of_an_organization_requests_wait(
    served: Served, tenant: Tenant, user_id: str
) -> None:
    async with way(served, short=True, turns=3) as short:
        await warm(short, tenant.token)
        async with users_locked(served):
            sent = request(tenant.token, f"{BASE_PATH}/Users/{user_id}")
            reads = [asyncio.create_task(short.send(sent)) for _ in range(5)]
            await until_a_read_waits(served)
            await asyncio.sleep(0.1)
            taken = short.taken
        answers = await asyncio.gather(*reads)

        assert taken == 3
        assert all(user_id.encode() in each for each in answers)


async def test_a_read_that_fails_gets_the_answer_of_the_ordinary_way(
    served: Served, ways: tuple[Way, Way], tenant: Tenant
) -> None:
    sent = request(tenant.token, f"{FILTER}nobody%22")
    for each in ways:
        await warm(each, tenant.token)
    await served.owner.execute("ALTER TABLE directory.users RENAME COLUMN document TO documents")
    try:
        short, ordinary = [await each.send(sent) for each in ways]
    finally:
        await served.owner.execute(
            "ALTER TABLE directory.users RENAME COLUMN documents TO document"
        )

    assert re.sub(rb"request [0-9a-f-]{36}", b"", plain(short)) == re.sub(
        rb"request [0-9a-f-]{36}", b"", plain(ordinary)
    )
    assert b" 503 " in short


async def test_behind_a_proxy_the_requests_of_each_client_are_counted(
    served: Served, tenant: Tenant, user_id: str
) -> None:
    async with way(served, short=True, proxies=LOCAL) as short:
        sent = request(tenant.token, f"{BASE_PATH}/Users/{user_id}", "X-Forwarded-For: 192.0.2.7")
        await warm(short, tenant.token)
        answer = await short.send(sent)
        in_flight: Any = short.counted[0].shortcut
        for _ in range(EACH_CLIENT_MAX):
            assert in_flight.in_flight.take("192.0.2.7")

        refused = await short.send(sent)

        assert user_id.encode() in answer
        assert short.taken == 1
        assert b" 429 " in refused
