"""List all that the directory has of one organization."""

from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


class Everything(NamedTuple):
    """The users, also those that were deleted and not erased; the groups."""

    users: list[UUID]
    groups: list[UUID]


async def list_everything(connection: Connection, organization_id: UUID) -> Everything:
    """Return all that the directory has of an organization."""
    row = await connection.fetchrow(statement("list_everything"), organization_id)
    assert row is not None
    return Everything(list(row["users"]), list(row["groups"]))
