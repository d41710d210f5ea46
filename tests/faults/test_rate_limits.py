"""Rate limits: off by default; per organization and per token; shared by all processes; with a quota of events."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from eventstore.read import find_position_before, read
from schema.events.organization import Organization
from schema.scim.errors import TooManyRequests, Unavailable
from service.callers.caller import Caller
from service.callers.rates import Rates
from service.cli.provenance import cli_provenance
from service.ids import new_id
from service.limits.rate import Bucket, Grant, RateLimits, Wish, bucket
from service.limits.shared_buckets import SharedBuckets
from service.organizations.register import find_organization
from service.organizations.settings import change_settings
from service.organizations.tokens import issue_token
from service.write.quota import Left
from tests.serving import Answer, Scim, Served, Tenant, make_tenant, started

PROCESSES = 4
MEASURED_S = 0.6
LEFT = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


async def set_settings(served: Served, tenant: Tenant, **settings: Any) -> None:
    """Change settings of an organization."""
    found = await find_organization(served.runtime, str(tenant.id))
    await change_settings(served.runtime, found, settings, provenance=cli_provenance())


async def limited(served: Served, **settings: Any) -> tuple[Tenant, Scim]:
    """Return a new organization with settings, and its client. No process has seen its token before."""
    tenant = await make_tenant(served.runtime, f"Limited {new_id()}")
    await set_settings(served, tenant, **settings)
    return tenant, Scim(served, tenant.token)


def left(answer: Answer) -> Mapping[str, tuple[int, int]]:
    """Return what RateLimit says: name → (requests that are left, seconds)."""
    found = LEFT.findall(answer.headers["RateLimit"])
    return {name: (int(most), int(reset)) for name, most, reset in found}


async def test_without_a_limit_no_answer_names_one(scim: Scim) -> None:
    answers = await asyncio.gather(*(scim.get("/Users?count=0") for _ in range(50)))

    assert {each.status for each in answers} == {200}
    assert not any("RateLimit" in each.headers for each in answers)


async def test_beyond_the_limit_requests_get_429_with_what_to_do(
    served: Served, scim: Scim
) -> None:
    _, client = await limited(served, requestsPerSecond=1, burst=3)

    answers = [await client.get("/Users?count=0") for _ in range(6)]

    assert [each.status for each in answers[:3]] == [200] * 3
    assert answers[0].headers["RateLimit-Policy"] == '"organization";q=3;w=3'
    assert [left(each)["organization"][0] for each in answers[:3]] == [2, 1, 0]
    refused = answers[-1]
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert refused.headers["RateLimit-Policy"] == '"organization";q=3;w=3'
    assert refused.headers["RateLimit"] == '"organization";r=0;t=1'
    assert "1 requests a second" in refused.body["detail"]
    assert (await scim.get("/Users?count=0")).status == 200  # Another organization.
    origin = f"http://127.0.0.1:{served.port}"
    for path in ("/healthz", "/readyz", "/metrics"):
        async with served.session.get(origin + path) as health:
            assert health.status == 200


async def test_a_token_has_a_limit_of_its_own(served: Served) -> None:
    tenant, client = await limited(served, tokenRequestsPerSecond=1, tokenBurst=2)
    found = await find_organization(served.runtime, str(tenant.id))
    second = await issue_token(served.runtime, found, "second", provenance=cli_provenance())

    answers = [await client.get("/Users?count=0") for _ in range(3)]
    other = await Scim(served, second.token).get("/Users?count=0")

    assert [each.status for each in answers] == [200, 200, 429]
    assert (other.status, left(other)) == (200, {"token": (1, 1)})


async def test_a_setting_of_the_organization_replaces_that_of_the_service(
    database_url: str,
) -> None:
    async with started(database_url, requests_per_second=1, events_per_day=6) as served:
        (_, free), (_, bound) = [
            await limited(served, requestsPerSecond=0, eventsPerDay=0),
            await limited(served, burst=2),
        ]
        assert {(await free.get("/Users?count=0")).status for _ in range(4)} == {200}
        assert [(await bound.get("/Users?count=0")).status for _ in range(3)] == [200, 200, 429]


async def test_a_quota_of_events_holds_for_a_day_and_not_for_the_operator(
    served: Served, scim: Scim
) -> None:
    tenant, client = await limited(served)
    log = await read(served.owner, tenant.id, after=0, limit=100)
    await set_settings(served, tenant, eventsPerDay=len(log) + 3)  # The change is an event too.

    made = await client.post("/Users", {"userName": "ada"})
    statuses = [
        (await client.post("/Users", {"userName": name})).status for name in ("bea", "cleo")
    ]
    same = await client.put(f"/Users/{made.body['id']}", {"userName": "ada"})
    refused = await client.post("/Users", {"userName": "dora"})
    bulk = await client.post(
        "/Bulk",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": "d"}}
            ],
        },
    )
    assert (made.status, statuses, same.status) == (201, [201, 429], 200)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert "events a day" in refused.body["detail"]
    assert bulk.body["Operations"][0]["status"] == "429"
    assert (await scim.post("/Users", {"userName": "ada"})).status == 201

    await set_settings(served, tenant, eventsPerDay=None)
    assert await until_created(client, "dora") == 201


async def until_created(client: Scim, name: str) -> int:
    """Create a user as soon as a changed quota holds; return the status."""
    async with asyncio.timeout(20.0):
        while True:
            answer = await client.post("/Users", {"userName": name})
            if answer.status != 429:
                return answer.status
            await asyncio.sleep(0.05)


async def test_the_position_before_an_instant_is_found(served: Served, scim: Scim) -> None:
    for number in range(20):
        await scim.post("/Users", {"userName": f"user.{number}"})
    tenant_id = UUID((await scim.get("/Me")).body["meta"]["location"].rpartition("/")[2])
    organization_id = await served.owner.fetchval(
        "SELECT organization_id FROM directory.users WHERE id = $1", tenant_id
    )
    log = await read(served.owner, organization_id, after=0, limit=100)
    for each in log:
        at = each.recorded_at
        assert await find_position_before(served.owner, organization_id, at) == each.position - 1
        later = at + timedelta(microseconds=1)
        assert await find_position_before(served.owner, organization_id, later) == each.position
    assert await find_position_before(served.owner, new_id(), datetime.now(UTC)) == 0


def test_the_quota_counts_a_whole_request() -> None:
    left_over = Left(2, 10, 3_600.0)
    organization = Organization(new_id(), 1, datetime.now(UTC), "Contoso", {})
    left_over.refuse(2, Caller(organization, None, "scim"))
    left_over.refuse(3, Caller(organization, None, "cli"))
    with pytest.raises(TooManyRequests) as refused:
        left_over.refuse(3, Caller(organization, None, "scim"))
    assert refused.value.headers["Retry-After"] == "3600"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [("organization", 10.0, 20.0), ("token", 5.0, 5.0)]),
        ({"requestsPerSecond": 0}, [("token", 5.0, 5.0)]),
        (
            {"requestsPerSecond": 100, "burst": 1},
            [("organization", 100.0, 20.0), ("token", 5.0, 5.0)],
        ),
        ({"tokenRequestsPerSecond": 0, "burst": 50}, [("organization", 10.0, 50.0)]),
    ],
)
def test_the_limits_of_a_caller(settings: dict[str, int], expected: list[Any]) -> None:
    rates = Rates(requests_per_second=10, burst=20, token_requests_per_second=5)
    organization = Organization(new_id(), 1, datetime.now(UTC), "Contoso", {}, settings=settings)

    found = rates.buckets(organization, new_id())

    assert [(each.name, each.per_second, each.burst) for each in found] == expected


@pytest.fixture
async def pools(database_url: str) -> AsyncIterator[list[asyncpg.Pool]]:
    """Yield one pool for each of several processes that share a database."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                asyncpg.create_pool(database_url, min_size=1, max_size=2)
            )
            for _ in range(PROCESSES)
        ]


