"""Read groups with their members, however many there are."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from uuid import UUID

import asyncpg
import orjson

from eventstore.postgres.connection import Connection
from eventstore.postgres.replica import Reads
from eventstore.postgres.statements import statements_in
from projections.directory.queries.point_reads import (
    GROUP_BY_ID_WITH_MEMBERS,
    MEMBERS_TOGETHER_MAX,
    Member,
    Resource,
)

statement = statements_in(__package__)


# Between the JSON lists of many members: RFC 7464's record separator, which JSON never holds.
PIECES_SEPARATOR = "\x1e"
Rows = Sequence[asyncpg.Record]
Offload = Callable[[Callable[[Rows], str], Rows], Awaitable[str]]
"""Calls a function with rows. If there are many rows, it runs in a thread."""


async def with_all_members(
    connection: Connection,
    organization_id: UUID,
    groups: Sequence[Resource],
    offload: Offload,
) -> list[Resource]:
    """Return the groups of a page with their members. A group that was deleted meanwhile is left out."""
    found = statement(GROUP_BY_ID_WITH_MEMBERS.of_many)
    rows = await connection.fetch(found, organization_id, [each.id for each in groups])
    by_id = {key: Resource(*columns) for key, *columns in rows}
    whole = []
    for each in groups:
        group = by_id.get(each.id)
        if group and group.member_count > MEMBERS_TOGETHER_MAX:  # Too many for one row.
            rows = await connection.fetch(statement("read_members"), organization_id, group.id)
            members = await offload(_as_json, rows)
            group = group._replace(related=members)
        if group:
            whole.append(group)
    return whole


def _as_json(rows: Rows) -> str:
    return PIECES_SEPARATOR.join(
        orjson.dumps(
            [(str(each["member_id"]), each["member_type"], each["display"]) for each in some]
        ).decode()
        for some in pieces(rows)
    )


def pieces(rows: Rows) -> Iterator[Rows]:
    """Yield rows in pieces that the JSON parser reads in a moment."""
    for begin in range(0, len(rows), MEMBERS_TOGETHER_MAX):
        yield rows[begin : begin + MEMBERS_TOGETHER_MAX]


async def stream_members(
    reads: Reads, organization_id: UUID, group_id: UUID
) -> AsyncIterator[Resource | list[Member]]:
    """Yield a group, then its members in pieces, all as of one instant. Yield nothing if there is no group."""
    async with (
        reads.acquire(organization_id) as connection,  # As long as the client reads.
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await connection.fetchrow(statement("read_groups_by_id"), organization_id, [group_id])
        if row is None:
            return
        _, *columns = row
        yield Resource(*columns)
        cursor = await connection.cursor(statement("read_members"), organization_id, group_id)
        while rows := await cursor.fetch(MEMBERS_TOGETHER_MAX):
            yield [Member(*each) for each in rows]
