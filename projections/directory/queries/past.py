"""Read users and groups by id as they were at a position of the log, and say how far the past can be read."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.postgres.unnamed import fetch_planned
from projections.directory.queries.people import (
    PeopleFilter,
    Person,
    people_statement,
    person_of,
)
from projections.directory.queries.point_reads import Resource
from schema.scim.text import fold

statement = statements_in(__package__)


async def followed(connection: Connection, organization_id: UUID) -> int:
    """Return the position up to which the past of an organization can be read; 0 if there is nothing yet."""
    found: int | None = await connection.fetchval(statement("read_followed"), organization_id)
    return found or 0


async def users_at(
    connection: Connection, organization_id: UUID, ids: Sequence[UUID], position: int
) -> dict[UUID, Resource]:
    """Return users by id, each with its groups. Who did not exist then is left out."""
    rows = await connection.fetch(statement("read_users_at"), organization_id, ids, position)
    return {row["id"]: Resource(*row) for row in rows}


async def groups_at(
    connection: Connection,
    organization_id: UUID,
    ids: Sequence[UUID],
    position: int,
    *,
    with_members: bool = True,
) -> dict[UUID, Resource]:
    """Return groups by id, each with all its members if they are wanted. What did not exist then is left out."""
    rows = await connection.fetch(
        statement("read_groups_at"), organization_id, ids, position, with_members
    )
    return {row["id"]: Resource(*row) for row in rows}


async def names_at(
    connection: Connection, organization_id: UUID, ids: Collection[UUID], position: int
) -> list[tuple[UUID, str | None, str | None]]:
    """Return users and groups by id: id, userName and displayName. Who did not exist then is left out."""
    rows = await connection.fetch(statement("name_at"), organization_id, list(ids), position)
    return [tuple(row) for row in rows]


async def find_named(connection: Connection, organization_id: UUID, user_name: str) -> list[UUID]:
    """Return the users who have a userName or had it, in the order in which they got it, as far as was followed."""
    rows = await connection.fetch(statement("find_former_names"), organization_id, fold(user_name))
    return [row["id"] for row in rows]


async def list_people_at(
    connection: Connection,
    organization_id: UUID,
    position: int,
    shown: PeopleFilter,
    *,
    after: str | None,
    limit: int,
) -> list[Person]:
    """Return users by userName, as they were. `after` is the folded userName of the last one of the page before."""
    place = (organization_id, limit, position)
    sql, values = people_statement("list_people_at", shown, after, *place, is_past=True)
    rows = await fetch_planned(connection, sql, *values)
    return [person_of(row) for row in rows]


class Moved(NamedTuple):
    """Somebody or something that a group has at one position and not at another."""

    group_id: UUID
    member_id: UUID
    has_joined: bool  # Otherwise it has left.


async def membership_changes(
    connection: Connection,
    organization_id: UUID,
    group_ids: Sequence[UUID],
    *,
    before: int,
    position: int,
) -> list[Moved]:
    """Return who joined and who left some groups between two positions, on balance."""
    rows = await connection.fetch(
        statement("read_membership_changes"), organization_id, group_ids, before, position
    )
    return [Moved(*row) for row in rows]
