"""The names of organizations: all that the operator's pages say of them."""

from uuid import UUID

from projections.directory.organizations import list_organizations
from service.console.framework.call import ConsoleCall


async def organization_names(call: ConsoleCall) -> dict[UUID, str]:
    """Return the names of all organizations by id."""
    async with call.runtime.pool.acquire() as connection:
        return {each.id: each.name for each in await list_organizations(connection)}
