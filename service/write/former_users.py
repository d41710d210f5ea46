"""Load users that the directory no longer has, and legal holds, from the log."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import read_stream
from schema.events import user as users
from schema.events.codec import decode
from schema.events.event import Place
from schema.events.organization import LegalHoldLifted, LegalHoldSet
from schema.events.user import User, UserEvent

PAGE_EVENTS: Final = 1_000
HOLDS: Final = frozenset({LegalHoldSet.__name__, LegalHoldLifted.__name__})


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A legal hold that stands: on one person, or (`subject_id` is None) on the whole organization."""

    subject_id: UUID | None
    reason: str
    set_at: datetime
    actor_id: str  # Who set it.
    source: str
    position: int


async def load_former_users(
    connection: Connection, organization_id: UUID, ids: Iterable[UUID]
) -> dict[UUID, User]:
    """Return users by id from their events, without their personal values. What is no user is left out."""
    found: dict[UUID, User] = {}
    for user_id in ids:
        user: User | None = None
        async for each in _events(connection, organization_id, user_id):
            event = decode(each.type, each.schema_version, each.data, None)
            if not isinstance(event, UserEvent):
                break
            place = Place(
                each.stream_id, each.version, each.position, each.recorded_at, each.source
            )
            user = users.evolve(user, event, place)
        if user is not None:
            found[user_id] = user
    return found


async def load_legal_holds(
    connection: Connection, organization_id: UUID
) -> dict[UUID | None, LegalHold]:
    """Return the legal holds that stand, by the person; that of the whole organization under None."""
    found: dict[UUID | None, LegalHold] = {}
    async for each in _events(connection, organization_id, organization_id):
        if each.type not in HOLDS:
            continue
        event = decode(each.type, each.schema_version, each.data, None)
        if isinstance(event, LegalHoldSet):
            found[event.subject_id] = LegalHold(
                event.subject_id,
                event.reason,
                each.recorded_at,
                each.actor_id,
                each.source,
                each.position,
            )
        elif isinstance(event, LegalHoldLifted):
            found.pop(event.subject_id, None)
    return found


async def _events(
    connection: Connection, organization_id: UUID, stream_id: UUID
) -> AsyncIterator[RecordedEvent]:
    version = 0
    while page := await read_stream(
        connection, organization_id, stream_id, limit=PAGE_EVENTS, after_version=version
    ):
        for each in page:
            yield each
        version = page[-1].version
