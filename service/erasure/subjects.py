"""Whom an erasure is about: by which name somebody is, or was last, known, and what stands against erasing."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from projections.directory.queries.people import read_people
from schema.events.organization import Organization
from service.erasure.people import existing_events, was_erased
from service.runtime import Runtime
from service.write.decide.state import LegalHold
from service.write.former_users import load_legal_holds


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who is or was a user. Names are the last ones; None: there was none, or it was erased."""

    id: UUID
    user_name: str | None
    display_name: str | None
    is_in_directory: bool
    is_erased: bool
    hold: LegalHold | None  # On the person, or on everybody of the organization.
    position: int  # Of the last event of the person.

    @property
    def to_type(self) -> str:
        """Return what whoever erases the person types to confirm."""
        return (self.user_name or str(self.id)).strip()


async def find_subject(runtime: Runtime, organization: Organization, user_id: UUID) -> Subject:
    """Return somebody by id. Errors: NotFound."""
    async with runtime.pool.acquire() as connection:
        events = await existing_events(connection, organization.id, user_id)
        names = await _last_names(connection, runtime.sealer, events)
        people = await read_people(connection, organization.id, [user_id])
        holds = await load_legal_holds(connection, organization.id)
    return Subject(
        user_id,
        names.get("userName"),
        names.get("displayName"),
        user_id in people,
        was_erased(events),
        holds.get(None) or holds.get(user_id),
        events[-1].position,
    )


async def _last_names(
    connection: Connection, sealer: Sealer, events: list[RecordedEvent]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for personal in await open_personal(connection, sealer, events):
        values = orjson.loads(personal) if personal is not None else {}
        for name in ("userName", "displayName"):
            if isinstance(values.get(name), str):
                found[name] = values[name]
    return found
