"""The routes of groups and their members."""

from uuid import UUID

from projections.directory.queries.people import GroupSummary, list_groups, list_members
from service.admin.people import changes, local_warnings
from service.admin.people_messages import (
    ChangedBy,
    ChangedGroup,
    GroupChange,
    GroupRow,
    GroupsQuery,
    MemberIds,
    MemberRow,
    NewGroup,
)
from service.api.call import Call
from service.api.cursor import a_name, page_of, read_id_cursor, read_key
from service.api.models import ListQuery, Page
from service.organizations import groups
from service.organizations.people import Overwritten

KIND, MEMBERS = "groups", "members"  # Of cursors.


async def list_rows(call: Call, query: GroupsQuery) -> Page[GroupRow]:
    """GET /groups."""
    after = read_key(KIND, query.cursor, a_name)
    async with call.runtime.pool.acquire() as connection:
        found = await list_groups(
            connection,
            call.organization.id,
            begins_with=query.q,
            after=after[0] if after else None,
            limit=query.limit + 1,
        )
        page = page_of(found, query.limit, KIND, lambda group: (group.display_name_key,))
        versions = {each.id: each.version for each in page.items}
        changed = await changes(connection, call.organization.id, versions)
    rows = [_as_row(each, changed.get(each.id)) for each in page.items]
    return Page[GroupRow](items=rows, next_cursor=page.next_cursor)


async def read(call: Call, group_id: UUID) -> GroupRow:
    """GET /groups/{id}."""
    found = await groups.read_existing_group(call.runtime, call.organization.id, group_id)
    return await _row(call, found)


async def create(call: Call, body: NewGroup) -> GroupRow:
    """POST /groups."""
    fields = body.model_dump(by_alias=True, exclude_unset=True)
    made = await groups.add_group(
        call.runtime, call.organization, fields, provenance=call.provenance
    )
    return await _row(call, made)


async def change(call: Call, group_id: UUID, body: GroupChange) -> ChangedGroup:
    """PATCH /groups/{id}."""
    fields = body.model_dump(by_alias=True, exclude_unset=True)
    found, overwritten = await groups.change_group(
        call.runtime, call.organization, group_id, fields, provenance=call.provenance
    )
    return await _changed(call, found, overwritten)


async def delete(call: Call, group_id: UUID) -> None:
    """DELETE /groups/{id}."""
    await groups.delete_group(call.runtime, call.organization, group_id, provenance=call.provenance)


async def members(call: Call, group_id: UUID, query: ListQuery) -> Page[MemberRow]:
    """GET /groups/{id}/members."""
    after = read_id_cursor(MEMBERS, query.cursor)
    await groups.read_existing_group(call.runtime, call.organization.id, group_id)
    async with call.runtime.pool.acquire() as connection:
        found = await list_members(
            connection, call.organization.id, group_id, after=after, limit=query.limit + 1
        )
    page = page_of(found, query.limit, MEMBERS, lambda member: (member.id,))
    rows = [
        MemberRow(
            id=each.id,
            type="Group" if each.type == "Group" else "User",
            display_name=each.display_name,
            user_name=each.user_name,
        )
        for each in page.items
    ]
    return Page[MemberRow](items=rows, next_cursor=page.next_cursor)


async def add_members(call: Call, group_id: UUID, body: MemberIds) -> ChangedGroup:
    """POST /groups/{id}/members."""
    return await _change_members(call, group_id, added=body.members)


async def remove_members(call: Call, group_id: UUID, body: MemberIds) -> ChangedGroup:
    """DELETE /groups/{id}/members."""
    return await _change_members(call, group_id, removed=body.members)


async def _change_members(call: Call, group_id: UUID, **ids: list[UUID]) -> ChangedGroup:
    found, overwritten = await groups.change_members(
        call.runtime, call.organization, group_id, **ids, provenance=call.provenance
    )
    return await _changed(call, found, overwritten)


async def _changed(call: Call, found: GroupSummary, overwritten: list[Overwritten]) -> ChangedGroup:
    row = await _row(call, found)
    return ChangedGroup(**row.model_dump(), warnings=local_warnings(overwritten))


async def _row(call: Call, found: GroupSummary) -> GroupRow:
    async with call.runtime.pool.acquire() as connection:
        changed = await changes(connection, call.organization.id, {found.id: found.version})
    return _as_row(found, changed.get(found.id))


def _as_row(found: GroupSummary, changed: ChangedBy | None) -> GroupRow:
    return GroupRow(
        id=found.id,
        display_name=found.document["displayName"],
        external_id=found.document.get("externalId"),
        member_count=found.member_count,
        created_at=found.created_at,
        changed_at=found.modified_at,
        last_changed_by=changed,
    )
