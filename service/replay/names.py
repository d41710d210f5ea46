"""What users and groups were called at a position of the log: from the table of versions, without opening an event.

Whom that table does not hold, such as a person who was erased, is read from the log.
"""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.directory.queries.past import followed, names_at
from service.replay.subjects import read_subjects


class Named(NamedTuple):
    """What a user or a group was called."""

    name: str  # The userName of a user, the displayName of a group.
    display_name: str | None


async def read_names(
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    ids: Collection[UUID],
    *,
    position: int,
) -> dict[UUID, Named]:
    """Return the names of users and groups at a position, by id. What did not exist then is called by its id."""
    found: dict[UUID, Named] = {}
    if ids and await followed(connection, organization_id) >= position:
        rows = await names_at(connection, organization_id, ids, position)
        found = {
            each: Named(user_name or display_name or str(each), display_name)
            for each, user_name, display_name in rows
        }
    rest = [each for each in ids if each not in found]
    subjects = await read_subjects(connection, sealer, organization_id, rest, position=position)
    for each in rest:
        subject = subjects.get(each)
        found[each] = (
            Named(subject.name, subject.display_name) if subject else Named(str(each), None)
        )
    return found
