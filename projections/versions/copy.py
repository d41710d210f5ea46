"""Copy versions from the directory, where it still has them: there they were made when their events were written."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, get_args
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from schema.events.codec import is_known
from schema.events.organization import OrganizationErased
from schema.events.user import ReferenceErased, UserDeleted, UserErased, UserEvent

statement = statements_in(__package__)

ERASING: Final = frozenset(
    each.__name__ for each in (UserErased, ReferenceErased, OrganizationErased)
)
GOING: Final = ERASING | {UserDeleted.__name__}  # After these the directory has no row.
COPIED: Final = frozenset(each.__name__ for each in get_args(UserEvent)) - GOING


async def copy(
    connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
) -> Collection[UUID]:
    """Begin the versions that the directory has, in tables on the search path; return the users whose versions these are.

    These are users with one event each, after which no other has come yet. All others are left out: the caller folds
    their events. An erasure changes what came before it, so nothing is copied beside one.
    """
    if any(each.type in ERASING for each in events):
        return frozenset()
    counts = Counter([each.stream_id for each in events])
    places = [
        (each.stream_id, each.version, each.position, each.recorded_at)
        for each in events
        if each.type in COPIED
        and counts[each.stream_id] == 1
        and is_known(each.type, each.schema_version)
    ]
    if not places:
        return frozenset()
    columns = zip(*places, strict=True)
    rows = await connection.fetch(statement("copy_user_versions"), organization_id, *columns)
    return frozenset(row["id"] for row in rows)
