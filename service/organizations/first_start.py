"""What the first start makes: an organization."""

from eventstore.events import Provenance
from eventstore.postgres.statements import statements_in
from projections.directory import organizations as admin
from service.organizations.register import CreatedOrganization, create_organization
from service.runtime import Runtime

statement = statements_in(__package__)


FIRST_ORGANIZATION = "Default organization"


async def set_up_first(runtime: Runtime, provenance: Provenance) -> CreatedOrganization | None:
    """Make an organization in a database that has none; None where it has one."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        # Of services that start together, one makes it; the others wait, and find it.
        await connection.execute(statement("lock_first_organization"))
        if await admin.list_organizations(connection):
            return None
        return await create_organization(runtime, FIRST_ORGANIZATION, provenance=provenance)
