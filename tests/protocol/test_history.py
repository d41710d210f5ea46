"""Writes over SCIM appear in history soon after; the request does not wait for that."""

import asyncio
from uuid import UUID

import asyncpg

from eventstore.follow import CHANNEL
from projections.history.read import RolePeriod, role_at_position
from tests.serving import Scim, Served, Tenant

SOON_S = 10.0
LATEST = 2**62  # After every event.


async def role_of(served: Served, tenant: Tenant, user_id: UUID) -> RolePeriod:
    """Return the role that a user has now, once history shows it."""
    async with asyncio.timeout(SOON_S):
        while True:
            found = await role_at_position(served.owner, tenant.id, user_id, LATEST)
            if found:
                return found
            await asyncio.sleep(0.02)


async def test_a_provisioned_user_appears_in_history(
    scim: Scim, served: Served, organization: Tenant
) -> None:
    answer = await scim.post("/Users", {"userName": "jo@example.com"})
    period = await role_of(served, organization, UUID(answer.body["id"]))
    assert str(period.role_id) == organization.roles["Reader"]
    assert period.assigned_by == organization.account_id
    assert str(period.request_id) == answer.headers["X-Request-Id"]


async def test_a_commit_is_notified(scim: Scim, served: Served, organization: Tenant) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def on_notify(_connection: object, _pid: int, _channel: str, message: object) -> None:
        heard.put_nowait(str(message))

    listening: asyncpg.Connection = await asyncpg.connect(served.runtime.dsn)
    await listening.add_listener(CHANNEL, on_notify)
    await scim.post("/Users", {"userName": "ann@example.com"})
    assert await asyncio.wait_for(heard.get(), SOON_S) == str(organization.id)
    await listening.close()
