"""Load what a batch needs to know from the directory, in as few queries as its commands allow."""

from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.directory import load
from projections.directory.load import Members
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState


async def load_state(
    connection: Connection, organization_id: UUID, needs: RequiredState
) -> BatchState:
    """Return the states and names that the commands of a batch need. Kinds nobody needs cost nothing."""
    state = BatchState()
    if needs.organization:
        state.organization = await load.load_organization(
            connection, organization_id, with_tokens=True
        )
    await _load_users(connection, organization_id, needs, state)
    await _load_groups(connection, organization_id, needs, state)
    return state


async def _load_users(
    connection: Connection, organization_id: UUID, needs: RequiredState, state: BatchState
) -> None:
    if needs.users:
        state.users, state.user_groups = await load.load_users(
            connection, organization_id, needs.users
        )
        state.member_types |= dict.fromkeys(state.users, "User")
    if needs.user_names:
        holders = await load.find_user_names(
            connection, organization_id, needs.user_names, needs.external_ids
        )
        state.user_names, state.former_names = holders.users, holders.former_users
        state.former_external_ids = holders.former_external_ids


async def _load_groups(
    connection: Connection, organization_id: UUID, needs: RequiredState, state: BatchState
) -> None:
    members: Members = {}
    if needs.gone:
        members = await load.load_memberships(connection, organization_id, needs.gone)
    groups = needs.groups | members.keys()
    if needs.members and groups - needs.whole_groups:
        _merge(
            members,
            await load.load_members(
                connection, organization_id, groups - needs.whole_groups, needs.members
            ),
        )
    if needs.whole_groups:
        _merge(
            members,
            await load.load_all_members(connection, organization_id, needs.whole_groups),
        )
    if groups:
        state.groups = await load.load_groups(connection, organization_id, groups, members)
    if needs.group_names:
        state.group_names = await load.find_group_names(
            connection, organization_id, needs.group_names
        )
    if needs.members:
        state.member_types |= await load.find_member_types(
            connection, organization_id, needs.members
        )


def _merge(members: Members, more: Members) -> None:
    for group_id, ids in more.items():
        members.setdefault(group_id, {}).update(ids)
