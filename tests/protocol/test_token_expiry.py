"""Tokens expire after a year, and 30, 14, 7 and 1 days before, the log says so: once, whoever looks."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import REGISTRY

from service.background.token_expiry import announce_expiry, report
from service.cli.printing.tokens import tokens as shown
from service.organizations.listing import list_tokens
from service.organizations.register import find_organization
from tests.serving import Scim, Served, Tenant

Line = tuple[str, int]
SET_EXPIRY = "UPDATE directory.tokens SET expires_at = $1 WHERE id = $2"


async def nowhere(*_: object) -> None:
    """Append no event: the log of the service says what is announced."""


async def expire_in(served: Served, token_id: UUID, days: float) -> None:
    """Let a token expire in so many days."""
    await served.owner.execute(
        "UPDATE directory.tokens SET expires_at = now() + make_interval(secs => $2) WHERE id = $1",
        token_id,
        days * 86_400,
    )


async def looks(served: Served, times: int = 1) -> Sequence[Line]:
    """Return what the log says when processes look at the same time: token, days."""
    with structlog.testing.capture_logs() as lines:
        async with served.runtime.pool.acquire() as one, served.runtime.pool.acquire() as other:
            for _ in range(times):
                await asyncio.gather(announce_expiry(one, nowhere), announce_expiry(other, nowhere))
    assert {each["log_level"] for each in lines} <= {"warning"}
    return [(each["token_id"], each["days"]) for each in lines]


async def test_an_expiry_is_announced_once_on_each_of_the_days(
    served: Served, organization: Tenant, other_organization: Tenant
) -> None:
    token = str(organization.token_id)
    before = await served.owner.fetchval(
        "SELECT expires_at FROM directory.tokens WHERE id = $1", organization.token_id
    )
    others = await served.owner.fetchval(
        "SELECT expires_at FROM directory.tokens WHERE id = $1", other_organization.token_id
    )
    assert timedelta(days=364) < before - datetime.now(UTC) <= timedelta(days=365)
    assert await looks(served) == []
    said = []
    for days in (30.5, 29.9, 29, 13, 6.5, 6, 0.9, 0.1, -0.1):
        await expire_in(served, organization.token_id, days)
        said.append([each[1] for each in await looks(served, times=2)])
    assert said == [[], [30], [], [14], [7], [], [1], [], []]

    # Whoever was away for a while announces only what is left.
    await expire_in(served, other_organization.token_id, 0.5)
    assert await looks(served) == [(str(other_organization.token_id), 1)]
    assert token not in str(await looks(served))
    for tenant, expires_at in ((organization, before), (other_organization, others)):
        await served.owner.execute(SET_EXPIRY, expires_at, tenant.token_id)


async def test_the_metric_and_the_list_say_it_too(served: Served, organization: Tenant) -> None:
    before = await served.owner.fetchval(
        "SELECT expires_at FROM directory.tokens WHERE id = $1", organization.token_id
    )
    await expire_in(served, organization.token_id, 12.5)
    async with served.runtime.pool.acquire() as connection:
        report(await announce_expiry(connection, nowhere), datetime.now(UTC))
    found = await find_organization(served.runtime, str(organization.id))
    listed = await list_tokens(served.runtime, found)
    line = shown(listed, found, as_json=False)
    document = shown(listed, found, as_json=True)
    await served.owner.execute(
        "UPDATE directory.tokens SET expires_at = $1 WHERE id = $2", before, organization.token_id
    )

    counts = {
        days: REGISTRY.get_sample_value("scim_ledger_tokens_expiring", {"days": days})
        for days in ("1", "7", "14", "30")
    }
    assert counts == {"1": 0, "7": 0, "14": 1, "30": 1}
    assert " in 12 days" in line
    assert '"daysLeft":12,"expiresSoon":true' in document.replace(" ", "").replace("\n", "")
    assert (await Scim(served, organization.token).get("/Roles")).status == 200
