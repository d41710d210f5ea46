"""Load users that the directory no longer has, and legal holds, from the log."""

from collections.abc import AsyncIterator, Iterable
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
from service.write.decide.state import LegalHolds, evolve_legal_holds

PAGE_EVENTS: Final = 1_000
HOLDS: Final = frozenset({LegalHoldSet.__name__, LegalHoldLifted.__name__})


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


async def load_legal_holds(connection: Connection, organization_id: UUID) -> LegalHolds:
    """Return the legal holds that stand, by the person; that of the whole organization under None."""
    found: LegalHolds = {}
    async for each in _events(connection, organization_id, organization_id):
        if each.type not in HOLDS:
            continue
        event = decode(each.type, each.schema_version, each.data, None)
        place = Place(each.stream_id, each.version, each.position, each.recorded_at, each.source)
        evolve_legal_holds(found, event, place, each.actor_id)
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
