"""Locations never repeat a Host header that nobody allowed."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.serving import Scim, Served, started

LISTENING = "127.0.0.1"


async def location(scim: Scim, host: str) -> str:
    """Return the scheme and host of the locations that a request with a Host header gets."""
    answer = await scim.get("/ServiceProviderConfig", Host=host)
    found: str = answer.body["meta"]["location"]
    return found.removesuffix("/api/scim/v2/ServiceProviderConfig")


@pytest.mark.parametrize("host", ["localhost:8443", "LocalHost", "127.0.0.1:1", "[::1]:8080"])
async def test_locations_are_below_loopback_as_it_was_asked(scim: Scim, host: str) -> None:
    made = await scim.post("/Users", {"userName": "ada"}, Host=host)

    expected = f"http://{host}/api/scim/v2/Users/{made.body['id']}"
    assert made.headers["Location"] == made.body["meta"]["location"] == expected


FOREIGN = ("evil.example", "evil.example:443", "localhost.evil.example", "localhost@evil.example")
MALFORMED = ('a"b', "a<b>", "a b", "a\\b", "127.0.0.1:8080:1", "localhost:123456")


@pytest.mark.parametrize("host", [*FOREIGN, *MALFORMED])
async def test_a_foreign_host_is_not_repeated(scim: Scim, host: str) -> None:
    assert await location(scim, host) == f"http://{LISTENING}:{scim.served.port}"
    answer = await scim.get("/Users", Host=host)
    assert "evil" not in str(answer.body)


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Served]:
    """Yield a service with hosts of its own."""
    async with started(database_url, allowed_hosts="scim.example.com, 10.0.0.5:8443") as running:
        yield running


async def test_hosts_may_be_allowed_and_the_first_foreign_one_is_logged(own: Served) -> None:
    scim = Scim(own, None)
    with capture_logs() as lines:
        assert await location(scim, "scim.example.com") == "http://scim.example.com"
        assert await location(scim, "SCIM.example.com:444") == "http://SCIM.example.com:444"
        assert await location(scim, "10.0.0.5:8443") == "http://10.0.0.5:8443"
        for host in ("10.0.0.5", "10.0.0.5:8444", "other.example.com"):
            assert await location(scim, host) == f"http://{LISTENING}:{own.port}"

    warned = [line for line in lines if line["log_level"] == "warning"]
    assert [(line["event"], line["host"]) for line in warned] == [("host_not_allowed", "10.0.0.5")]


async def test_a_public_url_is_used_whatever_the_host_is(database_url: str) -> None:
    async with started(database_url, public_url="https://scim.example.com/") as served:
        assert await location(Scim(served, None), "evil.example") == "https://scim.example.com"
