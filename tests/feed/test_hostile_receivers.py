"""Receivers that answer slowly, too much, or never the whole: what they hold up, and whom they do not."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import aiohttp
import pytest
from prometheus_client import REGISTRY

from schema.scim.errors import Unavailable
from service.cli.provenance import cli_provenance
from service.feed.event import FeedEvent
from service.feed.parts import make_feed
from service.organizations.register import find_organization
from service.runtime import Runtime, open_runtime
from service.webhooks import delivery, http, leader, store
from service.webhooks.delivery import Courier, deliver
from service.webhooks.http import open_session, post
from service.webhooks.leader import Deliveries
from service.webhooks.manage import NewWebhook, create_webhook
from service.webhooks.outcome import DELIVERED, Outcome
from service.webhooks.places import PlaceRules
from service.webhooks.store import Sealed, Webhook
from tests.serving import make_tenant, settings

MEGABYTE = b"x" * 1_000_000
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """Give the URL of a server that reads a request and answers with bytes of its own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def ask(answer: Answer) -> Outcome:
    """Return what comes of a message to such a server."""
    async with answering(answer) as url, open_session(may_be_private=True) as session:
        return await post(session, url, b"{}", {})


async def test_a_long_answer_is_not_read_and_its_status_counts() -> None:
    sent = 0

    async def much(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n")
        for _ in range(64):
            writer.write(MEGABYTE)
            await writer.drain()
            sent += 1

    assert (await ask(much)).what == "delivered"
    assert sent < 32


async def test_a_message_is_delivered_with_its_status_however_the_answer_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "ANSWER_S_MAX", 0.1)
    left = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def drip_body(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            left.set()

    async def close_early(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxxx")
        await writer.drain()

    async def break_chunk(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        await writer.drain()

    for answer in (drip, drip_body, close_early):
        assert (await ask(answer)).what == "delivered", answer
    async with asyncio.timeout(20):
        await left.wait()  # The connection was closed.
    assert (await ask(break_chunk)).what in {"delivered", "away"}


async def test_what_is_no_answer_is_no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))

    async def nothing(writer: asyncio.StreamWriter) -> None:
        await writer.drain()

    async def silence(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(20)

    async def endless_headers(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: " + b"x" * 4_000 + b"\r\n")
            await writer.drain()

    async def nonsense(writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n\r\n" + MEGABYTE)
        await writer.drain()

    async def only_early_hints(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    for answer in (nothing, silence, endless_headers, nonsense, only_early_hints):
        assert (await ask(answer)).what == "away", answer


class Place:
    """Where messages go: it notes whose they are, and takes as long as each organization's receiver does."""

    def __init__(self, slow: UUID, slow_s: float) -> None:
        self.slow, self.slow_s = slow, slow_s
        self.taken: list[UUID] = []
        self.news = asyncio.Event()

    async def send(self, webhook: Webhook, _place: Sealed, _event: FeedEvent) -> Outcome:
        """Take a message."""
        if webhook.organization_id == self.slow:
            await asyncio.sleep(self.slow_s)
        self.taken.append(webhook.organization_id)
        self.news.set()
        return DELIVERED

    async def until_from(
        self, organization_id: UUID, count: int = 1, *, within_s: float = 20.0
    ) -> None:
        """Return once so many messages of an organization were taken."""
        async with asyncio.timeout(within_s):
            while self.taken.count(organization_id) < count:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def delivering(runtime: Runtime, place: Place) -> AsyncIterator[Deliveries]:
    """Deliver to a place for the duration of the block."""
    feed = make_feed(runtime, 8)

    async def record(*_: object) -> None:
        raise AssertionError("Nothing is to be recorded.")

    courier = Courier(
        runtime.pool,
        runtime.sealer,
        feed.reader,
        {"webhook": place.send},
        record,
        lambda organization_id: deliveries.leads(organization_id),  # noqa: PLW0108 - made below.
    )
    deliveries = Deliveries(runtime.login, runtime.pool, courier)
    task = asyncio.create_task(deliveries.run())
    try:
        yield deliveries
    finally:
        await deliveries.stop()
        await task


async def with_webhooks(runtime: Runtime, count: int) -> UUID:
    """Make an organization with webhooks that get its whole log; return its id."""
    tenant = await make_tenant(runtime, f"Contoso {secrets.token_hex(6)}")
    await add_webhooks(runtime, tenant.id, count, "https://example.com/")
    return tenant.id


async def add_webhooks(
    runtime: Runtime, organization_id: UUID, count: int, url: str | None
) -> None:
    """Add webhooks, each by an event. Those without a URL are for receivers that poll."""
    organization = await find_organization(runtime, str(organization_id))
    for number in range(count):
        await create_webhook(
            runtime,
            organization,
            NewWebhook(str(number), url, after=0),
            rules=PlaceRules(),
            provenance=cli_provenance(),
        )


async def test_slow_receivers_of_one_organization_leave_places_for_others(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "AT_ONCE_MAX", 3)
    monkeypatch.setattr(leader, "EACH_MAX", 2)
    monkeypatch.setattr(leader, "STOP_TIMEOUT_S", 0.1)
    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        slow = await with_webhooks(runtime, 4)
        place = Place(slow, 60.0)
        async with delivering(runtime, place) as deliveries:
            async with asyncio.timeout(20):
                while len(deliveries.running) < 4:  # noqa: ASYNC110 - nothing says when one begins.
                    await asyncio.sleep(0.02)
            quick = await with_webhooks(runtime, 1)
            await place.until_from(quick)


async def test_a_receiver_that_is_slow_with_every_event_gives_its_place_to_others(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader, "AT_ONCE_MAX", 1)
    monkeypatch.setattr(delivery, "RUN_S_MAX", 0.1)
    monkeypatch.setattr(leader, "TURN_S", 0.05)
    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        slow = await with_webhooks(runtime, 1)
        await add_webhooks(runtime, slow, 15, None)
        place = Place(slow, 0.2)
        async with delivering(runtime, place):
            await place.until_from(slow)
            quick = await with_webhooks(runtime, 1)
            await place.until_from(quick)
            assert place.taken.count(slow) < 16
            await place.until_from(slow, 18, within_s=30.0)  # And nothing of it is left out.


async def test_a_receiver_that_is_gone_while_the_log_takes_no_event_is_tried_later(
    database_url: str,
) -> None:
    async def gone(*_: object) -> Outcome:
        return Outcome("gone", "The receiver answers 410 Gone.")

    async def refuse(*_: object) -> None:
        raise Unavailable("The organization is being moved.")

    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        organization_id = await with_webhooks(runtime, 1)
        courier = Courier(
            runtime.pool,
            runtime.sealer,
            make_feed(runtime, 8).reader,
            {"webhook": gone},
            refuse,
            lambda _: True,
        )
        async with runtime.pool.acquire() as connection:
            [before] = await store.list_webhooks(connection, organization_id)
            assert await deliver(courier, organization_id, before.id) is False
            [after] = await store.list_webhooks(connection, organization_id)

    assert (after.state, after.attempts, after.is_waiting) == ("enabled", 1, True)
    assert after.last_error == "The receiver answers 410 Gone."


async def test_a_webhook_that_waits_for_its_next_attempt_is_counted_as_behind(
    database_url: str,
) -> None:
    async with open_runtime(settings(database_url), is_migrating=False) as runtime:
        await with_webhooks(runtime, 1)
        async with runtime.pool.acquire() as connection:
            await connection.execute(
                "UPDATE service.webhooks SET attempts = 1, next_at = now() + interval '1 hour'"
            )
            assert await store.find_due(connection) == []
            await leader.count(connection)

    assert REGISTRY.get_sample_value("scim_ledger_webhooks_failing") == 1
    behind = REGISTRY.get_sample_value("scim_ledger_webhook_behind_events")
    assert behind is not None
    assert behind >= 3  # The organization, its token, the webhook.
