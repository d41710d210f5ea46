"""Load what a batch needs to know from the directory, in as few queries as its commands allow."""

from uuid import UUID

from projections import load
from projections.load import Connection, Members
from service.decide.known import Known
from service.decide.needs import Needs


async def load_known(connection: Connection, organization_id: UUID, needs: Needs) -> Known:
    """Return the states and names that the commands of a batch need. Kinds nobody needs cost nothing."""
    known = Known()
    if needs.organization:
        known.organization = await load.load_organization(
            connection, organization_id, with_tokens=True
        )
    await _load_users(connection, organization_id, needs, known)
    await _load_groups(connection, organization_id, needs, known)
    return known


async def _load_users(
    connection: Connection, organization_id: UUID, needs: Needs, known: Known
) -> None:
    if needs.users:
        known.users, known.user_groups = await load.load_users(
            connection, organization_id, needs.users
        )
        known.member_types |= dict.fromkeys(known.users, "User")
    if needs.user_names:
        holders = await load.find_user_names(
            connection, organization_id, needs.user_names, needs.external_ids
        )
        known.user_names, known.former_names = holders.users, holders.former_users
        known.former_external_ids = holders.former_external_ids


async def _load_groups(
    connection: Connection, organization_id: UUID, needs: Needs, known: Known
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
        known.groups = await load.load_groups(connection, organization_id, groups, members)
    if needs.group_names:
        known.group_names = await load.find_group_names(
            connection, organization_id, needs.group_names
        )
    if needs.members:
        known.member_types |= await load.find_member_types(
            connection, organization_id, needs.members
        )


def _merge(members: Members, more: Members) -> None:
    for group_id, ids in more.items():
        members.setdefault(group_id, {}).update(ids)
