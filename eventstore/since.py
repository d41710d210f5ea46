"""Whether something happened since a version of a stream: a short look at the end of its log."""

from collections.abc import Sequence
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


EVENTS_MAX = 1_000  # Looked at; where more came since, one of them may have been meant.


async def came_since(
    connection: Connection,
    organization_id: UUID,
    place: tuple[UUID, int],
    *,
    types: Sequence[str],
    naming_types: Sequence[str],
) -> bool:
    """Tell whether events came after a place, the version of a stream; True where that is not certain.

    Of `types` any event counts, of `naming_types` one that names the stream in its data.
    """
    came = await connection.fetchval(
        statement("came_since"), organization_id, *place, types, naming_types, EVENTS_MAX
    )
    return came is not False
