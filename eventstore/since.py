"""Check whether something happened after a version of a stream, by looking at the end of its log."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


EVENTS_MAX = 1_000  # If more events came since, one of them may be of the given types.


async def came_since(
    connection: Connection,
    organization_id: UUID,
    place: tuple[UUID, int],
    *,
    types: Sequence[str],
    naming_types: Sequence[str],
) -> bool:
    """Return whether such events came after `place`, a version of a stream. True also if that is uncertain.

    Any event of `types` counts. An event of `naming_types` counts if its data names the stream.
    """
    came = await connection.fetchval(
        statement("came_since"), organization_id, *place, types, naming_types, EVENTS_MAX
    )
    return came is not False
