"""The connection is lost at COMMIT: the service reports neither success nor failure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import pytest

from service.app import serving
from service.runtime import Runtime, open_runtime
from tests.drill.proxy import Proxy
from tests.invariants import check_log
from tests.serving import Answer, Scim, Served, Tenant, make_tenant, settings

JO = {"userName": "jo@example.com"}


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """Give a proxy in front of the test's database."""
    async with Proxy(database_url).listening() as listening:
        yield listening


@asynccontextmanager
async def client_of(runtime: Runtime, url: str) -> AsyncIterator[tuple[Scim, Tenant]]:
    """Serve for the duration of the block; give a client. Its log is checked afterwards."""
    tenant = await make_tenant(runtime, "Contoso")
    async with (
        serving(runtime, settings(url)) as port,
        aiohttp.ClientSession() as session,
    ):
        owner = await asyncpg.connect(url)
        yield Scim(Served(runtime, owner, session, port), tenant.token), tenant
        await check_log(owner, runtime.sealer, tenant.id)
        await owner.close()


@pytest.fixture
async def client(proxy: Proxy, database_url: str) -> AsyncIterator[Scim]:
    """Give a client of a service that reaches its database through the proxy."""
    async with (
        open_runtime(settings(proxy.dsn), is_migrating=False) as runtime,
        client_of(runtime, database_url) as (scim, _),
    ):
        yield scim


async def post_into_a_cut(client: Scim, proxy: Proxy, *, is_delivered: bool) -> Answer:
    """Create a user; the connection is lost at its COMMIT."""
    cut = asyncio.create_task(proxy.cut_next_commit(is_delivered=is_delivered))
    await asyncio.sleep(0)
    answer = await client.ask("POST", "/Users", JO)
    await cut
    return answer


@pytest.mark.parametrize("is_delivered", [False, True])
async def test_the_client_is_asked_to_send_it_again(
    client: Scim,
    proxy: Proxy,
    is_delivered: bool,  # noqa: FBT001 - a parameter of the test.
) -> None:
    answer = await post_into_a_cut(client, proxy, is_delivered=is_delivered)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def test_a_commit_that_never_arrived_leaves_nothing(client: Scim, proxy: Proxy) -> None:
    await post_into_a_cut(client, proxy, is_delivered=False)
    again = await client.post("/Users", JO)
    assert (again.status, again.body["meta"]["version"]) == (201, 'W/"1"')


async def test_a_retry_finds_what_was_done_though_its_reply_was_lost(
    client: Scim, proxy: Proxy
) -> None:
    await post_into_a_cut(client, proxy, is_delivered=True)
    again = await client.post("/Users", JO)
    found = await client.find("/Users", filter='userName eq "jo@example.com"')
    assert (again.status, found.body["totalResults"]) == (409, 1)


async def test_the_next_request_is_served(client: Scim, proxy: Proxy) -> None:
    await post_into_a_cut(client, proxy, is_delivered=False)
    assert (await client.post("/Users", {"userName": "ann@example.com"})).status == 201


async def test_a_full_lane_answers_503_and_when_to_come_again(database_url: str) -> None:
    chosen = settings(database_url).model_copy(update={"waiting_max": 1})
    asked = []
    async with (
        open_runtime(chosen, is_migrating=False) as runtime,
        client_of(runtime, database_url) as (scim, tenant),
    ):
        async with scim.served.owner.transaction():
            await scim.served.owner.fetch("SELECT eventstore.lock_log($1)", tenant.id)
            for name in ("first", "second", "third"):
                post = scim.ask("POST", "/Users", {"userName": name})
                asked.append(asyncio.create_task(post))
                await asyncio.sleep(0.1)
        answers = await asyncio.gather(*asked)
    assert [each.status for each in answers] == [201, 201, 503]
    assert answers[2].headers["Retry-After"] == "1"