class Counting:
    """The shared buckets, counting the statements."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._buckets = SharedBuckets(pool)
        self.statements = 0

    async def take(self, wishes: Sequence[Wish]) -> Mapping[UUID, Grant]:
        """Take requests."""
        self.statements += 1
        return await self._buckets.take(wishes)


async def hammer(limits: RateLimits, limit: Bucket, until_s: float) -> int:
    """Send requests as fast as they are answered; return how many passed."""
    passed, loop = 0, asyncio.get_running_loop()
    while loop.time() < until_s:
        try:
            await limits.pass_one([limit])
            passed += 1
        except TooManyRequests:
            await asyncio.sleep(0.001)
    return passed


@pytest.mark.parametrize(("per_second", "burst"), [(200, 40), (20, 10)])
async def test_four_processes_pass_what_one_may(
    pools: list[asyncpg.Pool], per_second: int, burst: int
) -> None:
    limit = bucket(new_id(), "organization", per_second, burst)
    buckets = [Counting(pool) for pool in pools]
    begun_s = asyncio.get_running_loop().time()
    passed = await asyncio.gather(
        *(hammer(RateLimits(each.take), limit, begun_s + MEASURED_S) for each in buckets)
    )
    most = burst + per_second * MEASURED_S
    statements = sum(each.statements for each in buckets)

    assert 0.7 * most <= sum(passed) <= 1.5 * most
    assert statements <= sum(passed) / 2 + PROCESSES * (MEASURED_S / 0.2 + 1)


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


class OneBucket:
    """Grants what a test says."""

    def __init__(self, *grants: Grant) -> None:
        self._grants = list(grants)
        self.wanted = list[int]()

    async def take(self, wishes: Sequence[Wish]) -> Mapping[UUID, Grant]:
        """Give the next grant to each."""
        self.wanted += [each.wanted for each in wishes]
        return {each.bucket.id: self._grants.pop(0) for each in wishes}


async def test_a_process_takes_in_advance_and_loses_what_it_does_not_use() -> None:
    limit, clock = bucket(new_id(), "organization", 100, 80), Clock()
    shared = OneBucket(Grant(11.0, 69.0), Grant(11.0, 80.0), Grant(0.0, 0.5))
    limits = RateLimits(shared.take, clock_s=clock)

    for _ in range(11):
        await limits.pass_one([limit])
    assert shared.wanted == [11]
    await limits.pass_one([limit])
    clock.now_s = 1.1
    with pytest.raises(TooManyRequests):
        await limits.pass_one([limit])
    assert shared.wanted == [11, 11, 11]
    with pytest.raises(TooManyRequests):  # It is left alone for a while.
        await limits.pass_one([limit])


async def test_requests_that_wait_together_share_a_statement() -> None:
    limit = bucket(new_id(), "organization", 1, 5)
    shared = OneBucket(Grant(5.0, 0.0))
    limits = RateLimits(shared.take)

    passed = await asyncio.gather(
        *(limits.pass_one([limit]) for _ in range(8)), return_exceptions=True
    )

    assert shared.wanted == [8]
    assert [type(each) for each in passed] == [type(None)] * 5 + [TooManyRequests] * 3


async def test_settings_that_differ_for_a_moment_share_a_bucket() -> None:
    limit = bucket(new_id(), "organization", 1, 5)
    limits = RateLimits(OneBucket(Grant(2.0, 3.0)).take)

    await asyncio.gather(limits.pass_one([limit]), limits.pass_one([replace(limit, burst=6.0)]))


async def test_while_the_buckets_cannot_be_reached_requests_are_to_be_sent_again() -> None:
    async def take(_wishes: Sequence[Wish]) -> Mapping[UUID, Grant]:
        raise Unavailable("The database cannot be reached: try again.")

    limits = RateLimits(take)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await limits.pass_one([bucket(new_id(), "organization", 1, None)])


async def test_old_buckets_are_forgotten(
    connection: asyncpg.Connection, pools: list[asyncpg.Pool]
) -> None:
    shared, limit = SharedBuckets(pools[0]), bucket(new_id(), "token", 10, None)
    assert (await shared.take([Wish(limit, 4)]))[limit.id].granted == 4.0
    await shared.forget_old()
    assert await connection.fetchval("SELECT count(*) FROM service.request_buckets") == 1
    await connection.execute(
        "UPDATE service.request_buckets SET filled_at = filled_at - interval '2 days'"
    )
    await shared.forget_old()
    assert await connection.fetchval("SELECT count(*) FROM service.request_buckets") == 0
    assert math.isclose((await shared.take([Wish(limit, 99)]))[limit.id].granted, 10.0)
