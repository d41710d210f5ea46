"""Load the state that a batch requires from the directory, in as few queries as its commands allow."""

from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory import load
from projections.directory.load import Members, Names
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState


async def load_state(
    connection: Connection, organization_id: UUID, required: RequiredState, sealer: Sealer
) -> BatchState:
    """Return the states and names that a batch requires. What it does not require costs no query."""
    state = BatchState()
    if required.organization:
        state.organization = await load.load_organization(
            connection, organization_id, with_tokens=True
        )
    await _load_users(connection, organization_id, required, state)
    if required.user_names:
        names = Names(required.user_names, required.external_ids)
        holders = await load.find_user_names(connection, organization_id, names, sealer)
        state.user_names, state.former_names = holders.users, holders.former_users
        state.former_external_ids = holders.former_external_ids
    await _load_groups(connection, organization_id, required, state)
    return state


async def _load_users(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    if required.users:
        state.users, state.user_groups = await load.load_users(
            connection, organization_id, required.users
        )
        state.member_types |= dict.fromkeys(state.users, "User")


async def _load_groups(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    members: Members = {}
    if required.gone:
        members = await load.load_memberships(connection, organization_id, required.gone)
    groups = required.groups | members.keys()
    if required.members and groups - required.whole_groups:
        _merge(
            members,
            await load.load_members(
                connection, organization_id, groups - required.whole_groups, required.members
            ),
        )
    if required.whole_groups:
        _merge(
            members,
            await load.load_all_members(connection, organization_id, required.whole_groups),
        )
    if groups:
        state.groups = await load.load_groups(connection, organization_id, groups, members)
    if required.group_names:
        state.group_names = await load.find_group_names(
            connection, organization_id, required.group_names
        )
    if required.members:
        state.member_types |= await load.find_member_types(
            connection, organization_id, required.members
        )


def _merge(members: Members, more: Members) -> None:
    for group_id, ids in more.items():
        members.setdefault(group_id, {}).update(ids)
