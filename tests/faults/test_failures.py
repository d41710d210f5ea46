"""Failed authentications are limited per client address, and a valid token never is because of them."""

from collections.abc import AsyncIterator

import pytest

from schema.scim.errors import TooManyRequests
from service.limits.failures import Failures
from tests.serving import Scim, Served, make_tenant, started


@pytest.fixture
async def behind_a_proxy(database_url: str) -> AsyncIterator[Served]:
    """Yield a service behind a proxy, at which a client may fail twice."""
    async with started(
        database_url, trusted_proxies="127.0.0.1", failed_authentications_per_minute=2
    ) as running:
        yield running


async def test_a_valid_token_passes_where_others_failed(behind_a_proxy: Served) -> None:
    tenant = await make_tenant(behind_a_proxy.runtime, "Contoso")
    stranger, client = Scim(behind_a_proxy, "nonsense"), Scim(behind_a_proxy, tenant.token)
    guesser, neighbor = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "198.51.100.8"}

    answers = [await stranger.get("/Users", **guesser) for _ in range(4)]
    assert [each.status for each in answers] == [401, 401, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30
    assert "failed to authenticate" in answers[-1].body["detail"]
    assert (await Scim(behind_a_proxy, None).get("/Users", **guesser)).status == 429
    assert (await stranger.get("/Users", **neighbor)).status == 401
    assert (await client.get("/Users", **guesser)).status == 200
    forged = {"X-Forwarded-For": "203.0.113.5, 198.51.100.7"}
    assert (await stranger.get("/Users", **forged)).status == 429
    async with behind_a_proxy.session.get(
        f"http://127.0.0.1:{behind_a_proxy.port}/healthz"
    ) as alive:
        assert alive.status == 200


def test_failures_come_back_over_a_minute() -> None:
    now = [0.0]
    failures = Failures(2, clock_s=lambda: now[0])
    failures.count("a")
    failures.count("a")
    with pytest.raises(TooManyRequests) as refused:
        failures.count("a")
    assert refused.value.headers == {"Retry-After": "30"}
    failures.count("b")
    now[0] = 31.0
    failures.count("a")
    with pytest.raises(TooManyRequests):
        failures.count("a")
