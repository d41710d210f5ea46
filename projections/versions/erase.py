"""Remove from versions that are stored already what an erasure takes back: a person, and what others said of it.

An erasure deletes the rows of the person itself, and the end of a contract those of the groups. A batch that was being
written meanwhile may add rows that it did not see. The event of the erasure comes after that batch, and removes them.
"""

from collections.abc import Sequence
from uuid import UUID

from eventstore.erase import sealed_streams
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.directory.load import user_of
from projections.directory.rows import user_row
from projections.versions.snapshots import PERSON_ERASED, REFERENCE_ERASED, without_reference
from schema.events.event import Event, Place
from schema.scim.resource_type import ResourceType

statement = statements_in(__package__)


async def erase(
    connection: Connection,
    organization_id: UUID,
    users: ResourceType,
    events: Sequence[tuple[Event, Place]],
) -> None:
    """Carry out the erasures among events, in tables on the search path that have all versions up to them."""
    erased = [place.stream_id for event, place in events if type(event).__name__ == PERSON_ERASED]
    if erased:
        await connection.execute(statement("delete_user_versions"), organization_id, erased)
    for event, place in events:
        if type(event).__name__ == REFERENCE_ERASED:
            await _erase_reference(connection, organization_id, users, event, place)


async def erase_groups(connection: Connection, organization_id: UUID) -> None:
    """Remove the groups whose names the key of the organization sealed: that key is destroyed with its contract."""
    sealed = await sealed_streams(connection, organization_id, organization_id)
    await connection.execute(statement("delete_group_versions"), organization_id, list(sealed))


async def _erase_reference(  # noqa: PLR0917 - whose versions, and by which event.
    connection: Connection, organization_id: UUID, users: ResourceType, event: Event, place: Place
) -> None:
    """Remove what all versions of a user say about somebody who was erased."""
    changed = []
    rows = await connection.fetch(
        statement("read_user_versions"), organization_id, [place.stream_id]
    )
    for row in rows:
        state = user_of(row)
        cleaned = without_reference(state, event, place)
        if cleaned != state:
            made = user_row(cleaned, users)
            changed.append((state.id, row["from_position"], made.document, made.search))
    if changed:
        columns = zip(*changed, strict=True)
        await connection.execute(statement("change_user_versions"), organization_id, *columns)
