"""What an auditor asks for, as a search takes it."""

from datetime import datetime
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import find_position_before, position_at


async def positions_of(
    connection: Connection, organization_id: UUID, begin: datetime | None, end: datetime | None
) -> tuple[int | None, int | None]:
    """Return the position before a period, and its last one. An end that is None is None again."""
    after = (
        None if begin is None else await find_position_before(connection, organization_id, begin)
    )
    last = None if end is None else await position_at(connection, organization_id, end)
    return after, last
