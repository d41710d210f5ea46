"""The members of the groups of a page, however many those are."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import orjson

from projections.load import Connection
from projections.read import GROUP_BY_ID_WITH_MEMBERS, MEMBERS_TOGETHER_MAX, Resource
from projections.statements import statement

Rows = Sequence[asyncpg.Record]
Offload = Callable[[Callable[[Rows], str], Rows], Awaitable[str]]
"""Calls a function with rows; where the rows are many, beside the event loop."""


async def with_all_members(
    connection: Connection,
    organization_id: UUID,
    groups: Sequence[Resource],
    offload: Offload,
) -> list[Resource]:
    """Return groups of a page with their members; one that was deleted meanwhile is left out."""
    found = statement(GROUP_BY_ID_WITH_MEMBERS.statement)
    rows = await connection.fetch(found, organization_id, [each.id for each in groups])
    by_id = {key: Resource(*columns) for key, *columns in rows}
    whole = []
    for each in groups:
        group = by_id.get(each.id)
        if group and group.member_count > MEMBERS_TOGETHER_MAX:  # Too many to be read with it.
            rows = await connection.fetch(statement("read_members"), organization_id, group.id)
            members = await offload(_as_json, rows)
            group = group._replace(related=members)
        if group:
            whole.append(group)
    return whole


def _as_json(rows: Rows) -> str:
    return orjson.dumps(
        [(str(each["member_id"]), each["member_type"], each["display"]) for each in rows]
    ).decode()
