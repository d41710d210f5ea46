"""Load users that the directory no longer has, and legal holds, from the log."""

from collections.abc import Iterable
from typing import Final, cast
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read import stream_pages
from schema.events import user as users
from schema.events.codec import decode
from schema.events.event import Event, Place
from schema.events.organization import LegalHoldLifted, LegalHoldSet
from schema.events.user import User, UserEvent
from service.write.decide.state import LegalHolds, evolve_legal_holds

HOLDS: Final = frozenset({LegalHoldSet.__name__, LegalHoldLifted.__name__})


async def load_former_users(
    connection: Connection, organization_id: UUID, ids: Iterable[UUID]
) -> dict[UUID, User]:
    """Return users by id from their events, without their personal values. What is no user is left out."""
    found: dict[UUID, User] = {}
    for user_id in ids:
        user: User | None = None
        async for page in stream_pages(connection, organization_id, user_id):
            events = [(_decoded(each), _place(each)) for each in page]
            if not all(isinstance(event, UserEvent) for event, _ in events):
                break
            for event, place in events:
                user = users.evolve(user, cast("UserEvent", event), place)
        if user is not None:
            found[user_id] = user
    return found


def _decoded(each: RecordedEvent) -> Event:
    return decode(each.type, each.schema_version, each.data, None)


def _place(each: RecordedEvent) -> Place:
    return Place(each.stream_id, each.version, each.position, each.recorded_at, each.source)


async def load_legal_holds(connection: Connection, organization_id: UUID) -> LegalHolds:
    """Return the legal holds that stand, by the person; that of the whole organization under None."""
    found: LegalHolds = {}
    async for page in stream_pages(connection, organization_id, organization_id):
        for each in page:
            if each.type in HOLDS:
                evolve_legal_holds(found, _decoded(each), _place(each), each.actor_id)
    return found
