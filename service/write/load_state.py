"""Load the state that a batch requires from the directory, in as few queries as its commands allow."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from functools import partial
from typing import cast
from uuid import UUID

import orjson

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory import load, load_roles
from projections.directory.load import Members, Names
from projections.directory.organizations import list_everything
from schema.events.group import MemberType
from schema.events.organization import RoleGroup
from schema.scim.text import fold
from service.limits.offload import LONG_MEMBERS, offload
from service.write.decide.required_state import RequiredState
from service.write.decide.state import BatchState
from service.write.former_users import load_former_users, load_legal_holds

# What one batch may load at once: more takes seconds, and hundreds of megabytes.
MEMBERS_MAX = 300_000  # Of groups that are loaded with all their members.
GONE_MAX = 20_000  # Memberships of what is being deleted: each is an event.


class TooManyMembers(Exception):
    """The commands of a batch require more members than one batch may load."""


FindNames = Callable[[UUID, load.Names], Awaitable[load.Holders]]


def finding_names(connection: Connection, sealer: Sealer) -> FindNames:
    """Return what finds who holds or held names, by a statement for one organization."""

    async def find(organization_id: UUID, names: load.Names) -> load.Holders:
        return (await load.find_user_names(connection, {organization_id: names}, sealer))[
            organization_id
        ]

    return find


LARGE = 10_000  # Members that a batch looks at: from here on its objects are a burden to whoever looks at all of them.


async def load_state(  # noqa: PLR0917 - of what, for whom, and how.
    connection: Connection,
    organization_id: UUID,
    required: RequiredState,
    find_names: FindNames,
    on_large: Callable[[], None] = lambda: None,
) -> BatchState:
    """Return the states and names that a batch requires. What it does not require costs no query.

    `on_large` is called before very many members are loaded. Errors: TooManyMembers.
    """
    state = BatchState()
    if required.organization or required.role_groups:
        state.organization = await load.load_organization(
            connection, organization_id, with_tokens=required.organization
        )
        state.is_gone = state.organization is None
    if required.everything:
        there = await list_everything(connection, organization_id)
        state.left = {*there.users, *there.groups}
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
        holders = await find_names(organization_id, names)
        state.user_names, state.former_names = holders.users, holders.former_users
        state.former_external_ids = holders.former_external_ids
        state.is_gone |= not holders.is_known
    await _load_names(connection, organization_id, required, state)
    listed = _listed(required, state)
    _require_members(required, state, listed)
    await _load_groups(connection, organization_id, required, state)
    if len(required.members) + _whole_count(required, state) > LARGE:
        on_large()
    await _load_members(connection, organization_id, required, state)
    await _load_roles(connection, organization_id, required, state, listed)
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
        state.holders = {row["id"] for row in rows if row["holds_tokens"]}
        state.technical |= {row["id"] for row in rows if row["is_technical"]}


async def _load_names(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    names = required.group_names | _listed_names(required, state)
    if names:
        state.group_names = await load.find_group_names(connection, organization_id, names)


def _items(required: RequiredState, state: BatchState) -> Iterable[RoleGroup]:
    """Return the entries of the list of role groups, and of the lists that commands save."""
    organization = state.organization
    yield from organization.role_groups if organization else ()
    for each in required.lists:
        yield from each.items


def _listed_names(required: RequiredState, state: BatchState) -> set[str]:
    return {fold(each.display_name) for each in _items(required, state) if each.display_name}


def _listed(required: RequiredState, state: BatchState) -> set[UUID]:
    """Return the groups that give roles, or that the batch may make such: those that the lists name, now or then."""
    items = list(_items(required, state))
    if not items:
        return set()
    names = _listed_names(required, state)
    by_name = {state.group_names[name] for name in names if name in state.group_names}
    by_id = {each.group_id for each in items if each.group_id}
    renamed = {each for each, sent in required.sent_names.items() if sent & names}
    return by_name | by_id | renamed


def _require_members(required: RequiredState, state: BatchState, listed: set[UUID]) -> None:
    """Require all members of the groups whose place in the list may change."""
    if required.lists:
        required.groups |= listed
        required.whole_groups |= listed
    for each in listed & required.gone:
        required.whole_groups.add(each)
    for group_id, names in required.sent_names.items():
        is_renamed = any(state.group_names.get(name) != group_id for name in names)
        if is_renamed and group_id in listed and group_id in required.groups:
            required.whole_groups.add(group_id)


async def _load_groups(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    """Load groups, with no members but those that are being deleted. Errors: TooManyMembers."""
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


def _whole_count(required: RequiredState, state: BatchState) -> int:
    """Return how many members the groups have that are required as a whole. Errors: TooManyMembers."""
    whole = required.whole_groups & state.groups.keys()
    count = sum(state.groups[each].member_count for each in whole)
    if count > MEMBERS_MAX:
        raise TooManyMembers
    return count


async def _load_members(
    connection: Connection, organization_id: UUID, required: RequiredState, state: BatchState
) -> None:
    """Put the required members into the groups of the state, and load what kind each is that a command names."""
    whole = required.whole_groups & state.groups.keys()
    named = {each: ids for each, ids in required.named.items() if ids and each not in whole}
    if named:
        _put(state, await load.load_members(connection, organization_id, named))
    if whole:
        _put(state, await load.load_all_members(connection, organization_id, whole))
    if required.members:
        state.member_types |= await load.find_member_types(
            connection, organization_id, required.members
        )


def _put(state: BatchState, members: Members) -> None:
    for group_id, ids in members.items():
        group = state.groups.get(group_id)
        if group is not None:
            # The dict was made for this state, and nothing else uses it yet.
            cast("dict[UUID, MemberType]", group.members).update(ids)


async def _load_roles(  # noqa: PLR0917 - as the others, and which groups give roles.
    connection: Connection,
    organization_id: UUID,
    required: RequiredState,
    state: BatchState,
    listed: set[UUID],
) -> None:
    """Load the roles of the users whom a change of role groups concerns, and in which of them they are."""
    if not listed:
        return
    known = state.unread.keys() | state.users.keys()
    for user_id in known:
        groups = orjson.loads(state.user_groups.get(user_id, "[]"))
        state.role_groups_of[user_id] = {UUID(each) for each, _ in groups} & listed
    is_long = _size(required, state) > LONG_MEMBERS
    concerned = await offload(_concerned, is_long, required, state, listed)
    if not concerned:
        return
    others = await offload(concerned.difference, is_long, known)
    state.role_holders = await load_roles.load_role_holders(connection, organization_id, others)
    found = await load_roles.load_groups_of(connection, organization_id, others, listed)
    await offload(_note_concerned, is_long, required, state, concerned, others, found)


def _note_concerned(  # noqa: PLR0917 - in what, and what.
    required: RequiredState,
    state: BatchState,
    concerned: set[UUID],
    others: set[UUID],
    found: dict[UUID, set[UUID]],
) -> None:
    """Note in which role groups the concerned users are, and that they may lose access."""
    for each in others:
        state.role_groups_of[each] = found.get(each) or set()
    required.may_lose |= concerned


def _size(required: RequiredState, state: BatchState) -> int:
    """Return how many members the batch looks at."""
    return len(required.members) + sum(len(each.members) for each in state.groups.values())


def _concerned(required: RequiredState, state: BatchState, listed: Collection[UUID]) -> set[UUID]:
    """Return the users who are in a role group that the batch touches, or who may join one."""
    touched = (required.groups | required.sent_names.keys()) & set(listed)
    if not touched:
        return set()
    found = {each for each in required.members if state.member_types.get(each) == "User"}
    for group_id in touched & state.groups.keys():
        members = state.groups[group_id].members
        found |= {each for each, kind in members.items() if kind == "User"}
    return found
