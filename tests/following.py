"""Wait for the followers: a projection that is not inline has an event some time after the log."""

import asyncio
from typing import Final

from projections.followers.follower import load_checkpoints
from projections.registry import PROJECTIONS
from tests.serving import Served, Tenant

FOLLOWING: Final = tuple(each.name for each in PROJECTIONS.values() if each.follower)
LAST: Final = "SELECT max(position) FROM eventstore.events WHERE organization_id = $1"
LATE_S: Final = 20.0


async def last_position(served: Served, tenant: Tenant) -> int:
    """Return the last position of a log."""
    return int(await served.owner.fetchval(LAST, tenant.id))


async def until_followed(served: Served, tenant: Tenant) -> int:
    """Wait until every follower has the whole log of an organization; return its last position."""
    end = await last_position(served, tenant)
    async with asyncio.timeout(LATE_S):
        for name in FOLLOWING:
            # A follower has no checkpoint of a log before its first batch of it.
            while (await load_checkpoints(served.owner, name)).get(tenant.id, 0) < end:  # noqa: ASYNC110 - the service does.
                await asyncio.sleep(0.02)
    return end
