"""Reads go to a real streaming replica. A caller sees its own writes, with replay paused and with the replica dead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from tests.proof.running import until
from tests.recovery.standby import Server, pair_in, replicating
from tests.serving import Scim, Served, Tenant, make_tenant, started

pytestmark = pytest.mark.process


@dataclass(frozen=True, slots=True)
class Pair:
    """A service with a primary and a replica."""

    served: Served
    tenant: Tenant
    scim: Scim
    primary: Server
    replica: Server

    async def on_replica(self, sql: str) -> object:
        """Run a statement on the replica as superuser."""
        connection = await asyncpg.connect(self.replica.url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


def reads(server: str) -> float:
    """Return how many reads a server has answered."""
    return REGISTRY.get_sample_value("scim_ledger_replica_reads_total", {"server": server}) or 0.0


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Start a primary, copy it with pg_basebackup, and serve from both."""
    primary, replica = pair_in(tmp_path_factory.mktemp("replica"))
    async with replicating(primary, replica):
        url = (
            f"postgresql://127.0.0.1:{replica.port}/postgres"  # It takes the login of the service.
        )
        async with started(primary.url, read_database_url=SecretStr(url)) as served:
            tenant = await make_tenant(served.runtime, "Contoso")
            yield Pair(served, tenant, Scim(served, tenant.token), primary, replica)


async def add(pair: Pair, name: str) -> str:
    """Create a user; return the id."""
    answer = await pair.scim.post("/Users", {"userName": name})
    assert answer.status == 201
    return str(answer.body["id"])


async def sees(pair: Pair, name: str, user_id: str) -> None:
    """Assert that each kind of read shows a user at once."""
    by_id = await pair.scim.get(f"/Users/{user_id}")
    found = await pair.scim.find("/Users", filter=f'userName eq "{name}"')
    page = await pair.scim.find("/Users", filter=f'userName sw "{name}"')
    assert (by_id.status, found.body["totalResults"], page.body["totalResults"]) == (200, 1, 1)


async def while_counting(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return how many reads the replica and the primary have answered meanwhile."""
    before = reads("replica"), reads("primary")
    await work()
    return reads("replica") - before[0], reads("primary") - before[1]


async def test_the_replica_answers_and_a_caller_sees_its_own_writes(pair: Pair) -> None:
    async def write_and_read() -> None:
        for number in range(20):
            name = f"fresh{number}@example.com"
            await sees(pair, name, await add(pair, name))

    by_replica, by_primary = await while_counting(write_and_read)

    assert by_replica + by_primary >= 60
    assert by_replica > 0


async def test_while_replay_is_paused_the_primary_answers(pair: Pair) -> None:
    await asyncio.sleep(2.5)  # Whoever was answered by the primary stays there for two seconds.
    await pair.on_replica("SELECT pg_wal_replay_pause()")
    try:
        user_id = await add(pair, "paused@example.com")
        by_replica, by_primary = await while_counting(
            lambda: sees(pair, "paused@example.com", user_id)
        )
        assert (by_replica, by_primary) == (0.0, 3.0)
        await until(lambda: _lags(0.5))
    finally:
        await pair.on_replica("SELECT pg_wal_replay_resume()")
    await until(lambda: _is_answered_by_replica(pair))


async def _lags(seconds: float) -> bool:
    lag = REGISTRY.get_sample_value("scim_ledger_replica_lag_seconds") or 0.0
    return lag > seconds


async def _is_answered_by_replica(pair: Pair) -> bool:
    by_replica, _ = await while_counting(lambda: pair.scim.get("/Users?count=1"))
    return by_replica > 0


async def test_a_dead_replica_costs_no_request(pair: Pair) -> None:
    await until(lambda: _is_answered_by_replica(pair))
    pair.replica.kill()

    answers = [await pair.scim.ask("GET", "/Users?count=1") for _ in range(10)]
    user_id = await add(pair, "alone@example.com")
    await sees(pair, "alone@example.com", user_id)

    assert {each.status for each in answers} == {200}
    pair.replica.start()
    await pair.replica.answers()
    await until(lambda: _is_answered_by_replica(pair))
    await sees(pair, "alone@example.com", user_id)


async def test_tokens_are_looked_up_at_the_primary(pair: Pair) -> None:
    await pair.on_replica("SELECT pg_wal_replay_pause()")
    try:
        other = await make_tenant(pair.served.runtime, "Fabrikam")
        answer = await Scim(pair.served, other.token).get("/Users")
        assert answer.status == 200
    finally:
        await pair.on_replica("SELECT pg_wal_replay_resume()")
