"""Renames, suspends and resumes an organization."""

from eventstore.events import Provenance
from projections.directory.load import load_organization
from schema.events.organization import Organization
from service.callers.acting import acting
from service.runtime import Runtime
from service.write.commands import (
    RenameOrganization,
    ResumeOrganization,
    SuspendOrganization,
)


async def rename_organization(
    runtime: Runtime, organization: Organization, name: str, *, provenance: Provenance
) -> bool:
    """Give an organization another name; return whether it had another. Errors: InvalidValue, Uniqueness."""
    command = RenameOrganization(organization.id, name)
    outcome = await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return outcome.is_changed


async def suspend_organization(
    runtime: Runtime, organization: Organization, reason: str, *, provenance: Provenance
) -> bool:
    """Accept no token of an organization until it is resumed; return whether that is new. Errors: InvalidValue.

    Callers are refused with the reason.
    """
    command = SuspendOrganization(organization.id, reason)
    outcome = await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return outcome.is_changed


async def resume_organization(
    runtime: Runtime, organization: Organization, *, provenance: Provenance
) -> bool:
    """Accept the tokens of an organization again; return whether it was suspended."""
    command = ResumeOrganization(organization.id)
    outcome = await runtime.lanes.submit(command, acting(organization, provenance), provenance)
    return outcome.is_changed


async def reload_organization(runtime: Runtime, organization: Organization) -> Organization:
    """Return an organization as it is now, without its tokens."""
    async with runtime.pool.acquire() as connection:
        found = await load_organization(connection, organization.id, with_tokens=False)
    assert found is not None, "No organization is ever removed."
    return found
