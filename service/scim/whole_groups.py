"""Groups in a list with all their members, however many those are."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from projections.load import Connection
from projections.read import (
    GROUP_BY_ID_WITH_MEMBERS,
    MEMBERS_TOGETHER_MAX,
    Resource,
)
from projections.statements import statement
from service.aside import LONG_MEMBERS, aside


async def with_all_members(
    connection: Connection, organization_id: UUID, groups: Sequence[Resource]
) -> list[Resource]:
    """Return groups of a page with their members; one that was deleted meanwhile is left out."""
    found = statement(GROUP_BY_ID_WITH_MEMBERS.statement)
    rows = await connection.fetch(found, organization_id, [each.id for each in groups])
    by_id = {key: Resource(*columns) for key, *columns in rows}
    return [
        await _whole(connection, organization_id, by_id[each.id])
        for each in groups
        if each.id in by_id
    ]


async def _whole(connection: Connection, organization_id: UUID, group: Resource) -> Resource:
    """Return a group with the members that were too many to be read with it."""
    if group.member_count <= MEMBERS_TOGETHER_MAX:
        return group
    rows = await connection.fetch(statement("read_members"), organization_id, group.id)
    members = await aside(_as_json, len(rows) > LONG_MEMBERS, rows)
    return group._replace(related=members)


def _as_json(rows: Sequence[asyncpg.Record]) -> str:
    return orjson.dumps(
        [(str(each["member_id"]), each["member_type"], each["display"]) for each in rows]
    ).decode()
