"""Hold a log: from the commit on, no append succeeds, whoever tries it."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from eventstore.append import lock_log
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)

State = Literal["moving", "moved"]


class HeldLog(NamedTuple):
    """A log that takes no events here."""

    organization_id: UUID
    state: State
    position: int  # The last event here.
    destination: str
    held_at: datetime


async def hold_log(connection: Connection, organization_id: UUID, destination: str) -> int:
    """Hold a log after the appends that are under way; return its last position. The owner calls it.

    Holding it again changes nothing.
    """
    async with connection.transaction():
        tail = await lock_log(connection, organization_id)
        await connection.execute(statement("hold_log"), organization_id, tail.position, destination)
    return tail.position


async def release_log(connection: Connection, organization_id: UUID) -> bool:
    """Release a log that moves; return whether it was held. One that has moved stays held. The owner calls it."""
    return await connection.fetchval(statement("release_log"), organization_id) is not None


async def end_log(connection: Connection, organization_id: UUID) -> None:
    """Note that a held log goes on elsewhere. The owner calls it."""
    await connection.execute(statement("end_log"), organization_id)


async def load_held(connection: Connection) -> list[HeldLog]:
    """Return all logs that are held."""
    return [HeldLog(*row) for row in await connection.fetch(statement("load_held"))]
