"""What the first start creates: an organization."""

from eventstore.events import Provenance
from eventstore.postgres.statements import statements_in
from projections.directory import organizations as admin
from service.organizations.register import CreatedOrganization, create_organization
from service.runtime import Runtime

statement = statements_in(__package__)


FIRST_ORGANIZATION = "Default organization"


async def set_up_first(runtime: Runtime, provenance: Provenance) -> CreatedOrganization | None:
    """Create an organization if the database has none; return None if it has one."""
    async with runtime.pool.acquire() as connection, connection.transaction():
        # If several services start together, one creates it; the others wait and then find it.
        await connection.execute(statement("lock_first_organization"))
        if await admin.list_organizations(connection):
            return None
        return await create_organization(runtime, FIRST_ORGANIZATION, provenance=provenance)
