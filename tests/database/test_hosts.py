"""Of several servers in a URL, one that is silent costs its own time and nobody else's."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

import asyncpg
import pytest

from eventstore.postgres import session
from eventstore.postgres.database_url import UnusableUrl, read_url
from eventstore.postgres.hosts import order_of
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.session import connect
from service.cli.process.problems import line_of
from service.config import is_url_of_postgres
from service.runtime import open_runtime
from tests.protocol.terminal import run
from tests.serving import Scim, make_tenant, settings, started

HOST_TIMEOUT_S = 0.6  # In these tests.


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less than in earnest."""
    monkeypatch.setattr(session, "HOST_TIMEOUT_S", HOST_TIMEOUT_S)


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Know no order of the servers from before."""
    order_of.cache_clear()
    yield
    order_of.cache_clear()


@contextmanager
def frozen() -> Iterator[str]:
    """Give a server whose kernel accepts connections, and whose process never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def dropping() -> Iterator[str]:
    """Give a server that drops packets: its queue is full, so the kernel ignores further connections."""
    with socket.socket() as listening, socket.socket() as one, socket.socket() as two:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for each in (one, two):
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def behind(url: str, *others: str, **parameters: str) -> str:
    """Return the URL of a database with other servers before its own."""
    parts = urlsplit(url)
    query = {name: each[-1] for name, each in parse_qs(parts.query).items()}
    userinfo, at, host = parts.netloc.rpartition("@")
    if "host" in query:
        host = f"{quote(query.pop('host'), safe='')}:{query.pop('port', '5432')}"
    hosts = ",".join((*others, host))
    return urlunsplit(
        parts._replace(netloc=f"{userinfo}{at}{hosts}", query=urlencode(query | parameters))
    )


def one_host(url: str) -> str:
    """Return the server of a URL, as a list of servers names it."""
    return urlsplit(behind(url)).netloc.rpartition("@")[2].removeprefix(",")


async def seconds_to_connect(url: str) -> float:
    """Connect once; return how long it took."""
    began = monotonic()
    connection = await connect(url, timeout_s=10.0)
    took = monotonic() - began
    await connection.close()
    return took


@pytest.mark.parametrize("silent", [frozen, dropping], ids=["frozen", "dropping"])
async def test_a_silent_server_that_is_listed_first_costs_its_own_time_once(
    database_url: str, silent: Callable[[], AbstractContextManager[str]], quick: None
) -> None:
    with silent() as host:
        url = behind(database_url, host)
        first, second = await seconds_to_connect(url), await seconds_to_connect(url)

    assert HOST_TIMEOUT_S <= first < 3 * HOST_TIMEOUT_S
    assert second < HOST_TIMEOUT_S


async def test_whoever_gives_up_while_a_server_is_silent_lets_the_next_attempt_begin_with_another(
    database_url: str, quick: None
) -> None:
    with frozen() as one, frozen() as two:
        url = behind(database_url, one, two)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connect(url, timeout_s=10.0), 0.55)
        assert await seconds_to_connect(url) < HOST_TIMEOUT_S


async def test_a_service_serves_while_the_first_server_is_silent(database_url: str) -> None:
    with frozen() as host:
        url = behind(database_url, host)
        async with started(database_url, through=url) as served:
            tenant = await make_tenant(served.runtime, "Contoso")
            made = await Scim(served, tenant.token).post("/Users", {"userName": "ada"})

    assert made.status == 201


@pytest.mark.process
async def test_commands_run_while_the_first_server_is_silent(database_url: str) -> None:
    with frozen() as host:
        url = behind(database_url, host)
        async with started(database_url, through=url) as served:
            commands = [
                await run(served, *each.split())
                for each in ("migrate", "projections rebuild history")
            ]

    assert [(each.code, each.err) for each in commands if each.code] == []


async def test_the_primary_is_taken_behind_a_server_that_refuses(database_url: str) -> None:
    connection = await connect(behind(database_url, "127.0.0.1:1"), timeout_s=10.0)
    assert await connection.fetchval("SELECT NOT pg_is_in_recovery()")
    await connection.close()


async def test_no_standby_is_preferred_to_no_server(database_url: str) -> None:
    url = behind(database_url, "127.0.0.1:1", target_session_attrs="prefer-standby")
    await (await connect(url, timeout_s=10.0)).close()


async def test_no_server_of_the_wanted_kind_is_an_outage_and_one_line(database_url: str) -> None:
    url = behind(database_url, one_host(database_url), target_session_attrs="standby")
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched) as raised:
        async with open_runtime(settings(url), is_migrating=False):
            pass

    assert classify(raised.value) is Outage.UNREACHABLE
    assert line_of(raised.value).startswith("None of the servers in DATABASE_URL matches")


async def test_servers_that_are_all_silent_are_an_outage_that_names_one(
    database_url: str, quick: None
) -> None:
    with frozen() as host, dropping() as other:
        two = urlsplit(database_url)._replace(netloc=f"ada:secret@{host},{other}", query="")
        with pytest.raises(TimeoutError) as raised:
            await connect(urlunsplit(two), timeout_s=10.0)

    assert classify(raised.value).passes
    assert line_of(raised.value) == (
        f"Postgres cannot be reached: check DATABASE_URL. {other} does not answer."
    )


async def test_a_refused_password_ends_the_search(database_url: str) -> None:
    url = behind(database_url, one_host(database_url)).replace("//postgres:", "//nobody:")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await connect(url, timeout_s=10.0)


@pytest.mark.parametrize(
    ("url", "hosts", "last"),
    [
        ("postgresql://u:p@a,b:1/d", ("a", "b:1"), "postgresql://u:p@b:1/d"),
        ("postgresql://u:p@a,b/d?port=1,2", ("a:1", "b:2"), "postgresql://u:p@b:2/d"),
        ("postgresql://u:p@a,b/d?port=1&jit=on", ("a:1", "b:1"), "postgresql://u:p@b:1/d?jit=on"),
        ("postgresql://u@[::1],[::2]:5/d", ("[::1]", "[::2]:5"), "postgresql://u@[::2]:5/d"),
        ("postgresql:///d?host=a,/run/pg", ("a", "%2Frun%2Fpg"), "postgresql://%2Frun%2Fpg/d"),
        ("postgresql://u:p@a/d", (), ""),
        ("postgresql:///d?host=/run/pg", (), ""),
    ],
)
def test_the_servers_of_a_url(url: str, hosts: tuple[str, ...], last: str) -> None:
    assert is_url_of_postgres(url)
    assert (read_url(url).hosts, "".join(read_url(url).each[-1:])) == (hosts, last)


def test_ports_that_do_not_match_the_hosts_are_refused() -> None:
    with pytest.raises(UnusableUrl, match="port"):
        read_url("postgresql://u@a,b,c/d?port=1,2")
