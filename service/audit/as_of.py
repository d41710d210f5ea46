"""The routes of the directory as it was: people, a person, a group, and what differs between two instants."""

from typing import Any
from uuid import UUID

from projections.directory.queries.people import PeopleFilter
from service.api.call import Call
from service.api.cursor import a_name, a_position, an_id, read_key, write_cursor
from service.audit.events import event_row
from service.audit.messages import (
    ChangeRow,
    DifferenceRow,
    DiffPage,
    DiffQuery,
    GroupAt,
    InstantQuery,
    MovedRow,
    NamedGroup,
    PagePosition,
    PeopleAtQuery,
    PersonAt,
    PersonAtRow,
    ValueRow,
)
from service.audit.parameters import read_at, read_role, read_two_instants
from service.replay.as_of import (
    Difference,
    Past,
    differences,
    group_at,
    people_at,
    positions_between,
    user_at,
)

PEOPLE, DIFF = "people-at", "diff"  # Of cursors.


async def people(call: Call, query: PeopleAtQuery) -> PagePosition[PersonAtRow]:
    """GET /users."""
    at = read_at(query)
    after, position = read_key(PEOPLE, query.cursor, a_name, a_position) or (None, None)
    call.sought.update([query.q] if query.q else ())
    shown = PeopleFilter(query.q, query.active, read_role(call, query.role))
    found = await people_at(
        call.runtime,
        call.organization,
        shown,
        at=at,
        position=position,
        after=after,
        limit=query.limit,
    )
    rows = [
        PersonAtRow(
            id=each.id,
            user_name=each.document["userName"],
            display_name=each.document.get("displayName"),
            active=each.active,
            role_id=each.role_id,
            role=call.organization.role_name(each.role_id),
            version=each.version,
            created_at=each.created_at,
            modified_at=each.modified_at,
        )
        for each in found.items
    ]
    last = found.items[-1].user_name_key if found.has_more else None
    cursor = None if last is None else write_cursor(PEOPLE, last, found.position)
    return PagePosition[PersonAtRow](items=rows, next_cursor=cursor, position=found.position)


async def person(call: Call, user_id: UUID, query: InstantQuery) -> PersonAt:
    """GET /users/{id}."""
    found = await user_at(call.runtime, call.organization, user_id, read_at(query))
    document = found.document
    role_id = UUID(document["roleId"])
    return PersonAt(
        **_common(found),
        user_name=document["userName"],
        active=document["active"],
        role_id=role_id,
        role=call.organization.role_name(role_id),
        groups=[NamedGroup(id=UUID(each), name=name) for each, name in found.groups],
    )


async def group(call: Call, group_id: UUID, query: InstantQuery) -> GroupAt:
    """GET /groups/{id}."""
    found = await group_at(call.runtime, call.organization, group_id, read_at(query))
    return GroupAt(**_common(found), member_count=found.resource.member_count)


def _common(found: Past) -> dict[str, Any]:
    # One event gives many attributes.
    origins = {each.origin.position: event_row(each.origin) for each in found.values if each.origin}
    return {
        "id": found.resource.id,
        "display_name": found.document.get("displayName"),
        "version": found.resource.version,
        "created_at": found.resource.created_at,
        "modified_at": found.resource.modified_at,
        "exists_today": found.exists_today,
        "attributes": [
            ValueRow(
                attribute=each.attribute,
                value=each.value,
                today=each.today,
                differs_today=each.differs_today,
                origin=origins[each.origin.position] if each.origin else None,
            )
            for each in found.values
        ],
        "position": found.position,
    }


async def diff(call: Call, query: DiffQuery) -> DiffPage:
    """GET /diff."""
    begin, end = read_two_instants(query)
    if key := read_key(DIFF, query.cursor, an_id, a_position, a_position):
        after, before, position = key
    else:
        after = None
        before, position = await positions_between(call.runtime, call.organization, begin, end)
    found = await differences(
        call.runtime, call.organization, before, position, after=after, limit=query.limit
    )
    cursor = write_cursor(DIFF, found.items[-1].id, before, position) if found.has_more else None
    return DiffPage(
        items=[_difference(each) for each in found.items],
        next_cursor=cursor,
        from_position=before,
        position=position,
    )


def _difference(found: Difference) -> DifferenceRow:
    return DifferenceRow(
        id=found.id,
        type="User" if found.is_user else "Group",
        name=found.name,
        kind="created" if not found.before else "changed" if found.after else "deleted",
        changes=[
            ChangeRow(attribute=name, before=before, after=after)
            for name, before, after in found.changes
        ],
        joined=[
            MovedRow(id=each.member_id, name=name) for each, name in found.moved if each.has_joined
        ],
        left=[
            MovedRow(id=each.member_id, name=name)
            for each, name in found.moved
            if not each.has_joined
        ],
        events=[event_row(each) for each in found.events],
    )
