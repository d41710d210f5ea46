"""The feed as Server-Sent Events: each event as it comes, and on after a lost connection."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from service.cli.provenance import cli_provenance
from service.organizations.register import find_organization
from service.organizations.tokens import issue_token, revoke_token
from tests.admin.client import Admin, with_scope
from tests.feed.conftest import FEED
from tests.feed.test_poll import end, make_user
from tests.serving import Scim, Served, Tenant, make_tenant, started


@dataclass
class Stream:
    """An open stream."""

    response: aiohttp.ClientResponse

    async def next(self) -> tuple[int, Any]:
        """Return the next id with its event; None if it has none."""
        async with asyncio.timeout(20):
            position, event = None, None
            while line := await self.response.content.readline():
                text = line.decode().rstrip("\n")
                if text.startswith("id: "):
                    position = int(text[4:])
                elif text.startswith("data: "):
                    event = orjson.loads(text[6:])
                elif not text and position is not None:
                    return position, event
        raise EOFError


@asynccontextmanager
async def stream(
    served: Served, token: str | None, query: str = "", **headers: str
) -> AsyncIterator[Stream]:
    """Open a stream. In the names of `headers`, _ stands for -."""
    sent = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://127.0.0.1:{served.port}{FEED}/events{query}"
    async with served.session.get(url, headers=sent) as response:
        yield Stream(response)


async def test_events_come_as_they_are_appended(
    served: Served, feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    async with stream(served, feed.token, f"?after={before}") as opened:
        assert opened.response.headers["Content-Type"] == "text/event-stream"
        assert opened.response.headers["Cache-Control"] == "no-store"
        for _ in range(2):
            user_id = await make_user(provider)
            found: list[tuple[int, Any]] = []
            while not found or found[-1][0] < await end(feed):
                found.append(await opened.next())
            assert found[0][1]["resourceId"] == user_id
            assert all(position == event["position"] for position, event in found)


async def test_a_client_goes_on_after_the_last_event_that_it_saw(
    served: Served, feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    await make_user(provider)
    last = await end(feed)

    async with stream(served, feed.token, Last_Event_ID=str(before)) as opened:
        seen = [await opened.next() for _ in range(last - before)]
    async with stream(served, feed.token, "?after=0", Last_Event_ID=str(before + 1)) as opened:
        again = await opened.next() if last > before + 1 else None

    assert [position for position, _ in seen] == list(range(before + 1, last + 1))
    assert again is None or again[0] == before + 2


async def test_the_id_advances_over_what_is_not_wanted(
    served: Served, feed: Admin, provider: Scim
) -> None:
    before = await end(feed)
    await make_user(provider)

    async with stream(
        served, feed.token, f"?after={before}&types=UserDeleted&personal=false"
    ) as opened:
        assert await opened.next() == (await end(feed), None)


async def test_a_wrong_last_event_id_is_refused(served: Served, feed: Admin) -> None:
    for wrong in ("x", "-1", "1.5", "9" * 30):
        async with stream(served, feed.token, Last_Event_ID=wrong) as opened:
            assert opened.response.status == 400
            assert (await opened.response.json())["errors"][0]["parameter"] == "Last-Event-ID"


async def test_a_revoked_token_ends_its_stream(served: Served, tenant: Tenant, feed: Admin) -> None:
    organization = await find_organization(served.runtime, tenant.name)
    issued = await issue_token(
        served.runtime,
        organization,
        secrets.token_hex(4),
        scopes=["feed:read"],
        provenance=cli_provenance(),
    )
    async with stream(served, issued.token, f"?after={await end(feed)}") as opened:
        await revoke_token(
            served.runtime, organization, issued.token_id, provenance=cli_provenance()
        )
        async with asyncio.timeout(20):
            assert b"UserProvisioned" not in await opened.response.read()


async def test_a_service_that_stops_ends_its_streams(database_url: str) -> None:
    async with started(database_url) as own:
        tenant = await make_tenant(own.runtime, "Contoso")
        token = with_scope(own, tenant, "feed:read")
        session = aiohttp.ClientSession()
        url = f"http://127.0.0.1:{own.port}{FEED}/events"
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
        response = await session.get(url, headers=headers)
        await response.content.readline()
        loop = asyncio.get_running_loop()
        began = loop.time()
    async with asyncio.timeout(20):
        await response.read()
    assert loop.time() - began < 10
    await session.close()
