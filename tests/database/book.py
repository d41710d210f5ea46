"""Write a log by hand, event by event, without deciding anything."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from eventstore.append import append, lock_log
from eventstore.events import NewEvent, Provenance, RecordedEvent
from eventstore.sealing.sealer import Sealer
from projections.followers.follower import Follower, advance
from schema.events.codec import SEALED_FOR_ORGANIZATION, encode
from service.write.decide.state import Decision
from tests.builders import ORGANIZATION_ID

SEALER = Sealer(bytes(32))
ENTRA = Provenance("technical-account", uuid4(), uuid4(), "scim")
ANNS_HAND = Provenance("cli:ann", None, uuid4(), "cli")


@dataclass(slots=True)
class Book:
    """The log of one organization. The connection of the database's owner writes it."""

    connection: asyncpg.Connection
    organization_id: UUID = ORGANIZATION_ID
    versions: Counter[UUID] = field(default_factory=Counter)

    async def record(self, *facts: Decision, by: Provenance = ENTRA) -> list[RecordedEvent]:
        """Append facts in one transaction."""
        events = [self._new(fact, by) for fact in facts]
        async with self.connection.transaction():
            tail = await lock_log(self.connection, self.organization_id)
            return await append(self.connection, self.organization_id, tail, events, SEALER)

    def _new(self, fact: Decision, by: Provenance) -> NewEvent:
        self.versions[fact.stream_id] += 1
        encoded = encode(fact.event)
        is_shared = type(fact.event) in SEALED_FOR_ORGANIZATION
        subject_id = self.organization_id if is_shared else fact.stream_id
        return NewEvent(
            stream_id=fact.stream_id,
            version=self.versions[fact.stream_id],
            event_id=uuid4(),
            type=encoded.type,
            schema_version=encoded.schema_version,
            data=encoded.data,
            personal=encoded.personal,
            subject_id=subject_id if encoded.personal is not None else None,
            provenance=by,
        )


async def follow_to_the_end(
    connection: asyncpg.Connection,
    follower: Follower,
    organization_id: UUID = ORGANIZATION_ID,
    after: int = 0,
    limit: int = 1_000,
) -> int:
    """Follow a log from a checkpoint to its end; return the last position."""
    while True:
        position = await advance(connection, follower, organization_id, after=after, limit=limit)
        if position == after:
            return position
        after = position
