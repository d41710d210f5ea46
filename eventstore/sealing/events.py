"""Seal the personal part of events on the way into the log, and open it on the way out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from eventstore.errors import SubjectErased
from eventstore.events import NewEvent, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer, place, seal, unseal
from eventstore.slices import results_of

statement = statements_in(__package__)


Subject = tuple[UUID, UUID]  # Organization, subject.


class Sealed(NamedTuple):
    """The personal parts of new events, and what is stored with them."""

    parts: Sequence[bytes | None]  # One per event. None: the event has no personal part.
    new_keys: Mapping[UUID, bytes]  # Subject → its new key, wrapped.
    marks: Sequence[bytes | None] = ()  # One per event, made once the events have their places.


async def seal_events(
    connection: Connection, organization_id: UUID, events: Sequence[NewEvent], sealer: Sealer
) -> Sealed:
    """Seal the personal parts of events, each under its subject's key.

    A subject is new if one of these events is the first of its own stream. The organization itself is a subject too: its key
    is made when it is needed first, under the log's lock. Errors: SubjectErased.
    """
    new = {e.stream_id for e in events if e.version == 1 and e.subject_id == e.stream_id}
    new_keys = await results_of(lambda each: sealer.new_subject_key(organization_id, each), new)
    made = dict(zip(new, new_keys, strict=True))
    former = {e.subject_id for e in events if e.subject_id is not None} - new
    keys = {subject: key for subject, (key, _) in made.items()}
    if former:
        pairs = [(organization_id, subject) for subject in former]
        loaded = await load_keys(connection, sealer, pairs)
        keys |= {subject: key for (_, subject), key in loaded.items()}
        if organization_id in former - keys.keys():
            made[organization_id] = sealer.new_subject_key(organization_id, organization_id)
            keys[organization_id] = made[organization_id][0]
    return Sealed(
        await results_of(lambda each: seal_event(organization_id, each, keys), events),
        {subject: wrapped for subject, (_, wrapped) in made.items()},
    )


def seal_event(organization_id: UUID, event: NewEvent, keys: Mapping[UUID, bytes]) -> bytes | None:
    """Return an event's personal part sealed, or None if it has none. Errors: SubjectErased."""
    personal, subject_id = event.personal, event.subject_id
    if personal is None and subject_id is None:
        return None
    if personal is None or subject_id is None:
        raise TypeError("A personal part and its subject come together, or not at all.")
    key = keys.get(subject_id)
    if key is None:
        raise SubjectErased(SubjectErased.__doc__)
    return seal(key, personal, aad=place(organization_id, subject_id, event.event_id))


async def open_personal(
    connection: Connection, sealer: Sealer, events: Sequence[RecordedEvent]
) -> list[bytes | None]:
    """Return the personal part of each event, in one query for all.

    The part is None if the event has none (`sealed` is None too), or if its subject was erased (`sealed`
    is still there, but nobody can read it). Errors: BrokenSeal.
    """
    subjects = {
        (event.organization_id, event.subject_id)
        for event in events
        if event.subject_id is not None
    }
    keys = await load_keys(connection, sealer, subjects) if subjects else {}
    return await results_of(lambda each: open_event(each, keys), events)


def open_event(event: RecordedEvent, keys: Mapping[Subject, bytes]) -> bytes | None:
    """Return an event's personal part, or None if it has none or its subject's key is gone."""
    if event.sealed is None or event.subject_id is None:
        return None
    key = keys.get((event.organization_id, event.subject_id))
    if key is None:
        return None
    aad = place(event.organization_id, event.subject_id, event.event_id)
    return unseal(key, event.sealed, aad=aad)


async def load_keys(
    connection: Connection, sealer: Sealer, subjects: Iterable[Subject]
) -> dict[Subject, bytes]:
    """Return the keys of subjects, without those that were erased."""
    organizations, ids = zip(*subjects, strict=True)
    rows = await connection.fetch(statement("load_subject_keys"), organizations, ids)
    keys = await results_of(lambda row: sealer.unwrap(row[2], row[0], row[1]), rows)
    return {(row[0], row[1]): key for row, key in zip(rows, keys, strict=True)}
