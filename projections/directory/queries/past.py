"""Read users and groups by id as they were at a position of the log, and say how far the past can be read."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
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


async def find_named(connection: Connection, organization_id: UUID, user_name: str) -> list[UUID]:
    """Return the users who have a userName or had it, in the order in which they got it, as far as was followed."""
    rows = await connection.fetch(statement("find_former_names"), organization_id, fold(user_name))
    return [row["id"] for row in rows]
