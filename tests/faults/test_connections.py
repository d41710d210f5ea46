"""Connections without end: a client closes its own, and others are served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from schema.scim.errors import Unavailable
from service.addresses import limit_key, read_address, read_hosts, read_networks
from service.http.connections.client_address import Peer, TrustedProxies
from service.http.connections.registry import Connections
from service.http.connections.unread import Unread
from service.limits.memory_share import MemoryShare
from service.limits.once_a_second import OnceASecond
from service.limits.turns import RECENT_S, Turns, Working
from tests.faults.raw import head, send_raw
from tests.faults.test_slow_clients import JSON, MEGABYTES, connected
from tests.serving import Scim, Served, make_tenant, started

NOBODY = TrustedProxies()
BEYOND = 300  # More than one address may have.


@dataclass(eq=False)
class Open:
    """A connection as the registry sees it."""

    peer: Peer
    is_idle: bool = True
    has_authenticated: bool = False
    is_aborted: bool = field(default=False, init=False)

    def abort(self) -> None:
        """Note that the connection has to go."""
        self.is_aborted = True


def of(address: str, **kind: bool) -> Open:
    """Return a connection from an address."""
    return Open(Peer(address, NOBODY, is_proxy=False), **kind)


def closed(connections: Connections, opened: list[Open]) -> list[int]:
    """Add connections; return the places of those that had to go."""
    for each in opened:
        connections.add(each, 0.0)
        if each.has_authenticated:
            connections.note_authenticated(each)
    return [place for place, each in enumerate(opened) if each.is_aborted]


@pytest.mark.parametrize(
    ("opened", "gone"),
    [
        ([of("a"), of("a"), of("b"), of("a")], [0]),
        ([of("a", has_authenticated=True), of("a"), of("b"), of("a")], [1]),
        ([of("a", has_authenticated=True), of("a", is_idle=False), of("a")], [0]),
        ([of("a", is_idle=False), of("a", is_idle=False), of("a")], [2]),
        ([of("a"), of("b"), of("c"), of("d")], [0]),
        ([of("a", has_authenticated=True), of("b"), of("c"), of("d")], [1]),
        ([of("a"), of("b"), of("a"), of("b"), of("c")], [0, 1]),
        ([of("2001:db8::1"), of("2001:db8::2"), of("2001:db8:0:1::1"), of("2001:db8::3")], [0]),
    ],
)
def test_the_oldest_idle_stranger_makes_room(opened: list[Open], gone: list[int]) -> None:
    connections = Connections(total_max=3, each_max=2)
    assert closed(connections, opened) == gone
    assert len(connections) == len(opened) - len(gone)
    for each in opened:
        connections.remove(each)
    assert len(connections) == 0


def test_a_trusted_proxy_has_as_many_connections_as_there_are() -> None:
    proxy = Peer("10.0.0.1", NOBODY, is_proxy=True)
    assert closed(Connections(total_max=9, each_max=2), [Open(proxy) for _ in range(9)]) == []


@pytest.fixture
async def own(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """Yield a service on its own database; one organization may hold 2 MB of arriving bodies."""
    monkeypatch.setattr("service.app.BODIES_BYTES_EACH_MAX", MEGABYTES + 100)
    async with started(database_url) as running:
        yield running


@asynccontextmanager
async def half_sent(scim: Scim, count: int) -> AsyncIterator[None]:
    """Hold this many connections open, each with half a request."""
    async with AsyncExitStack() as stack:
        for _ in range(count):
            client = await stack.enter_async_context(connected(scim))
            await client.send(b"POST /api/scim/v2/Users HTTP/1.1\r\nHost: x\r\nX-Half")
        yield


def refused() -> float:
    """Return how many connections were closed at the limit of their address."""
    name, labels = "scim_ledger_connections_refused_total", {"limit": "address"}
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_half_sent_requests_do_not_make_the_service_unreachable(own: Served) -> None:
    scim = Scim(own, (await make_tenant(own.runtime, "Contoso")).token)
    assert (await scim.get("/Roles")).status == 200  # Its connection stays open.
    before = refused()
    with capture_logs() as lines:
        async with half_sent(scim, BEYOND):
            assert (await send_raw(scim, head(scim, "GET", "/Roles"))).status == 200
            made = await scim.post("/Users", {"userName": "ada"})
    assert made.status == 201
    assert refused() - before >= BEYOND - 256
    said = [each for each in lines if each["event"] == "connections_of_address_at_limit"]
    assert [(each["limit"], each["address"]) for each in said] == [(256, "127.0.0.1")]


async def test_bodies_of_one_organization_do_not_fill_the_memory(own: Served) -> None:
    greedy, other = [
        Scim(own, (await make_tenant(own.runtime, name)).token) for name in ("Contoso", "Fabrikam")
    ]
    lines = (JSON, f"Content-Length: {MEGABYTES}")
    body = {"displayName": "Team", "x": "y" * 1_200_000}
    status = 0
    async with asyncio.timeout(30.0):
        # On a busy machine the second body may come before the first one was read.
        while status != 503:
            async with connected(greedy) as client:
                await client.send(head(greedy, "POST", "/Groups", *lines) + b" " * 1_200_000)
                for _ in range(20):  # Meanwhile the service reads what has been sent.
                    await other.get("/Roles")
                answer = await greedy.ask("POST", "/Groups", body)
                status = answer.status
                if status == 503:
                    assert answer.headers["Retry-After"] == "1"
                    assert (await other.post("/Groups", body)).status == 201
    async with asyncio.timeout(30.0):
        while (await greedy.ask("POST", "/Groups", body)).status == 503:
            pass


async def test_a_refused_body_is_dropped_to_its_end_and_holds_no_memory(own: Served) -> None:
    greedy = Scim(own, (await make_tenant(own.runtime, "Contoso")).token)
    half, length = b" " * 1_200_000, (JSON, "Content-Length: 2400000")
    async with asyncio.timeout(30.0), connected(greedy) as first, connected(greedy) as second:
        await first.send(head(greedy, "POST", "/Groups", *length) + half)
        await asyncio.sleep(0.2)
        await second.send(head(greedy, "POST", "/Groups", *length) + half)
        with pytest.raises(TimeoutError):  # It is refused, and learns of that at its end.
            await asyncio.wait_for(second.reader.readuntil(b"\r\n"), 0.5)
        small = {"displayName": "Team", "x": "y" * 700_000}
        while (await greedy.post("/Groups", small)).status != 201:
            pass
        await second.send(half)
        assert b" 503 " in await second.reader.readuntil(b"\r\n")


async def test_requests_of_one_organization_take_turns() -> None:
    now_s = 100.0
    turns = Turns(2, wait_s=5.0, working=Working(lambda: now_s))
    order = list[str]()

    async def work(name: str, organization: str) -> None:
        await turns.take(organization)
        order.append(name)
        await asyncio.sleep(0)
        order.append(name)
        turns.give_back(organization)

    await asyncio.gather(*(work(name, "a") for name in "1234"), work("b", "b"))
    assert order[:3] == ["1", "2", "b"]
    assert sorted(order[-4:]) == ["3", "3", "4", "4"]
    now_s += RECENT_S
    await turns.take("a")  # All were given back.
    await turns.take("a")
    waits = asyncio.create_task(turns.take("a"))
    leaves = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    leaves.cancel()
    turns.give_back("a")
    await waits
    turns.give_back("a")
    turns.give_back("a")
    await asyncio.wait([leaves])


async def test_an_organization_has_a_quarter_of_its_turns_while_others_work() -> None:
    now_s = 100.0
    turns = Turns(8, wait_s=5.0, working=Working(lambda: now_s))
    for _ in range(8):
        assert turns.take_now("a")
    assert turns.take_now("b")
    waiting = [asyncio.create_task(turns.take("a")) for _ in range(4)]
    await asyncio.sleep(0)
    for _ in range(6):
        turns.give_back("a")
    await asyncio.sleep(0)
    assert [each.done() for each in waiting] == [False] * 4
    turns.give_back("a")
    await waiting[0]
    assert [each.done() for each in waiting] == [True, False, False, False]
    now_s += RECENT_S
    turns.give_back("a")
    await asyncio.wait_for(asyncio.gather(*waiting), 5.0)


async def test_a_turn_that_was_passed_to_a_cancelled_request_is_passed_on() -> None:
    turns = Turns(1)
    await turns.take("a")
    first, second = [asyncio.create_task(turns.take("a")) for _ in range(2)]
    await asyncio.sleep(0)
    turns.give_back("a")
    first.cancel()
    await asyncio.wait_for(second, 5.0)
    assert first.cancelled()


async def test_who_waits_too_long_for_a_turn_is_refused() -> None:
    turns = Turns(1, wait_s=0.01)
    await turns.take("a")
    with pytest.raises(Unavailable):
        await turns.take("a")
    turns.give_back("a")
    await turns.take("a")


def test_a_memory_share_is_given_back() -> None:
    share = MemoryShare(total=30, each=20)
    with share.holding("a") as first, share.holding("b") as second:
        first.add(20)
        with pytest.raises(Unavailable):
            first.add(1)
        second.add(10)
        with pytest.raises(Unavailable):
            second.add(1)
    with share.holding("a") as again:
        again.add(20)


class Slow:
    """A transport whose client does not read."""

    is_aborted = False

    def abort(self) -> None:
        """Note that the connection has to go."""
        self.is_aborted = True


def test_unread_answers_are_dropped_where_most_of_them_wait() -> None:
    unread = Unread(bytes_max=100)
    readers: list[Any] = [Slow() for _ in range(4)]
    with (
        unread.waiting(readers[0], "a", 30),
        unread.waiting(readers[1], "b", 40),
        unread.waiting(readers[2], "b", 20),
    ):
        assert [each.is_aborted for each in readers] == [False] * 4
        with unread.waiting(readers[3], "a", 20):
            assert [each.is_aborted for each in readers] == [False, True, False, False]
    with unread.waiting(readers[0], "a", 100):
        assert not readers[0].is_aborted


async def test_work_is_done_once_for_all_who_ask() -> None:
    done = list[int]()

    async def work() -> int:
        await asyncio.sleep(0)
        done.append(1)
        return len(done)

    once, again = OnceASecond(work), OnceASecond(work, fresh_s=0.0)
    assert await asyncio.gather(*(once.get() for _ in range(50))) == [1] * 50
    assert await once.get() == 1
    assert [await again.get(), await again.get()] == [2, 3]


async def test_work_that_fails_is_done_again() -> None:
    outcomes = [ValueError("no"), None]

    async def work() -> str:
        if (error := outcomes.pop(0)) is not None:
            raise error
        return "done"

    once = OnceASecond(work)
    with pytest.raises(ValueError, match="no"):
        await once.get()
    assert await once.get() == "done"


PROXIES = TrustedProxies([ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")])


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("", "10.0.0.1"),
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ('"[2001:db9::7]:4711", [2001:db8::1]', "2001:db9::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, unknown, 10.1.2.3", "10.1.2.3"),
        ("198.51.100.7,", "10.0.0.1"),
        ("x" * 16_000, "10.0.0.1"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_proxy(forwarded: str, client: str) -> None:
    assert PROXIES.client("10.0.0.1", forwarded) == client


@pytest.mark.parametrize(
    ("text", "address"),
    [("fe80::1%eth0", "fe80::1"), ("1.2.3.4", "1.2.3.4"), ("1.2.3", None), ("", None)],
)
def test_an_address_is_read(text: str, address: str | None) -> None:
    found = read_address(text)
    assert (str(found) if found else None) == address


def test_limits_count_a_site_of_ipv6_as_one_client() -> None:
    assert limit_key("2001:db8:1:2:3::4") == limit_key("2001:db8:1:2::9") != limit_key("2001:db8::")


@pytest.mark.parametrize(
    "text", ["10.0.0", "10.0.0.1/33", "proxy10.example.com", "10.0.0.1 10.0.0.2"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="10"):
        read_networks(text)


@pytest.mark.parametrize("text", ["https://a", "a b", "a:b", "*"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        read_hosts(text)
