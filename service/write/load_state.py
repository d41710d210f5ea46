"""Load the state that a batch requires from the directory, in as few queries as its commands allow."""

from functools import partial
from typing import cast
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory import load
from projections.directory.load import Members, Names
from schema.events.group import MemberType
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState
from service.write.former_users import load_former_users, load_legal_holds

# What one batch may load at once: more takes seconds, and hundreds of megabytes.
MEMBERS_MAX = 300_000  # Of groups that are loaded with all their members.
GONE_MAX = 20_000  # Memberships of what is being deleted: each is an event.


class TooManyMembers(Exception):
    """The commands of a batch require more members than one batch may load."""


async def load_state(
    connection: Connection, organization_id: UUID, required: RequiredState, sealer: Sealer
) -> BatchState:
    """Return the states and names that a batch requires. What it does not require costs no query.

    Errors: TooManyMembers.
    """
    state = BatchState()
    if required.organization:
        state.organization = await load.load_organization(
            connection, organization_id, with_tokens=True
        )
    if required.legal_holds:
        state.legal_holds = await load_legal_holds(connection, organization_id)
    for person, named in required.erased.items():
        found = await load.find_mentioning(connection, organization_id, named)
        state.erasing[person] = (found | required.former_users) - {person}
        required.users |= found
    await _load_users(connection, organization_id, required, state)
    if missing := required.former_users - state.unread.keys():
        state.users |= await load_former_users(connection, organization_id, missing)
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
        rows = await load.load_user_rows(connection, organization_id, required.users)
        state.unread = {row["id"]: partial(load.user_of, row) for row in rows}
        state.sizes = {row["id"]: len(row["document"]) for row in rows}
        state.user_groups = {row["id"]: row["groups"] for row in rows if row["groups"]}
        state.member_types |= dict.fromkeys(state.unread, "User")
        state.technical = {row["id"] for row in rows if row["is_technical"]}


async def _load_groups(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    members: Members = {}
    if required.gone:
        limit = GONE_MAX + 1
        members = await load.load_memberships(
            connection, organization_id, required.gone, limit=limit
        )
        if sum(map(len, members.values())) == limit:
            raise TooManyMembers
    groups = required.groups | members.keys()
    if groups:
        members |= {each: {} for each in groups - members.keys()}
        state.groups = await load.load_groups(connection, organization_id, groups, members)
        await _load_members(connection, organization_id, required, state)
    if required.group_names:
        state.group_names = await load.find_group_names(
            connection, organization_id, required.group_names
        )
    if required.members:
        state.member_types |= await load.find_member_types(
            connection, organization_id, required.members
        )


async def _load_members(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    """Put the required members into the groups of the state."""
    whole = required.whole_groups & state.groups.keys()
    if sum(state.groups[each].member_count for each in whole) > MEMBERS_MAX:
        raise TooManyMembers
    named = {each: ids for each, ids in required.named.items() if ids and each not in whole}
    if named:
        _put(state, await load.load_members(connection, organization_id, named))
    if whole:
        _put(state, await load.load_all_members(connection, organization_id, whole))


def _put(state: BatchState, members: Members) -> None:
    for group_id, ids in members.items():
        group = state.groups.get(group_id)
        if group is not None:
            # The dict was made for this state, and nothing else uses it yet.
            cast("dict[UUID, MemberType]", group.members).update(ids)
