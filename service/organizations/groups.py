"""Manages groups and their members by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from eventstore.events import Cause, Provenance
from eventstore.read import read_provenance
from projections.directory.load import find_group_names
from projections.directory.queries.people import GroupSummary, read_group
from schema.events.organization import Organization
from schema.scim.definitions import GROUP
from schema.scim.errors import NotFound
from schema.scim.patch.operations import read_patch
from schema.scim.resource import read_document
from schema.scim.text import fold
from service.callers.caller import Caller
from service.ids import as_id, new_id
from service.organizations.people import PROVIDER, Overwritten, refuse_local_change
from service.runtime import Runtime
from service.write.commands import Command, CreateGroup, DeleteGroup, PatchGroup

FIELDS: Final = ("displayName", "externalId")


async def read_existing_group(
    runtime: Runtime, organization_id: UUID, group_id: UUID
) -> GroupSummary:
    """Return a group. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        found = await read_group(connection, organization_id, group_id)
    if found is None:
        raise NotFound(f"There is no group {group_id}.")
    return found


async def find_group_id(runtime: Runtime, organization: Organization, wanted: str) -> UUID:
    """Return the id of a group by its id or its displayName, in any case. Errors: NotFound."""
    if (by_id := as_id(wanted)) is not None:
        return by_id
    async with runtime.pool.acquire() as connection:
        found = await find_group_names(connection, organization.id, [fold(wanted)])
    if not found:
        raise NotFound(f"There is no group {wanted!r} in {organization.name}.")
    return next(iter(found.values()))


async def add_group(
    runtime: Runtime,
    organization: Organization,
    fields: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> GroupSummary:
    """Create a group by hand, with members if `fields` has any. Errors: InvalidValue, Uniqueness."""
    document = {name: fields[name] for name in FIELDS if fields.get(name) is not None}
    if members := fields.get("members"):
        document["members"] = _elements(members)
    group_id = new_id()
    command = CreateGroup(group_id, read_document(document, GROUP).document)
    await _submit(runtime, organization, command, provenance)
    return await read_existing_group(runtime, organization.id, group_id)


async def change_group(
    runtime: Runtime,
    organization: Organization,
    group_id: UUID,
    fields: Mapping[str, Any],
    *,
    provenance: Provenance,
) -> tuple[GroupSummary, list[Overwritten]]:
    """Change fields of a group; None clears one. Return the group, and what the provider may write again.

    Errors: NotFound, InvalidValue, Uniqueness; Conflict where the organization refuses such changes by hand.
    """
    before = await read_existing_group(runtime, organization.id, group_id)
    wanted = {name: value for name, value in fields.items() if value != before.document.get(name)}
    if not wanted:
        return before, []
    cause = await _provider_wrote(runtime, organization.id, before)
    refuse_local_change(organization, list(wanted) if cause else [])
    operations = [{"op": "replace", "path": name, "value": value} for name, value in wanted.items()]
    patch = read_patch({"Operations": operations}, GROUP, str(group_id))
    await _submit(runtime, organization, PatchGroup(group_id, patch), provenance)
    after = await read_existing_group(runtime, organization.id, group_id)
    return after, [Overwritten(name, cause) for name in wanted] if cause else []


async def change_members(
    runtime: Runtime,
    organization: Organization,
    group_id: UUID,
    *,
    added: Sequence[UUID] = (),
    removed: Sequence[UUID] = (),
    provenance: Provenance,
) -> tuple[GroupSummary, list[Overwritten]]:
    """Add and remove members. Return the group, and what the provider may write again.

    Errors: NotFound for the group; InvalidValue for a member that does not exist; Conflict.
    """
    before = await read_existing_group(runtime, organization.id, group_id)
    cause = await _provider_wrote(runtime, organization.id, before)
    refuse_local_change(organization, ["members"] if cause else [])
    operations = [
        {"op": kind, "path": "members", "value": _elements(ids)}
        for kind, ids in (("add", added), ("remove", removed))
        if ids
    ]
    patch = read_patch({"Operations": operations}, GROUP, str(group_id))
    await _submit(runtime, organization, PatchGroup(group_id, patch), provenance)
    after = await read_existing_group(runtime, organization.id, group_id)
    return after, [Overwritten("members", cause)] if cause else []


async def delete_group(
    runtime: Runtime, organization: Organization, group_id: UUID, *, provenance: Provenance
) -> None:
    """Delete a group; its history stays. Errors: NotFound, Conflict."""
    before = await read_existing_group(runtime, organization.id, group_id)
    if await _provider_wrote(runtime, organization.id, before):
        refuse_local_change(organization, ["the group"])
    await _submit(runtime, organization, DeleteGroup(group_id), provenance)


async def _provider_wrote(
    runtime: Runtime, organization_id: UUID, group: GroupSummary
) -> Cause | None:
    """Return the first event of a group that the identity provider made, or None for one made by hand."""
    async with runtime.pool.acquire() as connection:
        found = await read_provenance(connection, organization_id, {group.id: 1})
    cause = found.get(group.id)
    return cause if cause and cause.source == PROVIDER else None


async def _submit(
    runtime: Runtime, organization: Organization, command: Command, provenance: Provenance
) -> None:
    await runtime.lanes.submit(command, Caller(organization, None, provenance.source), provenance)


def _elements(ids: Sequence[UUID]) -> list[dict[str, str]]:
    return [{"value": str(each)} for each in ids]
